/**
 * Starts kernels with the library for tests: on a real home folder, or in memory with a kind of tool made here.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CallPatch, createCall, definePlugin, Kernel, type Plugin, type ToolResult } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type FakeLog, fakeLog, type PluginUse } from "../../../kernel/testing.ts";
import { usePlugin } from "../../../kernel/testing/surroundings.ts";
import { type ToolKind, ToolLibrary, type ToolOutput } from "../../../plugins/library/contract.ts";
import library, { type LibraryConfig } from "../../../plugins/library/mod.ts";

/** A folder that is removed at the end of its scope. */
export interface TemporaryHome {
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes an empty home folder; `path` is real. */
export async function temporaryHome(): Promise<TemporaryHome> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "collet-tools-")));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** What a kernel is started with. */
export interface StartOptions {
  readonly home: string;
  readonly config?: LibraryConfig;
  /** Loaded after the library, in this order; a pair brings its configuration. */
  readonly plugins?: readonly PluginUse[];
}

/** A kernel that runs, and its log. */
export interface RunningKernel extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  call(tool: string, args?: unknown, call?: CallPatch): Promise<ToolResult>;
}

/** Starts a kernel with the real platform, the library and other plugins. */
export async function startKernel({ home, config = {}, plugins = [] }: StartOptions): Promise<RunningKernel> {
  const log = fakeLog();
  const kernel = new Kernel({ log, exposeErrors: true }).use(await detectPlatform({ home })).use(library, config);
  for (const use of plugins) usePlugin(kernel, use);
  await kernel.start();
  return {
    kernel,
    log,
    call: (tool, args = {}, call = {}) => kernel.call(tool, args, createCall(call)),
    [Symbol.asyncDispose]: () => kernel.stop(),
  };
}

/** A kind whose tools answer with what their manifest holds under `answer`, and with their arguments. */
export function answeringKind(more: Partial<ToolKind> = {}): ToolKind {
  return {
    kind: "answering",
    load: (manifest) => ({
      run: (args): Promise<ToolOutput> => Promise.resolve({ value: { answer: manifest["answer"], args } }),
    }),
    ...more,
  };
}

/** Wraps a kind as a plugin. */
export function kindPlugin(kind: ToolKind): Plugin<void> {
  return definePlugin({
    name: `kind_${kind.kind}`,
    version: "1.0.0",
    requires: { library: ToolLibrary },
    async setup(ctx) {
      const added = await ctx.deps.library.addKind(kind);
      ctx.own("kind", () => added.dispose());
    },
  });
}

/** Fails when a result failed, and gives its text. */
export function succeed(result: ToolResult): string {
  assert.equal(result.isError, undefined, JSON.stringify(result));
  return onlyText(result);
}

/** Fails when a result did not fail, and gives its text. */
export function fail(result: ToolResult): string {
  assert.equal(result.isError, true, JSON.stringify(result));
  return onlyText(result);
}

/** Gives the text of a result's only block. */
export function onlyText({ content }: Pick<ToolResult, "content">): string {
  const [block] = content;
  if (content.length !== 1 || block?.type !== "text") throw new Error(`expected one text: ${JSON.stringify(content)}`);
  return block.text;
}
