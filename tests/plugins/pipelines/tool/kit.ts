/**
 * Starts kernels with pipelines for tests, and tools for their steps.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as v from "valibot";
import {
  type Call,
  type CallPatch,
  definePlugin,
  type JsonObject,
  type Plugin,
  ToolError,
  type ToolResult,
} from "../../../../kernel/mod.ts";
import type { PluginUse } from "../../../../kernel/testing.ts";
import type { LibraryConfig } from "../../../../plugins/library/mod.ts";
import pipelines, { type PipelinesConfig } from "../../../../plugins/pipelines/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { fail, type RunningKernel, startKernel, succeed, temporaryHome } from "../../library/kit.ts";

export { fail, succeed };

/** A kernel with pipelines. */
export interface PipelinesKit extends RunningKernel {
  readonly home: string;
  readonly tools: StepTools;
  /** Calls the tool `pipeline`. */
  pipeline(args: JsonObject, call?: CallPatch): Promise<ToolResult>;
  /** Makes a pipeline, and fails when that fails. */
  create(name: string, steps: readonly unknown[], more?: JsonObject): Promise<ToolResult>;
}

/** What the kernel is started with. */
export interface PipelinesOptions {
  /** A home that is there already; a temporary one by default. */
  readonly home?: string;
  readonly library?: LibraryConfig;
  readonly config?: PipelinesConfig;
  /** Loaded before `pipelines`. */
  readonly before?: readonly PluginUse[];
  /** Loaded after it. */
  readonly plugins?: readonly PluginUse[];
  /** Settings of the plugin `store`; memory by default. */
  readonly store?: JsonObject;
}

/** Starts a kernel with pipelines, and {@linkcode StepTools}. */
export async function startPipelines(options: PipelinesOptions = {}): Promise<PipelinesKit> {
  const { home, library, config = {}, before = [], plugins = [] } = options;
  const temporary = home === undefined ? await temporaryHome() : undefined;
  const path = home ?? temporary!.path;
  const tools = new StepTools();
  const running = await startKernel({
    home: path,
    plugins: [
      [store as Plugin<unknown>, options.store ?? { engine: "memory" }],
      tools.plugin,
      ...before,
      [pipelines as Plugin<unknown>, config],
      ...plugins,
    ],
    ...(library && { config: library }),
  });
  const pipeline = (args: JsonObject, call?: CallPatch) => running.call("pipeline", args, call);
  return {
    ...running,
    home: path,
    tools,
    pipeline,
    async create(name, steps, more = {}) {
      const result = await pipeline({ action: "create", name, description: `Pipeline ${name}`, steps, ...more });
      assert.equal(result.isError, undefined, JSON.stringify(result));
      return result;
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    },
  };
}

/** Tools for steps: `echo`, `count`, `upper`, `fail`, `flaky`, `slow`, `large`. */
export class StepTools {
  /** Calls of each tool, with their arguments. */
  readonly calls: { readonly tool: string; readonly args: JsonObject }[] = [];
  /** Whether `flaky` fails. */
  isBroken = true;
  /** How many calls of `slow` are waiting. */
  waiting = 0;
  /** How many calls of `slow` were ended. */
  ended = 0;
  #release: (() => void)[] = [];

  /** Lets the calls of `slow` end. */
  release(): void {
    for (const release of this.#release.splice(0)) release();
  }

  /** Counts the calls of a tool. */
  count(tool: string): number {
    return this.calls.filter((it) => it.tool === tool).length;
  }

  get plugin(): Plugin<void> {
    const note = (tool: string, args: JsonObject) => void this.calls.push({ tool, args });
    return definePlugin({
      name: "step_tools",
      version: "1.0.0",
      setup: ({ tool }) => {
        tool({
          name: "echo",
          description: "Give what it is given",
          input: { type: "object" },
          annotations: { readOnlyHint: true, openWorldHint: false },
          run: (args) => {
            note("echo", args);
            return args;
          },
        });
        tool({
          name: "count",
          description: "Count words",
          input: v.strictObject({ text: v.string() }),
          output: v.object({ words: v.number() }),
          annotations: { readOnlyHint: true, openWorldHint: false },
          run: ({ text }) => ({ words: text.split(/\s+/).length }),
        });
        tool({
          name: "upper",
          description: "Write in capitals",
          input: v.strictObject({ text: v.string() }),
          annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
          run: ({ text }) => text.toUpperCase(),
        });
        tool({
          name: "fail",
          description: "Fail",
          input: v.object({ why: v.optional(v.string(), "because") }),
          annotations: { destructiveHint: true },
          run: ({ why }) => {
            note("fail", { why });
            throw new ToolError(`Cannot do it: ${why}`);
          },
        });
        tool({
          name: "flaky",
          description: "Fail until it was mended",
          input: v.object({}),
          run: () => {
            note("flaky", {});
            if (this.isBroken) throw new ToolError("Cannot do it: broken");
            return { mended: true };
          },
        });
        tool({
          name: "slow",
          description: "Wait until it is released",
          input: v.object({}),
          run: (_, call) => this.#wait(call),
        });
        tool({
          name: "large",
          description: "Give a long text",
          input: v.object({ length: v.number() }),
          run: ({ length }) => ({ text: "x".repeat(length) }),
        });
      },
    });
  }

  async #wait({ signal }: Call): Promise<string> {
    this.calls.push({ tool: "slow", args: {} });
    this.waiting++;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#release.push(resolve);
        signal.addEventListener("abort", () => {
          this.ended++;
          reject(signal.reason);
        }, { once: true });
      });
      return "done";
    } finally {
      this.waiting--;
    }
  }
}

/** Gives structured content with fields. */
export function dataOf({ structuredContent }: ToolResult): Readonly<Record<string, unknown>> {
  return structuredContent as Readonly<Record<string, unknown>>;
}

/** Gives the first text of a result. */
export function firstText({ content }: Pick<ToolResult, "content">): string {
  const [block] = content;
  assert.equal(block?.type, "text");
  return (block as { readonly text: string }).text;
}
