/**
 * Speaks the script protocol of Collet for a tool in JavaScript or TypeScript, on Node or Deno.
 *
 * ```ts ignore
 * import { log, run } from "collet_tool";
 *
 * await run(({ name }: { name: string }) => {
 *   log("info", "Greeting", { name });
 *   return { greeting: `Hello, ${name}` };
 * });
 * ```
 *
 * Every function but `run` is used while the handler runs. A script that is run for what it prints needs no handler, and
 * what it prints stays its output.
 *
 * @module
 */

/** What the script is told of its call; filled when the handler runs, or once a request was answered where none is needed. */
export interface Context {
  /** Arguments of the call, checked against the tool's schema. */
  readonly arguments: unknown;
  /** Paths of the folders that the client works in. */
  readonly roots: readonly string[];
  /** Folder of this run, removed afterwards. */
  readonly workingDirectory: string;
  readonly toolName: string;
  readonly toolsDir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Tells by name which requests can succeed. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** Token of a client that wants progress. */
  readonly progressToken: string | number | undefined;
}

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

/** Fails the call with a message for whoever called; see {@linkcode fail}. */
export declare class ToolFailure extends Error {
  constructor(message: string, options?: { readonly data?: unknown; readonly code?: number });
  readonly data: unknown;
  readonly code: number;
}

/** A request to the server failed: its words, and `code` and `data` where it gave them. */
export declare class HostError extends Error {
  readonly code: number | undefined;
  readonly data: unknown;
}

/** The call was cancelled. */
export declare class Cancelled extends Error {}

/** What the script is told of its call. */
export declare const context: Context;
/** Aborts when the call is cancelled; whatever waits for the server then rejects with {@linkcode Cancelled}. */
export declare const signal: AbortSignal;
/** What the tool remembers. */
export declare const memory: Memory;

/**
 * Runs a handler with the arguments of the call, and answers with what it returns or throws. `console.log` goes to the
 * log of the client from then on. In a script that is run for what it prints the result is printed.
 */
// deno-lint-ignore no-explicit-any -- the tool's schema has checked the arguments
export declare function run(handler: (args: any, context: Context) => unknown): Promise<void>;
/** Fails the call with a message, and data that is JSON. */
export declare function fail(message: string, data?: unknown, code?: number): never;
/** Writes to the log of the client. */
export declare function log(level: LogLevel, message: string, data?: unknown): void;
/** Tells how far the call has come; `current` must rise. */
export declare function progress(current: number, total?: number, message?: string): void;
/** Gives a piece of the result as it comes; joined they are the result of a handler that returns nothing. */
export declare function stream(data: unknown, options?: { readonly isFinal?: boolean }): void;
/**
 * Sends any request of the protocol, and gives the `result` of the reply.
 *
 * @throws {HostError} when it fails, in the server's own words.
 */
// deno-lint-ignore no-explicit-any -- as the request has it
export declare function request(method: string, params?: object): Promise<any>;
/** Calls another tool, and gives its value. */
// deno-lint-ignore no-explicit-any -- as the tool has it
export declare function callTool(name: string, args?: object): Promise<any>;
/** Asks the user for what a schema describes. */
export declare function elicit(message: string, schema: object): Promise<ElicitResult>;
/** Asks the user to open a page. */
export declare function elicitUrl(message: string, url: string): Promise<ElicitResult>;
/** Asks the model of the client; a text stands for one message of the user. */
export declare function sample(
  messages: string | readonly SamplingMessage[],
  maxTokens: number,
  options?: SampleOptions,
): Promise<SampleResult>;
/** Lists the tools that the client sees. */
export declare function listTools(): Promise<Listed[]>;
/** Lists the resources that the client sees. */
export declare function listResources(): Promise<Listed[]>;
/** Lists the templates of resources that the client sees. */
export declare function listResourceTemplates(): Promise<Listed[]>;
/** Reads a resource. */
export declare function readResource(uri: string): Promise<ResourceContents[]>;
/** Lists the prompts that the client sees. */
export declare function listPrompts(): Promise<Listed[]>;
/** Renders a prompt. */
export declare function getPrompt(
  name: string,
  args?: Readonly<Record<string, string>>,
): Promise<{ readonly description?: string; readonly messages: SamplingMessage[] }>;
/** Lists the roots of the client, as it has them now. */
export declare function listRoots(): Promise<{ readonly uri: string; readonly name?: string }[]>;
/** Completes an argument of what `ref` names, such as `{ type: "ref/prompt", name: "…" }`; gives the values. */
export declare function complete(ref: object, argument: string, value: string): Promise<string[]>;
