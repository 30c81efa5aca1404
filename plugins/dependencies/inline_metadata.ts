/**
 * Inline script metadata of Python, as PEP 723 has it: TOML in comments, between `# /// script` and `# ///`.
 *
 * @module
 */
import { parse } from "smol-toml";
import { isObject, messageOf, ToolError } from "../../kernel/mod.ts";
import type { DeclaredPackages } from "./contract.ts";

// the grammar of the PEP; a block ends at the last `# ///` before the comment does
const BLOCK_REGEXP = /^# \/\/\/ (?<type>[a-zA-Z0-9-]+)$\s(?<content>(?:^#(?:| .*)$\s)+)^# \/\/\/$/gm;

/**
 * Reads what a script declares: packages, versions of Python, and settings of uv.
 *
 * @throws {ToolError} when there are two blocks, or the block is no such metadata.
 */
export function readInlineMetadata(source: string): DeclaredPackages {
  const blocks = [...source.replaceAll("\r\n", "\n").matchAll(BLOCK_REGEXP)]
    .filter(({ groups }) => groups?.["type"] === "script");
  const [block] = blocks;
  if (block === undefined) return { packages: [] };
  if (blocks.length > 1) throw malformed(`there are ${blocks.length} "# /// script" blocks, expected one`);
  const table = readToml(block.groups?.["content"] ?? "");
  const { dependencies: packages = [], "requires-python": requires, tool } = table;
  if (!isTexts(packages)) throw malformed('"dependencies" is not a list of texts');
  if (requires !== undefined && typeof requires !== "string") throw malformed('"requires-python" is not a text');
  const { uv: uvSettings, collet } = isObject(tool) ? tool : {};
  const skills = isObject(collet) ? collet["skills"] : undefined;
  if (skills !== undefined && !isTexts(skills)) throw malformed('"skills" of [tool.collet] is not a list of texts');
  return { packages, requires, ...(isObject(uvSettings) && { uvSettings }), ...(skills !== undefined && { skills }) };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((it) => typeof it === "string");
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
