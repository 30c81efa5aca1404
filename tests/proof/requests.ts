/**
 * Requests over HTTP that are wrong in every way: in their messages, heads, framing and bytes.
 *
 * @module
 */
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { type ByteEdit, byteEdits, messageTexts, readable, withByteEdits } from "./frames.ts";
import { bytesOf, plainRequest, postRequest, type RawRequest } from "./http_wire.ts";

/** What requests of one batch have in common. */
export interface RequestContext {
  readonly port: number;
  /** A session of 2025-11-25. */
  readonly session: string;
}

/** The ways in. */
const DOORS = ["session", "stateless", "message", "none"] as const;
type DoorName = typeof DOORS[number];

/** A request whose head is right, and whose message may be wrong. */
export interface MessagePlan {
  readonly door: DoorName;
  readonly text: string;
  [fc.toStringMethod](): string;
}

/** Makes requests whose heads are right. */
export function messagePlans(maxBytes: number): fc.Arbitrary<MessagePlan> {
  return fc.record({ door: fc.constantFrom(...DOORS), text: messageTexts(maxBytes) })
    .map(({ door, text }) =>
      shown({ door, text }, () => `${door} ${readable(Buffer.from(text))[fc.toStringMethod]()}`)
    );
}

/** Puts a message into the request of its door. */
export function requestFor({ door, text }: Pick<MessagePlan, "door" | "text">, context: RequestContext): RawRequest {
  const { port, session } = context;
  switch (door) {
    case "session":
      return postRequest(port, text, {
        headers: { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" },
      });
    case "stateless":
      return postRequest(port, text, { headers: { "mcp-protocol-version": "2026-07-28", ...mirrored(text) } });
    case "message":
      return postRequest(port, text, { target: "/message" });
    case "none":
      return postRequest(port, text);
  }
}

// what the head repeats of the message, where a client could
function mirrored(text: string): Record<string, string> {
  const isToken = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]{1,100}$/.test(value);
  try {
    const { method, params } = JSON.parse(text);
    const name = params?.name ?? params?.uri;
    return { ...(isToken(method) && { "mcp-method": method }), ...(isToken(name) && { "mcp-name": name }) };
  } catch {
    return {};
  }
}

const LONG = "a".repeat(9_000);

const ODD_METHODS = [
  "GET",
  "POST",
  "DELETE",
  "PUT",
  "OPTIONS",
  "HEAD",
  "TRACE",
  "CONNECT",
  "PATCH",
  "post",
  "X",
  "G T",
];

const ODD_TARGETS = ["/mcp", "/mcp/", "//mcp", "/mcp?x=1", "/sse", "/message", "/message?sessionId=x", "/healthz", "*"]
  .concat(["http://evil.example/mcp", "/../mcp", "/%6dcp", "/mcp%00", "mcp", "/mcp#x", "/\u00ff", "/%", "/", ""])
  .concat([`/${LONG}`, "/message?sessionId=%ZZ", "/mcp?x=\u0000", "http://[/mcp", "//[/", "/mcp /x"]);

const ODD_VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP", "", "http/1.1", "ICY/1.0"];

const ODD_HEADERS: Readonly<Record<string, readonly string[]>> = {
  "content-length": ["-1", "abc", "0", "1", "99999999999999999999", "5, 5", "+5", "0x10", "", "1000"],
  "transfer-encoding": ["chunked", "gzip, chunked", "chunked, chunked", "identity", "x", ""],
  "content-type": ["text/plain", "application/json; charset=utf-8", "application/json;;;", "APPLICATION/JSON", ""],
  "content-encoding": ["gzip", "br", "x"],
  accept: ["application/json", "text/event-stream", "*/*", "", "text/html", ";q=0", LONG],
  host: [
    "",
    "evil.example",
    "127.0.0.1:99999",
    "[::1]",
    "localhost, x",
    "a b",
    "127.0.0.1@evil",
    "localhost:x",
    "[",
    "%",
  ],
  origin: ["null", "http://evil.example", "http://localhost:1", "x", "http://["],
  authorization: ["Bearer x", "Basic eDp5", "", `Bearer ${LONG}`],
  connection: ["keep-alive", "upgrade", "close, keep-alive", "content-length", ""],
  upgrade: ["websocket", "h2c", "HTTP/3"],
  expect: ["100-continue", "x"],
  "mcp-session-id": ["", "x", LONG, "\u00e9", "../../x", "__proto__", "00000000-0000-0000-0000-000000000000"],
  "mcp-protocol-version": ["2026-07-28", "2025-11-25", "2024-11-05", "2099-01-01", "1", "", "\u00ff", LONG],
  "mcp-method": ["tools/call", "tools/list", "x", "", "=?base64?dG9vbHMvY2FsbA==?="],
  "mcp-name": ["=?base64?ZWNobw==?=", "=?base64?!!?=", "echo", "x", "", "=?base64?/////w==?="],
  "mcp-param-x": ["1"],
  "last-event-id": ["1_x", "x", "", "0", "99999999999999999999_y", LONG],
  "x-forwarded-host": ["evil.example"],
  "x-odd": ["a\u0000b", "a\tb", "\u007f", "a".repeat(20_000), "x\r\n y", "x\r\nhost: evil.example"],
  "x odd": ["1"],
  "": ["1"],
};

interface HeadEdit {
  readonly kind: "header" | "drop" | "repeat" | "method" | "target" | "version" | "many";
  readonly at: number;
  readonly header: readonly [name: string, value: string];
  readonly method: string;
  readonly target: string;
  readonly version: string;
}

function headEdits(): fc.Arbitrary<readonly HeadEdit[]> {
  const headers = Object.entries(ODD_HEADERS).map(([name, values]) =>
    fc.constantFrom(...values).map((value) => [name, value] as const)
  );
  const edit = fc.record({
    kind: fc.constantFrom(
      ...["header", "header", "header", "drop", "repeat", "method", "target", "version", "many"] as const,
    ),
    at: fc.nat(20),
    header: fc.oneof(...headers),
    method: fc.constantFrom(...ODD_METHODS),
    target: fc.constantFrom(...ODD_TARGETS),
    version: fc.constantFrom(...ODD_VERSIONS),
  });
  return fc.array(edit, { maxLength: 3 });
}

function withHeadEdit(request: RawRequest, edit: HeadEdit): RawRequest {
  const { headers } = request;
  const at = edit.at % Math.max(1, headers.length);
  switch (edit.kind) {
    case "header": {
      const others = headers.filter(([name]) => name !== edit.header[0]);
      return { ...request, headers: [...others, edit.header] };
    }
    case "drop":
      return { ...request, headers: headers.filter((_, i) => i !== at) };
    case "repeat":
      return { ...request, headers: [...headers, ...headers.slice(at, at + 1), edit.header] };
    case "many":
      return {
        ...request,
        headers: [...headers, ...Array.from({ length: edit.at * 20 }, (_, i) => [`x-${i}`, "1"] as const)],
      };
    case "method":
    case "target":
    case "version":
      return { ...request, [edit.kind]: edit[edit.kind] };
  }
}

const FRAMINGS = ["length", "length", "chunked", "cut", "wrong size", "huge size", "extension", "no end"] as const;

// a body in chunks, right or wrong; the length that the head tells goes
function framed(request: RawRequest, framing: typeof FRAMINGS[number]): RawRequest {
  if (framing === "length") return request;
  const { body } = request;
  const half = Math.ceil(body.length / 2);
  const chunk = (part: Uint8Array, size = part.length.toString(16)) =>
    Buffer.concat([Buffer.from(`${size}\r\n`), part, Buffer.from("\r\n")]);
  const last = framing === "no end" || framing === "cut" ? [] : [Buffer.from("0\r\n\r\n")];
  const size = {
    "wrong size": "3",
    "huge size": "fffffffffffffffff",
    extension: `${half.toString(16)};a="b"`,
  } as Record<string, string>;
  const parts = [chunk(body.subarray(0, half), size[framing]), chunk(body.subarray(half)), ...last];
  const whole = Buffer.concat(framing === "cut" ? parts.slice(0, 1) : parts);
  const headers = request.headers.filter(([name]) => name !== "content-length");
  return { ...request, headers: [...headers, ["transfer-encoding", "chunked"]], body: whole };
}

/** A request that may be wrong in all of its parts. */
export interface BytesPlan {
  /** Gives the bytes. */
  bytes(context: RequestContext): Buffer;
  /** Where the bytes are cut into packets, in parts of the whole. */
  readonly cuts: readonly number[];
  readonly ending: "wait" | "leave" | "reset";
  [fc.toStringMethod](): string;
}

const RIGHT_TEXTS = [
  { method: "tools/call", params: { name: "echo", arguments: { value: 1 } } },
  { method: "tools/list" },
  { method: "notifications/cancelled", params: { requestId: 9 } },
  {
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  },
].map((message) =>
  JSON.stringify({ jsonrpc: "2.0", ...(!message.method.startsWith("notifications/") && { id: 7 }), ...message })
);

const WITHOUT_BODY = [["GET", "/mcp"], ["GET", "/sse"], ["DELETE", "/mcp"], ["OPTIONS", "/mcp"], [
  "GET",
  "/healthz",
]] as const;

/** Makes requests that are wrong in their heads, framing or bytes. */
export function bytesPlans(): fc.Arbitrary<BytesPlan> {
  const posts = fc.record({ door: fc.constantFrom(...DOORS), text: fc.constantFrom(...RIGHT_TEXTS) })
    .map((plan) => (context: RequestContext) => requestFor(plan, context));
  const others = fc.constantFrom(...WITHOUT_BODY).map(([method, target]) => ({ port, session }: RequestContext) =>
    plainRequest(port, method, { target, headers: { "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" } })
  );
  return fc.record({
    make: fc.oneof({ weight: 3, arbitrary: posts }, { weight: 1, arbitrary: others }),
    head: headEdits(),
    framing: fc.constantFrom(...FRAMINGS),
    newline: fc.constantFrom("\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r"),
    edits: fc.oneof({ weight: 2, arbitrary: fc.constant<readonly ByteEdit[]>([]) }, {
      weight: 1,
      arbitrary: byteEdits(),
    }),
    isTwice: fc.nat(9).map((n) => n === 9),
    cuts: fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 3 }),
    ending: fc.constantFrom(...["wait", "wait", "wait", "wait", "leave", "reset"] as const),
  }).map(({ make, head, framing, newline, edits, isTwice, cuts, ending }) => {
    const bytes = (context: RequestContext) => {
      const request = head.reduce(withHeadEdit, framed(make(context), framing));
      const once = withByteEdits(bytesOf(request, newline), edits);
      return isTwice ? Buffer.concat([once, once]) : once;
    };
    const show = () => `${ending} [${cuts}] ${readable(bytes({ port: 0, session: "S" }))[fc.toStringMethod]()}`;
    return shown({ bytes, cuts, ending }, show);
  });
}

function shown<T extends object>(value: T, show: () => string): T & { [fc.toStringMethod](): string } {
  return { ...value, [fc.toStringMethod]: show };
}
