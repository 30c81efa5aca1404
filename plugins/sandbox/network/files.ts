/// <reference path="./texts.d.ts" />
/**
 * The files that a sandbox with an allow-list needs inside, as text: they run there, by whatever runtime is there.
 *
 * @module
 */
import bridge from "./bridge.mjs" with { type: "text" };
import nodeProxy from "./node_proxy.cjs" with { type: "text" };

/** The names of the files. */
export const NETWORK_FILES = {
  /** Started in place of the command, which it starts. */
  bridge: "bridge.mjs",
  /** Given to Node by `--require`. */
  nodeProxy: "node_proxy.cjs",
} as const;

/** Gives the text of each file by its name. */
export function networkFiles(): Readonly<Record<string, string>> {
  return { [NETWORK_FILES.bridge]: bridge, [NETWORK_FILES.nodeProxy]: nodeProxy };
}
