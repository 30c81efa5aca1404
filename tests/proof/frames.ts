/**
 * Messages that are wrong in every way: valid ones, and edits of their structure, of their text and of their bytes.
 *
 * @module
 */
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { initialize, modern } from "../support/raw.ts";

/** A value of JSON, or what stands for a piece of text in it. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const CALL = { name: "echo", arguments: { value: { a: [1, "two", null] } } };
const ASK = { elicitation: {}, sampling: {}, roots: {} };

/** Valid messages of every kind; the id is put in later. */
const TEMPLATES: readonly object[] = [
  { method: "tools/call", params: CALL },
  { method: "tools/call", params: { ...CALL, _meta: { progressToken: 1 } } },
  { method: "tools/call", params: { name: "chatty", arguments: { count: 3 }, _meta: { progressToken: "p" } } },
  { method: "tools/call", params: { name: "pause", arguments: {} } },
  { method: "tools/call", params: { name: "ask", arguments: {} } },
  { method: "tools/call", params: { name: "list_tools", arguments: {} } },
  { method: "tools/list", params: { cursor: "x" } },
  { method: "tools/list" },
  { method: "prompts/list" },
  { method: "prompts/get", params: { name: "greet", arguments: { name: "x" } } },
  { method: "resources/list", params: {} },
  { method: "resources/templates/list" },
  { method: "resources/read", params: { uri: "proof://1" } },
  { method: "resources/subscribe", params: { uri: "proof://1" } },
  { method: "resources/unsubscribe", params: { uri: "proof://1" } },
  {
    method: "completion/complete",
    params: { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "name", value: "" } },
  },
  { method: "logging/setLevel", params: { level: "info" } },
  { method: "ping" },
  { method: "server/discover", params: {} },
  { method: "notifications/initialized" },
  { method: "notifications/cancelled", params: { requestId: 1, reason: "none" } },
  { method: "notifications/progress", params: { progressToken: 1, progress: 1 } },
  { method: "notifications/roots/list_changed" },
  { result: { roots: [] } },
  { result: { action: "accept", content: { name: "Eve" } } },
  { error: { code: -32000, message: "no" } },
  initialize("2025-11-25", ASK),
  initialize("2024-11-05"),
  modern("tools/call", CALL).body,
  modern("tools/call", { name: "ask", arguments: {} }, { capabilities: ASK }).body,
  modern("tools/call", {
    name: "ask",
    arguments: {},
    inputResponses: { a: { action: "accept" } },
    requestState: "x.y.z",
  })
    .body,
  modern("tools/list").body,
  modern("resources/read", { uri: "proof://2" }).body,
  modern("prompts/get", { name: "greet", arguments: { name: "x" } }).body,
  modern("server/discover").body,
  modern("subscriptions/listen", { notifications: { toolsListChanged: true, resourceSubscriptions: ["proof://1"] } })
    .body,
];

// a string that begins with this is written as it is, without quotes
const RAW = "\u0001raw:";

const RAW_PIECES = ["1e400", "-0", "1E+2", "01", "NaN", "undefined", "'x'", "[1,]", "{,}", '{"a":1,"a":2}', "1/**/"];

const ODD_VALUES: readonly Json[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, -(2 ** 31), "", "x", "\u0000", "\ud800", "é", "\u2028", "\r\n"],
  ...["__proto__", "constructor", "2.0", "tools/call", "tools/list", "../../etc/passwd", "2026-07-28", "emergency"],
  ...[[], {}, [[]], [null], { a: { b: [] } }, ["x", 1], { "": "" }],
];

const ODD_KEYS = ["id", "method", "params", "jsonrpc", "result", "error", "_meta", "name", "arguments", "cursor", "uri"]
  .concat(["requestState", "inputResponses", "__proto__", "constructor", "toString", "", "progressToken", "x"]);

/** Texts that a value is replaced by, such as a thousand brackets. */
function oddTexts(maxBytes: number): fc.Arbitrary<string> {
  const depth = fc.integer({ min: 1, max: Math.floor(maxBytes / 8) });
  const nested = (open: string, close: string) => depth.map((n) => `${open.repeat(n)}0${close.repeat(n)}`);
  return fc.oneof(
    fc.constantFrom(...RAW_PIECES),
    nested("[", "]"),
    nested('{"a":', "}"),
    depth.map((n) => "[".repeat(n)),
    depth.map((n) => `"${"y".repeat(n * 8)}"`),
    depth.map((n) => `[${"0,".repeat(n * 3)}0]`),
  );
}

interface Edit {
  readonly kind: "replace" | "remove" | "add" | "repeat" | "wrap";
  readonly at: number;
  readonly key: string;
  readonly value: Json;
}

function edits(maxBytes: number): fc.Arbitrary<readonly Edit[]> {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...ODD_VALUES) },
    { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
    { weight: 1, arbitrary: oddTexts(maxBytes).map((text) => RAW + text) },
  );
  const edit = fc.record({
    kind: fc.constantFrom("replace", "replace", "remove", "add", "repeat", "wrap" as const),
    at: fc.nat(1_000),
    key: fc.constantFrom(...ODD_KEYS),
    value,
  });
  return fc.array(edit as fc.Arbitrary<Edit>, { maxLength: 3 });
}

/** Applies an edit to one of the values in a value, or to the whole. */
function edited(value: Json, edit: Edit): Json {
  const { kind, at, key, value: odd } = edit;
  let left = at % countValues(value);
  const visit = (node: Json): Json | undefined => {
    if (left-- === 0) {
      if (kind === "replace") return odd;
      if (kind === "wrap") return at % 2 === 0 ? [node] : { [key]: node };
      if (kind === "repeat") return [node, node];
      if (kind === "add" && isRecord(node)) return Object.fromEntries([...Object.entries(node), [key, odd]]);
      return kind === "remove" ? undefined : odd;
    }
    if (Array.isArray(node)) return node.map(visit).filter((it) => it !== undefined);
    if (!isRecord(node)) return node;
    const entries = Object.entries(node).map(([name, it]) => [name, visit(it)] as const);
    // `__proto__` is a key like any other
    return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
  };
  return visit(value) ?? null;
}

function countValues(value: Json): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, it) => sum + countValues(it), 1);
}

function isRecord(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const STYLES: Readonly<Record<string, (value: Json) => string>> = {
  compact: (value) => JSON.stringify(value),
  spaced: (value) => JSON.stringify(value, null, "\t").replaceAll("\n", " \r "),
  reversed: (value) => JSON.stringify(reversed(value)),
  // what looks for names in the text does not find them
  escaped: (value) =>
    JSON.stringify(value).replace(/[a-z](?=[^"\\]*"(?:[^"\\]|\\.)*)/g, (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    }),
};

function reversed(value: Json): Json {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).reverse()) : value;
}

/** Writes a value as text; what stands for text in it is put in as it is. */
function textOf(value: Json, style: string): string {
  const text = STYLES[style === "escaped" && JSON.stringify(value).includes(RAW.slice(1)) ? "compact" : style]!(value);
  return text.replace(/"\\u0001raw:((?:[^"\\]|\\.)*)"/g, (_, raw: string) => JSON.parse(`"${raw}"`));
}

/** Makes ids; most are their own, some are met twice, some are none. */
function ids(): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
    { weight: 4, arbitrary: fc.uuid() },
    { weight: 1, arbitrary: fc.constantFrom(1, "1", 0, "", -1) },
  );
}

/** Makes the text of a message, valid or not. */
export function messageTexts(maxBytes: number): fc.Arbitrary<string> {
  const message = fc.record({
    template: fc.constantFrom(...TEMPLATES),
    id: ids(),
    edits: edits(maxBytes),
    style: fc.constantFrom("compact", "compact", "spaced", "reversed", "escaped"),
  });
  const single = message.map(({ template, id, edits, style }) => {
    const isNotification = "method" in template && String(template.method).startsWith("notifications/");
    const whole = { jsonrpc: "2.0", ...(!isNotification && { id }), ...template, ...("id" in template && { id }) };
    return textOf(edits.reduce(edited, whole as Json), style);
  });
  const batch = fc.array(single, { minLength: 1, maxLength: 5 }).map((texts) => `[${texts.join(",")}]`);
  return fc.oneof({ weight: 20, arbitrary: single }, { weight: 1, arbitrary: batch }, {
    weight: 1,
    arbitrary: oddTexts(maxBytes * 2),
  });
}

/** One change of bytes. */
export interface ByteEdit {
  readonly kind: "flip" | "insert" | "remove" | "repeat" | "cut";
  /** Where, in parts of the whole. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** Makes changes of bytes. */
export function byteEdits(): fc.Arbitrary<readonly ByteEdit[]> {
  const edit = fc.record({
    kind: fc.constantFrom("flip", "insert", "remove", "repeat", "cut" as const),
    at: fc.integer({ min: 0, max: 999 }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 6 }),
      fc.constantFrom(...['"', "{", "}", "[", "]", ",", ":", "\n", "\r", "\0", "\ufeff", "\\u", "\\"]).map(Buffer.from),
    ),
    size: fc.integer({ min: 1, max: 64 }),
  });
  return fc.array(edit as fc.Arbitrary<ByteEdit>, { minLength: 1, maxLength: 4 });
}

/** Applies changes of bytes. */
export function withByteEdits(bytes: Uint8Array, edits: readonly ByteEdit[]): Buffer {
  return edits.reduce((before, { kind, at, bytes: odd, size }) => {
    const place = Math.floor(before.length * at / 1_000);
    const [head, tail] = [before.subarray(0, place), before.subarray(place)];
    switch (kind) {
      case "insert":
        return Buffer.concat([head, odd, tail]);
      case "remove":
        return Buffer.concat([head, tail.subarray(size)]);
      case "repeat":
        return Buffer.concat([head, tail.subarray(0, size), tail]);
      case "cut":
        return head;
      case "flip": {
        const mask = odd[0]! || 1;
        return Buffer.concat([head, tail.subarray(0, 1).map((byte) => byte ^ mask), tail.subarray(1)]);
      }
    }
  }, Buffer.from(bytes));
}

/** Bytes that a report shows as text. */
export interface Readable {
  readonly bytes: Uint8Array;
  [fc.toStringMethod](): string;
}

const SHOWN_CHARS = 1_500;

/** Makes bytes readable in a report. */
export function readable(bytes: Uint8Array): Readable {
  const show = () => {
    const text = JSON.stringify(Buffer.from(bytes).toString("latin1"));
    return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}… (${bytes.length} bytes)` : text;
  };
  return { bytes, [fc.toStringMethod]: show };
}
