/**
 * The contract `Dependencies`: packages of a language, installed once for each set of them.
 *
 * @module
 */
import { type Call, type Contract, contract } from "../../kernel/mod.ts";

/** Names of the locks that {@linkcode Dependencies.project} takes; npm prefers them in this order. */
export const NPM_LOCKS: readonly string[] = ["npm-shrinkwrap.json", "package-lock.json"];
/** Names of locks beside a `package.json` that are not read, each with its package manager. */
export const OTHER_LOCKS: Readonly<Record<string, string>> = {
  "yarn.lock": "Yarn",
  "pnpm-lock.yaml": "pnpm",
  "bun.lock": "Bun",
  "bun.lockb": "Bun",
};

/** The languages whose packages can be installed. */
export const PACKAGE_LANGUAGES = ["python", "node", "deno", "ruby"] as const;
/** A language whose packages can be installed. */
export type PackageLanguage = typeof PACKAGE_LANGUAGES[number];

/** What a set of packages may have beyond names and versions from the public registry. */
export interface PackageAllowances {
  /** Packages by URL, `git+…`, or a path; `false` by default. */
  readonly direct?: boolean;
  /** Install scripts of packages run; `false` by default. */
  readonly installScripts?: boolean;
}

/** A set of packages. */
export interface PackageSet {
  readonly language: PackageLanguage;
  /** As the language writes them: `requests>=2`, `@scope/name@1.2`, `npm:chalk@5`, `nokogiri:1.16`. */
  readonly packages: readonly string[];
  /** Names of those packages of npm that are left out where they do not fit the machine; none by default. */
  readonly optional?: readonly string[];
  /** Versions of the language that will do, such as `>=3.11`; any by default. */
  readonly requires?: string | undefined;
  /** Absolute path of the program that is to run the scripts; the language's usual one by default. */
  readonly interpreter?: string | undefined;
  /** The lock that an earlier installation gave: the same versions, checked by their hashes. */
  readonly lock?: string | undefined;
  readonly allow?: PackageAllowances;
}

/** What the source of a script declares of packages. */
export interface DeclaredPackages extends Pick<PackageSet, "packages" | "requires"> {
  /** The table `[tool.uv]` of the declaration, if it has one. It is not applied: installers get the operator's settings. */
  readonly uvSettings?: Readonly<Record<string, unknown>>;
  /** Files of skills that it imports from, `skill:path/to/file.py`: `skills` of the table `[tool.collet]`. */
  readonly skills?: readonly string[];
}

/** What one of several owners declares of packages, such as a skill whose code is used together with that of others. */
export interface OwnedPackages extends DeclaredPackages {
  /** Names it in errors. */
  readonly owner: string;
}

/** The texts that make a project of npm. */
export interface ProjectFiles {
  /** Text of `package.json`. */
  readonly packageJson: string;
  /** Text of `package-lock.json` or `npm-shrinkwrap.json`; without one, versions are decided on at the installation. */
  readonly lock?: string | undefined;
}

/** A set of packages that is installed. */
export interface InstalledPackages {
  /** Names the set by its content. */
  readonly key: string;
  /** Every version and hash, as text to be kept with whoever needs the set; `undefined` where there is nothing to pin. */
  readonly lock: string | undefined;
  /** The program that runs scripts with these packages, absolute; `undefined` where it is the usual one. */
  readonly interpreter: string | undefined;
  /** Words before the script's path, for the interpreter; most need none. */
  readonly args: readonly string[];
  /** Variables that scripts need to find the packages. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of the installation, absolute. */
  readonly path: string;
  /** The program that they were installed for, absolute. */
  readonly program: string;
}

/** What is known of an installation, whoever needs it. */
export interface EnvironmentEntry {
  readonly key: string;
  readonly language: PackageLanguage;
  /** As they were asked for. */
  readonly packages: readonly string[];
  /** Names the interpreter, such as `Python 3.11.7`. */
  readonly runtime: string;
  /** Absolute path of the folder. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly installedAt: string;
}

/** How a set is installed. */
export interface InstallOptions {
  readonly call: Call;
  /** Names whoever needs the set, in errors, progress and `dependencies list`. */
  readonly owner: string;
  /** Installs anew what is there already, without a lock in the newest versions that will do; `false` by default. */
  readonly reinstall?: boolean;
  /** Most time to wait for the installation, in milliseconds; the setting `install_timeout_ms` holds beside it. */
  readonly timeoutMs?: number;
}

/** Installs packages, and finds what is installed. */
export interface Dependencies {
  /** Whether nothing may be fetched, as the setting `offline` says: only what caches have is installed. */
  readonly isOffline: boolean;
  /**
   * Checks the words of a set without installing it.
   *
   * @throws {ToolError} naming the package that is an option, a URL, a path or malformed, and what to do.
   */
  check(set: PackageSet): Promise<void>;
  /**
   * Reads what the source of a script itself declares: inline metadata in Python (PEP 723); other languages have none.
   *
   * @throws {ToolError} when the declaration is malformed.
   */
  declared(language: PackageLanguage, source: string): Promise<DeclaredPackages>;
  /**
   * Unites what several owners declare for Python: each name once for each marker, with the extras and versions of all.
   * Contradictions that only a resolver sees fail at the installation, in its words.
   *
   * @throws {ToolError} naming the owners of a malformed requirement, and of all that visibly contradicts: versions,
   * addresses, versions of Python, and tables `[tool.uv]`.
   */
  merge(declarations: readonly OwnedPackages[]): Pick<PackageSet, "packages" | "requires">;
  /**
   * Makes a set of a project of npm: its `dependencies` and `optionalDependencies`, by the part of its lock that they
   * need. Other texts give another set, unless they differ in `devDependencies` and descriptions alone.
   *
   * @throws {ToolError} when a text is malformed, the lock is not of version 2 or 3 or not of this `package.json`, or
   * packages are of a workspace or a folder.
   */
  project(files: ProjectFiles): PackageSet;
  /**
   * Installs a set, or finds it installed; equal sets cost once, at the same time too. A failure leaves nothing.
   *
   * @throws {ToolError} with the installer's own words.
   */
  install(set: PackageSet, options: InstallOptions): Promise<InstalledPackages>;
  /** Finds a set that is installed; `undefined` when it is not. */
  find(set: PackageSet): Promise<InstalledPackages | undefined>;
  /** Lists what is installed, by language and packages. */
  list(): Promise<readonly EnvironmentEntry[]>;
  /** Removes an installation; whoever still needs it gets it again. Tells whether it was there. */
  remove(key: string): Promise<boolean>;
}
export const Dependencies: Contract<Dependencies> = contract("dependencies");

/**
 * Says that versions are not those of a lock, where a folder has the lock of another package manager than npm.
 *
 * @param names Names of the files beside `package.json`.
 * @returns A sentence for whoever runs the script; `undefined` where npm's lock is there, or none.
 */
export function describeOtherLock(names: Iterable<string>): string | undefined {
  const found = new Set(names);
  const other = NPM_LOCKS.some((name) => found.has(name))
    ? undefined
    : Object.keys(OTHER_LOCKS).find((name) => found.has(name));
  return other === undefined
    ? undefined
    : `"${other}" of ${OTHER_LOCKS[other]} is not read: versions are decided on by package.json; ` +
      '"npm install --package-lock-only" writes a package-lock.json that is kept to';
}
