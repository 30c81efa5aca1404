import assert from "node:assert/strict";
import fc from "fast-check";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { judge, keyOf, leftOf, type Owed, owedFor, together } from "./expectations.ts";
import { byteEdits, messageTexts, type Readable, readable, withByteEdits } from "./frames.ts";
import { assertLineServed, LineClient, lineHoldings } from "./line_client.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import { type Server, startStdio } from "./served_program.ts";
import { announceSeed, check, FUZZ_RUNS } from "./settings.ts";

// small, so that what is too large is cheap
const MAX_BYTES = 20_000;
const BATCH = 25;
const WARM_UP = 200;
const WAIT_MS = 10_000;
const SHRINK_WAIT_MS = 1_000;

function frames(): fc.Arbitrary<Readable> {
  const ends = fc.constantFrom("\n", "\n", "\n", "\n", "\r\n", "\n\n", " \n", "");
  const whole = fc.tuple(messageTexts(MAX_BYTES), ends).map(([text, end]) => Buffer.from(text + end));
  const broken = fc.tuple(whole, byteEdits()).map(([bytes, edits]) => withByteEdits(bytes, edits));
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 1, arbitrary: broken }).map(readable);
}

/** A server, and its only client. */
class Line implements AsyncDisposable {
  readonly server: Server;
  readonly client: LineClient;
  readonly era: "2025" | "2026";
  // answers to what was cancelled may come late
  #late: Owed = { least: 0, byId: new Map(), listening: [] };

  private constructor(server: Server, era: "2025" | "2026") {
    this.server = server;
    this.client = new LineClient(server);
    this.era = era;
  }

  static async open(era: "2025" | "2026"): Promise<Line> {
    const line = new Line(await startStdio({ limits: { max_message_bytes: MAX_BYTES, parked_ms: 500 } }), era);
    try {
      if (era === "2025") await line.client.open();
      await assertLineServed(line.client, era);
    } catch (thrown) {
      await line[Symbol.asyncDispose]();
      throw thrown;
    }
    line.client.take();
    return line;
  }

  /** Writes some bytes, and waits until all that is owed for them has come. */
  async feed(stream: Uint8Array, waitMs: number): Promise<void> {
    const owed = together(owedFor(stream, MAX_BYTES), this.#late);
    this.client.write(stream);
    await this.client.wait((messages) => judge(owed, messages)?.startsWith("waiting") !== true, waitMs);
    this.#endListening(owed);
    // whatever else comes for them comes before this
    await assertLineServed(this.client, this.era);
    const messages = this.client.take().filter(({ id }) => !String(id).startsWith("good "));
    this.#late = leftOf(owed, messages);
    assert.equal(judge(owed, messages), undefined);
    this.server.assertWell();
  }

  #endListening({ listening }: Owed): void {
    for (const requestId of listening) {
      if (keyOf(requestId) === "none") continue;
      this.client.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}

describe("lines that are wrong", () => {
  for (const era of ["2025", "2026"] as const) {
    test(`are answered or refused, each once, and change nothing (${era})`, async () => {
      announceSeed(`lines (${era})`);
      let line = await Line.open(era);
      try {
        const measure = () => measured(line.server.pid, () => lineHoldings(line.client, era));
        let fed = 0;
        let waitMs = WAIT_MS;
        const feed = async (list: readonly Readable[]) => {
          fed += list.length;
          try {
            await line.feed(Buffer.concat([...list.map(({ bytes }) => bytes), Buffer.from("\n")]), waitMs);
          } catch (thrown) {
            // a failure is made small by servers that had none, and soon
            waitMs = SHRINK_WAIT_MS;
            await line[Symbol.asyncDispose]();
            line = await Line.open(era);
            throw thrown;
          }
        };
        const lists = fc.array(frames(), { minLength: 1, maxLength: BATCH, size: "max" });
        const property = fc.asyncProperty(lists, feed);
        await check(property, WARM_UP / BATCH);
        const before = await measure();
        fed = 0;
        while (fed < FUZZ_RUNS) await check(property, FUZZ_RUNS / BATCH, fed);
        await assertNoGrowth(before, measure, { watched: 20 });
        await line.server.stop();
      } finally {
        await line[Symbol.asyncDispose]();
      }
    });
  }
});
