/**
 * Git repositories, through the program `git`.
 *
 * The commit is fetched into a bare repository of our own, its list of files is read, and only the files that are wanted
 * are written, without a work tree: no hook, filter, submodule or link of the repository does anything.
 *
 * @module
 */
import { type Environment, type Folder, messageOf, type Processes, ToolError } from "../../kernel/mod.ts";
import type { Limits } from "./limits.ts";
import type { Origin, SourceTree, TreeFile } from "./tree.ts";

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
  /** Where imports are prepared. */
  readonly folder: Folder;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

/** Variables of the server that git may see for its own user: where settings and keys are. */
const PRIVATE: readonly string[] = ["XDG_CONFIG_HOME", "SSH_AUTH_SOCK"];
/** Variables of the server that git may see: where proxies and certificates are. */
const PASSED: readonly string[] = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "GIT_SSL_CAINFO",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];
// nobody is there to answer
const SILENT = { GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "", SSH_ASKPASS: "", GCM_INTERACTIVE: "never", LC_ALL: "C" };
const SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.symlinks=false",
  "core.autocrlf=false",
  "fetch.recurseSubmodules=false",
  "protocol.allow=never",
  "protocol.http.allow=always",
  "protocol.https.allow=always",
  "protocol.ssh.allow=always",
  "protocol.git.allow=always",
  "protocol.file.allow=always",
];
/** Files come as they were committed, whatever the repository or the user says: this has the last word. */
const ATTRIBUTES = "* -text -eol -ident -filter !working-tree-encoding\n";

/** The id of a commit, or its beginning; a branch of such a name is found before. */
const COMMIT_REGEXP = /^[0-9a-f]{7,64}$/;
/** What git says where a server is plain files, of which none can be left out. */
const NO_DEPTH_REGEXP = /does not support shallow/;
/** How often is looked how much has come. */
const LOOK_MS = 500;
const MOST_WORDS = 1_000;
/** Most characters of the list of files. */
const LONGEST_LIST = 16 * 1024 * 1024;

/** Holds what is being imported, in the home folder. */
const IMPORTS = "imports";
/** What is older was left by a server that died: no import takes so long. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;
const REPOSITORY = "repository";
const FILES = "files";

/**
 * Opens a repository.
 *
 * @param url What git takes as the address of a repository: the caller vouches for its form.
 * @throws {ToolError} with git's own words.
 */
export async function openGit(url: string, options: GitOptions): Promise<SourceTree> {
  const { folder, ref, path } = options;
  const place = `${IMPORTS}/${crypto.randomUUID()}`;
  const close = async () => void await folder.remove(place);
  try {
    await folder.makeFolder(`${place}/${REPOSITORY}`);
    await folder.makeFolder(`${place}/${FILES}`);
    const git = new Git(folder.at(place), await folder.resolve(place), options);
    const commit = await git.fetch(url, ref);
    const files = await git.list(path === undefined ? commit : `${commit}:${path}`);
    const origin: Origin = {
      from: url,
      commit,
      ...(ref !== undefined && { ref }),
      ...(path !== undefined && { path }),
    };
    return { origin, files, read: (wanted) => git.read(wanted), close };
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
  readonly #path: string;
  readonly #options: GitOptions;

  constructor(folder: Folder, path: string, options: GitOptions) {
    this.#folder = folder;
    this.#path = path;
    this.#options = options;
  }

  /** Fetches a commit, as little as there is need of; gives its id. */
  async fetch(url: string, ref = "HEAD"): Promise<string> {
    await this.#run(["init", "--quiet", "--bare", "--template=", "."], "make a repository");
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
    return (await this.#run(
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
      await this.#run(
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
    const text = await this.#run(
      ["ls-tree", "-r", "-z", "-l", "--full-tree", tree],
      `find "${tree.slice(tree.indexOf(":") + 1)}"`,
    );
    if (text.length >= LONGEST_LIST) {
      throw new ToolError('it has too many files to list; name a folder of it by "path"');
    }
    await this.#run(["read-tree", tree], "read the files");
    return text.split("\0").filter((line) => line !== "").map(readLine);
  }

  /** Writes some of the files, and reads them. */
  async read(files: readonly TreeFile[]): Promise<ReadonlyMap<string, Uint8Array>> {
    const workTree = [`--work-tree=${this.#path}/${FILES}`, "checkout-index", "--force", "-z", "--stdin"];
    await this.#run(workTree, "read the files", { input: files.map(({ path }) => `${path}\0`).join("") });
    const read = new Map<string, Uint8Array>();
    for (const { path, size } of files) {
      const bytes = await this.#folder.readBytes(`${FILES}/${path}`);
      if (bytes?.length !== size) throw new ToolError(`its file ${JSON.stringify(path)} could not be read`);
      read.set(path, bytes);
    }
    return read;
  }

  async #run(
    words: readonly string[],
    what: string,
    { input, signal = this.#options.signal }: { readonly input?: string; readonly signal?: AbortSignal } = {},
  ): Promise<string> {
    const { processes, environment, limits, isOwnUser } = this.#options;
    const passed = [...PASSED, ...(isOwnUser ? PRIVATE : [])].map((name) => [name, environment.variable(name)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined);
    const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
    const result = await processes.run({
      program: "git",
      args: [...settings, `--git-dir=${this.#path}/${REPOSITORY}`, ...words],
      cwd: `${this.#path}/${REPOSITORY}`,
      env: { ...Object.fromEntries(passed), ...SILENT, ...(!isOwnUser && { HOME: this.#path }) },
      timeoutMs: limits.timeout_ms,
      outputLimit: LONGEST_LIST,
      signal,
      ...(input !== undefined && { input }),
    }).catch((error) => {
      throw new ToolError(`Cannot ${what}: ${messageOf(error)}; install git`, { cause: error });
    });
    signal.throwIfAborted();
    if (result.code === 0) return result.stdout;
    const said = result.stderr.trim().slice(-MOST_WORDS) || `it ended with ${result.code ?? result.signal}`;
    throw new ToolError(`Cannot ${what}: git says: ${said}`);
  }
}

const ODDITIES: Readonly<Record<string, string>> = { "120000": "a symbolic link", "160000": "a submodule" };

// <mode> SP <type> SP <object> SP <size, padded> TAB <path>
function readLine(line: string): TreeFile {
  const tab = line.indexOf("\t");
  const [mode = "", , , size = ""] = line.slice(0, tab).split(/ +/);
  return {
    path: line.slice(tab + 1),
    size: Number(size) || 0,
    isExecutable: mode === "100755",
    oddity: ODDITIES[mode],
  };
}
