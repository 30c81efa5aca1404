/**
 * Generated HTTP requests around the messages.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import fc, { type Arbitrary } from "fast-check";
import { changed } from "./changes.ts";
import {
  answers,
  brokenTexts,
  legacyMessages,
  type Loose,
  MODERN_REVISION,
  modernMessages,
  withIdOfItsOwn,
} from "./messages.ts";

/** Stands for the id of the session, which each side has its own of. */
export const SESSION = "$session";

/** A request as data. */
export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or a message that is sent as JSON. */
  readonly body?: Loose;
}

type HeaderChange = readonly [name: string, value: string | undefined];

function header(name: string, values: readonly (string | undefined)[]): Arbitrary<HeaderChange> {
  return fc.constantFrom(...values).map((value) => [name, value] as const);
}

const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN_REVISION];

const headerChange: Arbitrary<HeaderChange> = fc.oneof(
  header("accept", ["*/*", "application/json", "text/event-stream", "text/html", "application/*", undefined]),
  header("content-type", [
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "text/plain",
    "application/jsonx",
    undefined,
  ]),
  header("mcp-protocol-version", [...REVISIONS, "1999-01-01", "2099-01-01", "nonsense", "", undefined]),
  header("mcp-session-id", [SESSION, "unknown", "", undefined]),
  header("mcp-method", ["tools/list", "tools/call", "Tools/Call", "", undefined]),
  header("mcp-name", ["text", "Text", "", "=?base64?dGV4dA==?=", "=?base64?!?=", "=?BASE64?dGV4dA==?=", undefined]),
  header("x-other", ["1"]),
);

const headerChanges: Arbitrary<readonly HeaderChange[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(headerChange, { minLength: 1, maxLength: 2 }) },
);

function withHeaders(headers: Record<string, string>, changes: readonly HeaderChange[]): Record<string, string> {
  const all: Record<string, string> = { ...headers };
  for (const [name, value] of changes) {
    if (value === undefined) delete all[name];
    else all[name] = value;
  }
  return all;
}

/** Headers that every client sends with a message. */
export const JSON_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "accept": "application/json, text/event-stream",
};

/** Headers of a session; the revision is among them since 2025-06-18. */
export function sessionHeaders(revision: string): Record<string, string> {
  return {
    ...JSON_HEADERS,
    "mcp-session-id": SESSION,
    ...(revision >= "2025-06-18" && { "mcp-protocol-version": revision }),
  };
}

/** What may be posted to a session: messages, batches of them, and no JSON. */
const sessionBodies: Arbitrary<Loose> = fc.oneof(
  { weight: 12, arbitrary: changed(legacyMessages) },
  {
    weight: 2,
    arbitrary: fc.array(changed(legacyMessages), { maxLength: 3 }).map((list) =>
      list.map((it, index) => withIdOfItsOwn(it, String(index)))
    ),
  },
  { weight: 1, arbitrary: answers },
  { weight: 1, arbitrary: brokenTexts },
);

/** A request to a session, most often right. */
export function sessionRequests(revision: string): Arbitrary<HttpRequest> {
  const posts = fc.tuple(sessionBodies, headerChanges).map(([body, changes]) => ({
    method: "POST",
    headers: withHeaders(sessionHeaders(revision), changes),
    body,
  }));
  const others = fc.tuple(fc.constantFrom("GET", "DELETE", "PUT"), headerChanges).map(([method, changes]) => ({
    method,
    headers: withHeaders({ ...sessionHeaders(revision), accept: "text/event-stream" }, changes),
  }));
  return fc.oneof({ weight: 12, arbitrary: posts }, { weight: 1, arbitrary: others });
}

/** A request of 2026-07-28, most often right. */
export const statelessRequests: Arbitrary<HttpRequest> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(changed(modernMessages), headerChanges).map(([body, changes]) => ({
      method: "POST",
      headers: withHeaders(statelessHeaders(body), changes),
      body,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.array(modernMessages, { maxLength: 2 }), headerChanges).map(([body, changes]) => ({
      method: "POST",
      headers: withHeaders(statelessHeaders(body[0]), changes),
      body,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("GET", "DELETE", "PUT", "POST"), fc.oneof(brokenTexts, answers), headerChanges)
      .map((
        [method, body, changes],
      ) => ({
        method,
        headers: withHeaders({ ...JSON_HEADERS, "mcp-protocol-version": MODERN_REVISION }, changes),
        ...(method === "POST" && { body }),
      })),
  },
);

/** Headers that repeat what a message says, as clients make them. */
export function statelessHeaders(message: Loose): Record<string, string> {
  const version = message?.params?._meta?.["io.modelcontextprotocol/protocolVersion"];
  const name = message?.params?.name ?? message?.params?.uri;
  return {
    ...JSON_HEADERS,
    ...(message?.id !== undefined &&
      { "mcp-protocol-version": typeof version === "string" ? encoded(version) : MODERN_REVISION }),
    ...(typeof message?.method === "string" && { "mcp-method": encoded(message.method) }),
    ...(typeof name === "string" && { "mcp-name": encoded(name) }),
  };
}

// as the specification has it for what a header cannot carry
function encoded(value: string): string {
  const isPlain = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value, "utf8").toString("base64")}?=`;
}

/** An `initialize` without a session, right or wrong. */
export function openings(revision: Arbitrary<string>): Arbitrary<HttpRequest> {
  const message = revision.map((version) => ({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: version,
      capabilities: { roots: { listChanged: true }, experimental: { x: {} } },
      clientInfo: { name: "client", version: "1.0.0" },
    },
  }));
  return fc.tuple(changed(message), headerChanges).map(([body, changes]) => ({
    method: "POST",
    headers: withHeaders(JSON_HEADERS, changes),
    body,
  }));
}
