/**
 * The files of a script, as they are sent to an interpreter that waits for one.
 *
 * @module
 */
import type { Files, Folder } from "../../kernel/mod.ts";
import type { WarmFile } from "./warm/mod.ts";

/** Most files and bytes that are sent; what has more is mounted. */
const MOST_FILES = 64;
const MOST_BYTES = 512 * 1024;
/** What Python compiled, which is no file of the script. */
const CACHE = "__pycache__";
/** What lies in the folder of a made tool beside its manifest, and is not the tool: its old versions. */
const MANIFEST = "manifest.json";
const VERSIONS = "versions";
/** Permission bits, any of them. */
const EXECUTABLE = 0o111;

/** What a folder holds at one moment. */
export interface ScriptFiles {
  /** Another text when anything in it was changed. */
  readonly fingerprint: string;
  /** Reads the files, by their path in the folder; `undefined` when they are too many or too large to be sent. */
  read(): Promise<Readonly<Record<string, WarmFile>> | undefined>;
}

/** Looks at the folder of a script, and at the script itself where the folder has too much in it. */
export async function lookAtFiles(
  home: Files,
  { folder, file }: { readonly folder: string; readonly file: string },
): Promise<ScriptFiles> {
  const root = home.open(folder);
  const paths = await listFiles(root);
  const own = file.slice(folder.length + 1);
  const looked = paths ?? [own];
  const stats = await Promise.all(looked.map((path) => root.stat(path)));
  const size = stats.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
  // what is sent loses its permissions, which matter to the script where it starts the file
  const isStarted = looked.some((path, index) => path !== own && ((stats[index]?.mode ?? 0) & EXECUTABLE) !== 0);
  return {
    fingerprint: looked.map((path, index) => `${path} ${stats[index]?.fingerprint}`).join("\n"),
    read: async () => paths === undefined || size > MOST_BYTES || isStarted ? undefined : await readFiles(root, paths),
  };
}

/** Lists the files; `undefined` when there are too many, or links, which have to stay what they are. */
async function listFiles(root: Folder): Promise<readonly string[] | undefined> {
  const files: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await root.list(folder === "" ? "." : folder);
    const isMadeTool = folder === "" && entries.some(({ path }) => path === MANIFEST);
    for (const { path, kind } of entries) {
      const whole = folder === "" ? path : `${folder}/${path}`;
      if (path === CACHE || isMadeTool && path === VERSIONS) continue;
      if (kind === "link") return undefined;
      if (kind === "folder") folders.push(whole);
      else files.push(whole);
      if (files.length + folders.length > MOST_FILES) return undefined;
    }
  }
  return files.sort();
}

async function readFiles(root: Folder, paths: readonly string[]): Promise<Readonly<Record<string, WarmFile>>> {
  const entries = await Promise.all(paths.map(async (path) => {
    const bytes = await root.readBytes(path);
    return bytes === undefined ? undefined : [path, toWarmFile(bytes)] as const;
  }));
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

function toWarmFile(bytes: Uint8Array): WarmFile {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    let binary = "";
    for (const byte of bytes) binary += String.fromCharCode(byte);
    return { base64: btoa(binary) };
  }
}
