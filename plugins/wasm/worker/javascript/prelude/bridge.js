/**
 * Joins scripts and the host: functions of the host, promises that it settles, and what is told of an error.
 *
 * A script of the engine, given the one function by which all in here reaches the host: its first argument is the number
 * of a function of the host, and the others are those of that function.
 */
((use) => {
  const { parse, stringify } = JSON;
  const EngineError = InternalError;
  const [EngineMap, EngineSet, EnginePromise] = [Map, Set, Promise];
  const { defineProperty, keys: keysOf } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  /** `bind`, which scripts may have replaced. */
  const bind = Function.prototype.call.bind(Function.prototype.bind);
  /** Parts of what scripts find, by name: functions that install them. */
  const parts = { __proto__: null };
  const pending = new Map();
  let lastId = 0;

  /** A request to the host failed: its words, and `code` and `data` where it gave them. */
  class HostError extends Error {
    constructor({ message, code, data }) {
      super(message);
      if (code !== undefined) this.code = code;
      if (data !== undefined) this.data = data;
    }
  }
  Object.defineProperty(HostError.prototype, "name", { value: "HostError", writable: true, configurable: true });

  /** Keeps a part of what scripts find, for when it is installed. */
  function prepare(name, part) {
    parts[name] = part;
  }

  /**
   * Installs a part.
   *
   * @param members Names of its functions of the host as JSON, whose numbers follow one another from `first` on: those
   * that return at once, and those that scripts wait for.
   */
  function install(name, first, members) {
    const [functions, requests] = parse(members);
    const host = { __proto__: null };
    for (let i = 0; i < functions.length; i++) host[functions[i]] = bind(use, undefined, first + i);
    for (let i = 0; i < requests.length; i++) host[requests[i]] = requester(first + functions.length + i);
    return parts[name](host, bridge);
  }

  /** Makes a function that asks the host, and gives a promise. */
  function requester(number) {
    return (...args) =>
      new Promise((resolve, reject) => {
        const json = stringify(args);
        const id = ++lastId;
        pending.set(id, { resolve, reject });
        use(number, id, json);
      });
  }

  function settle(id, isFulfilled, json) {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    const value = json === undefined ? undefined : parse(json);
    if (isFulfilled) resolve(value);
    else reject(new HostError(value));
  }

  /** Tells what was thrown, as {@linkcode tell} does; not even that it cannot be told is an error. */
  function describe(thrown) {
    try {
      return tell(thrown);
    } catch (failed) {
      if (failed === null || failed instanceof EngineError) throw failed;
      return '{"message":"what was thrown cannot be told: it throws when it is looked at"}';
    }
  }

  /** Tells what was thrown, as JSON: its words, its stack in the tool, its data, and whether the engine threw it. */
  function tell(thrown) {
    if (thrown instanceof EngineError) return stringify({ message: `${thrown.message}`, isOfEngine: true });
    if (!(thrown instanceof Error)) return stringify({ message: `what was thrown is no error: ${wordsOf(thrown)}` });
    const { name, message, stack, data } = thrown;
    return stringify({
      message: typeof name !== "string" || name === "Error" ? `${message}` : `${name}: ${message}`,
      stack: typeof stack === "string" ? ownLines(stack) : undefined,
      data: jsonOf(data),
    });
  }

  function wordsOf(value) {
    if (typeof value === "string") return value;
    return stringify(jsonOf(value)) ?? String(value);
  }

  function jsonOf(value) {
    try {
      const json = stringify(value);
      return json === undefined ? undefined : parse(json);
    } catch {
      return undefined;
    }
  }

  /** Leaves out the places in our own scripts, and in the engine. */
  function ownLines(stack) {
    const lines = stack.split("\n").filter((line) => line.trim() !== "" && !/\(collet:|\(native\)/.test(line));
    return lines.length === 0 ? undefined : lines.slice(0, 30).join("\n");
  }

  /** Names of globals that are made when they are first used. */
  const awaited = new Set();

  /** Has a global made when it is first used: `make` calls {@linkcode define} for it, and maybe for others. */
  function defineLater(name, make) {
    awaited.add(name);
    defineProperty(globalThis, name, {
      __proto__: null,
      get() {
        make();
        return globalThis[name];
      },
      set(value) {
        defineNow(name, value);
      },
      configurable: true,
    });
  }

  /** Makes globals, but for those that a script has replaced. */
  function define(globals) {
    for (const [name, value] of Object.entries(globals)) {
      if (awaited.has(name)) defineNow(name, value);
    }
  }

  function defineNow(name, value) {
    awaited.delete(name);
    // scripts may have given every object a "get"
    defineProperty(globalThis, name, { __proto__: null, value, writable: true, configurable: true });
  }

  /**
   * Refuses what JSON would leave out in silence, and names it. It calls nothing that scripts may have replaced, but for
   * what the value has itself.
   *
   * @param demand What is to be JSON, such as `the tool must return JSON`; `root` is what places begin with. What is
   * `exact` has no numbers that JSON does not have, and no views of bytes.
   */
  function checkJson(value, demand, { root = "value", exact = false } = {}) {
    visit(value, undefined);

    function visit(item, place) {
      switch (typeof item) {
        case "number":
          if (exact && item - item !== 0) throw refused(place, `${item}`);
          return;
        case "bigint":
          throw refused(place, "a BigInt; make it a number or a text");
        case "function":
        case "symbol":
          throw refused(place, `a ${typeof item}`);
        case "object":
          if (item !== null && typeof item.toJSON !== "function") visitMembers(item, place);
      }
    }

    function visitMembers(item, place) {
      if (item instanceof EnginePromise) throw refused(place, "a promise; write await before what gives it");
      if (item instanceof EngineMap) throw refused(place, "a Map; make it an object by Object.fromEntries(map)");
      if (item instanceof EngineSet) throw refused(place, "a Set; make it an array by Array.from(set)");
      if (exact && isView(item)) throw refused(place, "a view of bytes; make it an array by Array.from(view)");
      for (let above = place; above !== undefined; above = above.above) {
        if (above.item === item) throw refused(place, "an object that it lies in itself");
      }
      const isList = isArray(item);
      const keys = isList ? item : keysOf(item);
      for (let i = 0; i < keys.length; i++) {
        const key = isList ? i : keys[i];
        const member = item[key];
        if (typeof member === "string" || typeof member === "number" && !exact) continue;
        visit(member, { item, key, above: place });
      }
    }

    function refused(place, what) {
      let where = "";
      for (let it = place; it !== undefined; it = it.above) where = `[${stringify(it.key)}]${where}`;
      return new TypeError(`${demand}, and ${where === "" ? `the ${root}` : `${root}${where}`} is ${what}`);
    }
  }

  const bridge = { __proto__: null, settle, describe, defineLater, defineNow, define, checkJson, ownLines, HostError };
  return { settle, describe, prepare, install };
});
