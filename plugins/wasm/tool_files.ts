/**
 * The files of a tool: its source, lock and artifact, as they lie in its folder.
 *
 * @module
 */
import { type Folder, sha256 } from "../../kernel/mod.ts";
import type { ManifestDraft } from "../library/contract.ts";
import { type Language, LANGUAGES, type Source } from "./build/compiler.ts";
import { FILES_FOLDER, isSourcePath, lockFileOf, mainFileOf } from "./build/source_files.ts";
import type { ArtifactKind } from "./program.ts";

/** How the names of bundles end; all others are modules or components. */
export const BUNDLE_ENDING = ".js";

/** Gives the file that runs: that of the manifest, else as skillz calls it. */
export function entryOf({ entry_file: entry, name }: Pick<ManifestDraft, "entry_file" | "name">): string {
  return entry ?? `${name}.wasm`;
}

/** Names the file that runs. */
export function entryFor(name: string, kind: ArtifactKind): string {
  return `${name}${kind === "bundle" ? BUNDLE_ENDING : ".wasm"}`;
}

/** Gives the files of a source, by their paths in the folder of its tool; a finished module has none. */
export function filesOf({ language, code, files, lock }: Source): Readonly<Record<string, string>> {
  if (language === "wasm") return {};
  const lockFile = lock === undefined ? undefined : lockFileOf(language);
  return {
    [mainFileOf(language)]: code,
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${FILES_FOLDER}/${path}`, text])),
    ...(lockFile !== undefined && { [lockFile]: lock! }),
  };
}

/** Reads the source of a tool; `undefined` when it has none. */
export async function readSource(manifest: ManifestDraft, folder: Folder): Promise<Source | undefined> {
  const { name, wasm_dependencies: dependencies = [] } = manifest;
  const language = await languageIn(manifest, folder);
  if (language === undefined || language === "wasm") return undefined;
  const lockFile = lockFileOf(language);
  const [code, lock, entries] = await Promise.all([
    folder.readText(mainFileOf(language)),
    lockFile === undefined ? undefined : folder.readText(lockFile),
    folder.list(FILES_FOLDER, { recursive: true }),
  ]);
  if (code === undefined) return undefined;
  const files: Record<string, string> = {};
  for (const { path, kind } of entries) {
    // what an editor or a system left there is no source
    const text = kind === "folder" || !isSourcePath(path)
      ? undefined
      : await folder.readText(`${FILES_FOLDER}/${path}`);
    if (text !== undefined) files[path] = text;
  }
  return { name, language, code, files, dependencies, lock };
}

/** Tells whether the folder of a tool has a main file. */
export async function hasSource(manifest: ManifestDraft, folder: Folder): Promise<boolean> {
  const language = await languageIn(manifest, folder);
  return language !== undefined && language !== "wasm" && await folder.stat(mainFileOf(language)) !== undefined;
}

/** Computes the digest of a source: SHA-256 over what {@linkcode BuildRecord.source_digest} says. */
export async function digestOfSource(source: Source): Promise<string> {
  const { language, dependencies } = source;
  const files = Object.entries(filesOf(source)).sort(([a], [b]) => a < b ? -1 : 1);
  return await sha256(JSON.stringify([language, dependencies, files]));
}

// skillz names no language, and others may have written a manifest by hand
async function languageIn({ language }: ManifestDraft, folder: Folder): Promise<Language | undefined> {
  if (language !== undefined) return LANGUAGES.find((it) => it === language);
  for (const known of LANGUAGES) if (await folder.stat(mainFileOf(known)) !== undefined) return known;
  return undefined;
}
