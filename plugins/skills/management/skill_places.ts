/**
 * Where the skills are that tools are asked about, and which of them may be changed: those that lie directly in one
 * folder, the writable root.
 *
 * @module
 */
import {
  didYouMean,
  type Environment,
  type Files,
  type Folder,
  isKernelError,
  ToolError,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { openSkill } from "../discovery/open_skill.ts";
import { joinPath } from "../discovery/places.ts";

/** What {@linkcode SkillPlaces} work with. */
export interface SkillPlacesOptions {
  readonly files: Pick<Files, "open">;
  readonly catalog: Pick<SkillCatalog, "find" | "skills" | "shadowed">;
  readonly environment: Pick<Environment, "os">;
  /** The writable root: absolute; it need not exist. See {@linkcode writableRoot}. */
  readonly root: string;
}

/** One skill, or a folder of the writable root that is none yet. */
export interface SkillPlace {
  /** By which it is found: that of its folder, or where another skill has that, its own. */
  readonly name: string;
  /** Of its folder, in the folder that holds it. */
  readonly folderName: string;
  /** Opened such that a link that takes its place is not followed. */
  readonly folder: Folder;
  /** Absolute, real. */
  readonly path: string;
  /** Whether it lies directly in the writable root. */
  readonly isWritable: boolean;
  /** Absent for a folder that the catalog knows no skill in. */
  readonly skill: CatalogSkill | undefined;
}

/** A skill, or a folder of the writable root that is none yet, in a list. */
export type ListedSkill = Pick<SkillPlace, "name" | "folderName" | "isWritable" | "skill">;

const NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file: with any extension too
const DEVICE_REGEXP = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
// folders that people made may have names that we would not give them; what begins with a dot is no skill of anybody
// deno-lint-ignore no-control-regex -- no name has these
const ENTRY_REGEXP = /^[^./\\:\x00-\x1f\x7f][^/\\:\x00-\x1f\x7f]{0,254}$/;

/** Gives the folder whose skills may be changed: that of `SKILL_MCP_DIR`, `~` allowed, else `skills` of the home. */
export function writableRoot(environment: Environment): string {
  const named = environment.variable("SKILL_MCP_DIR")?.trim();
  return named ? environment.expand(named) : joinPath(environment, environment.home, "skills");
}

/** Tells why a name cannot be that of a new skill; `undefined` when it can. */
function problemOf(name: string): string | undefined {
  if (!NAME_REGEXP.test(name)) {
    return 'a name has 1 to 64 letters, digits, "-", "_" or ".", and begins with a letter or digit';
  }
  if (name.endsWith(".")) return "a name does not end with a dot, which Windows would leave out";
  return DEVICE_REGEXP.test(name) ? "Windows has a device of that name; choose another" : undefined;
}

/** Finds skills by name. A name becomes a path only when it is that of one entry of the root. */
export class SkillPlaces {
  readonly #options: SkillPlacesOptions;

  constructor(options: SkillPlacesOptions) {
    this.#options = options;
  }

  /** The writable root, opened. It need not exist. */
  get root(): Folder {
    return this.#options.files.open(this.#options.root);
  }

  /**
   * Finds a skill by its name, by `scope:name`, or by the name of its folder; else a folder of the writable root.
   *
   * @throws {ToolError} saying which names are near.
   */
  async find(name: string): Promise<SkillPlace> {
    const skill = this.#options.catalog.find(name);
    const place = skill === undefined ? await this.inRoot(name) : this.of(skill);
    if (place !== undefined) return place;
    const known = this.#options.catalog.skills().map((it) => it.name);
    throw new ToolError(`Skill '${name}' does not exist${didYouMean(name, known)}`, {
      data: { code: "SKILL_UNKNOWN", skill: name },
    });
  }

  /**
   * Finds what {@linkcode SkillPlaces.find} does, to change it.
   *
   * @throws {ToolError} saying which names are near, or why it cannot be changed.
   */
  async writable(name: string): Promise<SkillPlace> {
    const place = await this.find(name);
    if (place.isWritable) return place;
    throw new ToolError(`Cannot change skill "${name}": ${await this.#whyReadOnly(place)}`, {
      data: { code: "SKILL_READ_ONLY", skill: name },
    });
  }

  /**
   * Checks a name for a new skill.
   *
   * @throws {ToolError} for what is no safe name: `^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`, no dot at its end, and no name of
   * a device of Windows.
   */
  checkName(name: string): void {
    const problem = problemOf(name);
    if (problem === undefined) return;
    throw new ToolError(`Invalid skill name ${JSON.stringify(name)}: ${problem}`, {
      data: { code: "NAME_INVALID", skill: name },
    });
  }

  /** Lists all of them, each sorted by name: the folders of the writable root, then skills of other places. */
  async list(): Promise<readonly ListedSkill[]> {
    const { catalog } = this.#options;
    const { root } = this;
    const inRoot = new Map<string, CatalogSkill>();
    const others: ListedSkill[] = [];
    for (const skill of [...catalog.skills(), ...catalog.shadowed()]) {
      const [parent, folderName] = splitPath(skill.found.path);
      if (parent === root.path) inRoot.set(folderName, skill);
      // a skill of another place is known by its own name
      else others.push({ name: skill.name, folderName, isWritable: false, skill });
    }
    const folders = (await root.list()).filter(({ path, kind }) => kind === "folder" && ENTRY_REGEXP.test(path));
    const own = folders.map(({ path }): ListedSkill => {
      const skill = inRoot.get(path);
      return { name: this.#nameOf(path, skill), folderName: path, isWritable: true, skill };
    });
    return [...own, ...others];
  }

  /** Gives the place of a skill of the catalog. */
  of(skill: CatalogSkill): SkillPlace {
    const { path } = skill.found;
    const [parent, folderName] = splitPath(path);
    const name = this.#nameOf(folderName, skill);
    const folder = openSkill(this.#options.files, path);
    return { name, folderName, folder, path, isWritable: parent === this.root.path, skill };
  }

  /** Finds a folder of the writable root by its own name, whatever is in it; no link, and nothing hidden. */
  async inRoot(folderName: string): Promise<SkillPlace | undefined> {
    if (!ENTRY_REGEXP.test(folderName) || DEVICE_REGEXP.test(folderName)) return undefined;
    const { root } = this;
    if ((await root.stat(folderName))?.kind !== "folder") return undefined;
    const path = joinPath(this.#options.environment, root.path, folderName);
    try {
      const folder = openSkill(this.#options.files, path);
      const skill = this.#skillAt(path);
      return { name: this.#nameOf(folderName, skill), folderName, folder, path, isWritable: true, skill };
    } catch (thrown) {
      // where letter case does not count the entry has another name
      if (isKernelError(thrown) && thrown.code === "PATH_ESCAPED") return undefined;
      throw thrown;
    }
  }

  /** Gives the name of its folder to a skill, unless that finds another one. */
  #nameOf(folderName: string, skill: CatalogSkill | undefined): string {
    if (skill === undefined) return folderName;
    return this.#options.catalog.find(folderName)?.found.path === skill.found.path ? folderName : skill.name;
  }

  /** Finds the skill of a folder, be it one that another takes precedence over. */
  #skillAt(path: string): CatalogSkill | undefined {
    const { catalog } = this.#options;
    return [...catalog.skills(), ...catalog.shadowed()].find(({ found }) => found.path === path);
  }

  async #whyReadOnly({ folderName, path, skill }: SkillPlace): Promise<string> {
    const root = this.root.path;
    const other = await this.inRoot(folderName);
    const hint = other?.skill === undefined
      ? "create a skill of another name there with skill_crud"
      : `the skill of this name there is "${other.skill.name}"`;
    return `it is read-only, since it lies in "${path}" (scope ${skill?.found.scope}), and only skills that lie directly ` +
      `in "${root}" can be changed; ${hint}`;
  }
}

/** Splits an absolute path into that of its folder and its last part. */
function splitPath(path: string): [parent: string, name: string] {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return [path.slice(0, at), path.slice(at + 1)];
}
