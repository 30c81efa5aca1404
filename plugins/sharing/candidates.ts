/**
 * The tools of a source: what their manifests say, and their files once they are wanted.
 *
 * @module
 */
import { isToolError, type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { FileSet, FileWithMode, Manifest, ToolLibrary } from "../library/contract.ts";
import type { Budget, Limits } from "./limits.ts";
import { checkPaths, isCode, MANIFEST_FILE } from "./paths.ts";
import { atFolder, findToolFolders, type SourceTree, type TreeFile } from "./tree.ts";

/** A folder of the source that has a manifest. */
export type FoundFolder =
  | { readonly folder: string; readonly manifest: Manifest }
  | { readonly folder: string; readonly reason: string };

/** A file of the source that does not come with its tool. */
export interface LeftOut {
  readonly path: string;
  readonly reason: string;
}

/** A tool that can be saved. */
export interface Candidate {
  readonly manifest: Manifest;
  readonly files: FileSet;
  /** By path, sorted. */
  readonly list: readonly { readonly path: string; readonly size: number; readonly executable: boolean }[];
  readonly leftOut: readonly LeftOut[];
  /** SHA-256 of the files, as manifests have it. */
  readonly digest: string;
  /** SHA-256 of the files and of what the manifest says that they are: interpreter, packages, grants and all. */
  readonly pin: string;
}

/** What tools are read with. */
export interface ReadOptions {
  readonly library: Pick<ToolLibrary, "readManifest" | "digest">;
  readonly limits: Limits;
  readonly budget: Budget;
}

const MOST_TOOLS = 200;
const MOST_MANIFEST_BYTES = 1024 * 1024;
const PLAIN = 0o644;
const EXECUTABLE = 0o755;
const SHEBANG = [0x23, 0x21];
/** What a manifest says of how a tool was saved, and not of what it is. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  ...["version", "created_at", "updated_at", "format", "owner", "source", "digest"],
  ...["rolled_back_from", "edited_from"],
]);

/**
 * Finds the tools of a source, by their manifests.
 *
 * @throws {ToolError} when there are none, or too many.
 */
export async function findTools(
  tree: SourceTree,
  library: Pick<ToolLibrary, "readManifest">,
): Promise<readonly FoundFolder[]> {
  const folders = findToolFolders(tree.files);
  if (folders.length === 0) {
    throw new ToolError(`there is no "${MANIFEST_FILE}" in it, at its root or in a folder: it holds no tools`);
  }
  if (folders.length > MOST_TOOLS) {
    throw new ToolError(`it holds ${folders.length} tools, at most ${MOST_TOOLS} are taken; name a folder by "path"`);
  }
  const found: FoundFolder[] = [];
  for (const folder of folders) {
    try {
      found.push({ folder, manifest: await readManifest(atFolder(tree, folder), library) });
    } catch (error) {
      if (!isToolError(error)) throw error;
      found.push({ folder, reason: error.message });
    }
  }
  return found;
}

async function readManifest(tree: SourceTree, library: Pick<ToolLibrary, "readManifest">): Promise<Manifest> {
  const files = tree.files.filter((it) => it.path === MANIFEST_FILE);
  const [file] = files;
  if (file === undefined || files.length > 1) throw new ToolError("its manifest is there twice");
  if (file.oddity !== undefined) throw new ToolError(`its manifest is ${file.oddity}`);
  if (file.size > MOST_MANIFEST_BYTES) {
    throw new ToolError(`its manifest has ${file.size} bytes, at most ${MOST_MANIFEST_BYTES} are taken`);
  }
  const bytes = (await tree.read([file])).get(MANIFEST_FILE);
  return await library.readManifest(new TextDecoder().decode(bytes));
}

/**
 * Reads the files of a tool.
 *
 * @throws {ToolError} when a path, a size or the entry file is none that can be taken.
 */
export async function readTool(
  source: SourceTree,
  { folder, manifest }: Extract<FoundFolder, { manifest: Manifest }>,
  { library, limits, budget }: ReadOptions,
): Promise<Candidate> {
  const tree = atFolder(source, folder);
  const code = tree.files.filter(({ path }) => isCode(path));
  const odd = code.filter((it) => it.oddity !== undefined);
  const wanted = code.filter((it) => it.oddity === undefined && it.path !== MANIFEST_FILE);
  checkPaths(code.map(({ path }) => path), limits);
  const entry = findEntry(manifest, { wanted, odd });
  budget.take(wanted);
  const read = await tree.read(wanted);
  const files = Object.fromEntries(wanted.map((file): [string, FileWithMode] => {
    const data = read.get(file.path)!;
    const isExecutable = file.path === entry || (file.isExecutable ?? SHEBANG.every((byte, i) => data[i] === byte));
    return [file.path, { data, mode: isExecutable ? EXECUTABLE : PLAIN }];
  }));
  const sorted = Object.entries(files).sort(([a], [b]) => a < b ? -1 : 1);
  const whole = { ...manifest, ...(entry !== undefined && { entry_file: entry }) };
  const digest = await library.digest(files);
  return {
    manifest: whole,
    files,
    list: sorted.map(([path, { data, mode }]) => ({ path, size: data.length, executable: mode === EXECUTABLE })),
    leftOut: odd.map(({ path, oddity = "" }) => ({ path, reason: `it is ${oddity}` })),
    digest,
    pin: await pinOf(whole, { library, digest }),
  };
}

/** Computes {@linkcode Candidate.pin}; a manifest may have its fields in any order. */
export async function pinOf(
  manifest: JsonObject,
  { library, digest }: { readonly library: Pick<ToolLibrary, "digest">; readonly digest: string },
): Promise<string> {
  const fields = Object.entries(manifest).filter(([field]) => !BOOKKEEPING.has(field));
  const facts = JSON.stringify(Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1)));
  return await library.digest({ digest, facts });
}

/** Finds the file that runs, which manifests of skillz need not name. */
function findEntry(
  { name, tool_type: type, entry_file: named }: Manifest,
  { wanted, odd }: { readonly wanted: readonly TreeFile[]; readonly odd: readonly TreeFile[] },
): string | undefined {
  if (named !== undefined) {
    if (wanted.some(({ path }) => path === named)) return named;
    const oddity = odd.find(({ path }) => path === named)?.oddity;
    // it is compiled on arrival, or refused then
    if (type === "wasm" && oddity === undefined) return undefined;
    throw new ToolError(`its file "${named}" is ${oddity ?? "missing"}`);
  }
  if (type !== "script") return undefined;
  const candidates = wanted.filter(({ path }) => !path.includes("/") && path.startsWith(`${name}.`));
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only.path;
  throw new ToolError(`its manifest has no "entry_file", and ${candidates.length} of its files are named "${name}.…"`);
}

/** Makes the manifest that is saved: without what belongs to the server that it came from, and with whence it is. */
export function draftOf({ manifest, digest }: Candidate, { name, origin }: {
  readonly name: string;
  readonly origin: JsonObject;
}): Manifest {
  const { owner: _owner, digest: _digest, rolled_back_from: _from, edited_from: _edited, ...rest } = manifest;
  return { ...rest, name, source: { ...origin, digest } };
}
