/**
 * What lies in a tool's folder, compared with what its manifest says was built.
 *
 * @module
 */
import { type Folder, isKernelError, isObject, isToolError, ToolError } from "../../kernel/mod.ts";
import type { ManifestDraft } from "../library/contract.ts";
import { inspectArtifact } from "./artifact.ts";
import { MissingToolchain, type Source } from "./build/compiler.ts";
import type { BuildRecord } from "./program.ts";
import { BUNDLE_ENDING, digestOfSource, entryOf, readSource } from "./tool_files.ts";

/** An artifact, and what it is. */
export interface FoundArtifact {
  readonly bytes: Uint8Array;
  /** True of the artifact; what cannot be seen by looking at it is as the manifest says, if it belongs together. */
  readonly record: BuildRecord;
}

/** What is in the folder of a tool. */
export interface StoredBuild {
  /** `undefined` when there is none. */
  readonly artifact: FoundArtifact | undefined;
  /** The source, when the artifact was not built from it: it is absent, or the source was changed since. */
  readonly source: Source | undefined;
}

/**
 * Reads the build of a tool.
 *
 * @throws {ToolError} when there is nothing to run, or it is no program that could be run here.
 */
export async function readBuild(manifest: ManifestDraft, folder: Folder): Promise<StoredBuild> {
  const entry = entryOf(manifest);
  const [bytes, source] = await Promise.all([readEntry(entry, folder), readSource(manifest, folder)]);
  if (bytes === undefined) {
    if (source === undefined) throw new ToolError(`its file "${entry}" is missing`);
    return { artifact: undefined, source };
  }
  const seen = await inspectArtifact(bytes, { isBundle: entry.endsWith(BUNDLE_ENDING) }).catch((error) => {
    throw isToolError(error) ? new ToolError(`its file "${entry}" cannot be run: ${error.message}`) : error;
  });
  const said = readRecord(manifest.build);
  // whoever put another artifact there means that one
  const isOurs = said?.digest === seen.digest && said.source_digest !== undefined;
  if (!isOurs) return { artifact: { bytes, record: seen }, source: undefined };
  const digest = source && await digestOfSource(source);
  if (digest === undefined || digest !== said.source_digest) return { artifact: { bytes, record: seen }, source };
  const { compiler, target } = said;
  const record = { ...seen, source_digest: digest, ...(compiler && { compiler }), ...(target && { target }) };
  return { artifact: { bytes, record }, source: undefined };
}

// anybody may have written the manifest
async function readEntry(entry: string, folder: Folder): Promise<Uint8Array | undefined> {
  try {
    return await folder.readBytes(entry);
  } catch (error) {
    if (!isKernelError(error)) throw error;
    throw new ToolError(`"entry_file" is ${JSON.stringify(entry)}, expected a file in its folder: ${error.message}`);
  }
}

/** Tells whether a build failed since its compiler is not there. */
export function isMissingToolchain(error: unknown): error is ToolError {
  return isToolError(error) && error.cause instanceof MissingToolchain;
}

/** Reads the field `build` of a manifest, which anybody may have written. */
export function readRecord(build: unknown): Partial<BuildRecord> | undefined {
  if (!isObject(build)) return undefined;
  const text = (field: string) => typeof build[field] === "string" && { [field]: build[field] };
  return { ...text("digest"), ...text("source_digest"), ...text("compiler"), ...text("target") };
}
