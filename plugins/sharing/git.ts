/**
 * Git repositories, through the program `git`.
 *
 * The commit is fetched into a bare repository of our own, its list of files is read, and only the files that are wanted
 * are written, to names that we chose: git never sees a path of the repository that was not checked, and no hook, filter,
 * template, submodule or link of it does anything.
 *
 * @module
 */
import { type Environment, type Folder, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import { GitCommand } from "./git_command.ts";
import type { Limits } from "./limits.ts";
import type { GitTree, TreeFile } from "./tree.ts";

/** What a repository is opened with. */
export interface GitOptions {
  /** Branch, tag or commit; that of the server's HEAD by default. */
  readonly ref?: string | undefined;
  /** Folder of the repository. */
  readonly path?: string | undefined;
  /** Whether the keys and settings of the server's own user may be used. */
  readonly isOwnUser: boolean;
  readonly processes: Processes;
  readonly environment: Environment;
  /** Below which a folder is made for it, which is removed when it is closed. */
  readonly folder: Folder;
  readonly limits: Pick<Limits, "max_clone_bytes" | "timeout_ms">;
  readonly signal: AbortSignal;
}

/** Files come as they were committed, whatever the repository or the user says: this has the last word. */
const ATTRIBUTES = "* -text -eol -ident -filter !working-tree-encoding\n";

/** The id of a commit, or its beginning; a branch of such a name is found before. */
const COMMIT_REGEXP = /^[0-9a-f]{7,64}$/;
/** What git says where a server is plain files, of which none can be left out. */
const NO_DEPTH_REGEXP = /does not support shallow/;
/** How often is looked how much has come. */
const LOOK_MS = 500;
/** Most characters of the list of files. */
const LONGEST_LIST = 16 * 1024 * 1024;
/** Most bytes of a file that is read together with others. */
const SMALL_BYTES = 65_536;

/** Holds what is being imported, in the home folder. */
const IMPORTS = "imports";
/** What is older was left by a server that died: no import takes so long. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;
const REPOSITORY = "repository";
/** Files that were asked for, by the ids of their content. */
const FILES = "files";

/**
 * Opens a repository.
 *
 * @param url What git takes as the address of a repository: the caller vouches for its form.
 * @throws {ToolError} with git's own words.
 */
export async function openGit(url: string, options: GitOptions): Promise<GitTree> {
  const { folder, ref, path } = options;
  const place = `${IMPORTS}/${crypto.randomUUID()}`;
  const close = async () => void await folder.remove(place);
  try {
    await folder.makeFolder(`${place}/${REPOSITORY}`);
    await folder.makeFolder(`${place}/${FILES}`);
    const own = folder.at(place);
    const command = new GitCommand({ ...options, url, home: own.path, repository: `${own.path}/${REPOSITORY}` });
    const git = new Git(own, options, command);
    const commit = await git.fetch(url, ref);
    const files = await git.list(path === undefined ? commit : `${commit}:${path}`);
    const origin: GitTree["origin"] = {
      from: url,
      commit,
      ...(ref !== undefined && { ref }),
      ...(path !== undefined && { path }),
    };
    const write = (wanted: ReadonlyMap<string, TreeFile>, to: Folder) => git.write(wanted, to);
    return { origin, files, read: (wanted) => git.read(wanted), write, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes what servers that died left behind. */
export async function removeLeftovers(home: Folder): Promise<void> {
  for (const { path } of await home.list(IMPORTS)) {
    const stat = await home.stat(`${IMPORTS}/${path}`);
    if (stat && Date.now() - stat.modified.getTime() > LEFTOVER_MS) await home.remove(`${IMPORTS}/${path}`);
  }
}

/** Tells whether a folder of this machine is a bare repository. */
export async function isBareRepository(folder: Folder): Promise<boolean> {
  const kinds = await Promise.all(["HEAD", "objects", "refs"].map(async (path) => (await folder.stat(path))?.kind));
  return kinds.join(" ") === "file folder folder";
}

class Git {
  readonly #folder: Folder;
  readonly #options: GitOptions;
  readonly #command: GitCommand;

  constructor(folder: Folder, options: GitOptions, command: GitCommand) {
    this.#folder = folder;
    this.#options = options;
    this.#command = command;
  }

  /** Fetches a commit, as little as there is need of; gives its id. */
  async fetch(url: string, ref = "HEAD"): Promise<string> {
    await this.#command.run(["init", "--quiet", "--bare", "--template=", "."], "make a repository");
    await this.#folder.writeAtomic(`${REPOSITORY}/info/attributes`, ATTRIBUTES);
    try {
      await this.#load(["--depth=1", "--", url, ref], url);
      return await this.#commitOf("FETCH_HEAD", url);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      if (NO_DEPTH_REGEXP.test(messageOf(error))) {
        await this.#load(["--", url, ref], url);
        return await this.#commitOf("FETCH_HEAD", url);
      }
      // the beginning of an id is none that can be asked for, and some servers give no commit by its id
      if (!COMMIT_REGEXP.test(ref)) throw error;
      await this.#load(["--", url, "+refs/heads/*:refs/from/heads/*", "+refs/tags/*:refs/from/tags/*"], url);
      return await this.#commitOf(ref, url);
    }
  }

  async #commitOf(name: string, url: string): Promise<string> {
    return (await this.#command.run(
      ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`],
      `find "${name}" in ${url}`,
    ))
      .trim();
  }

  async #load(words: readonly string[], url: string): Promise<void> {
    const tooLarge = new AbortController();
    const { signal, limits: { max_clone_bytes: most } } = this.#options;
    const timer = setInterval(() => void this.#weigh(most, tooLarge).catch(() => {}), LOOK_MS);
    try {
      await this.#command.run(
        ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc", ...words],
        `fetch ${url}`,
        {
          signal: AbortSignal.any([signal, tooLarge.signal]),
        },
      );
      await this.#weigh(most, tooLarge);
    } catch (error) {
      if (!tooLarge.signal.aborted) throw error;
    } finally {
      clearInterval(timer);
    }
    if (tooLarge.signal.aborted) {
      throw new ToolError(`Cannot fetch ${url}: it is larger than ${most} bytes (max_clone_bytes)`);
    }
  }

  async #weigh(most: number, tooLarge: AbortController): Promise<void> {
    let bytes = 0;
    for (const { path } of await this.#folder.list(`${REPOSITORY}/objects`, { recursive: true })) {
      bytes += (await this.#folder.stat(`${REPOSITORY}/objects/${path}`))?.size ?? 0;
    }
    if (bytes > most) tooLarge.abort();
  }

  /** Lists the files of a tree. */
  async list(tree: string): Promise<readonly TreeFile[]> {
    const tooLong = new AbortController();
    const { signal } = this.#options;
    const what = `find "${tree.slice(tree.indexOf(":") + 1)}"`;
    const pieces: string[] = [];
    let length = 0;
    try {
      await this.#command.run(["ls-tree", "-r", "-z", "-l", "--full-tree", tree], what, {
        signal: AbortSignal.any([signal, tooLong.signal]),
        // folders that are in themselves many times over make a list without end
        onOutput: (text) => {
          pieces.push(text);
          length += text.length;
          if (length > LONGEST_LIST) tooLong.abort();
        },
      });
    } catch (error) {
      if (!tooLong.signal.aborted) throw error;
    }
    signal.throwIfAborted();
    if (tooLong.signal.aborted) throw new ToolError(`Cannot ${what}: it has too many files to list`);
    return pieces.join("").split("\0").filter((line) => line !== "").map(readLine);
  }

  /** Reads some of the files. */
  async read(files: readonly TreeFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const ids = new Map(files.map((file) => [file.id!, file]));
    await this.#checkOut(ids, this.#folder.at(FILES));
    const small = [...ids].filter(([, { size }]) => size <= SMALL_BYTES).map(([id]) => id);
    const contents = await this.#folder.at(FILES).readMany(small);
    const read = new Map(small.map((id, i) => [id, contents[i]]));
    const byPath = new Map<string, Uint8Array>();
    for (const { id = "", path, size } of files) {
      const bytes = read.get(id) ?? await this.#folder.readBytes(`${FILES}/${id}`);
      if (bytes?.length !== size) throw new ToolError(`its file ${JSON.stringify(path)} could not be read`);
      byPath.set(path, bytes);
    }
    return byPath;
  }

  /** Writes some of the files. */
  async write(files: ReadonlyMap<string, TreeFile>, to: Folder): Promise<void> {
    await this.#checkOut(files, to);
  }

  async #checkOut(files: ReadonlyMap<string, TreeFile>, to: Folder): Promise<void> {
    if (files.size === 0) return;
    const entries = [...files].map(([path, { id, isExecutable }]) => {
      return `${isExecutable === true ? "100755" : "100644"} ${id}\t${path}\0`;
    });
    const workTree = [`--work-tree=${to.path}`];
    await this.#folder.remove(`${REPOSITORY}/index`);
    await this.#command.run([...workTree, "update-index", "-z", "--index-info"], "read the files", {
      input: entries.join(""),
    });
    await this.#command.run([...workTree, "checkout-index", "--all", "--force", "--quiet"], "read the files");
  }
}

const FILE = "100644";
const EXECUTABLE = "100755";
const ODDITIES: Readonly<Record<string, string>> = { "120000": "a symbolic link", "160000": "a submodule" };

// <mode> SP <type> SP <object> SP <size, padded> TAB <path>
function readLine(line: string): TreeFile {
  const tab = line.indexOf("\t");
  const [mode = "", , id = "", size = ""] = line.slice(0, tab).split(/ +/);
  return {
    path: line.slice(tab + 1),
    size: Number(size) || 0,
    id,
    isExecutable: mode === EXECUTABLE,
    oddity: mode === FILE || mode === EXECUTABLE ? undefined : ODDITIES[mode] ?? "no ordinary file",
  };
}
