/**
 * What is checked before a tool is saved.
 *
 * @module
 */
import { isKernelError, type Toolbox, ToolError } from "../../kernel/mod.ts";
import type { ManifestDraft, ToolKind } from "./contract.ts";
import { isToolName } from "./layout.ts";
import { checkSchemas } from "./offered_tool.ts";
import type { Shelf } from "./shelf.ts";

/**
 * Checks a tool that is to be saved, and gives its kind.
 *
 * @throws {ToolError} when its name is not well formed, a schema is not valid, or nothing provides its kind.
 */
export function checkDraft(draft: ManifestDraft, shelf: Shelf): ToolKind {
  const { name, tool_type: type } = draft;
  if (!isToolName(name)) {
    throw new ToolError(`Cannot save tool ${JSON.stringify(name)}: a name has 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  const kind = shelf.kind(type);
  if (kind === undefined) throw new ToolError(`Cannot save tool "${name}": nothing provides kind "${type}"`);
  try {
    checkSchemas(draft);
  } catch (error) {
    if (!isKernelError(error)) throw error;
    throw new ToolError(error.fix === undefined ? error.message : `${error.message}; ${error.fix}`, { cause: error });
  }
  return kind;
}

/** Where a name may be taken. */
export interface NamesTaken {
  /** Whether a made tool may be replaced. */
  readonly overwrite: boolean;
  readonly shelf: Shelf;
  readonly toolbox: Toolbox;
}

/**
 * Makes sure that a tool may have a name.
 *
 * @throws {ToolError} when a plugin's tool has it, or a made one that may not be replaced, or one in other letter case.
 */
export function assertFree(name: string, { overwrite, shelf, toolbox }: NamesTaken): void {
  const existing = shelf.find(name);
  const taken = toolbox.get(name);
  if (taken !== undefined && existing?.offered === undefined) {
    throw new ToolError(
      `Cannot save tool "${name}": the name is taken by a tool of plugin "${taken.owner}"; choose another name`,
    );
  }
  const alike = shelf.tools.find((it) => it.name.toLowerCase() === name.toLowerCase());
  if (existing === undefined && alike !== undefined) {
    throw new ToolError(
      `Cannot save tool "${name}": there is "${alike.name}", and not every file system tells letter case apart; ` +
        "choose another name",
    );
  }
  if (existing !== undefined && !overwrite) {
    const { manifest } = existing;
    const what = manifest === undefined ? "broken" : `${manifest.tool_type}, version ${manifest.version}`;
    throw new ToolError(
      `Cannot save tool "${name}": it exists (${what}); pass "overwrite": true to replace it, or choose another name`,
    );
  }
}
