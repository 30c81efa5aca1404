/**
 * Starts a kernel with what toolchains of npm need, compiles with them, and runs what they made.
 *
 * @module
 */
import { ConsoleStdout, File, OpenFile, WASI, WASIProcExit } from "@bjorn3/browser_wasi_shim";
import assert from "node:assert/strict";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Environment, Files, Kernel, Processes, ToolError } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { Dependencies } from "../../../plugins/dependencies/contract.ts";
import dependencies, { type DependenciesConfig } from "../../../plugins/dependencies/mod.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import sandbox from "../../../plugins/sandbox/mod.ts";
import { CompilerCommands } from "../../../plugins/wasm/build/commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  MissingToolchain,
  type Source,
} from "../../../plugins/wasm/build/compiler.ts";
import { NpmToolchains, type NpmToolchainsOptions } from "../../../plugins/wasm/build/npm_toolchains.ts";
import { borrowToolchains, keepToolchains } from "../../support/toolchains.ts";

/** What compilers from npm work with. */
export interface ToolchainKit extends AsyncDisposable {
  readonly home: string;
  readonly log: FakeLog;
  readonly commands: CompilerCommands;
  readonly toolchains: NpmToolchains;
  readonly dependencies: Dependencies;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
  readonly files: Files;
}

/** How a kit is started. */
export interface KitOptions {
  /** A home of the caller's; one of its own by default, with the toolchains that other tests have installed. */
  readonly home?: string;
  readonly config?: DependenciesConfig;
  readonly definitions?: NpmToolchainsOptions["definitions"];
}

/** Starts a kernel. */
export async function startToolchains({ home, config = {}, definitions }: KitOptions = {}): Promise<ToolchainKit> {
  const path = home ?? await realpath(await mkdtemp(join(tmpdir(), "collet-toolchains-")));
  if (home === undefined) await borrowToolchains(path);
  const log = fakeLog();
  const kernel = new Kernel({ log }).use(await detectPlatform({ home: path })).use(dependencies, config).use(sandbox);
  await kernel.start();
  const provided = {
    dependencies: kernel.get(Dependencies)!,
    processes: kernel.get(Processes)!,
    environment: kernel.get(Environment)!,
    sandbox: kernel.get(Sandbox)!,
    files: kernel.get(Files)!,
  };
  const commands = new CompilerCommands({
    home: provided.files,
    environment: provided.environment,
    sandbox: provided.sandbox,
    bounds: { timeoutMs: 120_000, memoryBytes: 2 ** 31, processes: 64 },
  });
  const toolchains = new NpmToolchains({ ...provided, ...(definitions !== undefined && { definitions }) });
  return {
    ...{ home: path, log, commands, toolchains },
    ...provided,
    async [Symbol.asyncDispose]() {
      await kernel.stop();
      if (home !== undefined) return;
      if (definitions === undefined) await keepToolchains(path);
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Gives options of a compilation, and keeps what it reports. */
export function compileOptions(signal: AbortSignal = new AbortController().signal): CompileOptions & {
  readonly lines: readonly string[];
} {
  const lines: string[] = [];
  return { signal, report: (line) => void lines.push(line), lines };
}

/** Fills in what most sources have not. */
export function sourceOf(language: Language, code: string, more: Partial<Source> = {}): Source {
  return { name: "sample", language, code, files: {}, dependencies: [], ...more };
}

/** Compiles, or skips the test when npm cannot be reached. */
export async function compileOrSkip(t: TestContext, compiler: Compiler, source: Source): Promise<Compiled | undefined> {
  compiler.check(source);
  return await orSkip(t, () => compiler.compile(source, compileOptions()));
}

/** Gives what work gives, or skips the test when npm cannot be reached. */
export async function orSkip<T>(t: TestContext, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MissingToolchain || error instanceof ToolError) || !isUnreachable(error)) throw error;
    t.skip(`the registry of npm cannot be reached: ${error.message.slice(0, 300)}`);
    return undefined;
  }
}

/** Says whether something failed because there is no network. */
export function isUnreachable({ message }: Error): boolean {
  return /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|error sending request|dns error/i.test(message);
}

/** Compiles what has to fail, and gives the failure. */
export async function failureOf(compiler: Compiler, source: Source): Promise<CompileFailure> {
  const error = await compiler.compile(source, compileOptions()).then(() => assert.fail("it compiled"), (it) => it);
  assert.ok(error instanceof CompileFailure, String(error?.stack ?? error));
  return error;
}

/** What a module is run with. */
export interface RunOptions {
  readonly stdin?: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Answers requests of module "collet". */
  readonly reply?: (message: unknown) => unknown;
}

/** What a module left. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module of WASI preview 1. */
export function runBytes(bytes: Uint8Array, { stdin = "", args = [], env = [], reply }: RunOptions = {}): Ran {
  const [stdout, stderr] = [collect(), collect()];
  const input = new OpenFile(new File(new TextEncoder().encode(stdin)));
  const wasi = new WASI(["sample", ...args], [...env], [input, stdout.fd, stderr.fd], { debug: false });
  let waiting = new Uint8Array();
  const memory = () => (instance.exports["memory"] as WebAssembly.Memory).buffer;
  const instance: WebAssembly.Instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
    wasi_snapshot_preview1: wasi.wasiImport,
    collet: {
      request(at: number, length: number): number {
        const message = JSON.parse(new TextDecoder().decode(new Uint8Array(memory(), at, length)));
        waiting = new TextEncoder().encode(JSON.stringify(reply?.(message) ?? { result: null }));
        return waiting.length;
      },
      reply: (at: number) => new Uint8Array(memory()).set(waiting, at),
    },
  });
  const code = exitOf(() => wasi.start(instance as Parameters<WASI["start"]>[0]));
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function exitOf(start: () => number): number {
  try {
    return start();
  } catch (error) {
    if (error instanceof WASIProcExit) return error.code;
    throw error;
  }
}

function collect(): { readonly fd: ConsoleStdout; text(): string } {
  const decoder = new TextDecoder();
  let text = "";
  return {
    fd: new ConsoleStdout((piece) => void (text += decoder.decode(piece, { stream: true }))),
    text: () => text + decoder.decode(),
  };
}
