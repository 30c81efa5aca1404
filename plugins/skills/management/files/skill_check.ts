/**
 * Whether a skill can still be used when its SKILL.md is another one.
 *
 * @module
 */
import type { Folder } from "../../../../kernel/mod.ts";
import { ObservedFolder } from "../../discovery/observed_folder.ts";
import { SKILL_FILES } from "../../discovery/rules.ts";
import { parseSkill } from "../../format/parse.ts";
import { describeDiagnostic, MAX_REASONS } from "../../tools/texts.ts";
import { fileError } from "./request.ts";

/** Files of a skill that are to be written, by their paths. */
export type PlannedFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Reads the skill as it would be.
 *
 * @returns what there is to say of it; nothing when its SKILL.md stays.
 * @throws {ToolError} when it could not be used any more, with the reasons.
 */
export async function checkSkill(folder: Folder, files: PlannedFiles): Promise<readonly string[]> {
  const planned = SKILL_FILES.filter((name) => files.has(name));
  if (planned.length === 0) return [];
  const there = (await folder.list()).filter(({ path }) => !planned.includes(path));
  const entries = [...there, ...planned.map((path) => ({ path, kind: "file" as const }))];
  const view = ObservedFolder.of(folder.path, { ahead: { entries, files, lists: new Map() }, open: () => folder });
  const { metadata, diagnostics } = await parseSkill(view, { entries });
  if (metadata === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(describeDiagnostic);
    const more = errors.length > MAX_REASONS ? `; and ${errors.length - MAX_REASONS} more` : "";
    const reasons = errors.slice(0, MAX_REASONS).join("; ") + more;
    throw fileError("SKILL_INVALID", `Cannot write '${planned[0]}': no skill could be read from it: ${reasons}`);
  }
  return diagnostics.filter(({ severity }) => severity !== "info").slice(0, MAX_REASONS).map(describeDiagnostic);
}
