/**
 * Starts kernels with scripts for tests, registers scripts, and looks whether processes are gone.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type Plugin, Processes, type ToolResult } from "../../../kernel/mod.ts";
import scripts, { type ScriptsConfig } from "../../../plugins/scripts/mod.ts";
import { processesWith } from "../../support/process_list.ts";
import type { LibraryConfig } from "../../../plugins/library/mod.ts";
import { fail, onlyText, type RunningKernel, startKernel, succeed, temporaryHome } from "../library/kit.ts";

export { fail, onlyText, processesWith, succeed };

/** A kernel with scripts. */
export interface ScriptKit extends RunningKernel {
  readonly home: string;
  /** Registers a script, and fails when that fails. */
  register(script: ScriptToRegister): Promise<ToolResult>;
  /** Registers a script under a name of its own, and calls it. */
  runCode(interpreter: string, code: string, args?: unknown): Promise<ToolResult>;
}

/** The parameters of `register_script` that most tests need. */
export type ScriptToRegister = Readonly<Record<string, unknown>> & { readonly name: string; readonly code: string };

/** What the kernel is started with. */
export interface ScriptOptions {
  /** A home that is there already; a temporary one by default. */
  readonly home?: string;
  readonly library?: LibraryConfig;
  readonly config?: ScriptsConfig;
  readonly plugins?: readonly Plugin[];
}

/** Starts a kernel with scripts. */
export async function startScripts({ home, library, config, plugins = [] }: ScriptOptions = {}): Promise<ScriptKit> {
  const temporary = home === undefined ? await temporaryHome() : undefined;
  const path = home ?? temporary!.path;
  const running = await startKernel({
    home: path,
    plugins: [[scripts, config], ...plugins],
    ...(library && { config: library }),
  });
  const { call } = running;
  const register = async (script: ScriptToRegister) => {
    const result = await call("register_script", { description: `Tool ${script.name}`, ...script });
    assert.equal(result.isError, undefined, JSON.stringify(result));
    return result;
  };
  let count = 0;
  return {
    ...running,
    home: path,
    register,
    async runCode(interpreter, code, args = {}) {
      const name = `code_${count++}`;
      await register({ name, interpreter, code });
      return await call(name, args);
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    },
  };
}

/** Waits until no process has a text in its command line or environment. */
export async function assertNoProcess(text: string): Promise<void> {
  let left: string[] = [];
  for (let i = 0; i < 100; i++) {
    left = await processesWith(text);
    if (left.length === 0) return;
    await sleep(100);
  }
  assert.fail(`still running: ${left.map((line) => line.slice(0, 200)).join("\n")}`);
}

/** Waits until a file is there, and gives its text. */
export async function waitForFile(path: string): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text !== "") return text;
    await sleep(50);
  }
  return assert.fail(`${path} did not come`);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Says why a test of an interpreter is skipped, or `false`. */
export async function missing(kit: Pick<ScriptKit, "kernel">, program: string): Promise<string | false> {
  const found = await kit.kernel.get(Processes)?.which(program);
  return found === undefined ? `${program} is not installed` : false;
}
