/**
 * Joins scripts and the host: promises that the host settles, and what is told of an error.
 *
 * A script of the engine, given its function to ask the host by.
 */
((ask) => {
  const { parse, stringify } = JSON;
  const EngineError = InternalError;
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

  /** Makes a function that asks the host, and gives a promise. */
  function requester(name) {
    return (...args) =>
      new Promise((resolve, reject) => {
        const json = stringify(args);
        const id = ++lastId;
        pending.set(id, { resolve, reject });
        ask(id, name, json);
      });
  }

  function settle(id, isFulfilled, json) {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    const value = json === undefined ? undefined : parse(json);
    if (isFulfilled) resolve(value);
    else reject(new HostError(value));
  }

  /** Tells what was thrown, as JSON: its words, its stack in the tool, its data, and whether the engine threw it. */
  function describe(thrown) {
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
    Object.defineProperty(globalThis, name, {
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
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }

  return { requester, settle, describe, defineLater, define, HostError };
});
