/**
 * The packages that scripts need: read from manifest and source, installed when a tool is prepared or first called.
 *
 * @module
 */
import { type Call, type Folder, ToolError } from "../../kernel/mod.ts";
import type { Dependencies, InstalledPackages, PackageAllowances, PackageSet } from "../dependencies/contract.ts";
import type { ManifestDraft } from "../library/contract.ts";
import type { Script } from "./contract.ts";
import { findInterpreter, type Machine, readShebang, splitInterpreter } from "./interpreter.ts";
import { type Language, languageOf, PACKAGE_INTERPRETERS } from "./languages.ts";

/** Holds the lock of a tool's packages, in its folder. */
export const LOCK_FILE = "dependencies.lock";

const UNGRANTED = 'nothing here grants "direct_dependencies" or "install_scripts", for which it asks';

/** What {@linkcode ScriptPackages} works with. */
export interface PackagesOptions {
  /** What installs packages; without it no tool can have any. */
  readonly dependencies: Dependencies | undefined;
  readonly machine: Machine;
  /**
   * Grants what a manifest asks for beyond names and versions of the registry; without it such a manifest is refused.
   *
   * Throws a `ToolError` when it is refused.
   */
  readonly authorize?: ((manifest: ManifestDraft, set: PackageSet, call: Call) => Promise<void>) | undefined;
}

/** A script, as far as its packages go. */
export interface PackageSource extends Pick<ManifestDraft, "name" | "dependencies" | "grants"> {
  readonly interpreter?: string | undefined;
}

/** What a script is started with, for the sake of its packages. */
export type PackageEnvironment = Pick<Script, "interpreter" | "args" | "env" | "packages" | "programs">;

/** What one loaded tool needs. */
export interface PackageNeed {
  readonly tool: string;
  /** Absolute path of the tool's folder. */
  readonly folder: string;
  /** Gives the set, with the interpreter that is on this machine. */
  set(): Promise<PackageSet>;
  /** Finds the installation, where there is one. */
  find(): Promise<InstalledPackages | undefined>;
  /** Installs the set where it is not. */
  install(call: Call, options?: { readonly reinstall?: boolean }): Promise<InstalledPackages>;
}

/** The packages of a loaded tool. */
export interface LoadedPackages {
  /** Gives what the script is started with, once the packages are installed. */
  environment(call: Call): Promise<PackageEnvironment>;
  /** Forgets the tool. */
  dispose(): void;
}

/** A set, and the command whose scripts need it. */
interface FoundSet {
  readonly set: PackageSet;
  readonly words: readonly [program: string, ...args: string[]];
  /** Whether the first word is the language's own runtime, for which packages are installed. */
  readonly isRuntime: boolean;
}

/** Knows what the tools need, and sees that they have it. */
export class ScriptPackages {
  readonly #options: PackagesOptions;
  readonly #needs = new Map<LoadedPackages, PackageNeed>();

  constructor(options: PackagesOptions) {
    this.#options = options;
  }

  /** What the loaded tools need. */
  get needs(): readonly PackageNeed[] {
    return [...this.#needs.values()];
  }

  /**
   * Reads which packages a script needs, and checks how they are written.
   *
   * @throws {ToolError} when they cannot be installed for it.
   */
  async check(source: PackageSource, code: string): Promise<readonly string[]> {
    const found = await this.#read(source, code);
    if (found === undefined) return [];
    await this.#options.dependencies?.check(found.set);
    return found.set.packages;
  }

  /**
   * Installs what a tool needs that is being saved, and writes the lock into its folder; by a lock that is there already
   * when it has one.
   *
   * @throws {ToolError} so that nothing is saved.
   */
  async prepare(
    manifest: ManifestDraft,
    staging: Folder,
    { code, call }: { readonly code: string; readonly call: Call },
  ): Promise<void> {
    const found = await this.#read(manifest, code);
    // that of the tool before, which needed some
    if (found === undefined) return void await staging.remove(LOCK_FILE);
    const given = await staging.readText(LOCK_FILE);
    const { lock } = await this.#install(found, { manifest, lock: given, call });
    if (lock !== undefined && lock !== given) await staging.writeAtomic(LOCK_FILE, lock);
  }

  /**
   * Makes ready what a tool needs; `undefined` when it needs nothing.
   *
   * @param isLegacy Whether skillz made the tool, which read no inline metadata.
   * @throws {ToolError} when the packages are malformed.
   */
  async load(
    manifest: ManifestDraft,
    folder: Folder,
    { code, isLegacy }: { readonly code: string; readonly isLegacy: boolean },
  ): Promise<LoadedPackages | undefined> {
    const found = await this.#readLoaded(manifest, code, isLegacy);
    if (found === undefined) return undefined;
    const lock = await folder.readText(LOCK_FILE);
    const install: PackageNeed["install"] = (call, options) =>
      this.#install(found, { manifest, lock, call, ...options });
    const loaded: LoadedPackages = {
      environment: async (call) => describe(found, await install(call), manifest),
      dispose: () => void this.#needs.delete(loaded),
    };
    const set = async () => ({ ...found.set, lock, interpreter: await this.#program(found) });
    const find = async () => await this.#options.dependencies!.find(await set());
    this.#needs.set(loaded, { tool: manifest.name, folder: folder.path, set, find, install });
    return loaded;
  }

  // a tool whose packages nothing here installs is tried without them, as skillz did
  async #readLoaded(manifest: ManifestDraft, code: string, isLegacy: boolean): Promise<FoundSet | undefined> {
    const { dependencies = [] } = manifest;
    if (this.#options.dependencies === undefined || isLegacy && dependencies.length === 0) return undefined;
    return this.#command(manifest, code) === undefined ? undefined : await this.#read(manifest, code);
  }

  #command(
    { interpreter }: PackageSource,
    code: string,
  ): Omit<FoundSet, "set"> & { readonly language: Language } | undefined {
    const command = interpreter ?? readShebang(code);
    if (command === undefined) return undefined;
    const words = splitInterpreter(command);
    const language = languageOf(words);
    if (language?.packages === undefined) return undefined;
    const isRuntime = languageOf([words[0]])?.packages === language.packages && language.isRunner !== true;
    return { words: words as FoundSet["words"], language, isRuntime };
  }

  async #read(source: PackageSource, code: string): Promise<FoundSet | undefined> {
    const { name, interpreter, dependencies: named = [] } = source;
    const { dependencies } = this.#options;
    const fail = (why: string) =>
      new ToolError(`Cannot install the packages of "${name}" (${named.join(", ")}): ${why}`);
    const command = this.#command(source, code);
    if (dependencies === undefined || command === undefined) {
      if (named.length === 0) return undefined;
      if (dependencies === undefined) throw fail('nothing here installs packages; the plugin "dependencies" does');
      throw fail(
        `packages are installed for scripts that are run by ${PACKAGE_INTERPRETERS.join(", ")}, not by ` +
          `${interpreter ?? "the file itself"}; use what is installed on this machine, and leave them out`,
      );
    }
    const { language, words, isRuntime } = command;
    const declared = await dependencies.declared(language.packages!, code);
    const packages = [...named, ...declared.packages];
    if (packages.length === 0 && declared.requires === undefined) return undefined;
    if (language.packages === "python" && !isRuntime) throw fail(`"${words.join(" ")}" does not begin with a Python`);
    if (language.packages === "deno" && interpreter === undefined) {
      throw fail('the "interpreter" has to be named, such as "deno" or "deno run --allow-net"');
    }
    return {
      words,
      isRuntime,
      set: { language: language.packages!, packages, requires: declared.requires, allow: requestedOf(source) },
    };
  }

  async #install(
    found: FoundSet,
    { manifest, lock, call, reinstall = false }: {
      readonly manifest: ManifestDraft;
      readonly lock: string | undefined;
      readonly call: Call;
      readonly reinstall?: boolean;
    },
  ): Promise<InstalledPackages> {
    const { dependencies, authorize } = this.#options;
    if (Object.keys(found.set.allow ?? {}).length > 0) {
      if (authorize === undefined) {
        throw new ToolError(`Cannot install the packages of "${manifest.name}": ${UNGRANTED}`);
      }
      await authorize(manifest, found.set, call);
    }
    const set = { ...found.set, lock, interpreter: await this.#program(found) };
    return await dependencies!.install(set, { call, owner: manifest.name, reinstall });
  }

  async #program({ words, isRuntime }: FoundSet): Promise<string | undefined> {
    return isRuntime ? (await findInterpreter(words[0], this.#options.machine)).program : undefined;
  }
}

/** What a manifest asks for; whether it gets that is decided before anything is installed. */
function requestedOf({ grants = {} }: PackageSource): PackageAllowances {
  const { direct_dependencies: direct, install_scripts: installScripts } = grants;
  return { ...(direct === true && { direct }), ...(installScripts === true && { installScripts }) };
}

function describe(
  { words: [, ...args] }: FoundSet,
  { interpreter, args: more, env, path, program }: InstalledPackages,
  manifest: ManifestDraft,
): PackageEnvironment {
  const place = { packages: path, programs: [program] };
  if (interpreter !== undefined) return { ...place, interpreter, args: [...args, ...more], env };
  // Deno takes all permissions or named ones
  const isAllowed = args.some((it) => it === "-A" || it === "--allow-all");
  return {
    ...place,
    interpreter: manifest.interpreter,
    args: more.filter((it) => !isAllowed || !it.startsWith("--allow-")),
    env,
  };
}
