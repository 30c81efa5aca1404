/**
 * Starts kernels with WASM tools for tests, and builds tools.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Plugin, ToolResult } from "../../../kernel/mod.ts";
import type { LibraryConfig } from "../../../plugins/library/mod.ts";
import type { PluginUse } from "../../../kernel/testing.ts";
import wasm, { type WasmConfig } from "../../../plugins/wasm/mod.ts";
import { fail, onlyText, type RunningKernel, startKernel, succeed, temporaryHome } from "../library/kit.ts";

export { fail, onlyText, succeed };

/** A kernel with WASM tools. */
export interface WasmKit extends RunningKernel {
  readonly home: string;
  /** Builds a tool, and fails when that fails. */
  build(tool: ToolToBuild): Promise<ToolResult>;
}

/** The parameters of `build_tool` that most tests need. */
export type ToolToBuild = Readonly<Record<string, unknown>> & { readonly name: string; readonly code: string };

/** What the kernel is started with. */
export interface WasmOptions {
  /** A home that is there already; a temporary one by default. */
  readonly home?: string;
  readonly library?: LibraryConfig;
  readonly config?: WasmConfig;
  /** Loaded before `wasm`, which uses what they provide. */
  readonly before?: readonly PluginUse[];
  /** Loaded after it. */
  readonly plugins?: readonly PluginUse[];
}

/** Starts a kernel with WASM tools. */
export async function startWasm(
  { home, library, config, before = [], plugins = [] }: WasmOptions = {},
): Promise<WasmKit> {
  const temporary = home === undefined ? await temporaryHome() : undefined;
  const path = home ?? temporary!.path;
  const running = await startKernel({
    home: path,
    plugins: [...before, [wasm as Plugin<unknown>, config], ...plugins],
    ...(library && { config: library }),
  });
  return {
    ...running,
    home: path,
    async build(tool) {
      const result = await running.call("build_tool", { description: `Tool ${tool.name}`, ...tool });
      assert.equal(result.isError, undefined, JSON.stringify(result));
      return result;
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    },
  };
}

/** Gives structured content with fields. */
export function dataOf({ structuredContent }: ToolResult): Readonly<Record<string, unknown>> {
  return structuredContent as Readonly<Record<string, unknown>>;
}

/** WAT that answers with its arguments as they come. */
export const ECHO: string = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $next
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 4096))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8))
        (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (br $next))))))
`;

/** Gives WAT that prints a text, which has no quote and no backslash. */
export function printing(text: string): string {
  return `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "${text}")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const ${new TextEncoder().encode(text).length}))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
`;
}
