/**
 * What code in JavaScript and TypeScript finds beside the language and the tools: declared here once, for the compiler that
 * checks code and for whoever writes it. What is not here is not there: no `fetch`, `process`, `require` or modules.
 *
 * @module
 */

/** What code mode gives. */
export const CODE_API = `/** The resources of this server. */
declare const resources: {
  list(): Promise<{ uri: string; name: string; description?: string; mimeType?: string }[]>;
  templates(): Promise<{ uriTemplate: string; name: string; description?: string; mimeType?: string }[]>;
  /** \`blob\` is base64. */
  read(uri: string): Promise<{ uri: string; mimeType?: string; text?: string; blob?: string }[]>;
};
/** The prompts of this server. */
declare const prompts: {
  list(): Promise<{ name: string; description?: string; arguments?: { name: string; required?: boolean }[] }[]>;
  get(name: string, args?: { [name: string]: string }): Promise<{ description?: string; messages: Message[] }>;
};
/** JSON that is kept from run to run; \`ttl\` is in seconds, \`ifVersion\` the version that is replaced, 0 for none. */
declare const memory: {
  get(key: string, otherwise?: unknown): Promise<any>;
  set(key: string, value: unknown, options?: { ttl?: number; ifVersion?: number }): Promise<void>;
  delete(key: string): Promise<boolean>;
  list(prefix?: string): Promise<string[]>;
  /** Merges members into an object; those that are null are removed. */
  update(key: string, patch: object, options?: { ttl?: number }): Promise<any>;
  increment(key: string, by?: number, options?: { ttl?: number }): Promise<number>;
  entries(prefix?: string): AsyncGenerator<{ key: string; value: any; version: number; expires_at?: string }, void>;
  bulkGet(keys: string[]): Promise<{ [key: string]: any }>;
  bulkSet(values: { [key: string]: unknown }, options?: { ttl?: number }): Promise<void>;
  bulkDelete(keys: string[]): Promise<number>;
};
type Message = { role: "user" | "assistant"; content: any };
/** Asks the user for what a JSON Schema describes. */
declare function elicit(message: string, schema: object): Promise<{
  action: "accept" | "decline" | "cancel";
  content?: { [name: string]: any };
}>;
/** Asks the model of the client; \`maxTokens\` is 1024 by default. */
declare function sample(
  messages: string | Message[],
  maxTokens?: number,
  options?: { systemPrompt?: string; temperature?: number; stopSequences?: string[]; [field: string]: unknown },
): Promise<Message & { model: string; stopReason?: string }>;
/** The files that the run was given, and those that it gives. */
declare const files: {
  write(name: string, data: string | Uint8Array | ArrayBuffer, options?: { mimeType?: string }): Promise<{
    name: string;
    uri: string;
    mimeType: string;
    size: number;
  }>;
  readText(name: string): Promise<string>;
  readBytes(name: string): Promise<Uint8Array>;
  list(): Promise<{ name: string; uri: string; mimeType?: string; size?: number }[]>;
};
/** JSON that is kept until the next run of the same session. */
declare let session: { [key: string]: any };
/** Tells the client how far the run has come. */
declare function progress(current: number, total?: number, message?: string): void;
`;
