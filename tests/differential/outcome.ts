/**
 * What a server did about a request, cut to what is compared: no wording, no order of keys, no choice between JSON and an
 * event stream.
 *
 * @module
 */
import type { JsonObject } from "../../kernel/mod.ts";
import { eventsOf, type Message } from "../support/raw.ts";

/** One answer. */
export interface Answer {
  /** `null` where there is none. */
  readonly id: unknown;
  readonly result?: unknown;
  readonly code?: number;
  /** Of errors whose data the specification defines. */
  readonly data?: unknown;
}

/** What came back. */
export interface Outcome {
  /** HTTP status; 0 over stdio. */
  readonly status: number;
  /** Whether a session was opened. */
  readonly opens: boolean;
  readonly notifications: readonly JsonObject[];
  /** Sorted by id. */
  readonly answers: readonly Answer[];
  /** Whether the stream was still open when it should have been at its end. */
  readonly isOpen: boolean;
}

/** Most that a stream may be silent before its end. */
const SILENCE_MS = 3_000;
const DEFINED_ERRORS: ReadonlySet<number> = new Set([-32021, -32022]);
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

/** Reads a response to its end; a stream of changes only to its acknowledgement. */
export async function readOutcome(response: Response, { mayOpen }: { readonly mayOpen: boolean }): Promise<Outcome> {
  const messages: Message[] = [];
  let isOpen = false;
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    isOpen = await readStream(response, messages);
  } else {
    const text = await response.text();
    if (text !== "") messages.push(...parsed(text, response));
  }
  const opens = mayOpen && response.headers.has("mcp-session-id");
  return { ...outcomeOf(messages), status: response.status, opens, isOpen };
}

function parsed(text: string, response: Response): Message[] {
  const type = response.headers.get("content-type");
  if (type?.split(";")[0] !== "application/json") throw new Error(`${response.status} with ${type}: ${text}`);
  const body: Message | Message[] = JSON.parse(text);
  return Array.isArray(body) ? body : [body];
}

async function readStream(response: Response, messages: Message[]): Promise<boolean> {
  const events = eventsOf(response);
  while (true) {
    const next = await within(events.next());
    if (next === undefined) {
      void events.return();
      return true;
    }
    if (next.done === true) return false;
    if (next.value.data === "") continue;
    const message: Message = JSON.parse(next.value.data);
    messages.push(message);
    if (message.method !== ACKNOWLEDGED) continue;
    await events.return();
    return false;
  }
}

async function within<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), SILENCE_MS));
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Sorts messages into answers and notifications. */
export function outcomeOf(messages: readonly Message[]): Outcome {
  const answers: Answer[] = [];
  const notifications: JsonObject[] = [];
  for (const { jsonrpc, id = null, method, params, result, error } of messages) {
    if (jsonrpc !== "2.0") throw new Error(`a message without jsonrpc: ${JSON.stringify(error ?? result ?? method)}`);
    if (method !== undefined) notifications.push({ ...(id !== null && { id }), method, params });
    else if (error === undefined) answers.push({ id, result: withoutCursor(result) });
    else answers.push({ id, code: error.code, ...(DEFINED_ERRORS.has(error.code) && { data: error.data }) });
  }
  return { status: 0, opens: false, notifications, answers: answers.sort(byId), isOpen: false };
}

/** Compares answers by their ids, then by what they say. */
export function byId(one: Answer, other: Answer): number {
  const [a, b] = [one, other].map(({ id, code }) => JSON.stringify([id, code])) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}

// a cursor is the server's own business; that there is one is not
function withoutCursor(result: JsonObject): JsonObject {
  return result["nextCursor"] === undefined ? result : { ...result, nextCursor: "…" };
}
