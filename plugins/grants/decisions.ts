/**
 * What users have allowed: in the store where there is one, else as long as the server lives.
 *
 * @module
 */
import { type Call, LOCAL_PRINCIPAL, type Principal, sha256 } from "../../kernel/mod.ts";
import { type Namespace, scanAll, type Store } from "../store/contract.ts";
import type { Grants } from "./grants.ts";

/** What was allowed, to what, by whom. */
export interface Decision {
  readonly tool: string;
  /** Of the code that it was allowed to. */
  readonly digest: string;
  /** What goes beyond the ceiling; paths are real ones. */
  readonly excess: Grants;
  /** Id of the principal; `null` where the server knows none. */
  readonly principal: string | null;
  /** ISO 8601. */
  readonly allowed_at: string;
}

/** What a decision is about. */
export type Subject = Pick<Decision, "tool" | "digest" | "excess">;

interface Entry {
  readonly key: string;
  readonly value: Decision;
}

interface Shelf {
  has(key: string): Promise<boolean>;
  set(key: string, value: Decision): Promise<unknown>;
  delete(key: string): Promise<boolean>;
  all(): AsyncIterable<Entry> | Iterable<Entry>;
}

function shelfInStore(namespace: Namespace): Shelf {
  return {
    has: async (key) => await namespace.get(key) !== undefined,
    set: (key, value) => namespace.set(key, value),
    delete: (key) => namespace.delete(key),
    all: () => scanAll(namespace) as AsyncIterable<unknown> as AsyncIterable<Entry>,
  };
}

function shelfInMemory(): Shelf {
  const decisions = new Map<string, Decision>();
  return {
    has: (key) => Promise.resolve(decisions.has(key)),
    set: (key, value) => Promise.resolve(decisions.set(key, value)),
    delete: (key) => Promise.resolve(decisions.delete(key)),
    all: () => Array.from(decisions, ([key, value]) => ({ key, value })),
  };
}

/** Gives the id of a principal, as decisions have it. */
export function idOf(principal: Principal | undefined): string | null {
  return principal?.id ?? null;
}

/** Keeps decisions by a hash of whose and what they are. */
export class Decisions {
  readonly #shelf: Shelf;

  constructor(store: Store | undefined) {
    this.#shelf = store === undefined ? shelfInMemory() : shelfInStore(store.namespace("grants"));
  }

  /** Tells whether something is allowed to a call: by its principal, or for all by the user of this machine. */
  async isAllowed(subject: Subject, { principal }: Pick<Call, "principal">): Promise<boolean> {
    for (const id of new Set([LOCAL_PRINCIPAL.id, idOf(principal)])) {
      if (await this.#shelf.has(await keyOf(subject, id))) return true;
    }
    return false;
  }

  /** Keeps what a principal has allowed. */
  async allow({ tool, digest, excess }: Subject, { principal }: Pick<Call, "principal">): Promise<void> {
    const id = idOf(principal);
    const decision: Decision = { tool, digest, excess, principal: id, allowed_at: new Date().toISOString() };
    await this.#shelf.set(await keyOf({ tool, digest, excess }, id), decision);
  }

  /** Lists the decisions that hold for a principal, by tool and time; the user of this machine sees those of all. */
  async list(principal: Principal | undefined): Promise<readonly Decision[]> {
    const decisions = (await this.#visible(principal)).map(({ value }) => value);
    return decisions.sort((a, b) => compare(a.tool, b.tool) || compare(a.allowed_at, b.allowed_at));
  }

  /** Forgets decisions about a tool, those about some code if a digest is given; gives what was forgotten. */
  async revoke(
    { tool, digest }: { readonly tool: string; readonly digest?: string | undefined },
    principal: Principal | undefined,
  ): Promise<readonly Decision[]> {
    const revoked: Decision[] = [];
    for (const { key, value } of await this.#visible(principal)) {
      const isMeant = value.tool === tool && (digest === undefined || value.digest === digest);
      // what another allowed is theirs to take back
      if (!isMeant || (principal?.id !== LOCAL_PRINCIPAL.id && value.principal !== idOf(principal))) continue;
      if (await this.#shelf.delete(key)) revoked.push(value);
    }
    return revoked;
  }

  async #visible(principal: Principal | undefined): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of this.#shelf.all()) {
      const { principal: by } = entry.value;
      const isSeen = principal?.id === LOCAL_PRINCIPAL.id || by === LOCAL_PRINCIPAL.id || by === idOf(principal);
      if (isSeen) entries.push(entry);
    }
    return entries;
  }
}

/** Names a decision by whose and what it is; the excess counts exactly. */
export async function keyOf({ tool, digest, excess }: Subject, principalId: string | null): Promise<string> {
  const fields = Object.entries(excess).sort(([a], [b]) => compare(a, b));
  return await sha256(JSON.stringify([principalId, tool, digest, fields]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
