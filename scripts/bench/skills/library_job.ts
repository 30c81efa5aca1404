/**
 * What a library of skills is asked to do, one line of JSON each way: `own_library.ts` and `core_library.py` answer alike.
 *
 * @module
 */

/** What a library is asked to do. */
export type LibraryJob =
  /** Finds all skills, and puts them into a catalog; then, untimed, an index of them is written below `home`. */
  | { readonly do: "scan"; readonly folder: string; readonly home: string }
  /** Fills a catalog from the index, then looks at all files; of Collet alone. */
  | { readonly do: "start"; readonly folder: string; readonly home: string }
  /** Looks again, and takes over what changed: `touched` are the paths below the folder that did, where that is known. */
  | { readonly do: "rescan"; readonly folder: string; readonly touched?: readonly string[] }
  /** Searches for each query once, then over and over for a time. */
  | { readonly do: "search"; readonly queries: readonly string[]; readonly limit: number; readonly leastMs: number };

/** How long a job took, and what it found. */
export interface LibraryResult {
  readonly ms: number;
  /** Processor time, of all threads. */
  readonly cpuMs: number;
  /** How many skills there are, or how many changed. */
  readonly count: number;
  /** From the beginning until all files were looked at, for `start`. */
  readonly verifiedMs?: number;
  /** For `search`, which counts its first search alone as its time. */
  readonly searches?: readonly LibrarySearch[];
}

/** How long a search takes. */
export interface LibrarySearch {
  /** Median. */
  readonly ms: number;
  /** What is found, best first. */
  readonly names: readonly string[];
}

/** Why a job was not done. */
export interface LibraryFailure {
  readonly failure: string;
}
