/**
 * Messages over stdin and stdout of a process, one a line.
 *
 * @module
 */
import { messageOf, type Process, type ProcessExit, ToolError } from "../../../../kernel/mod.ts";
import { Ending, type Flight, MOST_MESSAGE, type Receiver, tooLarge, type Wire } from "../wire.ts";
import { LineCutter, type LongLine } from "./lines.ts";

/** How long a server may take to end when its stdin has, before its process tree is ended. */
const LEAVE_MS = 1_000;
/** Characters that a server which reads nothing may leave unread. */
const MOST_UNREAD = MOST_MESSAGE;
const SHOWN = 200;
const LAST_WORDS = 500;
/** Where the id stands in what programs write: at the beginning, or at the end behind the result. */
const IDS = [/^\s*\{\s*"jsonrpc":\s*"2\.0",\s*"id":\s*(\d+),/, /"jsonrpc":\s*"2\.0",\s*"id":\s*(\d+)\s*\}\s*$/];

/** Speaks with a process. */
export class StdioWire implements Wire {
  readonly hasStreams = false;
  readonly #process: Process;
  readonly #onStderr: (text: string) => void;
  readonly #ending = new Ending();
  #receiver!: Receiver;
  #unread = 0;
  #lastWords = "";
  #isClosing = false;

  /** @param onStderr Hears what the process writes to stderr. */
  constructor(process: Process, onStderr: (text: string) => void) {
    this.#process = process;
    this.#onStderr = onStderr;
  }

  get closed(): Promise<string | undefined> {
    return this.#ending.closed;
  }

  attach(receiver: Receiver): void {
    this.#receiver = receiver;
    // who says nothing more has ended, and may only not know it
    const drained = Promise.allSettled([this.#readMessages().finally(() => this.#end()), this.#readErrors()]);
    void this.#process.exited.then(async (exit) => {
      // the last words say why
      await drained;
      this.#ending.end(this.#isClosing ? undefined : this.#describe(exit));
    });
  }

  request(flight: Flight, text: string): void {
    this.tell(text).catch((error) => this.#receiver.fail(flight.id, error));
  }

  async tell(text: string): Promise<void> {
    if (this.#unread > 0 && this.#unread + text.length > MOST_UNREAD) {
      throw new ToolError("The server does not read what it is sent; restart it");
    }
    this.#unread += text.length;
    try {
      await this.#process.write(`${text}\n`);
    } finally {
      this.#unread -= text.length;
    }
  }

  cancel(_flight: Flight, text: string | undefined): void {
    // where it cannot be told, it has ended or reads nothing
    if (text !== undefined) void this.tell(text).catch(() => {});
  }

  begin(): void {
    // it is the same stream before and after
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#end();
    await this.closed;
  }

  async #end(): Promise<void> {
    await this.#process.end();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, LEAVE_MS));
    await Promise.race([this.#process.exited, late]);
    clearTimeout(timer);
    await this.#process.kill();
  }

  async #readMessages(): Promise<void> {
    const cutter = new LineCutter({
      line: (text) => this.#onLine(text),
      tooLong: (line) => this.#onLongLine(line),
    }, MOST_MESSAGE);
    for await (const text of this.#process.stdout) cutter.push(text);
  }

  async #readErrors(): Promise<void> {
    for await (const text of this.#process.stderr) {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
      this.#onStderr(text);
    }
  }

  #onLine(text: string): void {
    if (/^\s*$/.test(text)) return;
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return this.#receiver.noise(`Ignored a line on stdout that is no JSON: ${text.slice(0, SHOWN)}`);
    }
    try {
      this.#receiver.receive(message);
    } catch (error) {
      this.#receiver.noise(`Cannot take a message: ${messageOf(error)}`);
    }
  }

  #onLongLine({ head, tail }: LongLine): void {
    this.#receiver.noise(`Ignored a line of more than ${MOST_MESSAGE} characters on stdout: ${head}`);
    const id = IDS[0]!.exec(head)?.[1] ?? IDS[1]!.exec(tail)?.[1];
    if (id !== undefined) this.#receiver.fail(Number(id), tooLarge());
  }

  #describe({ code, signal }: ProcessExit): string {
    const how = signal === undefined ? `with exit code ${code}` : `by signal ${signal}`;
    const words = this.#lastWords.trim();
    return `its process ended ${how}${words === "" ? "" : `; its last words on stderr: ${words}`}`;
  }
}
