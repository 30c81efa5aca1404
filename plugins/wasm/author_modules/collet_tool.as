// deno-lint-ignore-file no-namespace -- AssemblyScript
// @ts-nocheck: AssemblyScript is no TypeScript
/**
 * What a tool in AssemblyScript says to the server while it runs: `import { log } from "./collet_tool"`.
 *
 * Values are JSON, as text: `quote` writes a text as JSON, `member` takes a value out of an object, and `unquote` gives
 * the text that a JSON string stands for. A request that fails ends the tool with its reason, as nothing can be caught in
 * AssemblyScript; `tryRequest` tells of it instead.
 *
 * @module
 */
import { reply, request as send } from "./collet";

/** The reply to a request. */
export class Reply {
  constructor(
    /** Whether it succeeded. */
    public ok: bool,
    /** The result, as JSON; of a failure `{"code", "message", "data"}`. */
    public json: string,
  ) {}

  /** Gives the reason of a failure; empty when it succeeded. */
  get message(): string {
    return this.ok ? "" : unquote(member(this.json, "message"));
  }
}

/** Sends any message of the protocol, with its parameters as JSON. */
export function tryRequest(method: string, params: string = "{}"): Reply {
  const message = String.UTF8.encode('{"method":' + quote(method) + ',"params":' + params + "}");
  const bytes = new ArrayBuffer(send(changetype<usize>(message), message.byteLength));
  reply(changetype<usize>(bytes));
  const text = String.UTF8.decode(bytes);
  const failure = member(text, "error");
  return failure == "" ? new Reply(true, member(text, "result")) : new Reply(false, failure);
}

/** Sends any message of the protocol, and gives its result as JSON; a failure ends the tool. */
export function request(method: string, params: string = "{}"): string {
  const answer = tryRequest(method, params);
  if (!answer.ok) throw new Error(method + " failed: " + answer.message);
  return answer.json;
}

/** Writes to the log of the client; `level` is one of MCP, such as `info` or `warning`. */
export function log(message: string, level: string = "info"): void {
  tryRequest("log", '{"level":' + quote(level) + ',"message":' + quote(message) + "}");
}

/** Tells how far the call has come; `current` must rise, and a `total` of 0 says that it is not known. */
export function progress(current: f64, total: f64 = 0, message: string = ""): void {
  tryRequest(
    "progress",
    '{"current":' + current.toString() + ',"total":' + total.toString() + ',"message":' + quote(message) + "}",
  );
}

/** Gives a piece of the result as it comes. */
export function stream(text: string): void {
  tryRequest("stream", '{"data":' + quote(text) + "}");
}

/** Calls another tool with arguments as JSON, and gives its value as JSON. */
export function callTool(name: string, args: string = "{}"): string {
  return member(request("tools/call", '{"name":' + quote(name) + ',"arguments":' + args + "}"), "output");
}

/** Reads a resource, and gives its contents as a JSON list. */
export function readResource(uri: string): string {
  return member(request("resources/read", '{"uri":' + quote(uri) + "}"), "contents");
}

/** Asks the user for what a JSON schema describes; gives `{"action", "content"}`. */
export function elicit(message: string, schema: string): string {
  return request("elicitation/create", '{"message":' + quote(message) + ',"requestedSchema":' + schema + "}");
}

/** What the tool remembers from one call to the next; values are JSON. */
export namespace memory {
  /** Gives a value; `null` as JSON where there is none. */
  export function get(key: string): string {
    return member(request("memory/get", '{"key":' + quote(key) + "}"), "value");
  }

  /** Writes a value, for good or for `ttl` seconds. */
  export function set(key: string, value: string, ttl: f64 = 0): void {
    request("memory/set", '{"key":' + quote(key) + ',"value":' + value + ',"ttl":' + ttl.toString() + "}");
  }

  /** Removes a value; tells whether it was there. */
  export function remove(key: string): bool {
    return member(request("memory/delete", '{"key":' + quote(key) + "}"), "deleted") == "true";
  }

  /** Lists the keys that begin with a prefix, as a JSON list. */
  export function list(prefix: string = ""): string {
    return member(request("memory/list", '{"prefix":' + quote(prefix) + "}"), "keys");
  }

  /** Adds to a whole number, atomically; gives the sum. */
  export function increment(key: string, by: f64 = 1): f64 {
    const params = '{"key":' + quote(key) + ',"by":' + by.toString() + "}";
    return parseFloat(member(request("memory/increment", params), "value"));
  }
}

/** Reads all of stdin: the arguments of the call, as JSON. */
export function readInput(): string {
  let bytes = new Uint8Array(65536);
  let size = 0;
  while (true) {
    const count = process.stdin.read(bytes.buffer, size);
    if (count <= 0) break;
    size += count;
    if (size < bytes.length) continue;
    const larger = new Uint8Array(size * 2);
    larger.set(bytes);
    bytes = larger;
  }
  return String.UTF8.decodeUnsafe(bytes.dataStart, size);
}

/** Writes a text as JSON. */
export function quote(text: string): string {
  const parts = new Array<string>();
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x20 && unit != 0x22 && unit != 0x5c) continue;
    parts.push(text.substring(from, at));
    parts.push(unit < 0x20 ? "\\u00" + (unit < 0x10 ? "0" : "") + unit.toString(16) : "\\" + text.charAt(at));
    from = at + 1;
  }
  parts.push(text.substring(from));
  return '"' + parts.join("") + '"';
}

/** Gives the text that a JSON string stands for; other JSON stays as it is. */
export function unquote(json: string): string {
  if (!json.startsWith('"')) return json;
  const parts = new Array<string>();
  const end = json.length - 1;
  let from = 1;
  for (let at = 1; at < end; at++) {
    if (json.charCodeAt(at) != 0x5c) continue;
    parts.push(json.substring(from, at));
    const letter = json.charAt(++at);
    if (letter == "u") {
      parts.push(String.fromCharCode(<i32> parseInt(json.substring(at + 1, at + 5), 16)));
      at += 4;
    } else parts.push(escaped(letter));
    from = at + 1;
  }
  parts.push(json.substring(from, end));
  return parts.join("");
}

/** Gives the value of a member of a JSON object, as JSON; empty where there is none. */
export function member(json: string, name: string): string {
  let at = space(json, 0);
  if (json.charAt(at) != "{") return "";
  at = space(json, at + 1);
  while (json.charAt(at) == '"') {
    const key = json.substring(at, at = ending(json, at));
    const from = space(json, space(json, at) + 1);
    const to = ending(json, from);
    if (unquote(key) == name) return json.substring(from, to);
    at = space(json, to);
    if (json.charAt(at) == ",") at = space(json, at + 1);
  }
  return "";
}

function escaped(letter: string): string {
  if (letter == "n") return "\n";
  if (letter == "t") return "\t";
  if (letter == "r") return "\r";
  if (letter == "b") return "\b";
  return letter == "f" ? "\f" : letter;
}

function space(json: string, from: i32): i32 {
  let at = from;
  while (at < json.length && json.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Gives where the value that begins at `from` has ended. */
function ending(json: string, from: i32): i32 {
  let depth = 0;
  let isText = false;
  for (let at = from; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (isText) {
      if (unit == 0x5c) at++;
      else if (unit == 0x22) {
        isText = false;
        if (depth == 0) return at + 1;
      }
    } else if (unit == 0x22) isText = true;
    else if (unit == 0x7b || unit == 0x5b) depth++;
    else if (unit == 0x7d || unit == 0x5d) {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (unit == 0x2c || unit == 0x3a || unit <= 0x20)) return at;
  }
  return json.length;
}
