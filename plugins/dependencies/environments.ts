/**
 * Installations on disk: one folder each, named by its content, put in place by one rename.
 *
 * ```
 * <home>/environments/<language>/<key>/environment.json    what it is; written last
 * <home>/environments/<language>/resolved/<set>            the lock that a set without one was given
 * <home>/environments/.staging/                            what is being installed
 * <home>/cache/                                            what installers keep of their downloads
 * ```
 *
 * @module
 */
import { type Folder, isObject, sha256 } from "../../kernel/mod.ts";
import { type EnvironmentEntry, PACKAGE_LANGUAGES, type PackageLanguage } from "./contract.ts";

const ROOT = "environments";
const STAGING = `${ROOT}/.staging`;
const RESOLVED = "resolved";
const RECORD_FILE = "environment.json";
const CACHE = "cache";
/** Where installers unpack, in the folder of an installation: what they fetch may be larger than memory. */
export const TEMPORARY = ".tmp";
const KEY_REGEXP = /^[0-9a-f]{32}$/;
/** A staging folder that is older belongs to a server that died. */
const STAGING_MS = 24 * 60 * 60 * 1000;

/** What `environment.json` holds. */
export interface EnvironmentRecord {
  readonly language: PackageLanguage;
  readonly packages: readonly string[];
  readonly requires?: string | undefined;
  readonly runtime: string;
  readonly lock?: string | undefined;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly installed_at: string;
}

/** A folder in which something is being installed. */
export interface StagedEnvironment {
  readonly folder: Folder;
  /** Absolute. */
  readonly path: string;
  discard(): Promise<void>;
}

/** Names content by its digest. */
export async function keyOf(content: unknown): Promise<string> {
  return (await sha256(JSON.stringify(content))).slice(0, 32);
}

/** The folder of all installations. */
export class Environments {
  readonly #home: Folder;

  constructor(home: Folder) {
    this.#home = home;
  }

  /** Removes what servers that died left behind. */
  async cleanUp(): Promise<void> {
    for (const { path } of await this.#home.list(STAGING)) {
      const stat = await this.#home.stat(`${STAGING}/${path}`);
      if (stat && Date.now() - stat.modified.getTime() > STAGING_MS) await this.#home.remove(`${STAGING}/${path}`);
    }
  }

  /** Gives the folder of the caches, and its absolute path. */
  async cache(): Promise<{ readonly cache: Folder; readonly cachePath: string }> {
    await this.#home.makeFolder(CACHE);
    return { cache: this.#home.at(CACHE), cachePath: await this.#home.resolve(CACHE) };
  }

  /** Makes an empty folder to install in. */
  async stage(): Promise<StagedEnvironment> {
    const name = `${STAGING}/${crypto.randomUUID()}`;
    await this.#home.makeFolder(name);
    return {
      folder: this.#home.at(name),
      path: await this.#home.resolve(name),
      discard: async () => void await this.#home.remove(name),
    };
  }

  /** Reads what is installed under a key; `undefined` when nothing is. */
  async read(language: PackageLanguage, key: string): Promise<EnvironmentRecord | undefined> {
    const text = await this.#home.readText(`${ROOT}/${language}/${key}/${RECORD_FILE}`);
    try {
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      return isObject(value) && Array.isArray(value["packages"]) ? value as unknown as EnvironmentRecord : undefined;
    } catch {
      return undefined;
    }
  }

  /** Tells whether something is installed under a key. */
  async has(language: PackageLanguage, key: string): Promise<boolean> {
    return await this.#home.stat(`${ROOT}/${language}/${key}/${RECORD_FILE}`) !== undefined;
  }

  /** Gives the absolute path of an installation. */
  async path(language: PackageLanguage, key: string): Promise<string> {
    return await this.#home.resolve(`${ROOT}/${language}/${key}`);
  }

  /** Puts a staged installation in place of whatever is under its key. */
  async keep(
    { folder, path }: StagedEnvironment,
    { key, ...record }: Omit<EnvironmentRecord, "size" | "installed_at"> & { readonly key: string },
  ): Promise<void> {
    const { language } = record;
    await folder.remove(TEMPORARY);
    const whole = { ...record, size: await sizeOf(folder), installed_at: new Date().toISOString() };
    await folder.writeAtomic(RECORD_FILE, `${JSON.stringify(whole, undefined, 2)}\n`);
    await this.#take(language, key);
    await this.#home.move(`${STAGING}/${path.split(/[\\/]/).at(-1)}`, `${ROOT}/${language}/${key}`);
  }

  // out of the way at once; what has files of it open keeps them
  async #take(language: PackageLanguage, key: string): Promise<boolean> {
    const place = `${ROOT}/${language}/${key}`;
    if (await this.#home.stat(place) === undefined) return false;
    const aside = `${STAGING}/${crypto.randomUUID()}`;
    await this.#home.move(place, aside);
    await this.#home.remove(aside);
    return true;
  }

  /** Reads the lock that was decided on for a set which has none. */
  async readResolved(language: PackageLanguage, setKey: string): Promise<string | undefined> {
    return await this.#home.readText(`${ROOT}/${language}/${RESOLVED}/${setKey}`);
  }

  async writeResolved(language: PackageLanguage, setKey: string, lock: string): Promise<void> {
    await this.#home.writeAtomic(`${ROOT}/${language}/${RESOLVED}/${setKey}`, lock);
  }

  /** Lists what is installed, by language and packages. */
  async list(): Promise<readonly EnvironmentEntry[]> {
    const entries: EnvironmentEntry[] = [];
    for (const language of PACKAGE_LANGUAGES) {
      for (const { path: key } of await this.#home.list(`${ROOT}/${language}`)) {
        const record = KEY_REGEXP.test(key) ? await this.read(language, key) : undefined;
        if (record === undefined) continue;
        const { packages, runtime, size, installed_at: installedAt } = record;
        entries.push({ key, language, packages, runtime, size, installedAt, path: await this.path(language, key) });
      }
    }
    const rank = ({ language, packages }: EnvironmentEntry) => `${language} ${packages.join(" ")}`;
    return entries.sort((a, b) => rank(a) < rank(b) ? -1 : 1);
  }

  /** Removes an installation; tells whether it was there. */
  async remove(key: string): Promise<boolean> {
    if (!KEY_REGEXP.test(key)) return false;
    for (const language of PACKAGE_LANGUAGES) {
      const record = await this.read(language, key);
      if (record === undefined) continue;
      await this.#forgetResolved(language, record.lock);
      return await this.#take(language, key);
    }
    return false;
  }

  async #forgetResolved(language: PackageLanguage, lock: string | undefined): Promise<void> {
    for (const { path: setKey } of await this.#home.list(`${ROOT}/${language}/${RESOLVED}`)) {
      const name = `${ROOT}/${language}/${RESOLVED}/${setKey}`;
      if (await this.#home.readText(name) === lock) await this.#home.remove(name);
    }
  }
}

async function sizeOf(folder: Folder): Promise<number> {
  let size = 0;
  for (const { path, kind } of await folder.list(".", { recursive: true })) {
    if (kind === "file") size += (await folder.stat(path))?.size ?? 0;
  }
  return size;
}
