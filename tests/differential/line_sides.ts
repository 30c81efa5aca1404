/**
 * The two sides of a comparison over stdio: lines in memory to Collet's door, and to the SDK's.
 *
 * @module
 */
import { PassThrough } from "node:stream";
import type { JsonObject, Kernel } from "../../kernel/mod.ts";
import { serveStdio } from "../../kernel/transports/stdio.ts";
import type { Message } from "../support/raw.ts";
import { pause } from "../support/wait.ts";
import { askedOfSdk, assertSame, isSame } from "./comparison.ts";
import { type Asked, type Difference, DIFFERENCES } from "./differences.ts";
import type { Loose } from "./messages.ts";
import { serveOracle } from "./oracle.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { INFO } from "./plugin.ts";
import { hasMalformedMeta, isMessage } from "./shapes.ts";

type Serve = (
  kernel: Kernel,
  info: typeof INFO,
  streams: { readonly input: PassThrough; readonly output: PassThrough },
) => { close(): Promise<void> };

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";

/** A connection to one side. */
class LineSide {
  readonly #input = new PassThrough();
  readonly #output = new PassThrough();
  readonly #served: { close(): Promise<void> };
  /** What came and was not yet compared. */
  messages: Message[] = [];

  constructor(kernel: Kernel, serve: Serve) {
    this.#served = serve(kernel, INFO, { input: this.#input, output: this.#output });
    let text = "";
    this.#output.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const lines = text.split("\n");
      text = lines.pop()!;
      this.messages.push(...lines.flatMap((line) => JSON.parse(line)));
    });
  }

  write(body: Loose): void {
    this.#input.write(`${typeof body === "string" ? body : JSON.stringify(body)}\n`);
  }

  hasAnswered(id: unknown): boolean {
    return this.messages.some((it) => it.id === id || it.params?._meta?.[SUBSCRIPTION] === id);
  }

  async close(): Promise<void> {
    await this.#served.close();
  }
}

/** What is missing or different after this long is so for good. */
const LATE_MS = 500;
/** For what is not answered, or may not be. */
const QUIET_MS = 5;

/** Connections to both sides. */
export class LinePair implements AsyncDisposable {
  readonly #collet: LineSide;
  readonly #sdk: LineSide;
  /** What `initialize` has settled upon. */
  #revision: string | undefined;

  constructor([ours, theirs]: readonly [Kernel, Kernel]) {
    this.#collet = new LineSide(ours, serveStdio);
    this.#sdk = new LineSide(theirs, serveOracle);
  }

  get #sides(): readonly [LineSide, LineSide] {
    return [this.#collet, this.#sdk];
  }

  /** Sends the first request to both sides, and forgets the answers. */
  async open(request: JsonObject): Promise<void> {
    await this.ask(request);
    this.#noteRevision();
    this.write({ jsonrpc: "2.0", method: "notifications/initialized" });
    for (const side of this.#sides) side.messages = [];
  }

  /** Sends something to both sides. */
  write(body: Loose): void {
    for (const side of this.#sides) side.write(body);
  }

  /** Sends a request to both sides, and waits until both have answered it. */
  async ask(request: JsonObject): Promise<void> {
    this.write(request);
    if (!await isSoon(() => this.#haveAnswered(request["id"]), 10_000)) {
      throw new Error(`${request["id"]} has no answer`);
    }
  }

  #haveAnswered(id: unknown): boolean {
    return this.#sides.every((side) => side.hasAnswered(id));
  }

  /** Sends something to both sides, and compares what comes of it; `probe` is a request that is answered after it. */
  async compare(body: Loose, probe?: JsonObject): Promise<void> {
    const asked: Asked = { headers: {}, body };
    const [ours, theirs] = await this.exchange(asked, DIFFERENCES, { probe });
    assertSame({ asked, revision: this.#revision, ours }, theirs);
  }

  /** Sends something to both sides, by a table of differences, and gives what comes of it. */
  async exchange(
    asked: Asked,
    table: readonly Difference[],
    { probe, lateMs = LATE_MS }: { readonly probe?: JsonObject | undefined; readonly lateMs?: number } = {},
  ): Promise<readonly [ours: Outcome, theirs: Outcome]> {
    this.#collet.write(asked.body);
    this.#sdk.write(askedOfSdk(asked, table).body);
    if (probe !== undefined) await this.ask(probe);
    await this.#awaitAnswers(asked.body, lateMs);
    const outcomes = (): [Outcome, Outcome] => [outcomeOf(this.#collet.messages), outcomeOf(this.#sdk.messages)];
    await isSoon(() => {
      const [ours, theirs] = outcomes();
      return isSame({ asked, revision: this.#revision, ours }, theirs, table);
    }, lateMs);
    const [ours, theirs] = outcomes();
    this.#noteRevision();
    for (const side of this.#sides) side.messages = [];
    return [ours, theirs];
  }

  #noteRevision(): void {
    for (const { result } of this.#sdk.messages) this.#revision = result?.protocolVersion ?? this.#revision;
  }

  async #awaitAnswers(body: Loose, lateMs: number): Promise<void> {
    const requests = [body].flat().filter((it) => isMessage(it) && it.method !== undefined && it.id !== undefined);
    // the SDK passes over those whose _meta is malformed
    const answered = requests.filter(({ params }) => !hasMalformedMeta(params));
    await isSoon(() => answered.every(({ id }) => this.#haveAnswered(id)), lateMs);
    // anything else that comes comes at once
    if (answered.length === 0) await pause(QUIET_MS);
  }

  /** Gives what came to either side since it was last compared. */
  get received(): readonly [collet: readonly Message[], sdk: readonly Message[]] {
    return [this.#collet.messages, this.#sdk.messages];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const side of this.#sides) await side.close();
  }
}

async function isSoon(condition: () => boolean, ms: number): Promise<boolean> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > ms) return false;
    await pause(0);
  }
  return true;
}
