/**
 * Small plugins and quiet kernels for tests.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  type Contract,
  definePlugin,
  type Disposer,
  Kernel,
  type KernelOptions,
  type Plugin,
  type PluginContext,
  type Requires,
  textOf,
  type ToolResult,
} from "../../kernel/mod.ts";
import { type FakeLog, fakeLog } from "../../kernel/testing.ts";

/** What a test says of a small plugin. */
export interface Small<R extends Requires = Record<never, never>> {
  readonly requires?: R;
  // deno-lint-ignore no-explicit-any -- contracts of any type
  readonly provides?: readonly Contract<any>[];
  readonly setup?: (ctx: PluginContext<undefined, R>) => void | Disposer | Promise<void | Disposer>;
}

/** Makes a plugin that needs no configuration; what it declares to provide it provides, when it has no setup. */
export function small<R extends Requires = Record<never, never>>(
  name: string,
  { requires, provides, setup }: Small<R> = {},
): Plugin<void> {
  return definePlugin<undefined, R>({
    name,
    version: "1.0.0",
    ...(requires && { requires }),
    ...(provides && { provides }),
    setup: setup ?? ((ctx) => {
      for (const token of provides ?? []) ctx.provide(token, { by: name });
    }),
  });
}

/** Makes a plugin with one tool. */
export function toolPlugin(name: string, run: (input: { text?: string }, call: Call) => unknown): Plugin<void> {
  return small(name, { setup: (ctx) => void addTool(ctx, name, run) });
}

/** Registers a tool whose input is `{ text?: string }`. */
export function addTool(
  ctx: Pick<PluginContext, "tool">,
  name: string,
  run: (input: { text?: string }, call: Call) => unknown = () => "ok",
): ReturnType<PluginContext["tool"]> {
  return ctx.tool({
    name,
    description: `Runs ${name}`,
    input: v.object({ text: v.exactOptional(v.string()) }),
    run: (input, call) => run(input, call) as string,
  });
}

/** Makes a kernel that logs into memory. */
export function quietKernel(options: KernelOptions = {}): { kernel: Kernel; log: FakeLog } {
  const log = fakeLog();
  return { kernel: new Kernel({ log, ...options }), log };
}

/** Calls a tool and gives its text. */
export async function callText(
  kernel: Kernel,
  name: string,
  args: unknown = {},
  call: Partial<Call> = {},
): Promise<string> {
  return textOf(await kernel.call(name, args, call));
}

/** Gives the text of a failed result, and fails when it is none. */
export function failure(result: ToolResult): string {
  if (result.isError !== true) throw new Error(`expected a failed result, found ${JSON.stringify(result)}`);
  return textOf(result);
}
