/**
 * The stdio transport over pipes in memory.
 *
 * @module
 */
import { PassThrough } from "node:stream";
import { Kernel } from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { serveStdio, type StdioConnection, type StdioOptions } from "../../kernel/transports/stdio.ts";
import everything, { INFO } from "../fixtures/everything/mod.ts";
import { initialize, type Message } from "./raw.ts";
import { until } from "./wait.ts";

/** A connection: lines in, messages out. */
export interface LineConnection extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly connection: StdioConnection;
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** What came and was not taken by `answer`. */
  readonly messages: Message[];
  /** Writes a text or bytes as they are, and anything else as a line of JSON. */
  write(line: unknown): void;
  /** Waits for the answer to an id; without one, for the next error that has none. */
  answer(id?: unknown): Promise<Message>;
  /** Goes through the handshake of the revisions before 2026-07-28. */
  open(version?: string): Promise<void>;
}

/** Serves `everything` over pipes in memory. */
export async function connectLines(options: StdioOptions = {}): Promise<LineConnection> {
  const kernel = await new Kernel({ log: fakeLog() }).use(everything).start();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const connection = serveStdio(kernel, INFO, { ...options, input, output });
  const messages: Message[] = [];
  let text = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop()!;
    messages.push(...lines.map((line) => JSON.parse(line)));
  });
  const write = (line: unknown) =>
    void input.write(typeof line === "string" || line instanceof Uint8Array ? line : `${JSON.stringify(line)}\n`);
  const answer = async (id?: unknown): Promise<Message> => {
    const matches = (it: Message) => it.id === id && (it.result !== undefined || it.error !== undefined);
    await until(() => messages.some(matches), `an answer to ${JSON.stringify(id)}`);
    return messages.splice(messages.findIndex(matches), 1)[0]!;
  };
  return {
    kernel,
    connection,
    input,
    output,
    messages,
    write,
    answer,
    async open(version?: string) {
      write(initialize(version));
      await answer(1);
      write({ jsonrpc: "2.0", method: "notifications/initialized" });
    },
    async [Symbol.asyncDispose]() {
      await connection.close();
      await kernel.stop();
      if (kernel.listenerCount > 0) throw new Error(`${kernel.listenerCount} event listeners are left`);
    },
  };
}
