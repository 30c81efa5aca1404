/**
 * The plugin of the server under test: tools that echo, wait, flood, ask and change lists, and one that counts what the
 * process holds.
 *
 * @module
 */
import process from "node:process";
import { definePlugin, type JsonObject, Kernel, type Plugin, Processes } from "collet";
import * as v from "valibot";

// counted where they are made; a plugin is loaded before the transports are
const timers = countTimers();
const kernels = findKernels();

/** What the process holds. */
export interface Holdings {
  /** Bytes of the heap after a collection of garbage. */
  readonly heap: number;
  /** Bytes outside of the heap that objects hold. */
  readonly external: number;
  /** Where each timer was started. */
  readonly timers: readonly string[];
  /** Event listeners of the kernel. */
  readonly listeners: number;
  /** Resources that somebody watches. */
  readonly watched: number;
  /** Calls that this plugin works on, without the one that asks. */
  readonly calls: number;
  /** What keeps the event loop of Node alive, but timers; empty on Deno. */
  readonly resources: readonly string[];
}

const LATEST_MS = 600_000;
const TIMERS: ReadonlySet<string> = new Set(["Timeout", "Immediate"]);

const plugin: Plugin<void> = definePlugin({
  name: "proof",
  version: "1.0.0",
  requires: { processes: Processes },
  setup(ctx) {
    const { tool, signal } = ctx;
    const { processes } = ctx.deps;
    const held = { watched: 0, calls: 0 };
    const counted = <A extends unknown[], R>(run: (...args: A) => R | Promise<R>) => async (...args: A): Promise<R> => {
      held.calls++;
      try {
        return await run(...args);
      } finally {
        held.calls--;
      }
    };
    tool({
      name: "echo",
      description: "Give a value back",
      input: v.object({ value: v.optional(v.unknown()) }),
      run: ({ value }) => ({ value: value ?? null }),
    });
    tool({
      name: "pause",
      description: "Wait a moment",
      input: v.object({}),
      run: counted(async (_, call) => (await waited(5, call.signal), "waited")),
    });
    tool({
      name: "slow",
      description: "Wait, unless it is cancelled",
      input: v.object({ ms: v.optional(bounded(LATEST_MS), LATEST_MS) }),
      run: counted(async ({ ms }, call) => (await waited(ms, call.signal), "waited")),
    });
    tool({
      name: "chatty",
      description: "Log, and report progress, many times",
      input: v.object({
        count: v.optional(bounded(100_000), 10_000),
        bytes: v.optional(bounded(100_000), 10),
        progress: v.optional(v.boolean(), false),
      }),
      run: counted(async ({ count, bytes, progress }, call) => {
        const text = "x".repeat(bytes);
        for (let i = 1; i <= count && !call.signal.aborted; i++) {
          if (progress) await call.progress(i, count, text);
          else call.log("error", text);
          if (i % 100 === 0) await waited(0, signal);
        }
        return "said";
      }),
    });
    tool({
      name: "burst",
      description: "Add and remove tools many times",
      input: v.object({ changes: v.optional(bounded(100_000), 10_000), turns: v.optional(bounded(100_000), 1) }),
      run: counted(async ({ changes, turns }) => {
        const start = performance.now();
        for (let turn = 0, i = 0; turn < turns; turn++) {
          for (const end = changes * (turn + 1) / turns; i < end; i += 2) {
            await tool({ name: "brief", description: "Comes and goes", input: v.object({}), run: () => "" }).dispose();
          }
          await waited(0, signal);
        }
        return { ms: performance.now() - start };
      }),
    });
    tool({
      name: "ask",
      description: "Ask the user for a name",
      input: v.object({}),
      run: counted(async (_, call) => {
        const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
        const { action, content } = await call.elicit({ message: "Name?", requestedSchema });
        return action === "accept" ? String(content?.["name"]) : action;
      }),
    });
    tool({
      name: "child",
      description: "Run a program until it is cancelled",
      input: v.object({ seconds: v.optional(bounded(LATEST_MS), LATEST_MS / 1_000) }),
      run: counted(async ({ seconds }, call) => {
        const { code } = await processes.run({ program: "sleep", args: [String(seconds)], signal: call.signal });
        return `ended with ${code}`;
      }),
    });
    tool({
      name: "touch",
      description: "Tell that a resource changed",
      input: v.object({ id: v.optional(v.string(), "1") }),
      run: ({ id }) => (ctx.updated(`proof://${id}`), "touched"),
    });
    tool({
      name: "holdings",
      description: "Count what the process holds",
      input: v.object({ after_ms: v.optional(bounded(LATEST_MS), 0) }),
      async run({ after_ms }) {
        await waited(after_ms, signal);
        return { ...await measure(), ...held } as unknown as JsonObject;
      },
    });
    ctx.resource({
      uri: "proof://{id}",
      name: "proof",
      read: ({ id }) => id,
      subscribe() {
        held.watched++;
        return () => void held.watched--;
      },
    });
    ctx.prompt({
      name: "greet",
      description: "Greet",
      args: v.object({ name: v.string() }),
      render: ({ name }) => name,
    });
  },
});

export default plugin;

async function measure(): Promise<Omit<Holdings, "watched" | "calls">> {
  const before = [...timers.values()].map(placeIn).sort();
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot count: the process was started without --expose-gc");
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  gc();
  const { heapUsed, external } = process.memoryUsage();
  const resources = "Deno" in globalThis ? [] : process.getActiveResourcesInfo().filter((it) => !TIMERS.has(it));
  const listeners = [...kernels].reduce((sum, kernel) => sum + kernel.listenerCount, 0);
  return { heap: heapUsed, external, timers: before, listeners, resources };
}

function bounded(most: number) {
  return v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(most));
}

function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal.removeEventListener("abort", abort), resolve()), ms);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
  });
}

/** Gives the stack of each timer that is running. */
function countTimers(): ReadonlyMap<unknown, string> {
  const live = new Map<unknown, string>();
  const { setTimeout: later, setInterval: often, clearTimeout: stopLater, clearInterval: stopOften } = globalThis;
  const start = (begin: typeof later, isOnce: boolean) => (run: (...args: unknown[]) => void, ...rest: unknown[]) => {
    const [ms, ...args] = rest as [number, ...unknown[]];
    const timer = begin(() => {
      if (isOnce) live.delete(timer);
      run(...args);
    }, ms);
    live.set(timer, new Error().stack ?? "");
    return timer;
  };
  const stop = (end: typeof stopLater) => (timer: Parameters<typeof stopLater>[0]) => {
    live.delete(timer);
    end(timer);
  };
  Object.assign(globalThis, {
    // keeps what util.promisify() looks for
    setTimeout: Object.defineProperties(start(later, true), Object.getOwnPropertyDescriptors(later)),
    setInterval: Object.defineProperties(start(often as typeof later, false), Object.getOwnPropertyDescriptors(often)),
    clearTimeout: stop(stopLater),
    clearInterval: stop(stopOften),
  });
  return live;
}

// the frames of this module come first
function placeIn(stack: string): string {
  return stack.split("\n").slice(3, 5).map((frame) => frame.trim().replace(/^at /, "")).join(" < ");
}

// whoever listens to events is a kernel that serves
function findKernels(): ReadonlySet<Kernel> {
  const found = new Set<Kernel>();
  const { on } = Kernel.prototype;
  Kernel.prototype.on = function (...args) {
    found.add(this);
    return on.apply(this, args as Parameters<typeof on>) as ReturnType<typeof on>;
  };
  return found;
}
