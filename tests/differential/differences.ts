/**
 * Where Collet means to differ from the SDK's server, and why. Whatever is not in this table must be the same, and
 * `differences_test.ts` sees to it that each row is still needed.
 *
 * What cannot be told from one request is not here but in the tests: a connection over stdio serves both eras, each
 * message saying of which it is, as basic/versioning allows (the SDK keeps to the era of the first message; the oracle
 * has two of its servers); and list changes that follow closely are told together.
 *
 * @module
 */
import {
  CLIENT_INFO_META_KEY as CLIENT_INFO,
  PROTOCOL_VERSION_META_KEY as PROTOCOL_VERSION,
  SERVER_INFO_META_KEY as SERVER_INFO,
  SUBSCRIPTION_ID_META_KEY as SUBSCRIPTION_ID,
} from "@modelcontextprotocol/server";
import { isObject } from "../../kernel/content.ts";
import { JSON_HEADERS, sessionHeaders, statelessHeaders } from "./http_requests.ts";
import { handshake, type Loose, MODERN_REVISION, modernMessage } from "./messages.ts";
import { type Answer, byId, type Outcome } from "./outcome.ts";
import {
  claimsEnvelope,
  fitsSchema,
  hasMalformedMeta,
  hasWholeEnvelope,
  isId,
  isMessage,
  withoutStrangers,
  withPlainClient,
} from "./shapes.ts";

/** What was asked, by whichever way. */
export interface Asked {
  /** HTTP method; `undefined` over stdio. */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What was sent, as text or as a message that is sent as JSON. */
  readonly body?: Loose;
}

/** What a difference may depend on. */
export interface Facts {
  readonly asked: Asked;
  /** What was asked, as JSON; `undefined` when it is none. */
  readonly message: Loose;
  /** Of the session; `undefined` without one. */
  readonly revision: string | undefined;
  /** What Collet did: where a difference leaves a choice. */
  readonly ours: Outcome;
}

/** One intended difference. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** What the SDK is asked in place of what was asked, so that its answer can be compared. */
  readonly ask?: (asked: Asked) => Partial<Asked>;
  /** What is expected of Collet where the SDK did `theirs`. */
  readonly expect?: (theirs: Outcome, facts: Facts) => Outcome;
  /** What shows the difference. */
  readonly example: Asked;
  /** Revision of the session in which it shows; none by default. */
  readonly revision?: string;
}

const NEWEST = "2025-11-25";
const PING = { jsonrpc: "2.0", id: 2, method: "ping" };

function posted(body: Loose, revision: string = NEWEST): Asked {
  return { method: "POST", headers: sessionHeaders(revision), body };
}

function stateless(request: Parameters<typeof modernMessage>[0]): Asked {
  const body = modernMessage(request, 2);
  return { method: "POST", headers: statelessHeaders(body), body };
}

export const DIFFERENCES: readonly Difference[] = [
  {
    what: "any Accept header is served; whoever takes JSON alone gets no stream, and so no notifications",
    why: "clients in use send */*, one type or nothing",
    ask({ method, headers }) {
      const accept = method === "GET" ? "text/event-stream" : "application/json, text/event-stream";
      return { headers: { ...headers, accept } };
    },
    expect(theirs, { asked: { method, headers }, message }) {
      if (method === undefined || !takesJsonAlone(headers) || message?.method === "subscriptions/listen") return theirs;
      return method === "GET" && theirs.status === 200 ? refusal(406) : { ...theirs, notifications: [] };
    },
    example: { method: "POST", headers: { ...sessionHeaders(NEWEST), accept: "*/*" }, body: PING },
    revision: NEWEST,
  },
  {
    what: "members of a message that JSON-RPC does not know are left alone",
    why: "the specification does not forbid them, and a later one may add some",
    ask: ({ body }) => typeof body === "object" ? { body: withoutStrangers(body) } : {},
    example: posted({ ...PING, extra: 1 }),
    revision: NEWEST,
  },
  {
    what: "over stdio, a byte order mark before the JSON is left alone, as over HTTP",
    why: "RFC 8259 section 8.1 allows that, and it harms nobody",
    ask: ({ method, body }) =>
      method === undefined && typeof body === "string" ? { body: body.replace(/^\ufeff/, "") } : {},
    example: { headers: {}, body: `\ufeff${JSON.stringify(PING)}` },
  },
  {
    what: "of several faults of a request the method is named first, then the type, then the JSON",
    why: "the specification has no order; these need no look at sessions",
    expect(theirs, { asked: { method, headers }, message }) {
      if (method === undefined) return theirs;
      if (!["POST", "GET", "DELETE"].includes(method)) return refusal(405);
      if (method !== "POST") return theirs;
      if (!/^application\/json( *;|$)/i.test(headers["content-type"] ?? "")) return refusal(415);
      return message === undefined ? refusal(400, -32700) : theirs;
    },
    example: { method: "POST", headers: { "content-type": "text/plain", "mcp-session-id": "unknown" }, body: PING },
  },
  {
    what: "in a session, 2026-07-28 is refused as its protocol version",
    why: "that revision has no sessions; the SDK takes it for that of the session",
    expect(theirs, { asked: { method, headers }, message, ours }) {
      const isForeign = headers["mcp-protocol-version"] === MODERN_REVISION && !hasEnvelope(message);
      const isInSession = method === "POST" && headers["mcp-session-id"] !== undefined;
      // a notification is received by either era alike
      if (!isForeign || !isInSession || theirs.status >= 400 || ours.status < 400) return theirs;
      return { ...refusal(400), answers: [{ id: ours.answers[0]?.id ?? null, code: -32000 }] };
    },
    example: {
      method: "POST",
      headers: { ...sessionHeaders(NEWEST), "mcp-protocol-version": MODERN_REVISION },
      body: [PING],
    },
    revision: NEWEST,
  },
  {
    what: "a refusal may name the id of the request, when it is one",
    why: "JSON-RPC wants the id in each answer; the SDK has null for some, and repeats what is no id for others",
    expect(theirs, { message, ours }) {
      const [mine, yours] = [ours.answers[0]?.id, theirs.answers[0]];
      if (theirs.status < 400 || yours === undefined) return theirs;
      const isNamed = yours.id === null && isId(mine) && [message].flat().some((it) => it?.id === mine);
      const isNone = mine === null && !isId(yours.id);
      return isNamed || isNone ? { ...theirs, answers: [{ ...yours, id: mine }] } : theirs;
    },
    example: { method: "POST", headers: { ...JSON_HEADERS, "mcp-session-id": "unknown" }, body: PING },
  },
  {
    what: "parameters of a wrong shape are -32602",
    why: "so says JSON-RPC; the SDK's server lets the failure of its own check through as -32603",
    expect: (theirs, { message }) =>
      mapAnswers(theirs, message, (answer, request) => {
        const isMalformed = answer.code === -32603 && !fitsSchema(request);
        return isMalformed ? { ...answer, code: -32602 } : answer;
      }),
    example: posted({ ...PING, method: "resources/read" }),
    revision: NEWEST,
  },
  {
    what: "a malformed _meta is an error of its request alone, and none of a notification",
    why: "it is a parameter; the SDK refuses the HTTP request as no JSON-RPC, and with it the rest of a batch",
    expect(theirs, { asked, message, ours }) {
      const malformed = [message].flat().filter((it) => isMessage(it) && hasMalformedMeta(it.params));
      if (malformed.length === 0) return theirs;
      const errors = ours.answers.filter(({ id, code }) => code !== undefined && malformed.some((it) => it.id === id));
      if (asked.method === undefined) return { ...theirs, answers: [...theirs.answers, ...errors].sort(byId) };
      const isRefused = theirs.answers[0]?.code === -32600;
      const isDealtWith = errors.length === malformed.filter((it) => it.id !== undefined).length;
      return isRefused && (ours.status >= 400 || isDealtWith) ? ours : theirs;
    },
    example: posted({ ...PING, params: { _meta: 1 } }),
    revision: NEWEST,
  },
  {
    what: "a handshake with parameters of a wrong shape is -32602",
    why: "the SDK takes it for no handshake, and misses the session",
    expect(theirs, { message, revision, ours }) {
      const isHandshake = message?.method === "initialize" && isId(message.id) && revision === undefined;
      const isMissed = theirs.status === 400 && [-32000, -32020].includes(theirs.answers[0]?.code ?? 0);
      if (!isHandshake || !isMissed || ours.answers[0]?.code !== -32602) return theirs;
      return { ...theirs, status: ours.status, answers: [{ id: message.id, code: -32602 }] };
    },
    example: { method: "POST", headers: JSON_HEADERS, body: { ...PING, method: "initialize" } },
  },
  {
    what: "what a client says of itself is read where it is used",
    why: "a capability that nobody asks for harms nobody, whatever its shape",
    ask: ({ body }) => body?.method === "initialize" ? { body: withPlainClient(body) } : {},
    example: {
      method: "POST",
      headers: JSON_HEADERS,
      body: { ...PING, method: "initialize", params: { ...handshake(NEWEST), capabilities: { roots: 1 } } },
    },
  },
  {
    what: "over stdio, what is no message is answered with an error",
    why: "JSON-RPC section 5.1 wants that; the SDK passes over it in silence",
    expect(theirs, { asked, message }) {
      if (asked.method !== undefined) return theirs;
      if (message === undefined) {
        const isBlank = asked.body.trim() === "";
        return isBlank ? theirs : { ...theirs, answers: [...theirs.answers, { id: null, code: -32700 }].sort(byId) };
      }
      const items: Loose[] = Array.isArray(message) && message.length > 0 ? message : [message];
      const errors = items.filter((it) => !isMessage(it)).map((it) => ({
        id: isId(it?.id) ? it.id : null,
        code: -32600,
      }));
      return { ...theirs, answers: [...theirs.answers, ...errors].sort(byId) };
    },
    example: { headers: {}, body: "nonsense" },
  },
  {
    what: "over stdio, the envelope of each request is looked at first, as over HTTP",
    why: "a server MUST refuse a version that it does not know; the SDK looks at that of the first request only",
    expect: (theirs, { asked, message }) =>
      mapAnswers(theirs, message, (answer, request) => {
        const isChecked = asked.method === undefined && isMessage(request) && claimsEnvelope(request);
        if (!isChecked || request.method === "initialize") return answer;
        if (!hasWholeEnvelope(request)) return { id: answer.id, code: -32602 };
        const requested = request.params._meta[PROTOCOL_VERSION];
        if (requested === MODERN_REVISION) return answer;
        return { id: answer.id, code: -32022, data: { supported: [MODERN_REVISION], requested } };
      }),
    example: {
      headers: {},
      body: modernMessage({ method: "no/such" }, 2, { "io.modelcontextprotocol/logLevel": "loud" }),
    },
    revision: MODERN_REVISION,
  },
  {
    what: "over stdio, what an envelope without a version says of the client is not read",
    why:
      "only the version makes it one; the request is of the connection, whose client said of itself what it has to say",
    expect: (theirs, { asked, message, ours }) =>
      mapAnswers(theirs, message, (answer, request) => {
        const isHalf = asked.method === undefined && isMessage(request) && !claimsEnvelope(request) &&
          isObject(request.params?._meta) && CLIENT_INFO in request.params._meta;
        const isAboutClient = request?.method === "tools/call" && request.params?.name === "who";
        return isHalf && isAboutClient ? ours.answers.find((it) => it.id === answer.id) ?? answer : answer;
      }),
    example: {
      headers: {},
      body: {
        ...PING,
        method: "tools/call",
        params: { name: "who", arguments: {}, _meta: { [CLIENT_INFO]: { name: "client", version: "1.0.0" } } },
      },
    },
    revision: MODERN_REVISION,
  },
  {
    what: "over stdio, a batch is read message by message",
    why: "revision 2025-03-26 wants batches to be received; the SDK passes over them",
    ask: ({ method, body }) =>
      method === undefined && Array.isArray(body) ? { body: body.map((it) => JSON.stringify(it)).join("\n") } : {},
    // the SDK has lines in place of the batch, and which of two comes first when a pipe is busy is not said
    expect(theirs, { asked, message, ours }) {
      const isRace = asked.method === undefined && Array.isArray(message) && message.length > 1 &&
        message.some((it) => it?.method === "logging/setLevel");
      return isRace ? { ...theirs, notifications: ours.notifications } : theirs;
    },
    example: { headers: {}, body: [PING] },
  },
  {
    what: "a subscription to nothing is acknowledged, and over",
    why: "a server may end one; nothing would ever come of it, and it would count among those that listen",
    // over HTTP only the acknowledgement is read
    expect(theirs, { asked, ours }) {
      const acknowledged = theirs.notifications.find(({ params }) => isEmpty((params as Loose)?.notifications));
      const id = (acknowledged?.["params"] as Loose)?._meta?.[SUBSCRIPTION_ID];
      const end = asked.method === undefined ? ours.answers.find((it) => it.id === id) : undefined;
      if (end === undefined || !isEnd(end.result)) return theirs;
      return { ...theirs, answers: [...theirs.answers, end].sort(byId) };
    },
    example: { headers: {}, body: modernMessage({ method: "subscriptions/listen", params: { notifications: {} } }, 2) },
  },
  {
    what: "a missing resource is -32002 before 2026-07-28",
    why: "so say the pages server/resources of those revisions; the SDK sends -32602 in all of them",
    expect: (theirs, { message }) =>
      mapAnswers(theirs, message, (answer, request) => {
        const isMissing = theirs.status < 400 && !claimsEnvelope(request) && answer.code === -32602 &&
          ["resources/read", "resources/subscribe"].includes(request?.method) && fitsSchema(request);
        return isMissing ? { ...answer, code: -32002 } : answer;
      }),
    example: posted({ ...PING, method: "resources/read", params: { uri: "none://x" } }),
    revision: NEWEST,
  },
  {
    what: "content that a revision does not know is told in what it knows",
    why: "links came with 2025-06-18, sound with 2025-03-26; clients of before fail on the whole result",
    expect: (theirs, { message, revision: ofSession = MODERN_REVISION }) =>
      mapAnswers(theirs, message, (answer, request) => {
        // over stdio a request may say by itself of which it is
        const revision = claimsEnvelope(request) ? MODERN_REVISION : ofSession;
        const { content, messages, ...rest } = answer.result as Loose ?? {};
        if (Array.isArray(content)) {
          return { ...answer, result: { ...rest, content: content.map((it) => cut(it, revision)) } };
        }
        if (!Array.isArray(messages)) return answer;
        const shown = messages.map((it) => ({ ...it, content: cut(it.content, revision) }));
        return { ...answer, result: { ...rest, messages: shown } };
      }),
    example: posted({ ...PING, method: "prompts/get", params: { name: "media" } }, "2024-11-05"),
    revision: "2024-11-05",
  },
  {
    what: "results of 2026-07-28 name the server by name and version alone",
    why: "they are for display; the rest is in the answer to server/discover, and would be most of a short answer",
    expect: (theirs, { message }) =>
      mapAnswers(theirs, message, (answer, request) => {
        const { _meta, ...result } = answer.result as Loose ?? {};
        const { name, version } = _meta?.[SERVER_INFO] ?? {};
        if (name === undefined || request?.method === "server/discover") return answer;
        return { ...answer, result: { ...result, _meta: { ..._meta, [SERVER_INFO]: { name, version } } } };
      }),
    example: stateless({ method: "tools/list" }),
  },
];

function mapAnswers(
  outcome: Outcome,
  message: Loose,
  change: (answer: Answer, request: Loose) => Answer,
): Outcome {
  const requests = [message].flat();
  return { ...outcome, answers: outcome.answers.map((it) => change(it, requests.find((r) => r?.id === it.id))) };
}

function cut(block: Loose, revision: string): Loose {
  if (block.type === "resource_link" && revision < "2025-06-18") {
    return { type: "text", text: `${block.title}: ${block.uri}` };
  }
  if (block.type !== "audio" || revision >= "2025-03-26") return block;
  return { type: "resource", resource: { uri: "audio:", mimeType: block.mimeType, blob: block.data } };
}

function takesJsonAlone({ accept = "*/*" }: Asked["headers"]): boolean {
  return accept.includes("application/json") && !/text\/event-stream|\*\/\*/.test(accept);
}

function hasEnvelope(message: Loose): boolean {
  return [message].flat().some(claimsEnvelope);
}

function isEmpty(value: Loose): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

function isEnd(result: Loose): boolean {
  return result?.resultType === "complete" && result._meta?.[SUBSCRIPTION_ID] !== undefined;
}

function refusal(status: number, code = -32000): Outcome {
  return { status, opens: false, answers: [{ id: null, code }], notifications: [], isOpen: false };
}
