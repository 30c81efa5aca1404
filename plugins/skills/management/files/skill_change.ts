/**
 * Changes of one skill's files: one after another, and known to the catalog when they are answered.
 *
 * @module
 */
import { folderOf, isIgnorable, isRelevant } from "../../discovery/rules.ts";
import type { SkillPlace } from "../skill_places.ts";
import { removeLeftovers } from "../writable_skills.ts";
import type { Answer, Surroundings } from "./request.ts";

/** What a change answers, and which paths are others than before. */
export interface Change {
  readonly answer: Answer;
  readonly changed: readonly string[];
}

/**
 * Changes files of a skill.
 *
 * @throws {ToolError} when there is no such skill, or it is read-only.
 */
export async function changeSkill(
  skill: string,
  { places, turns, signal, refresh }: Surroundings,
  change: (place: SkillPlace) => Promise<Change>,
): Promise<Answer> {
  const { folderName, path } = await places.writable(skill);
  const { answer, changed } = await turns.change(folderName, signal, async () => {
    // it may have been deleted meanwhile
    const place = await places.writable(skill);
    const done = await change(place);
    // all is done: what is hidden fails no call
    await removeLeftovers(place.folder, done.changed.map(folderOf)).catch(() => {});
    return done;
  });
  if (changed.some(mattersToCatalog)) await refresh(path);
  return answer;
}

/** Tells whether a change of a path may change what is known of skills. */
function mattersToCatalog(path: string): boolean {
  const parts = path.split("/");
  return isRelevant(path) && !parts.some((_, index) => isIgnorable(parts.slice(0, index + 1).join("/")));
}
