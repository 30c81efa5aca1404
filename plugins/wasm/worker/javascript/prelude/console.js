/**
 * `console`.
 *
 * A script of the engine, given functions of the host.
 */
((host, { define, ownLines }) => {
  const { stringify } = JSON;
  const DEEPEST = 4;
  const MOST_ITEMS = 100;

  /** Writes a value for people. */
  function inspect(value, { depth = 0, above = [] } = {}) {
    if (typeof value === "string") return depth === 0 ? value : stringify(value);
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "symbol") return value.toString();
    if (typeof value === "function") return `[function ${value.name || "(anonymous)"}]`;
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
    if (value instanceof Error) return inspectError(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Promise) return "Promise {}";
    if (above.includes(value)) return "[circular]";
    if (depth > DEEPEST) return Array.isArray(value) ? "[…]" : "{…}";
    return inspectMembers(value, { depth: depth + 1, above: [...above, value] });
  }

  function inspectError(error) {
    const head = `${error.name}: ${error.message}`;
    const frames = typeof error.stack === "string" ? ownLines(error.stack) ?? "" : "";
    return frames === "" ? head : `${head}\n${frames}`;
  }

  function inspectMembers(value, at) {
    const write = (item) => inspect(item, at);
    const name = value.constructor?.name;
    const head = name === undefined || name === "Object" || name === "Array" ? "" : `${name} `;
    if (value instanceof Map) {
      return `${head}{${join([...value].map(([key, item]) => `${write(key)} => ${write(item)}`))}}`;
    }
    if (value instanceof Set) return `${head}{${join([...value].map(write))}}`;
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      return `${head}[${join(Array.from(value.slice?.(0, MOST_ITEMS + 1) ?? [], write))}]`;
    }
    return `${head}{${join(Object.keys(value).map((key) => `${nameOf(key)}: ${write(value[key])}`))}}`;
  }

  function nameOf(key) {
    return /^[A-Za-z_$][\w$]*$/.test(key) ? key : stringify(key);
  }

  function join(items) {
    const shown = items.length > MOST_ITEMS ? [...items.slice(0, MOST_ITEMS), "…"] : items;
    return shown.length === 0 ? "" : ` ${shown.join(", ")} `;
  }

  /** Fills in `%s`, `%d`, `%i`, `%f`, `%j`, `%o` and `%O`, and adds what is left. */
  function format([first, ...rest]) {
    if (typeof first !== "string") return (rest.length === 0 ? [first] : [first, ...rest]).map(inspectPart).join(" ");
    const text = first.replace(/%([sdifjoOc%])/g, (whole, kind) => {
      if (kind === "%") return "%";
      if (rest.length === 0) return whole;
      const value = rest.shift();
      if (kind === "c") return "";
      if (kind === "s") return inspectPart(value);
      if (kind === "d" || kind === "f") return String(Number(value));
      if (kind === "i") return String(Math.trunc(Number(value)));
      return kind === "j" ? stringify(value) : inspect(value, { depth: 1 });
    });
    return [text, ...rest.map(inspectPart)].join(" ");
  }

  function inspectPart(value) {
    return inspect(value);
  }

  let indent = "";
  function write(level, text) {
    host.log(level, stringify(indent === "" ? text : text.replace(/^/gm, indent)));
  }
  const writer = (level) => (...args) => write(level, args.length === 0 ? "" : format(args));

  const counts = new Map();
  const starts = new Map();
  const info = writer("info");
  const group = (...args) => {
    if (args.length > 0) info(...args);
    indent += "  ";
  };
  const sinceStart = (label) => {
    const start = starts.get(label);
    return start === undefined ? `${label}: there is no such timer` : `${label}: ${(host.now() - start).toFixed(3)} ms`;
  };

  const console = {
    log: info,
    info,
    debug: writer("debug"),
    warn: writer("warning"),
    error: writer("error"),
    trace: (...args) =>
      write("debug", `${format(args.length === 0 ? ["Trace"] : args)}\n${new Error().stack.trimEnd()}`),
    dir: (value) => write("info", inspect(value, { depth: 1 })),
    table: (value) => write("info", inspect(value, { depth: 1 })),
    assert: (condition, ...args) => {
      if (!condition) write("error", `Assertion failed${args.length === 0 ? "" : `: ${format(args)}`}`);
    },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      write("info", `${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => void counts.delete(label),
    time: (label = "default") => void starts.set(label, host.now()),
    timeLog: (label = "default", ...args) => write("info", [sinceStart(label), ...args.map(inspectPart)].join(" ")),
    timeEnd: (label = "default") => {
      write("info", sinceStart(label));
      starts.delete(label);
    },
    group,
    groupCollapsed: group,
    groupEnd: () => void (indent = indent.slice(2)),
    clear: () => {},
  };

  define({ console });
});
