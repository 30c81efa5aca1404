/**
 * The instructions of a skill as a model reads them: the body of its SKILL.md, and which files lie beside it.
 *
 * @module
 */
import { messageOf } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { splitFrontMatter } from "../format/front_matter.ts";
import type { SkillFiles } from "../knowledge/skill_files.ts";
import { SKILL_FILE } from "../knowledge/uris.ts";

const MAX_LISTED_FILES = 50;
const END_TAG_REGEXP = /<(?=\/?skill_(?:content|resources)\b)/gi;

/** What instructions are read with. */
export interface InstructionsOptions {
  readonly skillFiles: Pick<SkillFiles, "list" | "read">;
}

/**
 * Reads the instructions of a skill, wrapped so that a model sees where they begin and end; `undefined` when there are
 * none. Where they cannot be read, what is given says why.
 */
export async function readInstructions(
  skill: Pick<CatalogSkill, "name" | "found">,
  options: InstructionsOptions,
): Promise<string | undefined> {
  try {
    return await read(skill, options);
  } catch (thrown) {
    return `The instructions of "${skill.name}" cannot be read: ${messageOf(thrown)}`;
  }
}

async function read(
  { name, found }: Pick<CatalogSkill, "name" | "found">,
  { skillFiles }: InstructionsOptions,
): Promise<string | undefined> {
  const bytes = await skillFiles.read(found.path, SKILL_FILE);
  const body = bytes === undefined ? "" : splitFrontMatter(new TextDecoder().decode(bytes)).body.trim();
  if (body === "") return undefined;
  const paths = (await skillFiles.list(found.path, MAX_LISTED_FILES + 2)).filter((it) => it !== SKILL_FILE);
  const listed = paths.slice(0, MAX_LISTED_FILES);
  const resources = listed.length === 0 ? "" : `

<skill_resources>
${listed.map((path) => `  <file>${harmless(path)}</file>`).join("\n")}${
    paths.length > listed.length ? `\n  <!-- and more: list them in the folder -->` : ""
  }
</skill_resources>`;
  return `<skill_content name="${attribute(name)}">
${harmless(body)}

Skill folder: ${harmless(found.path)}
Relative paths in this skill are relative to that folder.${resources}
</skill_content>`;
}

// a skill must not end its own frame, and speak as if it were the server
function harmless(text: string): string {
  return text.replace(END_TAG_REGEXP, "&lt;");
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
