/**
 * Messages of the protocol, as lines.
 *
 * @module
 */
import type { Running } from "./program.ts";

/** An answer, as a line of stdout has it. */
export interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The handshake of a client that needs nothing. */
export const HANDSHAKE: readonly object[] = [
  {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
];

/** Makes a request that calls a tool. */
export function callOf(id: number, name: string, args: object = {}): object {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** Writes messages as lines. */
export function lines(...messages: readonly object[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join("");
}

/** Sends messages to a running program. */
export function send({ child }: Running, ...messages: readonly object[]): void {
  child.stdin?.write(lines(...messages));
}

/** Resolves with the answer to a request. */
export async function answerTo(running: Running, id: number): Promise<Answer> {
  await running.seen("stdout", new RegExp(`"id":${id}[,}].*\\n`));
  const found = answersIn(running.stdout()).find((answer) => answer.id === id);
  if (found === undefined) throw new Error(`no answer to ${id} in ${running.stdout()}`);
  return found;
}

/** Reads every line as a message; throws when a line is none. */
export function answersIn(stdout: string): readonly Answer[] {
  return stdout.split("\n").filter((line) => line !== "").map((line) => {
    const message = JSON.parse(line);
    if (message.jsonrpc !== "2.0") throw new Error(`Not a message: ${line}`);
    return message;
  });
}
