/**
 * What code finds that calls tools, and how it is run.
 *
 * Code may have replaced all that it finds in here before it calls anything, so what is needed is kept, and the rest is
 * done by syntax.
 *
 * A script of the engine, given functions of the host. It exports `start`, `take`, `settle`, `result` and `session`.
 */
((host, bridge) => {
  const { checkJson, defineNow } = bridge;
  const { parse, stringify } = JSON;
  const { defineProperty, hasOwn } = Object;
  const { isArray } = Array;
  const EnginePromise = Promise;
  /** As in `requests.ts`. */
  const MOST_CHARACTERS = 2 ** 20;

  /** A tool, or another request to the server, failed. The stack is that of the call. */
  class RequestError extends Error {
    /** The name of the tool, if it was one. */
    tool;
    constructor(tool) {
      super("");
      this.tool = tool;
    }
  }

  // an error would be an empty object in what code gives, such as in what Promise.allSettled tells
  defineProperty(Error.prototype, "toJSON", {
    __proto__: null,
    value: function () {
      return { name: this.name, message: this.message, ...this };
    },
    writable: true,
    configurable: true,
  });

  /** Requests on their way, by id. */
  const open = { __proto__: null };
  let lastId = 0;
  /** Those that were not taken yet: the first one, and the last. */
  let first;
  let last;

  /**
   * Has a message of the script protocol with a reply sent: `json` is its params, or the arguments of the tool, whose name is
   * `quoted` as JSON. The promise is that of the result, or of the output of the tool.
   */
  function request(method, quoted, json, error) {
    return new EnginePromise((resolve, reject) => {
      const it = { id: ++lastId, method, quoted, json: json ?? "", error, resolve, reject, next: undefined };
      if (first === undefined) first = it;
      else last.next = it;
      last = it;
    });
  }

  /** Gives the requests that wait, as many as there is room for, in one text; `requests.ts` reads it. */
  function take(count, characters) {
    if (first === undefined) return undefined;
    let text = "";
    let left = characters;
    for (let it = first; it !== undefined && count > 0 && it.json.length <= left; it = first) {
      text += `${it.id}\t${it.method}\t${it.quoted}\t${it.json.length}\n${it.json}`;
      open[it.id] = it;
      left = left > MOST_CHARACTERS ? MOST_CHARACTERS - it.json.length : left - it.json.length;
      count--;
      first = it.next;
    }
    return text;
  }

  /** Reads a member that scripts may have given every object. */
  function own(object, key) {
    return hasOwn(object, key) ? object[key] : undefined;
  }

  /** Sets a member, for which scripts may have given every object a setter. */
  function put(object, key, value, enumerable) {
    defineProperty(object, key, { __proto__: null, value, enumerable, writable: true, configurable: true });
  }

  function fail({ error, reject }, failure) {
    put(error, "message", own(failure, "message"), false);
    put(error, "code", own(failure, "code"), true);
    put(error, "data", own(failure, "data"), true);
    reject(error);
  }

  /** Takes replies, each with the id of its request. */
  function settle(json) {
    const replies = parse(json);
    for (let i = 0; i < replies.length; i++) {
      const it = open[replies[i][0]];
      const reply = replies[i][1];
      delete open[it.id];
      const error = own(reply, "error");
      if (error !== undefined) fail(it, error);
      else {
        const result = own(reply, "result");
        it.resolve(it.error.tool === undefined ? result : own(result, "output"));
      }
    }
  }

  const functions = { __proto__: null };

  /** Gives the function that calls a tool. */
  function functionOf(tool) {
    return functions[tool] ??= makeFunction(tool, stringify(tool));
  }

  function makeFunction(tool, quoted) {
    return (...given) => {
      // made here, since it knows the line of the call
      const error = new RequestError(tool);
      let json;
      try {
        json = argumentsOf(tool, given);
      } catch (thrown) {
        return new EnginePromise((_, reject) => reject(thrown));
      }
      return request("tools/call", quoted, json, error);
    };
  }

  function argumentsOf(tool, given) {
    const args = given.length === 0 || given[0] === undefined && given.length === 1 ? {} : given[0];
    if (given.length > 1 || typeof args !== "object" || args === null || isArray(args)) {
      const found = given.length > 1 ? `${given.length} values` : kindOf(args);
      throw new TypeError(`Cannot call tool ${tool}: it takes one object of arguments, and was given ${found}`);
    }
    checkJson(args, `Cannot call tool ${tool}: it takes JSON`, { root: "arguments", exact: true });
    return stringify(args);
  }

  function kindOf(value) {
    return value === null ? "null" : isArray(value) ? "an array" : `a ${typeof value}`;
  }

  /** What is looked up of every object, such as by `await` and `console`, and is undefined where there is no such tool. */
  const COMMON = { __proto__: null, then: 1, toJSON: 1, constructor: 1, prototype: 1, valueOf: 1, toString: 1 };

  /** Makes the object of the tools of a namespace, which is JSON, or of all where it is empty. */
  function makeTools(space, target) {
    const spaces = { __proto__: null };
    const find = (key) => {
      if (typeof key !== "string") return target[key];
      const tool = host.find(space, stringify(key), COMMON[key] === 1);
      if (!host.isSpace(space, stringify(key))) return tool === "" ? undefined : functionOf(parse(tool));
      spaces[key] ??= makeTools(stringify(key), tool === "" ? { __proto__: null } : functionOf(parse(tool)));
      return spaces[key];
    };
    const has = (key) => typeof key === "string" && host.has(space, stringify(key));
    const refuse = () => {
      throw new TypeError("The tools cannot be changed");
    };
    return new Proxy(target, {
      __proto__: null,
      get: (_, key) => find(key),
      has: (_, key) => has(key),
      ownKeys: () => parse(host.names(space)),
      getOwnPropertyDescriptor: (_, key) =>
        has(key) ? { __proto__: null, value: find(key), enumerable: true, configurable: true } : undefined,
      set: refuse,
      defineProperty: refuse,
      deleteProperty: refuse,
      setPrototypeOf: refuse,
      preventExtensions: refuse,
    });
  }

  /** The session, once the code has asked for it. */
  let kept;

  const setup = parse(host.describe());
  for (const [name, tool] of setup.globals) defineNow(name, functionOf(tool));
  if (setup.has.tools) bridge.defineLater("tools", () => defineNow("tools", makeTools("", { __proto__: null })));
  if (setup.has.session) {
    defineProperty(globalThis, "session", {
      get: () => (kept ??= { value: parse(host.session()) }).value,
      set: (value) => void (kept = { value }),
      configurable: true,
    });
  }
  if (setup.has.api) {
    host.installApi();
    bridge.installApi(sendMessage);
  }

  async function sendMessage(method, params = {}) {
    const error = new RequestError();
    checkJson(params, `Cannot send ${method}: it takes JSON`, { root: "params", exact: true });
    return await request(method, '""', stringify(params), error);
  }

  /** What the code is, as a function. */
  let main;
  defineNow(setup.entry, (code) => {
    delete globalThis[setup.entry];
    main = code;
  });

  /** What the code gave: a value, or what it threw. */
  let settled;

  async function start() {
    try {
      settled = { isThrown: false, value: await main() };
    } catch (thrown) {
      settled = { isThrown: true, value: thrown };
    }
    host.done();
  }

  function result() {
    const { isThrown, value } = settled;
    if (isThrown) throw value;
    checkJson(value, "Cannot return the value: it must be JSON");
    return stringify(value);
  }

  /** Gives the session as JSON, if the code asked for it. */
  function session() {
    if (kept === undefined) return undefined;
    const { value } = kept;
    if (typeof value !== "object" || value === null || isArray(value)) {
      throw new TypeError(`Cannot keep the session: it must be an object, and is ${kindOf(value)}`);
    }
    checkJson(value, "Cannot keep the session: it must be JSON", { root: "session" });
    return stringify(value);
  }

  return { start, take, settle, result, session };
});
