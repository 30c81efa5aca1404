/**
 * The tool by which a model reads and changes the files of skills.
 *
 * @module
 */
import type { PluginContext } from "../../../../kernel/mod.ts";
import type { SkillPlaces } from "../skill_places.ts";
import type { SkillTurns } from "../skill_turns.ts";
import { registerSkillFilesCrud } from "./skill_files_crud.ts";

/** What the tool needs. */
export interface SkillFilesContext {
  readonly tool: PluginContext["tool"];
  readonly places: Pick<SkillPlaces, "find" | "writable" | "root">;
  readonly turns: SkillTurns;
  /** Looks at a skill again after a change that may say something of it; resolves when it is known. */
  refresh(path: string): Promise<void>;
  /** Most bytes of a file that is written, or read at once; 1,000,000 by default. */
  readonly mostBytes?: number | undefined;
  /** Completes the name of a skill while it is typed; nothing by default. */
  readonly complete?: ((value: string) => readonly string[]) | undefined;
}

/** Registers the tool. */
export function registerSkillFiles(context: SkillFilesContext): void {
  registerSkillFilesCrud(context);
}
