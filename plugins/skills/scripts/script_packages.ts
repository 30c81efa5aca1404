/**
 * The packages that a script of a skill needs: those that a Python script declares in itself (PEP 723), and those of the
 * `package.json` that is nearest to a script of Node. They lie outside of the skill, in an environment of their own.
 *
 * @module
 */
import {
  type Call,
  type Folder,
  isKernelError,
  isObject,
  type Processes,
  sha256,
  ToolError,
} from "../../../kernel/mod.ts";
import {
  type Dependencies,
  describeOtherLock,
  type InstalledPackages,
  NPM_LOCKS,
  OTHER_LOCKS,
  type PackageAllowances,
  type PackageLanguage,
  type PackageSet,
} from "../../dependencies/contract.ts";
import { Granting, type GrantingOptions } from "../../grants/contract.ts";
import type { ScriptFile } from "../../scripts/contract.ts";
import { parseJson } from "../format/fields.ts";
import { SkillMetadata } from "../format/metadata.ts";
import type { SkillPlace } from "../management/skill_places.ts";
import { writtenGrants } from "../running/skill_grants.ts";
import type { FoundScript } from "./script_path.ts";

const PACKAGE_FILE = "package.json";
/** Begins a block of inline metadata. */
const BLOCK_REGEXP = /^# \/\/\/ script\r?$/m;
/** Ends the names of JavaScript and TypeScript. */
const ENDING_REGEXP = /\.[cm]?[jt]s$/i;
const LANGUAGES: readonly (readonly [RegExp, PackageLanguage])[] = [
  [/(?:^|[\\/])(?:python|pypy)[\d.]*(?:\.exe)?$/i, "python"],
  [/(?:^|[\\/])(?:node|nodejs|tsx)(?:\.exe)?$/i, "node"],
  [/(?:^|[\\/])deno(?:\.exe)?$/i, "deno"],
];

/** What {@linkcode ScriptPackages} works with. */
export interface ScriptPackagesOptions extends GrantingOptions {
  readonly dependencies: Dependencies | undefined;
  readonly processes: Pick<Processes, "which">;
}

/** What a script is started with, for the sake of its packages. */
export type PackageSurroundings = Pick<ScriptFile, "interpreter" | "args" | "env" | "packages" | "programs">;

/** Who needs packages. */
export interface PackageUser {
  readonly place: Pick<SkillPlace, "name" | "skill">;
  /** Names it, in errors and progress. */
  readonly owner: string;
  readonly call: Call;
}

/** Sees that scripts have the packages that they need. */
export class ScriptPackages {
  readonly #options: ScriptPackagesOptions;
  readonly #granting: Granting;

  constructor(options: ScriptPackagesOptions) {
    this.#options = options;
    this.#granting = new Granting(options);
  }

  /**
   * Reads the packages of Node that a script has by its skill: of the nearest `package.json` that declares any, from its
   * folder up to that of the skill.
   *
   * @throws {ToolError} when the file is malformed.
   */
  async project(
    { path, shebang = "" }: Pick<FoundScript, "path" | "shebang">,
    { place: { folder, name }, call }: { readonly place: SkillPlace; readonly call: Call },
  ): Promise<PackageSet | undefined> {
    const { dependencies } = this.#options;
    const isOfNode = ENDING_REGEXP.test(path) || ["node", "deno"].includes(languageOf(shebang) ?? "");
    if (dependencies === undefined || !isOfNode) return undefined;
    for (const at of foldersAbove(path)) {
      const packageJson = await readIn(folder, `${at}${PACKAGE_FILE}`);
      if (packageJson === undefined) continue;
      const lockName = await firstIn(folder, { names: NPM_LOCKS, at });
      const lock = lockName === undefined ? undefined : await readIn(folder, `${at}${lockName}`);
      const set = dependencies.project({ packageJson, lock });
      // such as one that only says "type": Node itself looks on in the folders above
      if (set.packages.length === 0) continue;
      const other = await firstIn(folder, { names: Object.keys(OTHER_LOCKS), at });
      const note = describeOtherLock([lockName, other].filter((it) => it !== undefined));
      if (note !== undefined) await call.log("warning", note, undefined, name);
      return set;
    }
    return undefined;
  }

  /**
   * Installs what a script needs, where it is not installed yet.
   *
   * @param interpreter What is to run it.
   * @param project What it has by its skill, see {@linkcode ScriptPackages.project}.
   * @returns what it is started with; `undefined` when it needs nothing.
   * @throws {ToolError} when it cannot be installed, with the installer's own words.
   */
  async install(
    { source }: Pick<FoundScript, "source">,
    { interpreter, project, ...user }: PackageUser & {
      readonly interpreter: string | undefined;
      readonly project: PackageSet | undefined;
    },
  ): Promise<PackageSurroundings | undefined> {
    const language = languageOf(interpreter ?? "");
    if (language === "python") return await this.#python(source, { ...user, interpreter: interpreter! });
    if (project === undefined || language === undefined) return undefined;
    return surroundings(await this.installSet(language === "deno" ? toDeno(project) : project, user));
  }

  async #python(
    source: string,
    { interpreter, ...user }: PackageUser & { readonly interpreter: string },
  ): Promise<PackageSurroundings | undefined> {
    const { dependencies, processes } = this.#options;
    if (dependencies === undefined && BLOCK_REGEXP.test(source)) throw noInstaller(user.owner);
    const { packages = [], requires } = await dependencies?.declared("python", source) ?? {};
    if (packages.length === 0 && requires === undefined) return undefined;
    const program = interpreter === "python3" ? undefined : await processes.which(interpreter);
    return surroundings(
      await this.installSet({ language: "python", packages, requires, interpreter: program }, user),
    );
  }

  /**
   * Installs a set of packages for a skill, by address or with scripts that run then only where the skill is granted that.
   *
   * @throws {ToolError} when it cannot be installed, with the installer's own words, or nothing here installs packages.
   */
  async installSet(set: PackageSet, { place, owner, call }: PackageUser): Promise<InstalledPackages> {
    const { dependencies } = this.#options;
    if (dependencies === undefined) throw noInstaller(owner);
    const metadata = place.skill?.metadata ?? new SkillMetadata({ name: place.name });
    const grants = this.#granting.read(writtenGrants(metadata));
    const { direct_dependencies: direct, install_scripts: installScripts } = grants;
    const allow: PackageAllowances = {
      ...(direct === true && { direct }),
      ...(installScripts === true && { installScripts }),
    };
    if (direct === true || installScripts === true) {
      const digest = () => sha256(JSON.stringify([set.language, [...set.packages].sort()]));
      await this.#granting.authorizePackages({ tool: metadata.name, digest, grants }, call);
    }
    return await dependencies.install({ ...set, allow }, { call, owner });
  }
}

function noInstaller(owner: string): ToolError {
  return new ToolError(
    `Cannot install the packages of "${owner}": nothing here installs packages; the plugin "dependencies" does`,
  );
}

function languageOf(interpreter: string): PackageLanguage | undefined {
  const [program = ""] = interpreter.split(" ");
  return LANGUAGES.find(([pattern]) => pattern.test(interpreter) || pattern.test(program))?.[1];
}

function surroundings({ interpreter, args, env, path, program }: InstalledPackages): PackageSurroundings {
  return { packages: path, programs: [program], args, env, ...(interpreter !== undefined && { interpreter }) };
}

/** Gives packages of npm as Deno names them, in the versions of npm's lock, of which Deno reads no more than these. */
function toDeno({ packages, lock }: PackageSet): PackageSet {
  const text = lock === undefined ? {} : parseJson(lock);
  const locked = isObject(text) ? text["packages"] : undefined;
  const exact = packages.map((word) => {
    const name = word.slice(0, word.indexOf("@", 1));
    const entry = isObject(locked) ? locked[`node_modules/${name}`] : undefined;
    return isObject(entry) && typeof entry["version"] === "string" ? `${name}@${entry["version"]}` : word;
  });
  return { language: "deno", packages: exact.map((it) => `npm:${it}`) };
}

/** Gives the folders of a path, the nearest first, each with `/` at its end; the last is the skill's own. */
function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return [...parts.map((_, index) => `${parts.slice(0, parts.length - index).join("/")}/`), ""];
}

/** Reads a file that may be absent; one that a link leads out of the skill to is none of the skill's. */
async function readIn(folder: Folder, path: string): Promise<string | undefined> {
  try {
    return await folder.readText(path);
  } catch (thrown) {
    if (isKernelError(thrown)) return undefined;
    throw thrown;
  }
}

/** Finds the first of several files that is there. */
async function firstIn(
  folder: Folder,
  { names, at }: { readonly names: readonly string[]; readonly at: string },
): Promise<string | undefined> {
  for (const name of names) if (await folder.stat(`${at}${name}`) !== undefined) return name;
  return undefined;
}
