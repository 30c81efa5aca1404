/**
 * Where boots are, below the folder of all.
 *
 * @module
 */

/** A path by interpreter. */
export const PLACES = {
  /** A folder for `PYTHONPATH`: Python loads `sitecustomize` by itself. */
  python: "python",
  node: "node/boot.cjs",
  deno: "deno/boot.mjs",
} as const;
