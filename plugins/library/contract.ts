/**
 * The contract `ToolLibrary`: tools made at run time, whatever their kind.
 *
 * The library owns what they share: the folder, the manifest, versions, deletion, and the entry in the kernel's
 * registry. A {@linkcode ToolKind} says how one kind of tool is prepared and run.
 *
 * @module
 */
import {
  type Call,
  type Contract,
  contract,
  type Disposable,
  type Disposer,
  type Event,
  event,
  type Folder,
  type JsonObject,
  type ToolAnnotations,
  type ToolResult,
} from "../../kernel/mod.ts";
import type { Grants } from "../grants/contract.ts";
import type { CandidateSource } from "./candidates.ts";
import type { ToolExample } from "./example_input.ts";

export type { CandidateSource, SkillCandidate } from "./candidates.ts";
export { canonicalJson } from "./canonical_json.ts";
export {
  codeNames,
  JAVASCRIPT_RESERVED,
  NAMESPACE_META,
  type NamespacedName,
  namespaceOf,
  placeTools,
  PYTHON_RESERVED,
  type ToolInCode,
} from "./declarations/code_names.ts";
export {
  type DeclaredTool,
  type DeclareOptions,
  declareTools,
  type Detail,
  DETAILS,
} from "./declarations/declarations.ts";
export { ExamplesInput, type ToolExample } from "./example_input.ts";
export { described, TOOL_PARAMETERS, type ToolParameters } from "./tool_parameters.ts";
export {
  type ItemTexts,
  type MatchReason,
  reasonsOf,
  TextIndex,
  type TextIndexOptions,
  type TextMatch,
} from "./text_index.ts";
export { DAY_MS, Trash, type TrashedItem, type TrashPlace } from "./trash.ts";
export { unifiedDiff } from "./text_diff.ts";
export { termsOf } from "./words.ts";
export { codeBlock, invalidArgument, jsonBlock, type NameUse, NewName, Purpose, useOfName } from "./prompt_parts.ts";

/** What {@linkcode ToolLibrary.save} wants of a manifest; the library fills in the rest. */
export interface ManifestDraft {
  /** Matches `^[A-Za-z0-9_-]{1,64}$`. */
  readonly name: string;
  /** Such as `1.0.2`; when it is given, it counts only if it is higher than every version before. */
  readonly version?: string;
  readonly description: string;
  /** Names the {@linkcode ToolKind}: `script`, `wasm`, `pipeline`, `mcp`. */
  readonly tool_type: string;
  /** The file that runs, below the tool's folder. */
  readonly entry_file?: string;
  /** The command that runs `entry_file`, such as `python3`; without it the file is run itself. */
  readonly interpreter?: string;
  readonly input_schema?: unknown;
  readonly output_schema?: unknown;
  readonly annotations?: ToolAnnotations;
  readonly dependencies?: readonly string[];
  readonly wasm_dependencies?: readonly string[];
  readonly pipeline_steps?: readonly unknown[];
  readonly mcp_server?: JsonObject;
  readonly author?: string;
  readonly license?: string;
  readonly repository?: string;
  /** Where the tool was imported from. */
  readonly source?: JsonObject;
  readonly tags?: readonly string[];
  /** ISO 8601. */
  readonly created_at?: string;
  readonly updated_at?: string;
  readonly disabled?: boolean;
  readonly requires_services?: readonly string[];
  /** 1 in every manifest that Collet writes. */
  readonly format?: number;
  /** Id of the principal that made the tool. */
  readonly owner?: string;
  readonly grants?: Grants;
  /** The language of the code, such as `python`. */
  readonly language?: string;
  /** Whether a call may (`async`) or must (`required`) become a task. */
  readonly execution?: "sync" | "async" | "required";
  readonly persistent?: boolean;
  /** What was built, when something was; see the kind `wasm`. */
  readonly build?: JsonObject;
  /** Revision of the script protocol: 1 is that of skillz, 2 answers failed requests with JSON-RPC errors. */
  readonly protocol?: number;
  readonly examples?: readonly ToolExample[];
  /** SHA-256 of the tool's files, in hex; see `digestOf`. */
  readonly digest?: string;
  /** The version whose content this is, when it was written by {@linkcode ToolLibrary.rollback}. */
  readonly rolled_back_from?: string;
  /** The version whose files somebody changed by hand into these. */
  readonly edited_from?: string;
  readonly [field: string]: unknown;
}

/**
 * `manifest.json` as it stands on disk: the fields of skillz, Collet's own beside them, and unknown ones, which are kept.
 * A manifest without `format` was not written by Collet.
 */
export interface Manifest extends ManifestDraft {
  readonly version: string;
}

/** Files by path below a tool's folder, `/` between parts. */
export type FileSet = Readonly<Record<string, string | Uint8Array | FileWithMode>>;

/** A file with permissions, such as `0o755`. */
export interface FileWithMode {
  readonly data: string | Uint8Array;
  readonly mode: number;
}

/** One tool found on disk. */
export interface StoredTool {
  /** Name in the manifest; of the folder when the manifest cannot be read. */
  readonly name: string;
  /** `undefined` when it cannot be read. */
  readonly manifest: Manifest | undefined;
  /**
   * `ready`: it can be called. `unavailable`: it is well formed, but not offered, such as when its name is taken or
   * nothing provides its kind. `broken`: it has to be mended.
   */
  readonly state: "ready" | "unavailable" | "broken";
  /** Says why a tool is not `ready`. */
  readonly reason: string | undefined;
}

/** What came of {@linkcode ToolLibrary.save}. */
export interface SavedTool {
  readonly manifest: Manifest;
  /** Absolute path of the tool's folder. */
  readonly path: string;
  /**
   * The version that was replaced, kept under `versions/`. It has a number of its own where its files had been edited by
   * hand.
   */
  readonly replaced: string | undefined;
}

/** A tool that was moved to the trash. */
export interface RemovedTool {
  readonly name: string;
  /** Path below the tools folder, such as `.trash/adder-20260728T101500000Z`. */
  readonly trash: string;
  /** Until when it stays there. */
  readonly keptUntil: Date;
}

/** One version of a tool. */
export interface VersionEntry {
  readonly version: string;
  readonly isCurrent: boolean;
  /** Whether somebody changed its files since they were saved; only the current one is looked at. */
  readonly isEdited: boolean;
  /** `undefined` when it cannot be read. */
  readonly manifest: Manifest | undefined;
}

/** Versions that were moved to the trash. */
export interface PrunedVersions {
  readonly name: string;
  readonly versions: readonly string[];
  /** Path below the tools folder; a folder in it that is moved back to `versions/` is a version again. */
  readonly trash: string;
  /** Until when they stay there. */
  readonly keptUntil: Date;
}

/** How one version of a tool is called. */
export interface CallVersionOptions {
  readonly args: JsonObject;
  /** Within which call. */
  readonly call: Call;
}

/** What the library knows of a tool that it loads, beside its manifest. */
export interface LoadOptions {
  /**
   * Whether the tool was made by skillz, was there when the library first saw this folder, and is unchanged. Such tools
   * keep what they always had: `SKILLZ_*` variables and the working folder of the server.
   */
  readonly isLegacy: boolean;
  /** Names the memory of the tool, in place of its own name: while it is verified it remembers apart. */
  readonly memory?: string | undefined;
}

/**
 * What a called tool gives: a JSON value, with `_meta` of the result where there is something to say of it; or a whole
 * result, as proxies have it. Failure is a thrown `ToolError`.
 */
export type ToolOutput = { readonly value: unknown; readonly meta?: JsonObject } | { readonly result: ToolResult };

/** A tool that is ready to run. */
export interface LoadedTool {
  /** Runs the tool. */
  run(args: JsonObject, call: Call): Promise<ToolOutput>;
  /** Releases what the tool holds; runs when it was replaced or removed, and no call of it is in flight. */
  dispose?(): void | Promise<void>;
}

/** A kind of tool: how it is prepared, loaded and run. */
export interface ToolKind {
  /** Equals `tool_type` of its manifests. */
  readonly kind: string;
  /** Names of files that {@linkcode prepare} writes: a tool that replaces another does not get those of that one. */
  readonly prepared?: readonly string[];
  /**
   * Installs or compiles in the staging folder, before the tool changes; may return another manifest.
   *
   * @throws {ToolError} so that nothing is saved.
   */
  prepare?(manifest: ManifestDraft, staging: Folder, call: Call): Promise<ManifestDraft>;
  /**
   * Makes a tool ready to run; cheap, since it happens to every tool at start. It must not wait for the library, which
   * waits for it.
   *
   * @throws {ToolError} with the reason for which the tool is not available here.
   * @throws {Error} with the reason for which it is broken.
   */
  load(manifest: Manifest, folder: Folder, options: LoadOptions): LoadedTool | Promise<LoadedTool>;
  /** Writes what a page about a tool should say beside its manifest, in Markdown with headings of the second level. */
  describe?(manifest: Manifest, folder: Folder): Promise<string>;
}

/** How a tool is saved. */
export interface SaveOptions {
  /** Replaces a tool of that name; `false` by default. */
  readonly overwrite?: boolean;
  /** Whether the files are all that the tool has, so that nothing of one that is replaced stays; `false` by default. */
  readonly isWhole?: boolean;
  /** Runs the examples of the tool first, and saves it only if all of them pass; `false` by default. */
  readonly verify?: boolean;
  /** Whose call it is. */
  readonly call: Call;
}

/** Keeps tools made at run time, and offers them to every client. */
export interface ToolLibrary {
  /** Real path of the folder of all tools. */
  readonly path: string;
  /**
   * Adds a kind of tool, and loads the tools of that kind that are there.
   *
   * @throws {KernelError} `NAME_TAKEN` when the kind is provided already.
   */
  addKind(kind: ToolKind): Promise<Disposable>;
  /** Lets `search_tools` answer with what a source finds as well, after the tools that can be called. */
  addCandidates(source: CandidateSource): Disposer;
  /**
   * Saves a tool and offers it at once. What else lies in the folder of a tool that is replaced stays, but for its old
   * entry file; the state before is kept under `versions/`. A failure changes nothing.
   *
   * @throws {ToolError} when the name is not well formed or taken, a schema is not valid, nothing provides the kind, or
   * an example that is to be verified fails.
   */
  save(manifest: ManifestDraft, files: FileSet, options: SaveOptions): Promise<SavedTool>;
  /**
   * Looks whether a tool could be saved, and changes nothing.
   *
   * @throws {ToolError} as {@linkcode ToolLibrary.save} does before anything is prepared.
   */
  check(manifest: ManifestDraft, options?: Pick<SaveOptions, "overwrite">): Promise<void>;
  /**
   * Reads a `manifest.json`, as forgivingly as those in the tools folder.
   *
   * @throws {ToolError} with the reason why it cannot be used.
   */
  readManifest(text: string): Promise<Manifest>;
  /** Computes the digest that a tool of these files has in its manifest, which itself does not count. */
  digest(files: FileSet): Promise<string>;
  /** Computes the digest of the files of a tool as they are now, in its folder or that of a version. */
  digestOf(folder: Folder): Promise<string>;
  /** Lists what is on disk, sorted by name, whatever its state. */
  list(): Promise<readonly StoredTool[]>;
  /** Finds a tool by name. */
  get(name: string): StoredTool | undefined;
  /** Gives what the kind of a tool has to say of it, in Markdown; `undefined` when that is nothing, or no such tool. */
  describe(name: string): Promise<string | undefined>;
  /**
   * Gives the folder of a tool, or of one of its versions.
   *
   * @throws {ToolError} when there is none.
   */
  files(name: string, version?: string): Promise<Folder>;
  /**
   * Lists the versions of a tool, newest first.
   *
   * @throws {ToolError} when there is no such tool.
   */
  versions(name: string): Promise<readonly VersionEntry[]>;
  /**
   * Writes the content of a version as a new, higher one; that of the current one as well. The kind prepares it again. A
   * failure changes nothing.
   *
   * @throws {ToolError} when there is no such tool or version, or nothing provides its kind.
   */
  rollback(name: string, version: string, options: { readonly call: Call }): Promise<SavedTool>;
  /**
   * Moves versions to the trash. Their numbers are not given again.
   *
   * @throws {ToolError} when there is no such tool, or one of them is the current version or none at all.
   */
  prune(name: string, versions: readonly string[]): Promise<PrunedVersions>;
  /**
   * Calls a tool as it is or was at one of its versions, whose schemas arguments and result are checked by.
   *
   * @throws {ToolError} when there is no such tool or version, the arguments or the result do not fit, or the tool fails.
   */
  callVersion(name: string, version: string, options: CallVersionOptions): Promise<ToolResult>;
  /** Moves a tool to the trash; `undefined` when there is none. */
  remove(name: string): Promise<RemovedTool | undefined>;
}
export const ToolLibrary: Contract<ToolLibrary> = contract("tool-library");

/** A tool went to the trash; its name starts empty. */
export const ToolRemoved: Event<RemovedTool> = event("library:tool-removed");

/** A tool that is another one now. */
export interface ChangedTool {
  readonly name: string;
}

/** The code of a tool changed, and nothing that lists say of it, of which the registry would tell. */
export const ToolCodeChanged: Event<ChangedTool> = event("library:tool-code-changed");
