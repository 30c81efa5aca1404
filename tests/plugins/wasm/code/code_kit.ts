/**
 * Runs code for tests, in workers or in line, with some tools.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type Call,
  type CallPatch,
  createCall,
  definePlugin,
  type JsonObject,
  Kernel,
  type Plugin,
  Toolbox,
  ToolError,
} from "../../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../../kernel/platform/edge.ts";
import library from "../../../../plugins/library/mod.ts";
import memory from "../../../../plugins/memory/mod.ts";
import { type CodeOutcome, type CodeRun, CodeRunner, type CodeTool } from "../../../../plugins/wasm/contract.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { startWasm } from "../kit.ts";

/** What the tool `slow` has seen. */
export interface Seen {
  /** How many calls of it went on at once. */
  most: number;
  /** How many were cancelled. */
  cancelled: number;
}

/** A kernel that runs code. */
export interface CodeKit extends AsyncDisposable {
  readonly seen: Seen;
  /** Runs JavaScript, or what `run` says. */
  run(code: string, run?: CodeOptions): Promise<CodeOutcome>;
  /** Runs code, and gives its value. */
  value(code: string, run?: CodeOptions): Promise<unknown>;
  /** Runs code that must fail, and gives what is told of it. */
  failure(code: string, run?: CodeOptions): Promise<ToolError>;
}

/** What a run is given beside the code. */
export interface CodeOptions extends Partial<Omit<CodeRun, "limits" | "code">> {
  readonly limits?: Partial<CodeRun["limits"]>;
  readonly call?: CallPatch;
}

/** The tools that code finds. */
export const TOOLS: readonly CodeTool[] = [
  { name: "add", identifier: "add" },
  { name: "echo", identifier: "echo" },
  { name: "a-b", identifier: "a_b" },
  { name: "fails", identifier: "fails" },
  { name: "slow", identifier: "slow" },
  { name: "large", identifier: "large" },
  { name: "github__create_issue", namespace: "github", member: "create_issue" },
];

/** Starts a kernel with workers. */
export async function startCode(): Promise<CodeKit> {
  const seen = { most: 0, cancelled: 0 };
  const started = await startWasm({
    before: [store as Plugin<unknown>, memory as Plugin<unknown>],
    plugins: [tools(seen)],
  });
  return kitOf(started.kernel, seen, () => started[Symbol.asyncDispose]());
}

/** Starts a kernel without any. */
export async function startInline(): Promise<CodeKit> {
  const seen = { most: 0, cancelled: 0 };
  const kernel = new Kernel({ exposeErrors: true }).use(createEdgePlatform({ files: {} })).use(library).use(wasm);
  await kernel.use(tools(seen)).start();
  return kitOf(kernel, seen, () => kernel.stop());
}

function kitOf(kernel: Kernel, seen: Seen, stop: () => PromiseLike<void>): CodeKit {
  const run = (code: string, { limits, call = {}, ...more }: CodeOptions = {}) =>
    kernel.get(CodeRunner)!.run({
      ...{ name: "execute_code", language: "javascript", code, tools: TOOLS, clock: "coarse" },
      toolbox: kernel.get(Toolbox)!,
      limits: { timeoutMs: 10_000, memoryBytes: 64 * 2 ** 20, outputBytes: 2 ** 20, calls: 1_000, ...limits },
      ...more,
    }, { call: createCall(call) });
  return {
    seen,
    run,
    value: async (code, options) => (await run(code, options)).value,
    async failure(code, options) {
      const thrown = await run(code, options).then((outcome) => assert.fail(JSON.stringify(outcome)), (error) => error);
      assert.ok(thrown instanceof ToolError, `${thrown?.stack}`);
      return thrown;
    },
    [Symbol.asyncDispose]: stop,
  };
}

function tools(seen: Seen): Plugin<void> {
  let running = 0;
  const slow = async ({ ms = 50 }: JsonObject, { signal }: Call) => {
    seen.most = Math.max(seen.most, ++running);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Number(ms));
      signal.addEventListener("abort", () => (seen.cancelled++, clearTimeout(timer), resolve()));
    });
    running--;
    return { ms };
  };
  const runs: Record<string, (args: JsonObject, call: Call) => unknown> = {
    add: ({ a, b }) => ({ sum: Number(a) + Number(b) }),
    echo: (args) => args,
    "a-b": () => "a text",
    github__create_issue: ({ title }) => ({ title }),
    fails: () => {
      throw new ToolError("the disk is full", { data: { free: 0 } });
    },
    large: ({ size, isList }) => ({ value: isList === true ? Array(Number(size)).fill(1) : "x".repeat(Number(size)) }),
    slow,
  };
  return definePlugin({
    name: "code_tools",
    version: "1.0.0",
    setup({ tool }) {
      for (const [name, run] of Object.entries(runs)) {
        tool({
          name,
          description: `Tool ${name}`,
          input: { type: "object" },
          run: (args, call) => run(args as JsonObject, call) as JsonObject,
        });
      }
    },
  });
}
