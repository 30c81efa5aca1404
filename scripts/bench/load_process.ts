/**
 * The benchmark's side of the process that makes the load.
 *
 * @module
 */
import { createInterface, type Interface } from "node:readline";
import type { LoadFailure, LoadJob, LoadResult } from "./load_job.ts";
import { type Child, type Command, end, start } from "./processes.ts";

/** The process that makes the load. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  /** Starts it. */
  constructor(command: Command) {
    this.#child = start(command);
    this.#child.stderr.resume();
    this.#reader = createInterface({ input: this.#child.stdout });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /**
   * Has one job done.
   *
   * @throws {Error} when an answer was wrong, or the process ends.
   */
  async run(job: LoadJob): Promise<LoadResult> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error("Cannot make load: its process has ended");
    const result: LoadResult | LoadFailure = JSON.parse(line.value);
    if ("failure" in result) throw new Error(`Cannot measure: ${result.failure}`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reader.close();
    await end(this.#child, { byStdin: true });
  }
}
