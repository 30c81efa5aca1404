/**
 * A call: one request from a client, as a handler sees it, whatever transport and protocol revision it came by.
 *
 * @module
 */
import { type Cancellation, CancellationSource, SignalCancellation } from "./cancellation.ts";
import type { Content, JsonObject } from "./content.ts";
import { ToolError } from "./errors.ts";

/** Log levels of the protocol (RFC 5424), from the least to the most severe. */
export const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;
/** A log level of the protocol. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Whoever the transport authenticated. */
export interface Principal {
  /** Identifies the principal; `local` is the user of this machine, over stdio or with the default token. */
  readonly id: string;
  readonly scopes: readonly string[];
}

/** The principal of stdio and of the default token. */
export const LOCAL_PRINCIPAL: Principal = Object.freeze({ id: "local", scopes: Object.freeze([]) });

/** What the client said of itself. */
export interface ClientView {
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** Protocol revision of this request, such as `2025-11-25`. */
  readonly protocolVersion: string | undefined;
  /** Client capabilities as the protocol has them: `elicitation`, `sampling`, `roots`, `extensions`, … */
  readonly capabilities: JsonObject;
}

/**
 * Asks the user for values (`form`), or to visit a page (`url`). `key` names the request in an `input_required` answer
 * (2026-07-28) and is sent nowhere else; requests without one are numbered.
 */
export type ElicitRequest =
  & { readonly key?: string; readonly message: string }
  & (
    | { readonly mode?: "form"; readonly requestedSchema: JsonObject }
    | { readonly mode: "url"; readonly url: string; readonly elicitationId?: string }
  );

/** What the user answered; `content` comes with `accept` alone. */
export interface ElicitResult {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Asks the client's model for a message; fields as `sampling/createMessage` has them. */
export interface SampleRequest {
  /** Names the request in an `input_required` answer (2026-07-28), and is sent nowhere else. */
  readonly key?: string;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly content: unknown }[];
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly modelPreferences?: JsonObject;
  readonly includeContext?: "none" | "thisServer" | "allServers";
  readonly tools?: readonly JsonObject[];
  readonly toolChoice?: JsonObject;
  readonly metadata?: JsonObject;
}

/** The message that the client's model made. */
export interface SampleResult {
  readonly role: "user" | "assistant";
  readonly content: Content | readonly unknown[];
  readonly model: string;
  readonly stopReason?: string;
}

/** How long a question stands. */
export interface AskOptions {
  /**
   * Withdraws the question when it aborts, since nobody waits for the answer any more: the client is told so, or the
   * answer is not waited for in 2026-07-28, and asking rejects with the reason. A question ends with its call in any case.
   */
  readonly signal?: AbortSignal;
}

/** A folder of the client's that it lets the server know of. */
export interface Root {
  /** A `file://` URI. */
  readonly uri: string;
  readonly name?: string;
}

/** One request from a client, as a handler sees it. */
export interface Call {
  /** Aborts when the client gave up, time is up, or the plugin is unloading. */
  readonly signal: AbortSignal;
  readonly sessionId: string | undefined;
  readonly principal: Principal | undefined;
  readonly client: ClientView;
  /** `_meta` as received. */
  readonly meta: JsonObject;
  /**
   * What is running, outermost first, this one last: names of tools; of what a {@linkcode Catalog} reads or renders the
   * URI, or the name after `prompt:`; of what it completes, kind and name after `complete:`. Bounds depth, and ends
   * circles.
   */
  readonly path: readonly string[];
  /** Reports progress to a client that asked for it; `done` must rise. */
  progress(done: number, total?: number, message?: string): Promise<void>;
  /**
   * Sends a log notification, at the level the client chose. It need not be awaited, and never rejects; who logs without
   * end awaits it, and goes on when the way to the client is free for more.
   */
  log(level: LogLevel, message: string, data?: unknown, logger?: string): void | Promise<void>;
  /** Asks the user. Throws a {@linkcode ToolError} when the client cannot. */
  elicit(request: ElicitRequest, options?: AskOptions): Promise<ElicitResult>;
  /** Asks the client's model. Throws a {@linkcode ToolError} when the client cannot. */
  sample(request: SampleRequest, options?: AskOptions): Promise<SampleResult>;
  /** Asks for the client's roots; empty when the client has none. */
  roots(options?: AskOptions): Promise<readonly Root[]>;
  /** Makes the call of something nested in this one: its own progress, fewer rights. */
  derive(patch: CallPatch): Call;
  /** Closes the response stream and lets the client poll for the rest (2025-11-25); no effect elsewhere. */
  releaseStream(retryMs?: number): void;
  /**
   * Lets the client go on: the rest of the call becomes a task, which the client asks for later. Tells whether it did;
   * where the client or this server knows no tasks the call goes on as it is.
   */
  detach(): Promise<boolean>;
}

/** What of a call can be replaced when it is derived. */
export type CallPatch = Partial<Omit<Call, "derive">>;

const NO_CLIENT: ClientView = Object.freeze({
  name: undefined,
  version: undefined,
  protocolVersion: undefined,
  capabilities: Object.freeze({}),
});

function refuse(what: string): Promise<never> {
  return Promise.reject(new ToolError(`Cannot ${what}: the client has not declared that capability`));
}

const DETACHED: Omit<Call, "derive" | "signal"> = {
  sessionId: undefined,
  principal: undefined,
  client: NO_CLIENT,
  meta: Object.freeze({}),
  path: Object.freeze([]),
  progress: () => Promise.resolve(),
  log: () => {},
  elicit: () => refuse("ask the user"),
  sample: () => refuse("ask the client's model"),
  roots: () => Promise.resolve([]),
  releaseStream: () => {},
  detach: () => Promise.resolve(false),
};

/**
 * Makes a call from its parts; what is left out behaves as if there were no client.
 *
 * @example A call with a progress listener
 * ```ts
 * import { createCall } from "collet";
 *
 * const seen: number[] = [];
 * const call = createCall({ progress: (done) => { seen.push(done); return Promise.resolve(); } });
 * await call.progress(1);
 * if (seen[0] !== 1) throw new Error("unexpected");
 * ```
 */
export function createCall(parts: Partial<Call> = {}): Call {
  if (isMade(parts)) return parts;
  const { signal, [CANCELLATION]: cancellation } = parts as Partial<MadeCall>;
  if (signal !== undefined) return makeCall(parts, new SignalCancellation(signal));
  // a copy of a call has all of its fields, but its signal, which is made when somebody asks for it
  return makeCall(parts, cancellation ?? new CancellationSource());
}

/** Makes a call whose signal is made when somebody asks for it. */
export function makeCall(parts: Omit<CallPatch, "signal">, cancellation: Cancellation): Call {
  return new MadeCall(parts, cancellation);
}

// marks what was made here with itself: a copy carries the mark of its original, whose `derive` is not its own
const MADE = Symbol("made");
const CANCELLATION = Symbol("cancellation");

/** Every call has the same fields in the same order, which engines are fast with. */
class MadeCall implements Call {
  readonly sessionId: string | undefined;
  readonly principal: Principal | undefined;
  readonly client: ClientView;
  readonly meta: JsonObject;
  readonly path: readonly string[];
  readonly progress: Call["progress"];
  readonly log: Call["log"];
  readonly elicit: Call["elicit"];
  readonly sample: Call["sample"];
  readonly roots: Call["roots"];
  readonly releaseStream: Call["releaseStream"];
  readonly detach: Call["detach"];
  readonly derive: Call["derive"];
  readonly [CANCELLATION]: Cancellation;
  readonly [MADE]: MadeCall;

  constructor(parts: Omit<CallPatch, "signal">, cancellation: Cancellation) {
    this.sessionId = parts.sessionId;
    this.principal = parts.principal;
    this.client = parts.client ?? DETACHED.client;
    this.meta = parts.meta ?? DETACHED.meta;
    this.path = parts.path ?? DETACHED.path;
    this.progress = parts.progress ?? DETACHED.progress;
    this.log = parts.log ?? DETACHED.log;
    this.elicit = parts.elicit ?? DETACHED.elicit;
    this.sample = parts.sample ?? DETACHED.sample;
    this.roots = parts.roots ?? DETACHED.roots;
    this.releaseStream = parts.releaseStream ?? DETACHED.releaseStream;
    this.detach = parts.detach ?? DETACHED.detach;
    this.derive = (patch) =>
      deriveCall(this, patch, patch.signal === undefined ? cancellation : new SignalCancellation(patch.signal));
    this[CANCELLATION] = cancellation;
    this[MADE] = this;
  }

  get signal(): AbortSignal {
    return this[CANCELLATION].signal;
  }
}

/** Makes a call out of another, with a cancellation of its own. */
export function deriveCall(call: Call, patch: CallPatch, cancellation: Cancellation): Call {
  return makeCall({
    sessionId: "sessionId" in patch ? patch.sessionId : call.sessionId,
    principal: "principal" in patch ? patch.principal : call.principal,
    client: patch.client ?? call.client,
    meta: patch.meta ?? call.meta,
    path: patch.path ?? call.path,
    progress: patch.progress ?? call.progress,
    log: patch.log ?? call.log,
    elicit: patch.elicit ?? call.elicit,
    sample: patch.sample ?? call.sample,
    roots: patch.roots ?? call.roots,
    releaseStream: patch.releaseStream ?? call.releaseStream,
    detach: patch.detach ?? call.detach,
  }, cancellation);
}

/** Gives the cancellation of a call. */
export function cancellationOf(call: Call): Cancellation {
  const { [CANCELLATION]: cancellation } = call as Partial<MadeCall>;
  return isMade(call) && cancellation !== undefined ? cancellation : new SignalCancellation(call.signal);
}

function isMade(call: Partial<Call>): call is Call {
  return (call as Partial<MadeCall>)[MADE] === call;
}
