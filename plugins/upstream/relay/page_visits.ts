/**
 * Pages that servers send users to, until a server says that a user is done there.
 *
 * @module
 */
import { type Call, isObject, isProtocolError, type JsonObject, type Recipients } from "../../../kernel/mod.ts";

/** A client that was asked to send its user to a page. */
export type Visitor = Extract<Recipients, { readonly principalId: unknown }>;

// fails a call that can be made once a user has been at some pages (revision 2025-11-25)
const VISITS_REQUIRED = -32042;
// a server need not say that a user is done
const MOST_OPEN = 1_000;
// revisions from this one on have no such notification
const MODERN_VERSION = "2026-07-28";

/** Whose user is where, by the id that a server gave a visit. */
export class PageVisits {
  readonly #open = new Map<string, Visitor>();

  /** Notes the visit that a question asks for, if it does. */
  asked({ mode, elicitationId }: JsonObject, call: Call): void {
    if (mode === "url") this.#add(elicitationId, call);
  }

  /** Notes the visits that a call needs before it can be made again, if it failed so. */
  failed(thrown: unknown, call: Call): void {
    if (!isProtocolError(thrown) || thrown.code !== VISITS_REQUIRED || !isObject(thrown.data)) return;
    const { elicitations } = thrown.data;
    if (!Array.isArray(elicitations)) return;
    for (const each of elicitations) if (isObject(each)) this.asked(each, call);
  }

  /** Forgets a visit, and gives whose it was. */
  end(elicitationId: string): Visitor | undefined {
    const visitor = this.#open.get(elicitationId);
    this.#open.delete(elicitationId);
    return visitor;
  }

  #add(elicitationId: unknown, { client, principal, sessionId }: Call): void {
    const { protocolVersion } = client;
    if (typeof elicitationId !== "string" || protocolVersion === undefined || protocolVersion >= MODERN_VERSION) return;
    this.#open.delete(elicitationId);
    this.#open.set(elicitationId, { principalId: principal?.id, sessionId });
    if (this.#open.size > MOST_OPEN) this.#open.delete(this.#open.keys().next().value!);
  }
}
