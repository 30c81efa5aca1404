/**
 * Where the modules are, below the folder of all.
 *
 * @module
 */

/** What scripts are told of, by path. */
export const PLACES = {
  python: "python",
  ruby: "ruby",
  shell: "shell",
  node: "node_modules",
  /** The hook that lets Node's `import` look into `NODE_PATH`. */
  nodeHook: "node_hook.mjs",
  /** The module itself, for Deno. */
  module: "node_modules/collet_tool/collet_tool.mjs",
} as const;
