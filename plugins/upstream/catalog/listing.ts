/**
 * Reading the lists of a server.
 *
 * @module
 */
import { type JsonObject, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { Clock } from "../clock.ts";
import type { Connection, ListKind } from "../connection/connection.ts";
import { heed } from "../heed.ts";
import { usableEntries } from "./raw_entries.ts";

/** Bounds of reading. */
export interface ListingLimits {
  /** Milliseconds until all lists are read. */
  readonly listMs: number;
  /** Most entries of each list. */
  readonly listEntries: number;
}

/** What became of one list. */
export interface Listing {
  readonly kind: ListKind;
  /** What was listed; `undefined` when nothing could be. */
  readonly entries: readonly JsonObject[] | undefined;
  /** Why that is not all, as the end of a sentence. */
  readonly problem: string | undefined;
}

/** Reads lists of a server, at the same time; one that fails keeps nothing from the others. */
export async function readLists(
  connection: Connection,
  kinds: readonly ListKind[],
  { clock, limits: { listMs, listEntries } }: { readonly clock: Clock; readonly limits: ListingLimits },
): Promise<readonly Listing[]> {
  const limit = new AbortController();
  const late = new ToolError(`the server did not list it within ${listMs / 1000} s`);
  const cancel = clock.after(listMs, () => limit.abort(late));
  const read = async (kind: ListKind): Promise<Listing> => {
    try {
      // one more than is taken tells that there are more
      const listed = await heed(connection.list(kind, { signal: limit.signal, most: listEntries + 1 }), limit.signal);
      return { kind, ...usableEntries(kind, listed, listEntries) };
    } catch (thrown) {
      return { kind, entries: undefined, problem: `cannot list ${kind}: ${messageOf(thrown)}` };
    }
  };
  try {
    return await Promise.all(kinds.map(read));
  } finally {
    cancel();
  }
}
