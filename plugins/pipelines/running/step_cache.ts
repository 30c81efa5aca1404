/**
 * Results of tools that steps of pipelines may use again, kept in the store.
 *
 * @module
 */
import { isToolError, type JsonObject, sha256, type Toolbox } from "../../../kernel/mod.ts";
import { canonicalJson, type ToolLibrary } from "../../library/contract.ts";
import type { Namespace, Store } from "../../store/contract.ts";
import type { StepCache } from "../engine/engine.ts";

const NAMESPACE = "pipelines/cache";
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 64 * 2 ** 20;

/** What results are kept with. */
export interface ResultCacheOptions {
  readonly store: Store;
  readonly toolbox: Pick<Toolbox, "get">;
  readonly library: Pick<ToolLibrary, "get">;
}

/**
 * Keeps results for each principal apart, and for each state of a tool: what a tool gave before it was changed is not
 * found any more.
 */
export class ResultCache {
  readonly #entries: Namespace;
  readonly #options: ResultCacheOptions;

  constructor(options: ResultCacheOptions) {
    this.#options = options;
    this.#entries = options.store.namespace(NAMESPACE, { quota: { entries: MOST_ENTRIES, bytes: MOST_BYTES } });
  }

  /** Gives the cache as one principal sees it. */
  of(principal: string | undefined): StepCache {
    return {
      get: async (tool, args) => {
        const entry = await this.#entries.get(await this.#keyOf(tool, { args, principal }));
        return entry === undefined ? undefined : { value: (entry.value as { readonly value: unknown }).value };
      },
      set: async (tool, args, value, ttlMs) => {
        const key = await this.#keyOf(tool, { args, principal });
        await this.#entries.set(key, { value }, { ttlMs }).catch((error) => {
          // what does not fit is asked for anew the next time
          if (!isToolError(error)) throw error;
        });
      },
    };
  }

  async #keyOf(
    tool: string,
    { args, principal }: { readonly args: JsonObject; readonly principal: string | undefined },
  ): Promise<string> {
    const manifest = this.#options.library.get(tool)?.manifest;
    const { owner, inputSchema } = this.#options.toolbox.get(tool) ?? {};
    const state = manifest === undefined
      ? [owner, inputSchema]
      : [manifest.version, manifest.digest, manifest.updated_at, manifest.pipeline_steps];
    return await sha256(canonicalJson([principal ?? null, tool, state, args]));
  }
}
