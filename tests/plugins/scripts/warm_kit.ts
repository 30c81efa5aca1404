/**
 * Runs scripts as they are started and as they come to an interpreter that waits, so that the two can be compared.
 *
 * @module
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Files } from "../../../kernel/mod.ts";
import {
  bootFiles,
  encodeHeader,
  READY,
  warmCommand,
  type WarmHeader,
  type WarmLanguage,
} from "../../../plugins/scripts/warm/mod.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";

/** What is left of a process. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script to run in both ways. */
export interface WarmScript {
  readonly language: WarmLanguage;
  readonly program: string;
  readonly name: string;
  readonly code: string;
  /** Files beside it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Words between the program and the script. */
  readonly args?: readonly string[];
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

const NATURAL_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  LANG: "C.UTF-8",
  PYTHONUNBUFFERED: "1",
  PYTHONDONTWRITEBYTECODE: "1",
  DENO_NO_UPDATE_CHECK: "1",
  NO_COLOR: "1",
};

/** Runs scripts in a folder of their own. */
export class WarmKit {
  readonly path: string;
  readonly boots: string;
  readonly #dispose: () => Promise<void>;

  constructor({ path, boots }: { readonly path: string; readonly boots: string }, dispose: () => Promise<void>) {
    this.path = path;
    this.boots = boots;
    this.#dispose = dispose;
  }

  /** Starts a script as it is. */
  async runCold(script: WarmScript): Promise<Ending> {
    const file = await this.#write(script);
    const child = this.start(script.program, [...script.args ?? [], file, ...script.argv ?? []], script.env);
    child.stdin.end(script.stdin ?? "");
    return await this.#endOf(child);
  }

  /** Gives a script to an interpreter that waits. */
  async runWarm(script: WarmScript): Promise<Ending> {
    const { waiting, header, child } = await this.wait(script);
    await waiting;
    child.stdin.write(encodeHeader(header));
    child.stdin.end(script.stdin ?? "");
    const ending = await this.#endOf(child);
    assert.ok(ending.stdout.startsWith(READY), ending.stderr);
    return { ...ending, stdout: ending.stdout.slice(READY.length) };
  }

  /** Starts an interpreter that waits for a script, whose folder is gone. */
  async wait(script: WarmScript) {
    const { language, program, name, code, files = {}, args = [], argv = [], env = {} } = script;
    const folder = join(this.path, "tool");
    const file = join(folder, name);
    await rm(folder, { recursive: true, force: true });
    const home = join(this.path, "home");
    const command = warmCommand(language, {
      boots: this.boots,
      home,
      file,
      args,
      env: this.#natural(env),
      hasFiles: true,
    });
    const child = this.start(program, [...command.args, ...language === "deno" ? argv : []], command.env, {});
    const all = { [name]: code, ...files };
    const header: WarmHeader = {
      file,
      argv,
      env: command.late,
      files: Object.fromEntries(Object.entries(all).map(([path, text]) => [join(folder, path), text])),
      revoke: command.revoke,
    };
    const waiting = new Promise<void>((resolve) => {
      child.stdout.once("readable", () => resolve());
      child.once("close", () => resolve());
    });
    return { child, header, waiting };
  }

  start(program: string, args: readonly string[], env = {}, natural = this.#natural({})) {
    return spawn(program, args, { cwd: join(this.path, "home"), env: { ...natural, ...env } });
  }

  #natural(env: Readonly<Record<string, string>>): Record<string, string> {
    const home = join(this.path, "home");
    return { ...NATURAL_ENV, HOME: home, DENO_DIR: join(this.path, "deno"), ...env };
  }

  async #write({ name, code, files = {} }: WarmScript): Promise<string> {
    const folder = join(this.path, "tool");
    await rm(folder, { recursive: true, force: true });
    for (const [path, text] of Object.entries({ [name]: code, ...files })) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return join(folder, name);
  }

  async #endOf(child: ReturnType<WarmKit["start"]>): Promise<Ending> {
    child.stdin.on("error", () => {});
    const [stdout, stderr] = [[], []] as Uint8Array[][];
    child.stdout.on("data", (piece) => stdout!.push(piece));
    child.stderr.on("data", (piece) => stderr!.push(piece));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve([code, signal]));
    });
    return { code, signal, stdout: text(stdout!), stderr: text(stderr!) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

// what is another in each process
function text(pieces: readonly Uint8Array[]): string {
  const bytes = pieces.map((it) => new TextDecoder("latin1").decode(it)).join("");
  return bytes.replace(/\b0x[0-9a-f]+/g, "0x…").replace(/\(node:\d+\)/g, "(node:…)")
    // whether its parent hears of the end of a thread or of its error first
    .replace(/ {4}at .*\bnode:internal\/(?:worker|event_target|per_context).*\n/g, "");
}

/** Makes a kit. */
export async function startWarmKit(): Promise<WarmKit> {
  const home = await temporaryHome();
  const kernel = await startKernel({ home: home.path });
  const boots = await bootFiles(kernel.kernel.get(Files)!).folder();
  await mkdir(join(home.path, "home"));
  return new WarmKit({ path: home.path, boots }, async () => {
    await kernel[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
}

/** Fails unless a script does the same in both ways; gives what it did. */
export async function assertSame(kit: WarmKit, script: WarmScript): Promise<Ending> {
  const cold = await kit.runCold(script);
  assert.deepEqual(await kit.runWarm(script), cold, `${script.program} ${script.name}`);
  return cold;
}
