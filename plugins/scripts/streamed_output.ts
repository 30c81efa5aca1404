/**
 * What a script gives piece by piece: each is sent on at once, and all are joined, for the script that answers nothing
 * else.
 *
 * @module
 */
import type { Call, JsonObject } from "../../kernel/mod.ts";
import type { RedactedStream } from "../secrets/contract.ts";
import { OUTPUT_LIMIT, OutputTooLong } from "./output_lines.ts";
import type { Redaction } from "./redaction.ts";

const LOGGER = "collet.stream";

/** A chunk as it is sent. */
interface ShownChunk {
  readonly data: unknown;
  /** The same for people. */
  readonly text: string;
  readonly index: number;
  readonly is_final: boolean;
}

/** Gathers the chunks of one run. */
export class StreamedOutput {
  /** Whether the script reports progress itself; if not, its chunks are progress. */
  isProgressOwn = false;
  readonly #call: Call;
  readonly #redaction: Redaction;
  readonly #limit: number;
  readonly #chunks: unknown[] = [];
  #shown: RedactedStream;
  #length = 0;
  #sent = 0;
  #lastIndex = 0;

  /** @param call Its logs and progress must show no secret that a chunk holds whole. */
  constructor(call: Call, redaction: Redaction, limit: number = OUTPUT_LIMIT) {
    this.#call = call;
    this.#redaction = redaction;
    this.#limit = limit;
    this.#shown = redaction.stream();
  }

  /**
   * Sends a chunk on; the end of a text that may be the beginning of a secret comes with the next one.
   *
   * @throws {OutputTooLong} when the chunks together are more than is kept.
   */
  async add({ data, index, is_final }: JsonObject): Promise<void> {
    if (data === undefined) return;
    const text = typeof data === "string" ? data : JSON.stringify(data);
    // an empty chunk takes room as well
    this.#length += text.length + 1;
    if (this.#length > this.#limit) {
      throw new OutputTooLong(`it streamed more than ${Math.round(this.#limit / 1024 / 1024)} MiB`);
    }
    this.#lastIndex = typeof index === "number" ? index : this.#chunks.length;
    this.#chunks.push(data);
    const place = { index: this.#lastIndex, is_final: is_final === true };
    if (typeof data !== "string") {
      await this.end();
      return await this.#send({ data, text, ...place });
    }
    const shown = this.#shown.push(text) + (place.is_final ? this.#takeRest() : "");
    // a final chunk is told of even when there is nothing in it
    if (shown !== "" || text === "" || place.is_final) await this.#send({ data: shown, text: shown, ...place });
  }

  /** Sends what was held back of the last text. */
  async end(): Promise<void> {
    const rest = this.#takeRest();
    if (rest !== "") await this.#send({ data: rest, text: rest, index: this.#lastIndex, is_final: false });
  }

  #takeRest(): string {
    const rest = this.#shown.end();
    this.#shown = this.#redaction.stream();
    return rest;
  }

  async #send({ text, ...chunk }: ShownChunk): Promise<void> {
    await this.#call.log("info", text, { type: "stream_chunk", ...chunk }, LOGGER);
    if (!this.isProgressOwn) await this.#call.progress(++this.#sent, undefined, text);
  }

  /** Gives the chunks as one value: a text when all are texts, else a list; `undefined` when there are none. */
  joined(): unknown {
    if (this.#chunks.length === 0) return undefined;
    return this.#chunks.every((it) => typeof it === "string") ? this.#chunks.join("") : this.#chunks;
  }
}
