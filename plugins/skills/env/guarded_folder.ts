/**
 * The folder of a skill whose secrets come out by no other name: neither by a link to one, nor by a second name of the
 * same file.
 *
 * @module
 */
import {
  type Disposer,
  type EntryWish,
  type FileStat,
  type Folder,
  type FolderEntry,
  isToolError,
  ToolError,
} from "../../../kernel/mod.ts";
import { relativeTo } from "../discovery/real_paths.ts";
import { isEnvFile } from "./env_file.ts";

const CODE = "FILE_SECRET";

/**
 * Gives a folder that reads no file of secrets unless it is asked for by its own name, which callers are to refuse by
 * {@linkcode isEnvFile} themselves.
 *
 * @param folder That of the skill itself.
 */
export function withoutSecrets(folder: Folder): Folder {
  return new GuardedFolder(folder, { skill: folder, at: "" });
}

/** Tells whether what was thrown is that a file was not read for it holds secrets. */
export function isSecretRefused(thrown: unknown): boolean {
  return isToolError(thrown) && thrown.data?.["code"] === CODE;
}

/**
 * Tells whether a path of a skill leads to secrets: by its name, by a link, or as another name of a file of secrets that
 * lies directly in the skill.
 */
export async function leadsToSecrets(skill: Folder, path: string): Promise<boolean> {
  const real = relativeTo(skill.path, await skill.resolve(path));
  if (isEnvFile(path) || isEnvFile(real)) return true;
  const secrets = await fingerprintsOf(skill);
  return secrets.size > 0 && secrets.has((await skill.stat(real))?.fingerprint ?? "");
}

/** Gives the fingerprints of the files of secrets that lie directly in a skill; those further down are not compared. */
async function fingerprintsOf(skill: Folder): Promise<ReadonlySet<string>> {
  const [entries = []] = await skill.listMany(["."], { wish: (path) => isEnvFile(path) ? "stat" : undefined });
  return new Set(entries.flatMap(({ kind, stat }) => kind === "file" && stat !== undefined ? [stat.fingerprint] : []));
}

class GuardedFolder implements Folder {
  readonly path: string;
  readonly #folder: Folder;
  readonly #skill: Folder;
  /** Of this folder below the skill, with `/` before each part. */
  readonly #at: string;

  constructor(folder: Folder, { skill, at }: { readonly skill: Folder; readonly at: string }) {
    this.#folder = folder;
    this.#skill = skill;
    this.#at = at;
    this.path = folder.path;
  }

  /** @throws {ToolError} when a path leads to secrets and does not say so. */
  async #check(path: string): Promise<void> {
    const written = `${this.#at}/${path}`;
    if (isEnvFile(written) || !await leadsToSecrets(this.#skill, written.slice(1))) return;
    throw new ToolError(`Cannot read "${path}": it leads to a file of secrets, which are never shown`, {
      data: { code: CODE },
    });
  }

  async readText(path: string): Promise<string | undefined> {
    await this.#check(path);
    return await this.#folder.readText(path);
  }

  async readBytes(path: string): Promise<Uint8Array | undefined> {
    await this.#check(path);
    return await this.#folder.readBytes(path);
  }

  async readMany(
    paths: readonly string[],
    options?: { readonly mostBytes?: number },
  ): Promise<readonly (Uint8Array | undefined)[]> {
    const isFree = await Promise.all(paths.map((path) => this.#check(path).then(() => true, () => false)));
    const read = await this.#folder.readMany(paths.filter((_, index) => isFree[index]), options);
    let next = 0;
    return isFree.map((it) => it ? read[next++] : undefined);
  }

  at(path: string): Folder {
    return new GuardedFolder(this.#folder.at(path), { skill: this.#skill, at: `${this.#at}/${path}` });
  }

  stat(path: string): Promise<FileStat | undefined> {
    return this.#folder.stat(path);
  }

  list(
    path?: string,
    options?: { readonly recursive?: boolean; readonly internal?: boolean },
  ): Promise<readonly FolderEntry[]> {
    return this.#folder.list(path, options);
  }

  listMany(
    paths: readonly string[],
    options?: { readonly wish?: (path: string) => EntryWish | undefined },
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]> {
    return this.#folder.listMany(paths, options);
  }

  resolve(path: string): Promise<string> {
    return this.#folder.resolve(path);
  }

  writeAtomic(path: string, data: string | Uint8Array, options?: { readonly mode?: number }): Promise<void> {
    return this.#folder.writeAtomic(path, data, options);
  }

  makeFolder(path: string): Promise<void> {
    return this.#folder.makeFolder(path);
  }

  move(from: string, to: string): Promise<void> {
    return this.#folder.move(from, to);
  }

  copy(from: string, to: string): Promise<void> {
    return this.#folder.copy(from, to);
  }

  remove(path: string): Promise<boolean> {
    return this.#folder.remove(path);
  }

  lock(name: string, options?: { readonly signal?: AbortSignal }): Promise<Disposer> {
    return this.#folder.lock(name, options);
  }

  watch(
    path: string,
    listener: (paths: readonly string[]) => void,
    options?: { readonly debounceMs?: number; readonly ignores?: (path: string) => boolean },
  ): Disposer {
    return this.#folder.watch(path, listener, options);
  }
}
