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
  type Event,
  event,
  type Folder,
  type JsonObject,
  type ToolAnnotations,
  type ToolResult,
} from "../../kernel/mod.ts";

/** What a tool asks for beyond its code; requests, which an operator may refuse. */
export interface Grants {
  /** Ends a call after this many milliseconds; default 300,000. */
  readonly timeout_ms?: number;
  readonly [field: string]: unknown;
}

/** Arguments that show how a tool is used, and what it gives for them. */
export interface ToolExample {
  readonly description?: string;
  readonly arguments: JsonObject;
  readonly result?: unknown;
}

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
  /** Revision of the script protocol: 1 is that of skillz, 2 answers failed requests with JSON-RPC errors. */
  readonly protocol?: number;
  readonly examples?: readonly ToolExample[];
  /** SHA-256 of the tool's files, in hex; see `digestOf`. */
  readonly digest?: string;
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
  /** The version that was replaced, kept under `versions/`. */
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
}

/** What the library knows of a tool that it loads, beside its manifest. */
export interface LoadOptions {
  /**
   * Whether the tool was made by skillz, was there when the library first saw this folder, and is unchanged. Such tools
   * keep what they always had: `SKILLZ_*` variables and the working folder of the server.
   */
  readonly isLegacy: boolean;
}

/** What a called tool gives: a JSON value, or a whole result, as proxies have it. Failure is a thrown `ToolError`. */
export type ToolOutput = { readonly value: unknown } | { readonly result: ToolResult };

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
}

/** How a tool is saved. */
export interface SaveOptions {
  /** Replaces a tool of that name; `false` by default. */
  readonly overwrite?: boolean;
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
  /**
   * Saves a tool and offers it at once. What else lies in the folder of a tool that is replaced stays, but for its old
   * entry file; the state before is kept under `versions/`. A failure changes nothing.
   *
   * @throws {ToolError} when the name is not well formed or taken, a schema is not valid, or nothing provides the kind.
   */
  save(manifest: ManifestDraft, files: FileSet, options: SaveOptions): Promise<SavedTool>;
  /** Lists what is on disk, sorted by name, whatever its state. */
  list(): Promise<readonly StoredTool[]>;
  /** Finds a tool by name. */
  get(name: string): StoredTool | undefined;
  /**
   * Gives the folder of a tool, or of one of its versions.
   *
   * @throws {ToolError} when there is none.
   */
  files(name: string, version?: string): Promise<Folder>;
  /** Lists the versions of a tool, newest first. */
  versions(name: string): Promise<readonly VersionEntry[]>;
  /** Moves a tool to the trash; `undefined` when there is none. */
  remove(name: string): Promise<RemovedTool | undefined>;
}
export const ToolLibrary: Contract<ToolLibrary> = contract("tool-library");

/** A tool went to the trash; its name starts empty. */
export const ToolRemoved: Event<RemovedTool> = event("library:tool-removed");
