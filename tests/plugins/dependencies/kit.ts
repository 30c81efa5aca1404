/**
 * Starts kernels with the plugin `dependencies`, on a home of its own and a PATH that a test chooses.
 *
 * @module
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type CallPatch, createCall, Files, isToolError, Kernel, type Plugin, Processes } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { Dependencies, type InstalledPackages, type PackageSet } from "../../../plugins/dependencies/contract.ts";
import dependencies, { type DependenciesConfig } from "../../../plugins/dependencies/mod.ts";
import { Sandbox, Unconfined, variablesInside, wordInside } from "../../../plugins/sandbox/contract.ts";
import { inRepository } from "../../support/root.ts";

const run = promisify(execFile);

/** A kernel that installs packages. */
export interface DependenciesKit extends AsyncDisposable {
  readonly home: string;
  readonly log: FakeLog;
  readonly kernel: Kernel;
  readonly dependencies: Dependencies;
  /** Installs a set for an owner "x". */
  install(
    set: PackageSet,
    more?: { readonly reinstall?: boolean; readonly call?: CallPatch },
  ): Promise<InstalledPackages>;
  /** Installs a set, which has to fail, and gives the message. */
  failure(set: PackageSet, call?: CallPatch): Promise<string>;
  /** Names of what is in the folder of installations of a language, and what is staged. */
  folders(language: string): Promise<{ readonly kept: readonly string[]; readonly staged: readonly string[] }>;
}

/** Starts a kernel. */
export async function startDependencies(
  { home, config = {}, plugins = [] }: {
    readonly home?: string;
    readonly config?: DependenciesConfig;
    readonly plugins?: readonly Plugin[];
  } = {},
): Promise<DependenciesKit> {
  const own = home === undefined ? await temporaryFolder() : undefined;
  const path = home ?? own!.path;
  const log = fakeLog();
  const kernel = new Kernel({ log }).use(await detectPlatform({ home: path })).use(dependencies, config);
  for (const plugin of plugins) kernel.use(plugin);
  await kernel.start();
  const provided = kernel.get(Dependencies)!;
  const list = async (name: string) => (await readdir(join(path, "environments", name)).catch(() => [])).sort();
  const install: DependenciesKit["install"] = (set, { reinstall = false, call = {} } = {}) =>
    provided.install(set, { call: createCall(call), owner: "x", reinstall });
  return {
    home: path,
    log,
    kernel,
    dependencies: provided,
    install,
    async failure(set, call = {}) {
      const error = await install(set, { call }).then(() => assert.fail("it was installed"), (thrown) => thrown);
      assert.ok(isToolError(error), String(error?.stack ?? error));
      return error.message;
    },
    folders: async (language) => ({
      kept: (await list(language)).filter((name) => name !== "resolved"),
      staged: await list(".staging"),
    }),
    async [Symbol.asyncDispose]() {
      await kernel.stop();
      await own?.[Symbol.asyncDispose]();
    },
  };
}

/** A folder that is removed at the end of its scope. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes an empty folder; `path` is real. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "collet-packages-")));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Sets variables of this process until the end of the scope; `undefined` takes one away. */
export function withVariables(variables: Readonly<Record<string, string | undefined>>): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  return { [Symbol.dispose]: () => before.forEach(([name, value]) => set(name, value)) };
}

/** Where uv is; `undefined` when it is not installed. */
export function uvPath(): string | undefined {
  const folders = [inRepository(".build/programs/bin"), ...searchPath()];
  return folders.map((folder) => join(folder, "uv")).find((path) => existsSync(path));
}

function searchPath(): string[] {
  return (process.env["PATH"] ?? "").split(delimiter);
}

/** A PATH without uv, and in front of it a folder with programs of the test's own. */
export async function choosePath(
  programs: Readonly<Record<string, string | { readonly link: string }>> = {},
): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await temporaryFolder();
  const bin = join(folder.path, "bin");
  await mkdir(bin);
  for (const [name, program] of Object.entries(programs)) {
    const path = join(bin, name);
    if (typeof program !== "string") await symlink(program.link, path);
    else {
      await writeFile(path, program);
      await chmod(path, 0o755);
    }
  }
  const others = searchPath().filter((it) => it !== "" && !existsSync(join(it, "uv")));
  const restore = withVariables({ PATH: [bin, ...others].join(delimiter) });
  return {
    folder: bin,
    async [Symbol.asyncDispose]() {
      restore[Symbol.dispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Runs code with an installation, in the sandbox where the kernel has one, and gives its stdout. */
export async function runWith(
  kit: DependenciesKit,
  installed: InstalledPackages,
  { program, args = [], file, code }: {
    readonly program: string;
    readonly args?: readonly string[];
    readonly file: string;
    readonly code: string;
  },
): Promise<string> {
  const path = join(kit.home, file);
  await writeFile(path, code);
  const processes = kit.kernel.get(Processes)!;
  const box = kit.kernel.get(Sandbox) ?? new Unconfined({ home: kit.kernel.get(Files)!, processes });
  const own = installed.interpreter === undefined ? [await processes.which(program) ?? program] : [];
  const confined = await box.confine({
    mounts: [{ from: path, to: `/script/${file}` }, { from: installed.path, to: "/packages" }],
    programs: [...own, installed.program],
  });
  const process = await confined.spawn({
    program: installed.interpreter === undefined ? own[0]! : confined.path(installed.interpreter),
    args: [...args, ...installed.args, path].map((word) => wordInside(word, confined)),
    env: { ...confined.env, ...variablesInside(installed.env, confined) },
  });
  await process.end();
  const [stdout, stderr] = await Promise.all([process.stdout, process.stderr].map(readAll));
  assert.equal((await process.exited).code, 0, stderr);
  return stdout!.trim();
}

async function readAll(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}

/** Says whether a program is on this machine. */
export async function hasProgram(program: string, ...args: readonly string[]): Promise<boolean> {
  return await run(program, [...args]).then(() => true, () => false);
}
