/**
 * The benchmark's side of a library of skills that is a process of its own.
 *
 * @module
 */
import { createInterface, type Interface } from "node:readline";
import { type Child, type Command, end, start } from "../processes.ts";
import type { LibraryFailure, LibraryJob, LibraryResult } from "./library_job.ts";

/** How much of what a library says last is kept for errors. */
const KEPT_OUTPUT = 4_096;

/** A library of skills that does one job after another. */
export class LibraryProcess implements AsyncDisposable {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #said = "";

  /** Starts it. */
  constructor(command: Command) {
    this.#child = start(command);
    this.#child.once("error", ({ message }) => {
      this.#said += message;
      this.#reader.close();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-KEPT_OUTPUT);
    });
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * Has one job done.
   *
   * @throws {Error} when it fails, or the process ends.
   */
  async do(job: LibraryJob): Promise<LibraryResult> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`Cannot ${job.do} skills: the library has ended\n${this.#said}`);
    const result: LibraryResult | LibraryFailure = JSON.parse(line.value);
    if ("failure" in result) throw new Error(`Cannot ${job.do} skills: ${result.failure}\n${this.#said}`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child, { byStdin: true });
    this.#reader.close();
  }
}
