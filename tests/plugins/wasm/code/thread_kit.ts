/**
 * Runs code in the thread of the test, as a worker does, and sees the memory of the engine.
 *
 * @module
 */
import type { CodeHost } from "../../../../plugins/wasm/worker/hosts.ts";
import { runCode } from "../../../../plugins/wasm/worker/code_run.ts";
import { readyMachine } from "../../../../plugins/wasm/worker/javascript/kept_machine.ts";
import type { CodeTask, RunOutcome } from "../../../../plugins/wasm/worker/messages.ts";
import { pause } from "../../../support/wait.ts";

const MIB = 2 ** 20;
/** Of which the machine that is kept is. */
export const KEPT_BYTES: number = 16 * MIB;
/** Of which none is kept: each run has a fresh one. */
export const FRESH_BYTES: number = KEPT_BYTES + 1;

/** What a run is given beside its code. */
export interface ThreadRun extends Partial<Omit<CodeTask, "kind" | "deadline" | "language">> {
  /** Milliseconds; 10 s by default. */
  readonly timeoutMs?: number;
  readonly host?: Partial<CodeHost>;
}

/** Runs code in this thread, in the machine that is kept by default. */
export async function runHere(
  code: string,
  { timeoutMs = 10_000, host, ...task }: ThreadRun = {},
): Promise<RunOutcome> {
  return await runCode({
    ...{ kind: "code", name: "here", language: "javascript", tools: '[{"name":"later","identifier":"later"}]', code },
    ...{ clock: "none", memoryBytes: KEPT_BYTES, outputBytes: MIB, calls: 1_000, ...task },
    deadline: Date.now() + timeoutMs,
  }, { notify: () => {}, isEnded: () => false, ask: () => {}, onAnswers: () => {}, ...host });
}

/** The memories that were made. */
export interface Memories {
  count: number;
  last: WebAssembly.Memory | undefined;
}

/** Sees the memories that are made from now on. */
export function watchMemories(): Memories {
  const memories: Memories = { count: 0, last: undefined };
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      memories.count++;
      memories.last = this;
    }
  };
  return memories;
}

/** Has a machine kept, which takes a moment. Its memory is the last one. */
export async function keepOne(memories: Memories): Promise<void> {
  for (let n = 0; n < 100; n++) {
    readyMachine(KEPT_BYTES);
    await pause(20);
    const { count } = memories;
    await runHere("return 1");
    if (memories.count === count) return readyMachine(KEPT_BYTES);
  }
  throw new Error("no machine is kept");
}
