/**
 * Runs scripts whose output is captured.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CallPatch, createCall, type Plugin } from "../../../../kernel/mod.ts";
import type { PluginUse } from "../../../../kernel/testing.ts";
import { type CapturedResult, type CapturedScript, ScriptRunner } from "../../../../plugins/scripts/contract.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import { type RunningKernel, startKernel, temporaryHome } from "../../library/kit.ts";

/** A kernel that captures scripts, and their folder. */
export interface CapturedKit extends RunningKernel {
  readonly home: string;
  /** Of the scripts; it holds what was written to it. */
  readonly folder: string;
  /** Writes a file below the folder; gives its path. */
  write(path: string, text: string): Promise<string>;
  /** Runs a file of the folder. */
  run(file: string, more?: Partial<CapturedScript>, call?: CallPatch): Promise<CapturedResult>;
}

/** What a kernel is started with. */
export interface CapturedOptions {
  readonly plugins?: readonly PluginUse[];
  /** Whether interpreters wait for scripts; `false` by default. */
  readonly isWarm?: boolean;
}

const INTERPRETERS: Readonly<Record<string, string>> = { py: "python3", js: "node", ts: "deno", sh: "bash" };

/** Starts a kernel that captures scripts. */
export async function startCaptured({ plugins = [], isWarm = false }: CapturedOptions = {}): Promise<CapturedKit> {
  const home = await temporaryHome();
  const config = isWarm ? {} : { warm: { per_key: 0 } };
  const running = await startKernel({ home: home.path, plugins: [...plugins, [scripts as Plugin<unknown>, config]] });
  const folder = join(home.path, "captured");
  const runner = running.kernel.get(ScriptRunner)!;
  const write = async (path: string, text: string) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  };
  return {
    ...running,
    home: home.path,
    folder,
    write,
    run: (file, more = {}, call = {}) =>
      runner.runCaptured({
        ...{ name: "captured", file: join(folder, file), folder, interpreter: INTERPRETERS[file.split(".").at(-1)!] },
        ...more,
      }, createCall(call)),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}
