/**
 * The files of skills as resources: `skill://{name}/{+path}`. Those of loaded skills are listed, those of all can be read.
 *
 * @module
 */
import {
  ErrorCode,
  type PluginContext,
  ProtocolError,
  rankCompletions,
  type Requires,
  type ResourceListing,
  type ResourceReturn,
  toBase64,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { mediaTypeOf } from "./media_types.ts";
import { shown, type SkillFiles, textOfBytes } from "./skill_files.ts";
import { MANIFEST, SKILL_FILE, skillUri } from "./uris.ts";

/** What resources are made of. */
export interface ResourcesOptions {
  readonly resource: PluginContext<unknown, Requires>["resource"];
  readonly catalog: Pick<SkillCatalog, "skills" | "find">;
  readonly files: SkillFiles;
}

/** Registers the files of skills. */
export function registerResources({ resource, catalog, files }: ResourcesOptions): void {
  resource({
    uri: "skill://{name}/{+path}",
    name: "skill",
    title: "Skill file",
    description: `A file of a skill: its instructions are ${SKILL_FILE}, and ${MANIFEST} lists all`,
    list: () => catalog.skills().filter(({ state }) => state === "loaded").map(listing),
    complete: (parameter, value) =>
      rankCompletions(value, parameter === "name" ? catalog.skills().map(({ name }) => name) : [SKILL_FILE, MANIFEST]),
    read: async ({ name, path }, { uri }) => await read({ name, path, uri }, { catalog, files }),
  });
}

function listing({ name, metadata }: CatalogSkill): ResourceListing {
  const description = shown(metadata.description);
  return { uri: skillUri(name, SKILL_FILE), name, description, mimeType: mediaTypeOf(SKILL_FILE) };
}

interface Place {
  readonly name: string;
  readonly path: string;
  readonly uri: string;
}

async function read(
  { name, path, uri }: Place,
  { catalog, files }: Pick<ResourcesOptions, "catalog" | "files">,
): Promise<ResourceReturn> {
  const skill = catalog.find(name);
  if (skill === undefined) throw absent(`no skill "${name}"`, uri);
  if (path === MANIFEST) {
    return [{ uri, mimeType: "application/json", text: JSON.stringify(await manifestOf(skill, files), null, 2) }];
  }
  const bytes = await files.read(skill.found.path, path);
  if (bytes === undefined) {
    throw absent(`skill "${name}" has no file "${path}"; skill://${name}/${MANIFEST} lists all`, uri);
  }
  const text = textOfBytes(bytes);
  const mimeType = mediaTypeOf(path);
  return [text === undefined ? { uri, mimeType, blob: toBase64(bytes) } : { uri, mimeType, text }];
}

/** Lists the files of a skill in the form that was usual before the skills extension. */
async function manifestOf({ name, found }: CatalogSkill, files: SkillFiles): Promise<unknown> {
  const published = await files.published(found.path);
  if (published === undefined) return { skill: name, files: (await files.list(found.path)).map((path) => ({ path })) };
  return { skill: name, files: published.map(({ path, size, digest }) => ({ path, size, hash: digest })) };
}

function absent(what: string, uri: string): ProtocolError {
  return new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: ${what}`, { uri });
}
