/**
 * Inline script metadata of Python, as PEP 723 has it: TOML in comments, between `# /// script` and `# ///`.
 *
 * @module
 */
import { parse } from "smol-toml";
import { messageOf, ToolError } from "../../kernel/mod.ts";
import type { PackageSet } from "./contract.ts";

// the grammar of the PEP; a block ends at the last `# ///` before the comment does
const BLOCK_REGEXP = /^# \/\/\/ (?<type>[a-zA-Z0-9-]+)$\s(?<content>(?:^#(?:| .*)$\s)+)^# \/\/\/$/gm;

/**
 * Reads the packages and the versions of Python that a script declares.
 *
 * @throws {ToolError} when there are two blocks, or the block is no such metadata.
 */
export function readInlineMetadata(source: string): Pick<PackageSet, "packages" | "requires"> {
  const blocks = [...source.replaceAll("\r\n", "\n").matchAll(BLOCK_REGEXP)]
    .filter(({ groups }) => groups?.["type"] === "script");
  const [block] = blocks;
  if (block === undefined) return { packages: [] };
  if (blocks.length > 1) throw malformed(`there are ${blocks.length} "# /// script" blocks, expected one`);
  const table = readToml(block.groups?.["content"] ?? "");
  const { dependencies: packages = [], "requires-python": requires } = table;
  if (!Array.isArray(packages) || !packages.every((it) => typeof it === "string")) {
    throw malformed('"dependencies" is not a list of texts');
  }
  if (requires !== undefined && typeof requires !== "string") throw malformed('"requires-python" is not a text');
  return { packages, requires };
}

function readToml(content: string): Readonly<Record<string, unknown>> {
  const lines = content.split("\n").map((line) => line.replace(/^# ?/, ""));
  try {
    return parse(lines.join("\n"));
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
}

function malformed(why: string, cause?: unknown): ToolError {
  return new ToolError(`Cannot read the inline metadata of the script (PEP 723): ${why}`, { cause });
}
