/**
 * A client that starts a server over stdio, and ends it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createInterface } from "node:readline";
import { type Command, end, start } from "./processes.ts";
import { INITIALIZE, INITIALIZED, type Operation } from "./requests.ts";

/** One answer over stdio. */
export interface StdioAnswer {
  /** Milliseconds from the start of the process. */
  readonly ms: number;
  readonly bytes: number;
  // deno-lint-ignore no-explicit-any -- whoever asks knows what is answered
  readonly result: any;
}

const ANSWER_MS = 30_000;

/**
 * Starts a server, initializes, and once that is answered sends all requests at once. The server is ended as clients
 * do, by closing its stdin.
 *
 * @param operations Each with an id of its own, other than that of `initialize`.
 * @returns the answers in the order of the requests.
 * @throws {Error} when the server answers with an error, or not within half a minute.
 */
export async function converse(command: Command, operations: readonly Operation[]): Promise<readonly StdioAnswer[]> {
  const startedAt = performance.now();
  const child = start(command);
  const write = (message: object) => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const timer = setTimeout(() => child.kill("SIGKILL"), ANSWER_MS);
  child.stderr.resume();
  write({ jsonrpc: "2.0", ...INITIALIZE });
  const answers = new Map<number, StdioAnswer>();
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const ms = performance.now() - startedAt;
      const { id, result } = JSON.parse(line);
      if (id === undefined) continue;
      if (result === undefined || result.isError === true) {
        throw new Error(`Cannot ask "${command.join(" ")}": ${line}`);
      }
      answers.set(id, { ms, bytes: Buffer.byteLength(line), result });
      if (id === INITIALIZE.id) { for (const it of [INITIALIZED, ...operations]) write({ jsonrpc: "2.0", ...it }); }
      if (answers.size > operations.length) break;
    }
  } finally {
    clearTimeout(timer);
    await end(child, { byStdin: true });
  }
  return operations.map(({ id, method }) => {
    const answer = answers.get(id);
    if (answer === undefined) throw new Error(`Cannot ask "${command.join(" ")}": no answer to ${method}`);
    return answer;
  });
}
