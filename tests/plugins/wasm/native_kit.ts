/**
 * Starts a kernel with what compilers of this machine need.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Environment, Files, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import sandbox, { type SandboxConfig } from "../../../plugins/sandbox/mod.ts";
import {
  CompilerCommands,
  type CompilerCommandsOptions,
  type CompilerStep,
  type FinishedStep,
} from "../../../plugins/wasm/build/commands.ts";
import {
  type CompileOptions,
  type Compiler,
  type Language,
  MissingToolchain,
} from "../../../plugins/wasm/build/compiler.ts";
import { inRepository } from "../../support/root.ts";
import { compileOptions, isUnreachable, runBytes } from "./toolchain_kit.ts";

const BOUNDS = { timeoutMs: 180_000, memoryBytes: 4 * 2 ** 30, processes: 128 };

/** What compilers of this machine work with. */
export interface NativeKit extends AsyncDisposable {
  readonly home: string;
  readonly commands: WatchedCommands;
  readonly files: Files;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
}

/** Commands that are kept as they run, and can be answered without running. */
export class WatchedCommands extends CompilerCommands {
  readonly steps: CompilerStep[] = [];
  /** What was written to stderr, by the signal of the compilation; progress has not every line. */
  readonly said = new Map<AbortSignal, string>();
  /** Gives the answer of a step that is not to run. */
  answer: (step: CompilerStep) => FinishedStep | undefined = () => undefined;

  constructor(options: CompilerCommandsOptions) {
    super(options);
  }

  override async run(step: CompilerStep, options: CompileOptions): Promise<FinishedStep> {
    this.steps.push(step);
    const finished = this.answer(step) ?? await super.run(step, options);
    this.said.set(options.signal, `${this.said.get(options.signal) ?? ""}${finished.stderr}\n`);
    return finished;
  }
}

/** Starts a kernel. */
export async function startNative(config: SandboxConfig = {}): Promise<NativeKit> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "collet-native-")));
  const kernel = new Kernel({ log: fakeLog() }).use(await detectPlatform({ home })).use(sandbox, config);
  await kernel.start();
  const provided = {
    files: kernel.get(Files)!,
    environment: kernel.get(Environment)!,
    sandbox: kernel.get(Sandbox)!,
  };
  const commands = new WatchedCommands({ ...provided, home: provided.files, bounds: BOUNDS });
  return {
    ...{ home, commands },
    ...provided,
    async [Symbol.asyncDispose]() {
      await kernel.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Gives commands that reach no network. */
export function offline({ files, environment, sandbox }: NativeKit): WatchedCommands {
  return new WatchedCommands({ environment, sandbox, home: files, bounds: BOUNDS, isOffline: true });
}

/** Tells whether a language can be compiled here; if not, the test is skipped. */
export async function isThere(t: TestContext, compiler: Compiler, language: Language): Promise<boolean> {
  try {
    await compiler.find({ language }, compileOptions());
    return true;
  } catch (error) {
    if (!(error instanceof MissingToolchain)) throw error;
    t.skip(`there is no compiler of ${language}: ${error.message}`);
    return false;
  }
}

/** Does what needs a registry, or skips the test when that cannot be reached. */
export async function reaching<T>(t: TestContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const said = error instanceof Error ? error : new Error(String(error));
    const isOffline = isUnreachable(said) ||
      /Could not resolve host|dial tcp|failed to resolve address/i.test(said.message);
    if (!isOffline) throw error;
    t.skip(`the registry cannot be reached: ${said.message.slice(0, 300)}`);
    return undefined;
  }
}

/** Gives the example of a language in the README of the modules for authors. */
export async function readmeExample(language: string): Promise<string> {
  const text = await readFile(inRepository("plugins/wasm/author_modules/README.md"), "utf8");
  return new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(text)![1]!;
}

/**
 * Runs an example of the README, and checks what it says.
 *
 * @param end What the language writes after a line.
 */
export function greetingOf(bytes: Uint8Array, end = ""): void {
  const seen: unknown[] = [];
  const { code, stdout } = runBytes(bytes, {
    stdin: '{"name":"Ada"}',
    reply: (message) => {
      seen.push(message);
      return { result: { value: 1 } };
    },
  });
  assert.deepEqual([code, stdout], [0, `{"greeting":"Hello, Ada","calls":1}${end}`]);
  assert.deepEqual(seen, [
    { method: "log", params: { level: "info", message: "Greeting Ada" } },
    { method: "memory/increment", params: { key: "calls", by: 1 } },
  ]);
}
