/**
 * What a script gives piece by piece: each is sent on at once, and all are joined, for the script that answers nothing
 * else.
 *
 * @module
 */
import type { Call, JsonObject } from "../../kernel/mod.ts";
import { OUTPUT_LIMIT, OutputTooLong } from "./output_lines.ts";

const LOGGER = "collet.stream";

/** Gathers the chunks of one run. */
export class StreamedOutput {
  /** Whether the script reports progress itself; if not, its chunks are progress. */
  isProgressOwn = false;
  readonly #call: Call;
  readonly #chunks: unknown[] = [];
  #length = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * Sends a chunk on.
   *
   * @throws {OutputTooLong} when the chunks together are more than is kept.
   */
  async add({ data, index, is_final }: JsonObject): Promise<void> {
    if (data === undefined) return;
    const text = typeof data === "string" ? data : JSON.stringify(data);
    this.#length += text.length;
    if (this.#length > OUTPUT_LIMIT) throw new OutputTooLong("it streamed more than 16 MiB");
    this.#chunks.push(data);
    const position = typeof index === "number" ? index : this.#chunks.length - 1;
    const chunk = { type: "stream_chunk", index: position, is_final: is_final === true, data };
    this.#call.log("info", text, chunk, LOGGER);
    if (!this.isProgressOwn) await this.#call.progress(this.#chunks.length, undefined, text);
  }

  /** Gives the chunks as one value: a text when all are texts, else a list; `undefined` when there are none. */
  joined(): unknown {
    if (this.#chunks.length === 0) return undefined;
    return this.#chunks.every((it) => typeof it === "string") ? this.#chunks.join("") : this.#chunks;
  }
}
