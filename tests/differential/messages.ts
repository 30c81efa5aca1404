/**
 * Generated messages: for each method what is right, and then what changes make of it. All of it is JSON, so that a
 * counterexample can be read and sent again.
 *
 * @module
 */
import fc, { type Arbitrary } from "fast-check";
import { LOG_LEVELS } from "../../kernel/mod.ts";
import { PROMPTS, RESOURCES, TOOLS } from "./plugin.ts";

/** Revisions that open with `initialize`. */
export const LEGACY_REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
export const MODERN_REVISION = "2026-07-28";

// deno-lint-ignore no-explicit-any -- messages are of any shape here: that is the point
export type Loose = any;

/** A method and its parameters. */
export interface Request {
  readonly method: string;
  readonly params?: Record<string, Loose>;
}

const word: Arbitrary<string> = fc.string({ maxLength: 8, unit: "grapheme" });
const short: Arbitrary<string> = fc.oneof(word, fc.constantFrom("", "a", "é", "日本", "=?base64?eA==?=", "__proto__"));

/** Any JSON, small. */
export const junk: Arbitrary<Loose> = fc.oneof(
  fc.constantFrom<Loose>(null, true, false, 0, -1, 1.5, 1e300, "", "x", [], {}, [null], [1], { a: 1 }, ["x"]),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Ids as they should be. */
export const ids: Arbitrary<string | number> = fc.oneof(fc.integer({ min: 2, max: 99 }), word.map((it) => `id-${it}`));

function named(names: readonly string[]): Arbitrary<string> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.oneof(short, fc.constantFrom("toString", "no-such")) },
  );
}

const number: Arbitrary<Loose> = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom<Loose>(0.5, 1e21, "1"));
const toolArguments: Arbitrary<Loose> = fc.oneof(
  fc.record({ text: short }),
  fc.record({ a: number, b: number }, { requiredKeys: ["a"] }),
  fc.record({ steps: fc.integer({ min: 0, max: 6 }) }),
  fc.record({}),
  fc.dictionary(short, junk, { maxKeys: 2 }),
);

// arguments that fit are tried more often than chance would
const fitting: Arbitrary<Request> = fc.oneof(
  fc.record({ text: short }).map((args) => ({ method: "tools/call", params: { name: "text", arguments: args } })),
  fc.record({ a: number, b: number }).map((args) => ({
    method: "tools/call",
    params: { name: "add", arguments: args },
  })),
  fc.record({ name: short }).map((args) => ({ method: "prompts/get", params: { name: "greet", arguments: args } })),
  fc.constantFrom(...TOOLS).map((name) => ({ method: "tools/call", params: { name, arguments: {} } })),
);

const uris: Arbitrary<string> = named([...RESOURCES, "item://é", "item://%20", "item://", "none://x", "a://"]);
const cursors: Arbitrary<string | undefined> = fc.option(fc.constantFrom("", "nonsense", "bm9uc2Vuc2U=", "-1", "é"), {
  nil: undefined,
  freq: 4,
});

function listing(method: string): Arbitrary<Request> {
  return cursors.map((cursor) => cursor === undefined ? { method } : { method, params: { cursor } });
}

const completions: Arbitrary<Request> = fc.record({
  ref: fc.oneof(
    named(PROMPTS).map((name) => ({ type: "ref/prompt", name })),
    named(["item://{id}", "a://text"]).map((uri) => ({ type: "ref/resource", uri })),
    fc.constant({ type: "ref/tool", name: "add" }),
  ),
  argument: fc.record({ name: named(["id", "tone", "name"]), value: fc.constantFrom("", "1", "w", "x") }),
}).map((params) => ({ method: "completion/complete", params }));

/** Requests of every revision. */
const common: Arbitrary<Request> = fc.oneof(
  { weight: 4, arbitrary: fitting },
  {
    weight: 3,
    arbitrary: fc.record({ name: named(TOOLS), arguments: toolArguments }, { requiredKeys: ["name"] })
      .map((params) => ({ method: "tools/call", params })),
  },
  listing("tools/list"),
  listing("prompts/list"),
  listing("resources/list"),
  listing("resources/templates/list"),
  { weight: 2, arbitrary: uris.map((uri) => ({ method: "resources/read", params: { uri } })) },
  fc.record({
    name: named(PROMPTS),
    arguments: fc.oneof(fc.record({ name: short, tone: fc.constantFrom("dry", "loud") }), fc.record({ name: junk })),
  }, { requiredKeys: ["name"] }).map((params) => ({ method: "prompts/get", params })),
  { weight: 2, arbitrary: completions },
  fc.constantFrom("no/such", "tools/", "Tools/List", "tasks/list", "toString", "").map((method) => ({
    method,
  })),
  // requests that only servers send
  fc.constantFrom("sampling/createMessage", "roots/list", "elicitation/create").map((method) => ({ method })),
);

const sessionOnly: Arbitrary<Request> = fc.oneof(
  fc.constant({ method: "ping" }),
  fc.constantFrom(...LOG_LEVELS, "loud").map((level) => ({ method: "logging/setLevel", params: { level } })),
  fc.tuple(fc.constantFrom("resources/subscribe", "resources/unsubscribe"), uris)
    .map(([method, uri]) => ({ method, params: { uri } })),
);

const statelessOnly: Arbitrary<Request> = fc.oneof(
  fc.constant({ method: "server/discover" }),
  fc.record({
    toolsListChanged: fc.boolean(),
    promptsListChanged: fc.boolean(),
    resourcesListChanged: fc.boolean(),
    resourceSubscriptions: fc.array(uris, { maxLength: 2 }),
  }, { requiredKeys: [] }).map((notifications) => ({ method: "subscriptions/listen", params: { notifications } })),
);

/** Requests of a revision with sessions, and now and then one that it does not know. */
export const legacyRequests: Arbitrary<Request> = fc.oneof(
  { weight: 6, arbitrary: common },
  { weight: 3, arbitrary: sessionOnly },
  { weight: 1, arbitrary: statelessOnly },
);

/** Requests of 2026-07-28, and now and then one that it has no more. */
export const modernRequests: Arbitrary<Request> = fc.oneof(
  { weight: 8, arbitrary: common },
  { weight: 2, arbitrary: statelessOnly },
  {
    weight: 1,
    arbitrary: fc.oneof(sessionOnly, fc.constant({ method: "initialize", params: handshake("2025-11-25") })),
  },
);

/** Parameters of `initialize`. */
export function handshake(revision: string): Record<string, Loose> {
  return { protocolVersion: revision, capabilities: {}, clientInfo: { name: "client", version: "1.0.0" } };
}

const notifications: Arbitrary<Request> = fc.oneof(
  fc.constantFrom(
    "notifications/initialized",
    "notifications/roots/list_changed",
    "notifications/no/such",
    "notifications/elicitation/complete",
    "no/such",
  ).map((method) => ({ method })),
  fc.constant({ method: "notifications/cancelled", params: { requestId: "gone", reason: "enough" } }),
  fc.constant({ method: "notifications/progress", params: { progressToken: "gone", progress: 1 } }),
);

const tokens: Arbitrary<Loose> = fc.oneof(word, fc.integer({ min: 0, max: 9 }));
const metas: Arbitrary<Record<string, Loose> | undefined> = fc.option(
  fc.record({ progressToken: tokens, "a.example/key": junk }, { requiredKeys: [] }),
  { nil: undefined },
);

/** Messages of a revision with sessions that are right, as far as the method allows. */
export const legacyMessages: Arbitrary<Loose> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ request: legacyRequests, id: ids, meta: metas }).map(({ request, id, meta }) => ({
      jsonrpc: "2.0",
      id,
      method: request.method,
      ...(request.params !== undefined || meta !== undefined
        ? { params: { ...request.params, ...(meta !== undefined && { _meta: meta }) } }
        : {}),
    })),
  },
  { weight: 2, arbitrary: notifications.map((it) => ({ jsonrpc: "2.0", ...it })) },
);

/** Answers to requests that no server has sent. */
export const answers: Arbitrary<Loose> = fc.constantFrom(
  { jsonrpc: "2.0", id: 77, result: {} },
  { jsonrpc: "2.0", id: "x", error: { code: -1, message: "no" } },
);

/** Messages of 2026-07-28 that are right, as far as the method allows. */
export const modernMessages: Arbitrary<Loose> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      request: modernRequests,
      id: ids,
      meta: metas,
      level: fc.option(fc.constantFrom(...LOG_LEVELS), { nil: undefined }),
    }).map(({ request, id, meta, level }) => modernMessage(request, id, { ...meta, ...levelMeta(level) })),
  },
  { weight: 1, arbitrary: notifications.map((it) => ({ jsonrpc: "2.0", ...it })) },
);

function levelMeta(level: string | undefined): Record<string, Loose> {
  return level === undefined ? {} : { "io.modelcontextprotocol/logLevel": level };
}

/** A request of 2026-07-28 with its envelope. */
export function modernMessage({ method, params }: Request, id: Loose, meta: Record<string, Loose> = {}): Loose {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": MODERN_REVISION,
    "io.modelcontextprotocol/clientInfo": { name: "client", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
    ...meta,
  };
  return { jsonrpc: "2.0", id, method, params: { ...params, _meta } };
}

/** Gives a message an id that no other has: what two requests of one id get is nobody's promise. */
export function withIdOfItsOwn(message: Loose, prefix: string): Loose {
  const hasId = typeof message?.id === "string" || typeof message?.id === "number";
  return hasId ? { ...message, id: `${prefix}-${message.id}` } : message;
}

/** Texts that are no message, or just about one. */
export const brokenTexts: Arbitrary<string> = fc.constantFrom(
  "",
  "{",
  "nonsense",
  "[]",
  "1",
  "null",
  '"text"',
  "[1]",
  "[[]]",
  "{}",
  '{"jsonrpc":"2.0"}',
  '{"jsonrpc":"2.0","id":1,"method":"ping"',
  '\u{feff}{"jsonrpc":"2.0","id":1,"method":"ping"}',
  ' {"jsonrpc":"2.0","id":1,"method":"ping"}\n',
  '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
  '{"jsonrpc":"2.0","id":1e2,"method":"ping"}',
  '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
);
