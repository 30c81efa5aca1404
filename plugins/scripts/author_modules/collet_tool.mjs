// @ts-self-types="./types.d.mts"
// deno-lint-ignore-file no-process-global no-console -- a script may write to the console, and has no other process
/**
 * Speaks the script protocol of Collet for a tool in JavaScript or TypeScript, on Node or Deno.
 *
 * Nothing is imported, and all is exported by the last statement: the CommonJS module is this text with another end.
 *
 * @module
 */

const CANCELLED = -32800;
const FAILED = 1;
/** Whether this is a script that is run for what it prints. */
const isCode = takeCodeVariable();
const isDeno = "Deno" in globalThis;

class ToolFailure extends Error {
  name = "ToolFailure";
  constructor(message, { data, code = FAILED } = {}) {
    super(message);
    this.data = data;
    this.code = code;
  }
}

class HostError extends Error {
  name = "HostError";
  constructor(message, { code, data } = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

class Cancelled extends Error {
  name = "AbortError";
}

const controller = new AbortController();
const signal = controller.signal;

const context = {
  arguments: {},
  roots: [],
  workingDirectory: "",
  toolName: "",
  toolsDir: "",
  environment: {},
  capabilities: {},
  progressToken: undefined,
};

/** Requests that wait for their reply, by id. */
const pending = new Map();
let lastId = 0;
let write;
/** Calls that came, and who waits for the next; a tool that is not persistent gets one. */
const calls = [];
let takeCall;
/** Why there are no more replies. */
let closed;
/** What came of a line that is not whole. */
let parts = [];
const decoder = new TextDecoder();
/** Whether the request came of a script that is run for what it prints. */
let hasBegun = false;
/** Whether Deno reads. */
let isReading = false;
/** Resolves when a script that is run for what it prints knows its context. */
const begun = isCode ? begin() : undefined;

function send(message) {
  if (write === undefined) {
    throw new Error("Cannot talk with the server: use run(handler), and call this from the handler");
  }
  write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

function notify(method, params) {
  signal.throwIfAborted();
  send({ method, params });
}

async function request(method, params = {}) {
  signal.throwIfAborted();
  if (closed !== undefined) throw closed;
  const id = ++lastId;
  // first: what is no JSON is not sent, and has no reply to wait for
  send({ id, method, params });
  const reply = new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  keepAlive();
  return resultOf(await reply);
}

function resultOf({ error, result }) {
  if (error !== undefined && error !== null) throw new HostError(String(error.message), error);
  // revision 1 of the protocol tells of a failure in the result; beside "error" an elicitation has its "action"
  const isFailure = typeof result?.error === "string" &&
    Object.keys(result).every((key) => key === "error" || key === "action");
  if (isFailure) throw new HostError(result.error);
  return result;
}

function take(line) {
  const message = JSON.parse(line);
  const { id, method, params } = message;
  if (method === "execute") {
    hasBegun = true;
    offer({ id, params });
  } else if (method === "notifications/cancelled") cancel(params?.reason ?? "The call was cancelled");
  else if (method === undefined) {
    pending.get(id)?.resolve(message);
    pending.delete(id);
  }
  keepAlive();
}

function cancel(reason) {
  const error = new Cancelled(reason);
  controller.abort(error);
  close(error);
}

function close(error) {
  closed ??= error;
  for (const { reject } of pending.values()) reject(closed);
  pending.clear();
  keepAlive();
}

/** Lets a script that is run for what it prints end while nothing is waited for, though stdin stays open. */
function keepAlive() {
  if (!isCode) return;
  if (isDeno) void readWhileWaiting();
  else if (isWaiting()) process.stdin.ref?.();
  else process.stdin.unref?.();
}

function isWaiting() {
  return closed === undefined && (pending.size > 0 || !hasBegun);
}

/** Reads only while something is waited for: Deno does not end while it reads. */
async function readWhileWaiting() {
  if (isReading) return;
  isReading = true;
  const buffer = new Uint8Array(65_536);
  while (isWaiting()) {
    const length = await Deno.stdin.read(buffer);
    if (length === null) end();
    else takePiece(decoder.decode(buffer.subarray(0, length), { stream: true }));
  }
  isReading = false;
}

/** Opens the conversation for a script that is run for what it prints: it needs no handler to talk. */
async function begin() {
  open();
  const call = await nextCall();
  fillContext(call?.params);
}

/** Reads stdin by lines. */
function open() {
  write = process.stdout.write.bind(process.stdout);
  if (!isCode) divertOutput();
  else if (isDeno) return keepAlive();
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", takePiece);
  for (const event of ["end", "close"]) process.stdin.on(event, end);
}

function takePiece(piece) {
  const [head, ...lines] = piece.split("\n");
  parts.push(head);
  for (const next of lines) {
    const line = parts.join("");
    parts = [next];
    take(line);
  }
}

function end() {
  offer(undefined);
  close(new HostError("The server has closed the connection"));
}

/** Keeps stdout for the protocol: what is printed goes to stderr. */
function divertOutput() {
  process.stdout.write = (...args) => process.stderr.write(...args);
  for (const name of ["log", "info", "debug", "dir", "table"]) console[name] = console.error.bind(console);
}

function offer(call) {
  if (takeCall === undefined) calls.push(call);
  else takeCall(call);
  takeCall = undefined;
}

/** Gives the next call; nothing when the server has closed the connection. */
function nextCall() {
  return calls.length > 0 ? calls.shift() : new Promise((resolve) => takeCall = resolve);
}

function isPersistent() {
  return readVariable("COLLET_TOOL_PERSISTENT") === "1";
}

function takeCodeVariable() {
  const value = readVariable("COLLET_TOOL_CODE");
  // a program that it starts is not run by the server
  if (value !== undefined) delete process.env.COLLET_TOOL_CODE;
  return value === "1";
}

function readVariable(name) {
  try {
    return process.env[name];
  } catch {
    // Deno, which was not told to let it be read
    return undefined;
  }
}

async function run(handler) {
  if (isCode) return await printResult(handler);
  if (write !== undefined) throw new Error("Cannot run a second handler: a script has one");
  open();
  let call = await nextCall();
  if (call === undefined) throw new Error("Cannot run the tool: no request came on stdin");
  while (call !== undefined) {
    fillContext(call.params);
    send({ id: call.id, ...await answerOf(handler) });
    call = isPersistent() ? await nextCall() : undefined;
  }
  // a script that is done ends, though the server keeps stdin open
  process.stdin.destroy();
}

async function printResult(handler) {
  await begun;
  const result = await handler(context.arguments, context);
  if (result !== undefined && result !== null) {
    process.stdout.write(`${typeof result === "string" ? result : JSON.stringify(result)}\n`);
  }
}

function fillContext({ arguments: args, context: told = {} } = {}) {
  Object.assign(context, {
    arguments: args,
    roots: told.roots ?? [],
    workingDirectory: told.working_directory ?? "",
    toolName: told.tool_name ?? "",
    toolsDir: told.tools_dir ?? "",
    environment: told.environment ?? {},
    capabilities: told.capabilities ?? {},
    progressToken: told._meta?.progressToken,
  });
}

async function answerOf(handler) {
  try {
    const result = await handler(context.arguments, context) ?? null;
    JSON.stringify(result);
    return { result };
  } catch (error) {
    if (error instanceof ToolFailure) return failed(error.code, error.message, error.data);
    if (error instanceof Cancelled) return failed(CANCELLED, error.message);
    console.error(error);
    return failed(FAILED, wordsOf(error));
  }
}

function wordsOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}

function failed(code, message, data) {
  return { error: { code, message, data } };
}

function fail(message, data, code) {
  throw new ToolFailure(message, { data, code });
}

function log(level, message, data) {
  notify("log", { level, message, data });
}

function progress(current, total, message) {
  notify("progress", { current, total, message });
}

function stream(data, { isFinal } = {}) {
  notify("stream", { data, is_final: isFinal });
}

async function callTool(name, args = {}) {
  return (await request("tools/call", { name, arguments: args })).output;
}

async function elicit(message, requestedSchema) {
  return await request("elicitation/create", { message, requestedSchema });
}

async function elicitUrl(message, url) {
  return await request("elicitation/create", { mode: "url", message, url });
}

async function sample(messages, maxTokens, options = {}) {
  const list = typeof messages === "string" ? [{ role: "user", content: { type: "text", text: messages } }] : messages;
  return await request("sampling/createMessage", { ...options, messages: list, maxTokens });
}

async function listTools() {
  return (await request("tools/list")).tools;
}

async function listResources() {
  return (await request("resources/list")).resources;
}

async function listResourceTemplates() {
  return (await request("resources/templates/list")).resourceTemplates;
}

async function readResource(uri) {
  return (await request("resources/read", { uri })).contents;
}

async function listPrompts() {
  return (await request("prompts/list")).prompts;
}

async function getPrompt(name, args = {}) {
  return await request("prompts/get", { name, arguments: args });
}

async function listRoots() {
  return (await request("roots/list")).roots;
}

async function complete(ref, argument, value) {
  return (await request("completion/complete", { ref, argument: { name: argument, value } })).completion.values;
}

const memory = {
  async get(key, otherwise) {
    return (await request("memory/get", { key })).value ?? otherwise;
  },
  async set(key, value, { ttl } = {}) {
    await request("memory/set", { key, value: value ?? null, ttl });
  },
  async delete(key) {
    return (await request("memory/delete", { key })).deleted;
  },
  async list(prefix = "") {
    return (await request("memory/list", { prefix })).keys;
  },
  async update(key, patch, { ttl } = {}) {
    return (await request("memory/update", { key, value: patch, ttl })).value;
  },
  async increment(key, by = 1, { ttl } = {}) {
    return (await request("memory/increment", { key, by, ttl })).value;
  },
  async *entries(prefix = "") {
    let cursor;
    do {
      const page = await request("memory/entries", { prefix, cursor });
      yield* page.entries;
      cursor = page.cursor;
    } while (cursor !== undefined && cursor !== null);
  },
  async bulkGet(keys) {
    return (await request("memory/bulk_get", { keys })).values;
  },
  async bulkSet(values, { ttl } = {}) {
    await request("memory/bulk_set", { entries: values, ttl });
  },
  async bulkDelete(keys) {
    return (await request("memory/bulk_delete", { keys })).deleted;
  },
};

export {
  callTool,
  Cancelled,
  complete,
  context,
  elicit,
  elicitUrl,
  fail,
  getPrompt,
  HostError,
  listPrompts,
  listResources,
  listResourceTemplates,
  listRoots,
  listTools,
  log,
  memory,
  progress,
  readResource,
  request,
  run,
  sample,
  signal,
  stream,
  ToolFailure,
};
