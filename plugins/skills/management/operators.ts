/**
 * What each operation of `skill_crud` does.
 *
 * @module
 */
import { type ChangeCall, createSkill, deleteSkill, listTemplates, restoreSkill } from "./changing.ts";
import { checkSkill } from "./checking.ts";
import { getSkill } from "./details.ts";
import { listSkills } from "./listing.ts";
import type { Answer, Request } from "./request.ts";

/** The operations by their names. */
export const OPERATORS: Readonly<
  Record<Request["operation"], (request: Request, options: ChangeCall) => Promise<Answer>>
> = {
  create: createSkill,
  list: listSkills,
  search: listSkills,
  get: getSkill,
  validate: checkSkill,
  delete: deleteSkill,
  restore: restoreSkill,
  list_templates: listTemplates,
};
