/**
 * Settings of the plugin.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../kernel/mod.ts";
import { SUPERVISOR_LIMITS } from "./supervisor/limits.ts";

/** Settings of the plugin, as a caller writes them. */
export interface UpstreamConfig {
  /** Servers by name, in the form that clients share; `mcpServers` of `collet.json`. */
  readonly servers?: Readonly<Record<string, JsonObject>> | undefined;
  /** Paths of `skillz.toml`, and of `mcpServers` files of Claude, Cursor and VS Code; none by default. */
  readonly files?: readonly string[] | undefined;
  /**
   * What `import_mcp` may start or reach without a question, such as `uvx mcp-server-time` or `https://example.com/*`;
   * nothing by default. `*` stands for any characters of a word, a last one by itself for any further words.
   */
  readonly allow?: readonly string[] | undefined;
  /** Most servers that run at one time; 64 by default. */
  readonly running?: number | undefined;
  /** Time within which a server has to answer after its start, in milliseconds; 30,000 by default. */
  readonly start_ms?: number | undefined;
  /** Time within which all lists of a server have to be read, in milliseconds; 30,000 by default. */
  readonly list_ms?: number | undefined;
  /** Most entries of one list of a server; 10,000 by default. */
  readonly list_entries?: number | undefined;
}

const count = (fallback: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), fallback);
const Texts = v.array(v.pipe(v.string(), v.trim(), v.minLength(1, "expected a text that is not empty")));
const Servers = v.record(v.string(), v.record(v.string(), v.unknown()));

/** Schema of {@linkcode UpstreamConfig}. */
export const UpstreamConfigSchema: v.GenericSchema<
  UpstreamConfig,
  { readonly [K in keyof UpstreamConfig]-?: Exclude<UpstreamConfig[K], undefined> }
> = v.strictObject({
  servers: v.optional(Servers, {}),
  files: v.optional(Texts, []),
  allow: v.optional(Texts, []),
  running: count(SUPERVISOR_LIMITS.running),
  start_ms: count(SUPERVISOR_LIMITS.startMs),
  list_ms: count(SUPERVISOR_LIMITS.listMs),
  list_entries: count(SUPERVISOR_LIMITS.listEntries),
});
