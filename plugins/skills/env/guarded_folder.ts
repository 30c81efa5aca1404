/**
 * The folder of a skill whose secrets come out by no other name: neither by a link to one, nor by a second name of the
 * same file.
 *
 * @module
 */
import { type Folder, isToolError, Lazy, ToolError } from "../../../kernel/mod.ts";
import { FolderView } from "../discovery/folder_view.ts";
import { relativeTo } from "../discovery/real_paths.ts";
import { isEnvFile } from "./env_names.ts";

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
export function leadsToSecrets(skill: Folder, path: string): Promise<boolean> {
  return isOneOf(secretsOf(skill), { skill, path });
}

async function isOneOf(
  known: Lazy<ReadonlySet<string>>,
  { skill, path }: { readonly skill: Folder; readonly path: string },
): Promise<boolean> {
  const real = relativeTo(skill.path, await skill.resolve(path));
  if (isEnvFile(path) || isEnvFile(real)) return true;
  const secrets = await known.get();
  return secrets.size > 0 && secrets.has((await skill.stat(real))?.fingerprint ?? "");
}

/** Gives the fingerprints of the files of secrets that lie directly in a skill; those further down are not compared. */
function secretsOf(skill: Folder): Lazy<ReadonlySet<string>> {
  return new Lazy(async () => {
    const [entries = []] = await skill.listMany(["."], { wish: (path) => isEnvFile(path) ? "stat" : undefined });
    return new Set(
      entries.flatMap(({ kind, stat }) => kind === "file" && stat !== undefined ? [stat.fingerprint] : []),
    );
  });
}

class GuardedFolder extends FolderView {
  readonly path: string;
  protected readonly folder: Folder;
  readonly #skill: Folder;
  /** Of this folder below the skill, with `/` before each part. */
  readonly #at: string;

  constructor(folder: Folder, { skill, at }: { readonly skill: Folder; readonly at: string }) {
    super();
    this.folder = folder;
    this.#skill = skill;
    this.#at = at;
    this.path = folder.path;
  }

  /** @throws {ToolError} when a path leads to secrets and does not say so. */
  async #check(path: string, secrets: Lazy<ReadonlySet<string>> = secretsOf(this.#skill)): Promise<void> {
    const written = `${this.#at}/${path}`;
    if (isEnvFile(written) || !await isOneOf(secrets, { skill: this.#skill, path: written.slice(1) })) return;
    throw new ToolError(`Cannot read "${path}": it leads to a file of secrets, which are never shown`, {
      data: { code: CODE },
    });
  }

  override async readText(path: string): Promise<string | undefined> {
    await this.#check(path);
    return await this.folder.readText(path);
  }

  override async readBytes(path: string): Promise<Uint8Array | undefined> {
    await this.#check(path);
    return await this.folder.readBytes(path);
  }

  override async readMany(
    paths: readonly string[],
    options?: { readonly mostBytes?: number },
  ): Promise<readonly (Uint8Array | undefined)[]> {
    // one look at the skill for all of them: it may have as many files
    const secrets = secretsOf(this.#skill);
    const isFree = await Promise.all(paths.map((path) => this.#check(path, secrets).then(() => true, () => false)));
    const read = await this.folder.readMany(paths.filter((_, index) => isFree[index]), options);
    let next = 0;
    return isFree.map((it) => it ? read[next++] : undefined);
  }

  at(path: string): Folder {
    return new GuardedFolder(this.folder.at(path), { skill: this.#skill, at: `${this.#at}/${path}` });
  }
}
