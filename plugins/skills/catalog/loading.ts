/**
 * What loading a skill takes: the skills that it depends on, what each requires, and their tools. It is worked out
 * before anything changes.
 *
 * @module
 */
import type { Folder } from "../../../kernel/mod.ts";
import { SkillValueError } from "./errors.ts";
import { describeRefusals, type Requirements } from "./requirements.ts";
import { collectDependencies } from "./resolver.ts";
import type { SkillEntry } from "./skill_entry.ts";
import type { SkillShelf } from "./skill_shelf.ts";
import { makeSkillTools, type SkillTools } from "./skill_tools.ts";

/** What {@linkcode planLoading} works with. */
export interface LoadingOptions {
  readonly shelf: SkillShelf;
  /** Skills that are going to be loaded at the same time. */
  readonly planned: LoadingPlan;
  /** Whether a model chose the skill, and no person asked for it. */
  readonly isImplicit: boolean;
  readonly requirements: Requirements | undefined;
  /** Opens the folder of a skill. */
  open(path: string): Folder;
}

/** The tools of the skills to load, by their folders; those first that others depend on. */
export type LoadingPlan = ReadonlyMap<string, SkillTools>;

/**
 * Works out what loading a skill takes; changes nothing.
 *
 * @throws {SkillValueError} `DEPENDENCY_MISSING`, `DEPENDENCY_CYCLE`, `SKILL_REFUSED` or `NAME_TAKEN`.
 */
export async function planLoading(root: SkillEntry, options: LoadingOptions): Promise<LoadingPlan> {
  const { shelf } = options;
  const plan = new Map(options.planned);
  const action = `load skill "${root.name}"`;
  for (const entry of [...collectDependencies(root, (name) => shelf.find(name), { action }), root]) {
    const { path } = entry.found;
    if (entry.loaded !== undefined || plan.has(path)) continue;
    refuseRival(entry, shelf.familyOf(entry).find((it) => it.loaded !== undefined || plan.has(it.found.path)));
    await refuseUnmet(entry, { ...options, root });
    plan.set(path, await makeSkillTools(entry.found, { skillName: entry.name, folder: options.open(path) }));
  }
  return plan;
}

async function refuseUnmet(
  entry: SkillEntry,
  { root, isImplicit, requirements }: LoadingOptions & { readonly root: SkillEntry },
): Promise<void> {
  const refusals = await requirements?.check(entry.metadata, { isImplicit }) ?? [];
  if (refusals.length === 0) return;
  const what = entry === root ? `skill "${entry.name}"` : `skill "${root.name}", which depends on "${entry.name}"`;
  const message = `Cannot load ${what}:\n${describeRefusals(refusals)}`;
  throw new SkillValueError("SKILL_REFUSED", message, { skill: entry.name, refusals });
}

function refuseRival({ name, found }: SkillEntry, rival: SkillEntry | undefined): void {
  if (rival === undefined) return;
  const message =
    `Cannot load skill "${name}" of ${found.path}: "${rival.name}" of ${rival.found.path} is loaded, and ` +
    `their tools would have the same names; call unload_skill with "${rival.name}" first`;
  throw new SkillValueError("NAME_TAKEN", message, { skill: name });
}
