/**
 * Starts what keeps repositories of skills, on a real home folder, and makes repositories by git.
 *
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Call, type CallPatch, createCall, Environment, Files, type Principal } from "../../../kernel/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { Repositories, type RepositoriesOptions, type RepositoryLimits } from "../../../plugins/repos/repositories.ts";
import { Sources } from "../../../plugins/sharing/contract.ts";
import sharing from "../../../plugins/sharing/mod.ts";
import { startKernel } from "../library/kit.ts";
import { gitWith } from "../sharing/kit.ts";
import { temporaryFolder } from "../../platform/temporary.ts";

export { gitWith } from "../sharing/kit.ts";

/** Limits that nothing comes near, but for those that a test names. */
export const LIMITS: RepositoryLimits = {
  maxCloneBytes: 64 * 1024 * 1024,
  maxTotalBytes: 64 * 1024 * 1024,
  maxFileBytes: 1024 * 1024,
  maxFiles: 20_000,
  maxSkills: 5_000,
  timeoutMs: 60_000,
};

/** A server's repositories. */
export interface RepositoriesKit extends AsyncDisposable {
  readonly home: string;
  readonly repositories: Repositories;
  readonly sources: Sources;
  /** Messages of the log. */
  readonly said: () => readonly string[];
  /** A call by the server's own user, unless it says otherwise. */
  readonly call: (patch?: CallPatch) => Call;
}

/** Starts the repositories of a home folder. */
export async function startRepositories(
  home: string,
  { limits = {}, ...options }: Partial<Omit<RepositoriesOptions, "limits">> & {
    readonly limits?: Partial<RepositoryLimits>;
  } = {},
): Promise<RepositoriesKit> {
  const { kernel, ...running } = await startKernel({ home, plugins: [sharing] });
  const log = fakeLog();
  const sources = kernel.get(Sources)!;
  const repositories = new Repositories({
    files: kernel.get(Files)!,
    sources,
    expand: kernel.get(Environment)!.expand,
    log,
    limits: { ...LIMITS, ...limits },
    isOwnUser: ({ principal }) => principal === undefined,
    ...options,
  });
  await repositories.open();
  return {
    home,
    repositories,
    sources,
    said: () => log.entries.map(({ message }) => message),
    call: (patch = {}) => createCall(patch),
    async [Symbol.asyncDispose]() {
      await repositories.close();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** Somebody from elsewhere. */
export const GUEST: Principal = { id: "guest", scopes: [] };

/** A home folder beside which there is room for repositories. */
export interface Place extends AsyncDisposable {
  readonly path: string;
  readonly home: string;
}

/** Makes a temporary folder with the path of a home in it. */
export async function makePlace(): Promise<Place> {
  const folder = await temporaryFolder();
  return { path: folder.path, home: join(folder.path, "home"), [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

/** Files by path; `!` before the path makes one executable. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** Makes the files of a skill in a folder. */
export function skill(folder: string, { name = folder.split("/").at(-1)!, files = {} }: {
  readonly name?: string;
  readonly files?: Tree;
} = {}): Tree {
  const prefix = folder === "" ? "" : `${folder}/`;
  const text = `---\nname: ${name}\ndescription: Says what ${name} is for\n---\nUse ${name}.\n`;
  const others = Object.entries(files).map(([path, data]): [string, string | Uint8Array] => {
    return [path.startsWith("!") ? `!${prefix}${path.slice(1)}` : `${prefix}${path}`, data];
  });
  return { [`${prefix}SKILL.md`]: text, ...Object.fromEntries(others) };
}

/** Commits a tree in the place of what there was, to a bare repository that is made when it is not there; gives the id. */
export async function commitTree(
  folder: string,
  tree: Tree,
  { branch = "main" }: { readonly branch?: string } = {},
): Promise<string> {
  const isNew = (await readdir(folder).catch(() => [])).length === 0;
  if (isNew) await gitWith("/", ["init", "--quiet", "--bare", folder]);
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  const write = (text: string | Uint8Array) => pieces.push(typeof text === "string" ? encoder.encode(text) : text);
  write(`commit refs/heads/${branch}\ncommitter Ada <ada@example.com> ${stamp++} +0000\ndata 6\nchange\n`);
  if (!isNew) write(`from refs/heads/main^0\n`);
  write("deleteall\n");
  for (const [name, data] of Object.entries(tree)) {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    const path = JSON.stringify(name.replace(/^!/, ""));
    write(`M ${name.startsWith("!") ? 100755 : 100644} inline ${path}\ndata ${bytes.length}\n`);
    write(bytes);
    write("\n");
  }
  await gitWith(folder, ["fast-import", "--quiet", "--force"], concatenate(pieces));
  return await gitWith(folder, ["rev-parse", branch]);
}

let stamp = 1_700_000_000;

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Lists all files and links below a folder, by their paths. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) continue;
    const parent = (entry as unknown as { parentPath?: string; path: string }).parentPath ?? entry.path;
    found.push(join(parent, entry.name).slice(folder.length + 1));
  }
  return found.sort();
}

/** Lists what is left of work that has ended: there should be nothing. */
export async function leftovers(home: string): Promise<readonly string[]> {
  const below = await filesBelow(join(home, "repos", ".staging"));
  const own = (await readdir(join(home, "repos"))).filter((name) => name.startsWith(".collet-"));
  return [...below, ...own];
}
