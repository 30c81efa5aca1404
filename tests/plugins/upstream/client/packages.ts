/**
 * How the servers that other people published are started.
 *
 * @module
 */
import { inRepository } from "../../../../scripts/lib/repository.ts";

/** The entries of packages below `@modelcontextprotocol`. */
const ENTRIES = {
  everything: "server-everything/dist/index.js",
  filesystem: "server-filesystem/dist/index.js",
  memory: "server-memory/dist/index.js",
} as const;

/** Gives the command of a published server, as `mcpServers` and `import_mcp` have it. */
export function published(
  name: keyof typeof ENTRIES,
  ...args: readonly string[]
): { readonly command: string; readonly args: readonly string[] } {
  return { command: "node", args: [inRepository(`node_modules/@modelcontextprotocol/${ENTRIES[name]}`), ...args] };
}
