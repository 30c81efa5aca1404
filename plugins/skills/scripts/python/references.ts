/**
 * References to files of skills, `skill:path/to/file.py`, by which code says what it imports.
 *
 * @module
 */
import { type Environment, isKernelError, ToolError } from "../../../../kernel/mod.ts";
import { joinPath } from "../../discovery/places.ts";
import { isScope } from "../../discovery/scope.ts";
import { isEnvFile } from "../../env/env_names.ts";
import type { OpenSkill } from "../skill_scripts.ts";

/** What is larger is no module that could be looked at, in bytes. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A file of a skill that code refers to. */
export interface Reference {
  /** As it was written. */
  readonly text: string;
  readonly place: OpenSkill;
  /** Its path below the skill, `/` between parts. */
  readonly path: string;
  readonly source: string;
}

/** What code refers to of one skill. */
export interface ReferencedSkill {
  readonly place: OpenSkill;
  readonly references: readonly Reference[];
}

/**
 * Finds what references name; each file once, in the order given.
 *
 * @param open Gives a skill whose code may be used; called once for each name.
 * @throws {ToolError} naming the one that is malformed, or whose file is not there; what `open` throws.
 */
export async function findReferences(
  texts: readonly string[],
  open: (name: string) => Promise<OpenSkill>,
): Promise<readonly Reference[]> {
  const named = texts.map((text) => ({ text, ...splitReference(text) }));
  const places = new Map<string, OpenSkill>();
  for (const { skill } of named) if (!places.has(skill)) places.set(skill, await open(skill));
  const found = new Map<string, Reference>();
  for (const { text, skill, path } of named) {
    const reference = await findReference(text, { place: places.get(skill)!, path });
    const key = JSON.stringify([reference.place.path, reference.path]);
    if (!found.has(key)) found.set(key, reference);
  }
  return [...found.values()];
}

/** Gathers references by skill, in the order in which the skills come first. */
export function bySkill(references: readonly Reference[]): readonly ReferencedSkill[] {
  const skills = new Map<string, { readonly place: OpenSkill; readonly references: Reference[] }>();
  for (const reference of references) {
    const known = skills.get(reference.place.path);
    if (known !== undefined) known.references.push(reference);
    else skills.set(reference.place.path, { place: reference.place, references: [reference] });
  }
  return [...skills.values()];
}

/**
 * Lists the folders that Python is to look for modules in, absolute: for each skill its own, then those of the files that
 * are referred to.
 */
export function importFolders(
  skills: readonly ReferencedSkill[],
  environment: Pick<Environment, "os">,
): readonly string[] {
  return [
    ...new Set(skills.flatMap(({ place, references }) => [
      place.path,
      ...references.map(({ path }) => path.split("/").slice(0, -1))
        .map((parts) => parts.length === 0 ? place.path : joinPath(environment, place.path, ...parts)),
    ])),
  ];
}

async function findReference(
  text: string,
  { place, path }: Pick<Reference, "place" | "path">,
): Promise<Reference> {
  const fail = (why: string, cause?: unknown) => refuse(`Cannot use skill reference "${text}": ${why}`, text, cause);
  try {
    const inside = pathBelow(place.path, await place.folder.resolve(path));
    const stat = await place.folder.stat(inside);
    if (stat === undefined) throw fail(`skill "${place.name}" has no file "${path}"`);
    if (inside === "" || stat.kind !== "file") throw fail(`"${path}" is a folder; expected a file, such as "main.py"`);
    if (isEnvFile(inside)) throw fail(`"${path}" holds secrets, and is no module`);
    const source = stat.size > MOST_BYTES ? "" : await place.folder.readText(inside) ?? "";
    return { text, place, path: inside, source };
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    throw fail(`"${path}" leads out of skill "${place.name}"; expected a path relative to its folder`, thrown);
  }
}

/** Splits a reference at its first colon; `scope:name` is one name where the scope is one. */
function splitReference(text: string): { readonly skill: string; readonly path: string } {
  const [first = "", second = "", ...rest] = text.split(":");
  const skill = rest.length > 0 && isScope(first) ? `${first}:${second}` : first;
  const path = text.slice(skill.length + 1);
  if (first !== "" && path !== "") return { skill, path };
  throw refuse(`Invalid skill reference format: '${text}'. Expected 'skill_name:path/to/file.py'`, text);
}

function refuse(message: string, reference: string, cause?: unknown): ToolError {
  return new ToolError(message, { cause, data: { code: "REFERENCE_INVALID", reference } });
}

/** Gives the path of something in a folder, `/` between parts; empty for the folder itself. */
function pathBelow(folder: string, path: string): string {
  return path.slice(folder.length).replaceAll("\\", "/").replace(/^\/+/, "");
}
