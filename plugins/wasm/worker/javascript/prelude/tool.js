/**
 * What a tool is given as `ctx`, and how it is called.
 *
 * A script of the engine, given functions of the host. It exports `start` and `result`.
 */
((host, bridge) => {
  const { HostError, checkJson } = bridge;
  const { parse, stringify } = JSON;
  const { freeze } = Object;
  const { toolName, env } = parse(host.describe());

  const tell = (method, params) => host.notify(method, stringify(params));
  const request = async (method, params = {}) => resultOf(await host.request(`${method}`, params));

  function resultOf(result) {
    // revision 1 of the script protocol tells of a failure in the result; an elicitation has its "action" beside it
    const isFailure = typeof result?.error === "string" &&
      Object.keys(result).every((key) => key === "error" || key === "action");
    if (isFailure) throw new HostError({ message: result.error });
    return result;
  }

  function log(level, message, data) {
    if (message === undefined) tell("log", { level: "info", message: `${level}` });
    else tell("log", { level, message: `${message}`, data });
  }

  let memory;

  const bufferOf = (data) =>
    data instanceof ArrayBuffer ? data : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);

  /** What the host does at once, tools wait for: who knows what it will be one day. */
  const promised = (use) => (...args) => new Promise((resolve) => resolve(use(...args)));
  const pathOf = (path) => stringify(`${path}`);

  const files = freeze({
    readText: promised((path) => parse(host.readText(pathOf(path)))),
    readBytes: promised((path) => new Uint8Array(host.readFile(pathOf(path)))),
    writeText: promised((path, text, { append = false } = {}) =>
      host.writeFile(pathOf(path), host.encode(stringify(`${text}`)), append)
    ),
    writeBytes: promised((path, bytes, { append = false } = {}) =>
      host.writeFile(pathOf(path), bufferOf(bytes), append)
    ),
    list: promised((path) => parse(host.listFolder(pathOf(path)))),
    stat: promised((path) => {
      const found = parse(host.statFile(pathOf(path)));
      return found === null ? undefined : { ...found, modified: new Date(found.modified) };
    }),
    remove: promised((path) => host.removeFile(pathOf(path))),
    makeFolder: promised((path) => host.makeFolder(pathOf(path))),
  });

  const ctx = freeze({
    tool: toolName,
    env: freeze(env),
    log,
    progress: (current, total, message) => tell("progress", { current, total, message }),
    stream: (data, { isFinal } = {}) => tell("stream", { data, is_final: isFinal }),
    fail: (message, data) => {
      throw Object.assign(new Error(`${message}`), { data });
    },
    get memory() {
      if (memory === undefined) {
        host.install("memory");
        memory = bridge.memoryBy(request);
      }
      return memory;
    },
    files,
    request,
    callTool: async (name, args = {}) => (await request("tools/call", { name, arguments: args })).output,
    listTools: async () => (await request("tools/list")).tools,
    readResource: async (uri) => (await request("resources/read", { uri: `${uri}` })).contents,
    listResources: async () => (await request("resources/list")).resources,
    listResourceTemplates: async () => (await request("resources/templates/list")).resourceTemplates,
    getPrompt: (name, args = {}) => request("prompts/get", { name, arguments: args }),
    listPrompts: async () => (await request("prompts/list")).prompts,
    listRoots: async () => (await request("roots/list")).roots,
    elicit: (message, requestedSchema) => request("elicitation/create", { message, requestedSchema }),
    elicitUrl: (message, url) => request("elicitation/create", { mode: "url", message, url }),
    sample: (messages, maxTokens, options = {}) => {
      const list = typeof messages === "string"
        ? [{ role: "user", content: { type: "text", text: messages } }]
        : messages;
      return request("sampling/createMessage", { ...options, messages: list, maxTokens });
    },
    complete: async (ref, argument, value) =>
      (await request("completion/complete", { ref, argument: { name: argument, value } })).completion.values,
  });

  /** What the tool gave: a value, or what it threw. */
  let settled;

  function start(globalName, input) {
    const exported = globalThis[globalName];
    const run = typeof exported === "function" ? exported : exported?.default;
    if (typeof run !== "function") {
      throw new TypeError("the tool has no default export that is a function: write export default (input, ctx) => …");
    }
    const settle = (it) => {
      settled = it;
      host.done();
    };
    // the tool may have replaced what it finds in here, so nothing of it is called before it has begun
    (async () => await run(parse(input), ctx))().then((value) => settle({ value }), (thrown) => settle({ thrown }));
  }

  function result() {
    if ("thrown" in settled) throw settled.thrown;
    checkJson(settled.value, "the tool must return JSON");
    const json = stringify(settled.value);
    if (json !== undefined) host.measure(json.length);
    return json;
  }

  return { start, result };
});
