/**
 * The contract `Protocol`: how plugins extend the wire with methods, capabilities and notifications of their own.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type { JsonObject } from "./content.ts";
import { KernelError } from "./errors.ts";
import type { Disposer } from "./plugin.ts";
import { type Contract, contract } from "./token.ts";

/**
 * Answers a request of an extension. `params` are as received, checked by nobody yet.
 *
 * @throws {ProtocolError} to answer with a JSON-RPC error.
 */
export type ProtocolMethod = (params: JsonObject, call: Call) => JsonObject | Promise<JsonObject>;

/** A `tools/call` request, as those see it that stand around it. */
export interface ToolRequest {
  readonly name: string;
  /** As received, `_meta` left out. */
  readonly params: JsonObject;
  readonly call: Call;
}

/**
 * Stands around every `tools/call` request, outside of what interceptors see: `next` runs the tool under the call it is
 * given, and gives the result as the client's revision has it. What is returned is answered.
 */
export type AroundToolCall = (
  request: ToolRequest,
  next: (call: Call) => Promise<JsonObject>,
) => JsonObject | Promise<JsonObject>;

/** What an extension adds for the revisions before 2026-07-28. */
export interface LegacyExtension {
  /** Capabilities told to clients of revision 2025-11-25, such as `{ tasks: { list: {} } }`. */
  readonly capabilities?: JsonObject;
  readonly methods?: Readonly<Record<string, ProtocolMethod>>;
}

/** An extension of the protocol. */
export interface ProtocolExtension {
  /** Such as `io.modelcontextprotocol/tasks`: the key among `capabilities.extensions`, in every revision. */
  readonly id: string;
  /** What is told of it there; `{}` by default. */
  readonly settings?: JsonObject;
  /** Methods of revision 2026-07-28 by name, such as `tasks/get`. */
  readonly methods?: Readonly<Record<string, ProtocolMethod>>;
  /** The parameter of those methods that the HTTP header `Mcp-Name` repeats, such as `taskId`. */
  readonly nameParam?: string;
  readonly legacy?: LegacyExtension;
  readonly aroundToolCall?: AroundToolCall;
  /** Filters of `subscriptions/listen` by name, such as `taskIds`: each gives those values that are honoured. */
  readonly filters?: Readonly<
    Record<string, (values: readonly string[], call: Call) => readonly string[] | Promise<readonly string[]>>
  >;
}

/** Whom a notification is for. */
export type Recipients =
  /** Clients of 2026-07-28 that listen with a filter that has the value. */
  | { readonly filter: string; readonly value: string }
  /**
   * Clients of the revisions before it that are connected under a principal, `undefined` for those without one; with
   * `sessionId` that session of them alone.
   */
  | { readonly principalId: string | undefined; readonly sessionId?: string | undefined };

/** A notification of an extension. */
export interface ExtensionNotification {
  readonly method: string;
  readonly params: JsonObject;
  readonly to: Recipients;
}

/** Extends the wire. The kernel provides it. */
export interface Protocol {
  /**
   * Adds an extension; the disposer takes it away.
   *
   * @throws {KernelError} `NAME_TAKEN` when the id or a method has been added already.
   */
  extension(extension: ProtocolExtension): Disposer;
  /** Sends a notification to those it is for. */
  notify(notification: ExtensionNotification): void;
}
export const Protocol: Contract<Protocol> = contract("protocol");

/** The extensions of a kernel, as transports read them. */
export class Extensions {
  readonly #added = new Map<string, ProtocolExtension>();
  #version = 0;

  /** Rises with each change, so that what was derived from the extensions can be cached. */
  get version(): number {
    return this.#version;
  }

  /** Adds an extension, as {@linkcode Protocol} says. */
  add(extension: ProtocolExtension): Disposer {
    const { id } = extension;
    const taken = this.#added.has(id) ? id : methodsOf(extension).find((method) => this.#has(method));
    if (taken !== undefined) {
      throw new KernelError("NAME_TAKEN", `Cannot add protocol extension "${id}": "${taken}" has been added already`);
    }
    this.#added.set(id, extension);
    this.#version++;
    return () => {
      if (this.#added.get(id) === extension && this.#added.delete(id)) this.#version++;
    };
  }

  /** Lists the extensions, in the order in which they were added. */
  list(): readonly ProtocolExtension[] {
    return [...this.#added.values()];
  }

  #has(method: string): boolean {
    return this.list().some((it) => methodsOf(it).includes(method));
  }
}

function methodsOf({ methods = {}, legacy }: ProtocolExtension): string[] {
  return [...Object.keys(methods), ...Object.keys(legacy?.methods ?? {})];
}
