/**
 * Tells whether a build would change nothing.
 *
 * @module
 */
import { type Folder, sha256 } from "../../kernel/mod.ts";
import type { Manifest, ManifestDraft, ToolLibrary } from "../library/contract.ts";
import type { KeptBuild } from "./build/build_cache.ts";
import type { Source } from "./build/compiler.ts";
import { readRecord } from "./stored_build.ts";
import { digestOfSource, entryOf, readSource } from "./tool_files.ts";

const MANIFEST = "manifest.json";
/** How many artifacts are known by what they were when they were looked at. */
const MOST_KNOWN = 500;

/** A tool as it is on disk. */
export interface StoredSource {
  readonly manifest: Manifest;
  readonly folder: Folder;
  readonly source: Source | undefined;
}

/** Compares what is to be built with what is there. */
export class StoredTools {
  readonly #library: ToolLibrary;
  /** Digests by path and fingerprint, so that an artifact is read once. */
  readonly #digests = new Map<string, string>();

  constructor(library: ToolLibrary) {
    this.#library = library;
  }

  /** Reads a tool of the kind; `undefined` when there is none. */
  async read(name: string): Promise<StoredSource | undefined> {
    if (this.#library.get(name)?.manifest?.tool_type !== "wasm") return undefined;
    try {
      const folder = await this.#library.files(name);
      // as it is now, whoever wrote it
      const manifest = await this.#library.readManifest(await folder.readText(MANIFEST) ?? "");
      return { manifest, folder, source: await readSource(manifest, folder) };
    } catch {
      // what is broken is replaced
      return undefined;
    }
  }

  /** Tells whether a tool is what it would be after a build of a source, with its lock. */
  async isSame(
    { manifest, folder, source: stored }: StoredSource,
    { draft, source, built }: { readonly draft: ManifestDraft; readonly source: Source; readonly built: KeptBuild },
  ): Promise<boolean> {
    const said = readRecord(manifest.build);
    if (said?.digest !== built.record.digest || manifest.format === undefined) return false;
    if (!isSameDraft(manifest, draft)) return false;
    if (source.language !== "wasm") {
      const digest = await digestOfSource(source);
      if (digest !== said.source_digest || stored === undefined || await digestOfSource(stored) !== digest) {
        return false;
      }
    }
    return await this.#digestOf(folder, entryOf(manifest)) === built.record.digest;
  }

  async #digestOf(folder: Folder, entry: string): Promise<string | undefined> {
    const stat = await folder.stat(entry);
    if (stat === undefined) return undefined;
    const key = `${folder.path}\0${entry}\0${stat.fingerprint}`;
    const known = this.#digests.get(key);
    if (known !== undefined) return known;
    const bytes = await folder.readBytes(entry);
    if (bytes === undefined) return undefined;
    const digest = await sha256(bytes);
    if (this.#digests.size >= MOST_KNOWN) this.#digests.clear();
    this.#digests.set(key, digest);
    return digest;
  }
}

const COMPARED = [
  "description",
  "input_schema",
  "output_schema",
  "annotations",
  "wasm_dependencies",
  "language",
  "tags",
  "examples",
  "protocol",
  "grants",
] as const;

function isSameDraft(manifest: Manifest, draft: ManifestDraft): boolean {
  return COMPARED.every((field) => JSON.stringify(manifest[field]) === JSON.stringify(draft[field]));
}
