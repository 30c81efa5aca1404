/**
 * The plugin of the servers that bombs go off in: it watches the event loop from within, and has tools for bombs to call.
 *
 * @module
 */
import process from "node:process";
import { definePlugin, type JsonObject, type Plugin } from "collet";
import * as v from "valibot";
import { listThreads, type LoopReport, LoopWatch } from "./event_loop.ts";

/** What the process holds once garbage is collected. */
export interface Holdings {
  /** Resident memory in bytes. */
  readonly rss: number;
  /** Bytes of the heap. */
  readonly heap: number;
  /** Threads; 0 where nobody tells. */
  readonly threads: number;
  /** Calls of the tools of this plugin that go on. */
  readonly calls: number;
}

const plugin: Plugin<void> = definePlugin({
  name: "watch",
  version: "1.0.0",
  setup({ tool }) {
    let watch: LoopWatch | undefined;
    let calls = 0;
    const read = { readOnlyHint: true };
    tool({
      name: "watch_loop",
      description: "Begin to watch the event loop, or end it and tell what was seen",
      input: v.object({ action: v.picklist(["begin", "end"]) }),
      run({ action }): JsonObject {
        const report: LoopReport | undefined = watch?.end();
        watch = action === "begin" ? new LoopWatch() : undefined;
        return { ...report };
      },
    });
    tool({
      name: "holdings",
      description: "Count what the process holds",
      input: v.object({}),
      run: () => ({ ...measure(), calls }),
    });
    tool({
      name: "echo",
      description: "Give a value back",
      input: v.object({ value: v.optional(v.unknown()) }),
      annotations: read,
      run: ({ value }): JsonObject => ({ value: value === undefined ? null : value as string }),
    });
    tool({
      name: "slow",
      description: "Wait a moment",
      input: v.object({ ms: v.optional(v.number(), 10) }),
      annotations: read,
      async run({ ms }, call) {
        calls++;
        try {
          await new Promise<void>((resolve, reject) => {
            const timer = setTimeout(resolve, ms);
            call.signal.addEventListener("abort", () => (clearTimeout(timer), reject(call.signal.reason)), {
              once: true,
            });
          });
        } finally {
          calls--;
        }
        return "waited";
      },
    });
    tool({
      name: "much",
      description: "Give much",
      input: v.object({ bytes: v.number() }),
      annotations: read,
      run: ({ bytes }) => ({ text: "x".repeat(bytes) }),
    });
    tool({
      name: "many",
      description: "Give many values",
      input: v.object({ count: v.number() }),
      annotations: read,
      run: ({ count }) => ({ list: Array<number>(count).fill(1) }),
    });
  },
});

export default plugin;

function measure(): Omit<Holdings, "calls"> {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed: heap } = process.memoryUsage();
  return { rss, heap, threads: listThreads().length };
}
