/**
 * The plugin `memory`: what tools remember from one call to the next. It registers the tool `memory` and the resources
 * `collet://memory/{namespace}/{key}`, and provides the contract `Memory`, through which scripts and code use it.
 *
 * @example Store and search
 * ```ts
 * import { Kernel } from "collet";
 * import { provide } from "collet/testing";
 * import { Store } from "../store/contract.ts";
 * import { memoryStore } from "../store/mod.ts";
 * import memory from "./mod.ts";
 *
 * const store = memoryStore();
 * const kernel = await new Kernel().use(provide(Store, store)).use(memory).start();
 * const notes = { tool_name: "notes" };
 * await kernel.call("memory", { ...notes, action: "store", key: "ada", value: { city: "Bern" }, ttl: 3600 });
 * await kernel.call("memory", { ...notes, action: "update", key: "ada", value: { born: 1815 } });
 * const found = await kernel.call("memory", { ...notes, action: "search", query: "BERN" });
 * const [entry] = (found.structuredContent as { entries: { value: unknown }[] }).entries;
 * if (JSON.stringify(entry?.value) !== '{"city":"Bern","born":1815}') throw new Error("unexpected");
 * await kernel.stop();
 * await store.close();
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, Files, optional, type Plugin, Sql } from "../../kernel/mod.ts";
import { Store } from "../store/contract.ts";
import { Memory } from "./contract.ts";
import { MOST_VALUE_BYTES } from "./limits.ts";
import { Memories } from "./memories.ts";
import { registerEntries } from "./resource.ts";
import { registerMemory } from "./tool.ts";

/** Settings of the plugin, as a caller writes them. Bytes are those of UTF-8, and of JSON for values. */
export interface MemoryConfig {
  /** Most entries of one namespace; 10,000 by default. */
  readonly max_entries?: number | undefined;
  /** Most bytes of keys and values of one namespace; 10,485,760 by default. */
  readonly max_bytes?: number | undefined;
  /** Most bytes of one value; 1,048,576 by default, 16,000,000 at most. */
  readonly max_value_bytes?: number | undefined;
  /** Most namespaces of one principal; 500 by default. */
  readonly max_namespaces?: number | undefined;
}

function count(fallback: number, most = Number.MAX_SAFE_INTEGER) {
  return v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most)), fallback);
}

const memory: Plugin<MemoryConfig> = definePlugin({
  name: "memory",
  version: "1.0.0",
  description: "What tools remember from one call to the next",
  config: v.strictObject({
    max_entries: count(10_000),
    max_bytes: count(10 * 1024 * 1024),
    max_value_bytes: count(1024 * 1024, MOST_VALUE_BYTES),
    max_namespaces: count(500),
  }),
  requires: { store: Store, files: optional(Files), sql: optional(Sql) },
  provides: [Memory],
  setup(ctx) {
    const { config, log, deps: { store, files, sql } } = ctx;
    const memories = new Memories({
      store,
      files,
      sql,
      log,
      limits: {
        entries: config.max_entries,
        bytes: config.max_bytes,
        valueBytes: config.max_value_bytes,
        memories: config.max_namespaces,
      },
    });
    registerMemory({ tool: ctx.tool, memories });
    registerEntries({ resource: ctx.resource, updated: ctx.updated, log, memories });
    ctx.provide(Memory, memories);
  },
});

export default memory;
