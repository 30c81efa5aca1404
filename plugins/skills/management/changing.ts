/**
 * `create`, `delete`, `restore` and `list_templates`: what changes which skills there are.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import { joinReal } from "../discovery/real_paths.ts";
import { type Answer, type Request, requireName } from "./request.ts";
import type { SkillPlaces } from "./skill_places.ts";
import type { SkillTurns } from "./skill_turns.ts";
import { filesOf, TEMPLATE_NAMES, TEMPLATES, writeFiles } from "./templates.ts";
import { TRASH_DAYS, type WritableSkills } from "./writable_skills.ts";

/** What skills are changed with. */
export interface ChangeOptions {
  readonly places: SkillPlaces;
  readonly skills: WritableSkills;
  readonly turns: SkillTurns;
  readonly catalog: Pick<SkillCatalog, "find">;
  /** Looks again at what is at an absolute path; resolves when the catalog has what is there now. */
  refresh(path: string): Promise<void>;
}

/** A call that changes skills. */
export interface ChangeCall extends ChangeOptions {
  readonly signal: AbortSignal;
}

/** Makes a skill, and offers it at once. */
export async function createSkill(request: Request, options: ChangeCall): Promise<Answer> {
  const { places, skills, refresh } = options;
  const name = requireName(request);
  places.checkName(name);
  const template = request.template ?? TEMPLATE_NAMES[0];
  const description = request.description || `${name} skill`;
  const files = writeFiles(template, { name, description });
  await skills.create(name, files);
  await refresh(joinReal(places.root.path, name));
  const paths = files.map(({ path }) => path);
  const { text: noted, data } = await describeOffer(name, options);
  return {
    text: [
      `Successfully created skill '${name}' with ${paths.length} files:`,
      ...paths.map((path) => `  - ${path}`),
      ...(noted === "" ? [] : ["", noted]),
    ].join("\n"),
    data: { ...data, template, files_created: paths },
  };
}

/** Moves a skill to the trash. */
export async function deleteSkill(
  request: Request,
  { places, skills, turns, signal, refresh }: ChangeCall,
): Promise<Answer> {
  const name = requireName(request);
  if (!request.confirm) {
    throw new ToolError(`confirm=true is required to delete skill '${name}'`, { data: { code: "CONFIRM_MISSING" } });
  }
  const { folderName, path } = await places.writable(name);
  const { keptUntil } = await turns.change(folderName, signal, () => skills.delete(folderName));
  await refresh(path);
  const restore = JSON.stringify({ operation: "restore", skill_name: folderName });
  return {
    text: `Successfully deleted skill '${name}'\n` +
      `It is kept for ${TRASH_DAYS} days; to bring it back: ${restore}`,
    data: { name: folderName, path, kept_until: keptUntil.toISOString() },
  };
}

/** Brings back the skill of a name that was deleted last. */
export async function restoreSkill(request: Request, options: ChangeCall): Promise<Answer> {
  const { places, skills, turns, signal, refresh } = options;
  const name = requireName(request);
  await turns.change(name, signal, () => skills.restore(name));
  await refresh(joinReal(places.root.path, name));
  const { text: noted, data } = await describeOffer(name, options);
  return { text: [`Successfully restored skill '${name}'`, noted].filter((it) => it !== "").join("\n"), data };
}

/** Lists the templates. */
export function listTemplates(): Promise<Answer> {
  const templates = TEMPLATE_NAMES.map((name) => ({
    name,
    description: TEMPLATES[name].description,
    files: [...filesOf(name)],
  }));
  const example = { operation: "create", skill_name: "my-skill", template: "python" };
  const text = [
    `Available templates (${templates.length}):`,
    ...templates.map(({ name, description, files }) =>
      `**${name}**\n  Description: ${description}\n  Files: ${files.join(", ")}`
    ),
    `Use template name in 'create' operation:\n  ${JSON.stringify(example)}`,
  ].join("\n\n");
  return Promise.resolve({ text, data: { templates } });
}

/** Says under which name a skill of the root is known now, and what else has the name of its folder. */
async function describeOffer(folderName: string, { places, catalog }: ChangeOptions): Promise<Answer> {
  const place = await places.inRoot(folderName);
  const path = place?.path ?? folderName;
  const skill = place?.skill;
  const other = catalog.find(folderName);
  const notes = skill === undefined
    ? [
      `The server does not offer it: it knows no skill in "${path}"; validate says what is wrong with the files, and ` +
      "`collet doctor` where skills are looked for",
    ]
    : skill.shadowedBy !== undefined
    ? [`Another skill has this name and takes precedence, that in "${skill.shadowedBy}": this one is "${skill.name}"`]
    : other !== undefined && other.found.path !== path
    ? [`The name "${folderName}" finds another skill, that in "${other.found.path}": this one is "${skill.name}"`]
    : [];
  return {
    text: notes.join("\n"),
    data: {
      name: place?.name ?? folderName,
      path,
      ...(skill && { skill: skill.name }),
      ...(notes.length > 0 && { notes }),
    },
  };
}
