/**
 * What Python code imports from skills: the files that it refers to, and what code that uses these is run with.
 *
 * @module
 */
import type { Call, Environment } from "../../../../kernel/mod.ts";
import type { InstalledPackages, PackageSet } from "../../../dependencies/contract.ts";
import type { GivenToScript } from "../../../scripts/contract.ts";
import type { ImportedSkills, SkillImports } from "../../contract.ts";
import { writtenGrants } from "../../running/skill_grants.ts";
import type { OpenSkill, SkillScripts } from "../skill_scripts.ts";
import { bySkill, findReferences, importFolders, type Reference, type ReferencedSkill } from "./references.ts";
import { uniteGrants } from "./united_grants.ts";
import { uniteVariables } from "./variables.ts";

/** What {@linkcode PythonImports} works with. */
export interface PythonImportsOptions {
  readonly scripts: Pick<SkillScripts, "open" | "give" | "packages">;
  readonly environment: Pick<Environment, "os">;
}

/** Opens skills for code. */
export class PythonImports implements SkillImports {
  readonly #options: PythonImportsOptions;

  constructor(options: PythonImportsOptions) {
    this.#options = options;
  }

  /**
   * Opens what references name; none is fine as well.
   *
   * @throws {ToolError} when a reference cannot be used, its skill may not run, or two skills contradict each other.
   */
  async open(references: readonly string[], call: Call): Promise<ImportedSkills> {
    const sources = await findReferences(references, (name) => this.#options.scripts.open(name, call));
    return new Imported(sources, this.#options);
  }
}

class Imported implements ImportedSkills {
  readonly sources: readonly Reference[];
  readonly variables: Readonly<Record<string, string>>;
  readonly folders: readonly string[];
  readonly #scripts: PythonImportsOptions["scripts"];
  readonly #skills: readonly ReferencedSkill[];

  constructor(sources: readonly Reference[], { scripts, environment }: PythonImportsOptions) {
    this.#scripts = scripts;
    this.#skills = bySkill(sources);
    this.sources = sources;
    this.variables = uniteVariables(this.#skills.map(({ place }) => ({ skill: place.name, values: place.env })));
    this.folders = importFolders(this.#skills, environment);
  }

  async give<T extends GivenToScript>(base: T, call: Call): Promise<T> {
    const given: GivenToScript[] = [base];
    // one after the other, since each may ask the user
    for (const { place } of this.#skills) given.push(await this.#scripts.give(place, { call }));
    const { permissions, ...united } = uniteGrants(given);
    const read = [...permissions?.read ?? [], ...this.#skills.map(({ place }) => place.path)];
    return { ...base, ...united, permissions: { ...permissions, read } };
  }

  async install(
    set: PackageSet,
    { owner, call }: { readonly owner: string; readonly call: Call },
  ): Promise<InstalledPackages> {
    const asking = this.#skills.map(({ place }) => place).find(asksForPackages);
    return await this.#scripts.packages.installSet(set, {
      place: asking ?? { name: owner, skill: undefined },
      ...{ owner, call },
    });
  }
}

/** Whether a skill asks for packages by address, or for scripts that run at their installation. */
function asksForPackages({ skill }: OpenSkill): boolean {
  const grants: unknown = skill === undefined ? undefined : writtenGrants(skill.metadata);
  const { direct_dependencies: direct, install_scripts: scripts } = Object(grants);
  return direct === true || scripts === true;
}
