/**
 * What a tool in TypeScript or JavaScript is given that runs in WebAssembly.
 *
 * The names are those of the module for scripts where they mean the same. Types alone are imported, and are gone in the
 * bundle:
 *
 * ```ts ignore
 * import type { ToolContext } from "collet_tool";
 *
 * export default async ({ city }: { city: string }, ctx: ToolContext) => {
 *   ctx.log("info", "Looking it up", { city });
 *   return await ctx.callTool("weather", { city });
 * };
 * ```
 *
 * What it returns has to be JSON; nothing, where its streamed pieces are the result. What it throws is the error of the
 * call, with the `data` of the error. There is no network, and there are no modules of Node: beside the language there are
 * `console`, timers, `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder`, `atob`, `btoa`, `crypto.getRandomValues`,
 * `crypto.randomUUID`, `performance.now`, `structuredClone`, `queueMicrotask`, events and abort signals. There is no `Intl`.
 *
 * @module
 */

/** Levels of logs, as MCP has them. */
export type LogLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

/** What a user answered. */
export interface ElicitResult {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, unknown>>;
}

/** A message to a model, or of it, as MCP has it. */
export interface SamplingMessage {
  readonly role: "user" | "assistant";
  // deno-lint-ignore no-explicit-any -- content of MCP: one block, or a list of them
  readonly content: any;
}

/** What a model answered. */
export interface SampleResult extends SamplingMessage {
  readonly model: string;
  readonly stopReason?: string;
}

/** Further fields of a request to a model, as MCP has them. */
export interface SampleOptions {
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly modelPreferences?: unknown;
  readonly [field: string]: unknown;
}

/** What a resource holds. */
export interface ResourceContents {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  /** Base64. */
  readonly blob?: string;
}

/** An item of a list, as MCP describes it. */
export type Listed = Readonly<Record<string, unknown>>;

/** How long a value is kept: for good, or for `ttl` seconds. */
export interface KeepOptions {
  readonly ttl?: number | undefined;
}

/** An entry of the memory. */
export interface MemoryEntry {
  readonly key: string;
  // deno-lint-ignore no-explicit-any -- whatever JSON the tool has written
  readonly value: any;
  readonly version: number;
  /** ISO 8601. */
  readonly expires_at?: string;
}

/** What the tool remembers from one call to the next, for each caller apart; values are JSON. */
export interface Memory {
  /** Gives a value, or `otherwise` where there is none. */
  // deno-lint-ignore no-explicit-any -- whatever JSON the tool has written
  get(key: string, otherwise?: unknown): Promise<any>;
  /** Writes a value. */
  set(key: string, value: unknown, options?: KeepOptions): Promise<void>;
  /** Removes a value; tells whether it was there. */
  delete(key: string): Promise<boolean>;
  /** Lists the keys that begin with a prefix. */
  list(prefix?: string): Promise<string[]>;
  /** Merges members into an object, atomically; those that are `null` are removed. Gives the object. */
  // deno-lint-ignore no-explicit-any -- whatever JSON the tool has written
  update(key: string, patch: object, options?: KeepOptions): Promise<any>;
  /** Adds to a whole number, atomically; gives the sum. */
  increment(key: string, by?: number, options?: KeepOptions): Promise<number>;
  /** Yields the entries whose keys begin with a prefix. */
  entries(prefix?: string): AsyncGenerator<MemoryEntry, void>;
  /** Gives several values by key; `null` where there is none. */
  // deno-lint-ignore no-explicit-any -- whatever JSON the tool has written
  bulkGet(keys: readonly string[]): Promise<Record<string, any>>;
  /** Writes several values by key, or none of them. */
  bulkSet(values: Readonly<Record<string, unknown>>, options?: KeepOptions): Promise<void>;
  /** Removes several values; gives how many were there. */
  bulkDelete(keys: readonly string[]): Promise<number>;
}

/** One entry of a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
}

/** What is known of a file or folder. */
export interface FileStat {
  readonly kind: FolderEntry["kind"];
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
}

/** How a file is written. */
export interface WriteOptions {
  /** Writes after what is there; `false` by default. */
  readonly append?: boolean;
}

/**
 * Files in the folders that the tool was granted. Paths are absolute; what was not granted is refused. An error has the
 * `code` of POSIX, such as `ENOENT`.
 */
export interface Files {
  /** Reads a file as UTF-8. */
  readText(path: string): Promise<string>;
  /** Reads a file. */
  readBytes(path: string): Promise<Uint8Array>;
  /** Writes a file as UTF-8, in a folder that is there. */
  writeText(path: string, text: string, options?: WriteOptions): Promise<void>;
  /** Writes a file, in a folder that is there. */
  writeBytes(path: string, bytes: Uint8Array | ArrayBuffer, options?: WriteOptions): Promise<void>;
  /** Lists a folder, by name. */
  list(path: string): Promise<FolderEntry[]>;
  /** Looks at a file or folder; `undefined` when it is absent. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Removes a file, or a folder that is empty. */
  remove(path: string): Promise<void>;
  /** Makes a folder and those above it; one that is there is left as it is. */
  makeFolder(path: string): Promise<void>;
}

/** A request to the server failed; `name` is `HostError`. */
export interface HostError extends Error {
  readonly code?: number;
  readonly data?: unknown;
}

/** What a tool is given beside its input. */
export interface ToolContext {
  /** Name of the tool. */
  readonly tool: string;
  /** Variables and secrets that it was granted. */
  readonly env: Readonly<Record<string, string>>;
  /** What it remembers. */
  readonly memory: Memory;
  /** Files that it was granted. */
  readonly files: Files;
  /** Fails the call with a message, and data that is JSON. */
  fail(message: string, data?: unknown): never;
  /** Writes to the log of the client. */
  log(level: LogLevel, message: string, data?: unknown): void;
  /** Writes to the log of the client, at level `info`. */
  log(message: string): void;
  /** Tells how far the call has come; `current` must rise. */
  progress(current: number, total?: number, message?: string): void;
  /** Gives a piece of the result as it comes; joined they are the result of a tool that returns nothing. */
  stream(data: unknown, options?: { readonly isFinal?: boolean }): void;
  /**
   * Sends any request of the script protocol, and gives the `result` of the reply.
   *
   * @throws {HostError} when it fails, in the server's own words.
   */
  // deno-lint-ignore no-explicit-any -- as the request has it
  request(method: string, params?: object): Promise<any>;
  /** Calls another tool, and gives its value. */
  // deno-lint-ignore no-explicit-any -- as the tool has it
  callTool(name: string, args?: object): Promise<any>;
  /** Asks the user for what a schema describes. */
  elicit(message: string, schema: object): Promise<ElicitResult>;
  /** Asks the user to open a page. */
  elicitUrl(message: string, url: string): Promise<ElicitResult>;
  /** Asks the model of the client; a text stands for one message of the user. */
  sample(
    messages: string | readonly SamplingMessage[],
    maxTokens: number,
    options?: SampleOptions,
  ): Promise<SampleResult>;
  /** Lists the tools that the client sees. */
  listTools(): Promise<Listed[]>;
  /** Lists the resources that the client sees. */
  listResources(): Promise<Listed[]>;
  /** Lists the templates of resources that the client sees. */
  listResourceTemplates(): Promise<Listed[]>;
  /** Reads a resource. */
  readResource(uri: string): Promise<ResourceContents[]>;
  /** Lists the prompts that the client sees. */
  listPrompts(): Promise<Listed[]>;
  /** Renders a prompt. */
  getPrompt(
    name: string,
    args?: Readonly<Record<string, string>>,
  ): Promise<{ readonly description?: string; readonly messages: SamplingMessage[] }>;
  /** Lists the roots of the client, as it has them now. */
  listRoots(): Promise<{ readonly uri: string; readonly name?: string }[]>;
  /** Completes an argument of what `ref` names, such as `{ type: "ref/prompt", name: "…" }`; gives the values. */
  complete(ref: object, argument: string, value: string): Promise<string[]>;
}
