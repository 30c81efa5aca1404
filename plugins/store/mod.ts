/**
 * The plugin `store`: keeps the state of a server, and provides the contract `Store`.
 *
 * ```ts
 * import { memoryStore } from "./mod.ts";
 *
 * const store = memoryStore();
 * const words = store.namespace("example/words");
 * await words.set("collet", { means: "a part that grips a tool" });
 * if ((await words.get("collet"))?.version !== 1) throw new Error("unexpected");
 * await store.close();
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  Commands,
  createLog,
  definePlugin,
  Environment,
  Files,
  KernelError,
  optional,
  type Plugin,
  Sql,
} from "../../kernel/mod.ts";
import { createVerbs } from "./commands.ts";
import { Store } from "./contract.ts";
import { EmbeddedStore, type EmbeddedStoreOptions } from "./embedded_store.ts";
import { MemoryEngine } from "./memory.ts";
import { STATE_NAME } from "./places.ts";
import { SqliteEngine } from "./sqlite.ts";

/** Settings of the plugin. */
export interface StoreConfig {
  /** Where the state is kept: `auto`, the default, is SQLite where the platform has it, else memory. */
  readonly engine?: "auto" | "sqlite" | "memory" | undefined;
  /** Whether a write waits for the disk (`full`) or for the operating system alone (`normal`, the default). */
  readonly synchronous?: "normal" | "full" | undefined;
}

const Config = v.strictObject({
  engine: v.optional(v.picklist(["auto", "sqlite", "memory"]), "auto"),
  synchronous: v.optional(v.picklist(["normal", "full"]), "normal"),
});

const requires = { environment: Environment, files: Files, sql: optional(Sql), commands: optional(Commands) };

const store: Plugin<StoreConfig> = definePlugin({
  name: "store",
  version: "1.0.0",
  description: "Keeps the state of the server",
  config: Config,
  requires,
  provides: [Store],
  setup(ctx) {
    const { environment, files, sql, commands } = ctx.deps;
    const { engine: wanted, synchronous } = ctx.config;
    if (wanted === "sqlite" && sql === undefined) {
      throw new KernelError("CONTRACT_MISSING", 'Cannot keep the state in SQLite: no plugin provides contract "sql"', {
        fix: 'Run on Node or Deno, or set "engine" of the plugin "store" to "memory"',
      });
    }
    if (wanted === "memory" || sql === undefined) {
      if (wanted === "auto") ctx.log.warn("The platform has no SQLite: the state is lost when the process ends");
      const memory = new EmbeddedStore(new MemoryEngine(), { log: ctx.log });
      ctx.own("state in memory", () => memory.close());
      ctx.provide(Store, memory);
      return;
    }
    const engine = new SqliteEngine({ sql, path: () => files.resolve(STATE_NAME), log: ctx.log, synchronous });
    const onDisk = new EmbeddedStore(engine, { log: ctx.log });
    ctx.own(`state in ${STATE_NAME}`, () => onDisk.close());
    for (const verb of createVerbs({ environment, files, engine }, () => onDisk.reset())) {
      if (commands) ctx.own(`command "${verb.name}"`, commands.add(verb));
    }
    ctx.provide(Store, onDisk);
  },
});

export default store;

/** Makes a store in memory, for tests and embedders; `close` releases its timers. */
export function memoryStore(options: Partial<EmbeddedStoreOptions> = {}): Store & { close(): Promise<void> } {
  return new EmbeddedStore(new MemoryEngine(), { log: createLog(), ...options });
}
