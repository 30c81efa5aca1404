/**
 * The contract `Dependencies`: packages of a language, installed once for each set of them.
 *
 * @module
 */
import { type Call, type Contract, contract } from "../../kernel/mod.ts";

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
  /** Versions of the language that will do, such as `>=3.11`; any by default. */
  readonly requires?: string | undefined;
  /** Absolute path of the program that is to run the scripts; the language's usual one by default. */
  readonly interpreter?: string | undefined;
  /** The lock that an earlier installation gave: the same versions, checked by their hashes. */
  readonly lock?: string | undefined;
  readonly allow?: PackageAllowances;
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
  declared(language: PackageLanguage, source: string): Promise<Pick<PackageSet, "packages" | "requires">>;
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
