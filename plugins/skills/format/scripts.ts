/**
 * Tells scripts from other files by the endings of their names.
 *
 * @module
 */

/** Endings of scripts: those of dcc-mcp, and those of other languages that run here. */
const SCRIPT_EXTENSIONS: ReadonlySet<string> = new Set([
  ...["py", "mel", "ms", "bat", "cmd", "sh", "bash", "ps1", "vbs", "jsx", "js"],
  ...["mjs", "cjs", "ts", "rb", "zsh"],
]);

/** Gives the ending of a file's name in lower case, without its dot; empty when there is none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** Tells whether a file is a script, by its name. */
export function isScript(path: string): boolean {
  return SCRIPT_EXTENSIONS.has(extensionOf(path));
}
