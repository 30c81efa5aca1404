/**
 * The module that the contract suite of `Workers` runs in its workers: does what it is asked to.
 *
 * @module
 */
import process from "node:process";
import type { WorkerScope } from "../workers.ts";

/** What can be asked of it. */
export type ProbeRequest =
  /** Sends the value back. */
  | { readonly ask: "echo"; readonly value: unknown }
  /** Sends the buffer back, given away. */
  | { readonly ask: "transfer"; readonly buffer: ArrayBuffer }
  /** Calls the export `answer` of a WebAssembly module. */
  | { readonly ask: "call"; readonly module: WebAssembly.Module }
  /** Adds 1 to a number in shared memory and wakes who waits for it. */
  | { readonly ask: "add"; readonly shared: SharedArrayBuffer }
  /** Says `waiting` and waits for a number in shared memory to change. */
  | { readonly ask: "wait"; readonly shared: SharedArrayBuffer }
  /** Says `running` and never ends, in a loop that does nothing else or one that asks whether to end. */
  | { readonly ask: "run" | "poll" }
  /** Says `running` and writes a file again and again, whatever comes of it. */
  | { readonly ask: "write"; readonly folder: string }
  /** Throws outside any promise, or rejects a promise that nobody handles, or ends its thread. */
  | { readonly ask: "throw" | "reject" | "exit" }
  /** Takes memory of JavaScript without end. */
  | { readonly ask: "fill" }
  /** Takes that many bytes and touches them. */
  | { readonly ask: "take"; readonly bytes: number }
  /** Prints the text by everything that prints. */
  | { readonly ask: "print"; readonly text: string }
  /** Tells what it sees of its surroundings. */
  | { readonly ask: "look" };

/** Answers requests. The first message is sent before any request came. */
export default function probe(scope: WorkerScope): void {
  scope.post("begun");
  const kept: Uint8Array[] = [];
  scope.listen((message) => answer(message as ProbeRequest, { scope, kept }));
}

function answer(
  request: ProbeRequest,
  { scope, kept }: { readonly scope: WorkerScope; readonly kept: Uint8Array[] },
): void {
  switch (request.ask) {
    case "echo":
      return scope.post(request.value);
    case "transfer":
      return scope.post(request.buffer, [request.buffer]);
    case "call":
      return scope.post((new WebAssembly.Instance(request.module).exports["answer"] as () => number)());
    case "add": {
      const numbers = new Int32Array(request.shared);
      Atomics.add(numbers, 0, 1);
      Atomics.notify(numbers, 0);
      return scope.post("added");
    }
    case "wait":
      scope.post("waiting");
      return scope.post(Atomics.wait(new Int32Array(request.shared), 0, 0));
    case "run":
      scope.post("running");
      for (;;);
    case "poll":
      scope.post("running");
      for (;;) scope.checkEnd();
    case "write":
      return writeOn(scope, request.folder);
    case "throw":
      throw new Error("thrown in a worker");
    case "reject":
      return void Promise.reject(new Error("rejected in a worker"));
    case "exit":
      return process.exit(7);
    case "fill":
      for (const rows: number[][] = [];;) rows.push(new Array<number>(100_000).fill(0.5));
    case "take":
      kept.push(new Uint8Array(request.bytes).fill(1));
      return scope.post("taken");
    case "print":
      return scope.post(print(request.text));
    case "look":
      return scope.post({ variables: Object.keys(process.env), words: process.argv.slice(2) });
  }
}

function writeOn(scope: WorkerScope, path: string): void {
  const folder = scope.openFolder(path, { writable: true });
  scope.post("running");
  for (let round = 0;; round++) {
    try {
      const file = folder.open("file", { write: true, create: true });
      file.write(new TextEncoder().encode(String(round)), 0n);
      file.close();
    } catch {
      // as a program would that tries again
    }
  }
}

function print(text: string): string {
  const { console } = globalThis;
  for (const method of ["log", "info", "debug", "dir", "dirxml", "table", "count", "group", "error", "warn"] as const) {
    console[method](text);
  }
  console.time(text);
  console.timeLog(text);
  console.timeEnd(text);
  process.stdout.write(`${text}\n`);
  return "printed";
}
