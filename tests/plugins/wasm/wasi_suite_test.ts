/**
 * The cases of the official test suite of WASI preview 1, in a worker over real files; and the same by the shim alone.
 *
 * @module
 */
import { Directory, type Fd, File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { Kernel, type Worker, Workers } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import type { ModuleRun } from "../../../plugins/wasm/worker/messages.ts";
import { inRepository } from "../../support/root.ts";
import { CASES, FIXTURE, inputOf, KNOWN_FAILURES, type SuiteCase } from "./wasi_suite/cases.ts";
import type { SuiteResult } from "./wasi_suite/worker.ts";

const SOURCES = ["suite", "process", "libc", "files", "folders", "paths", "links"];
const RUNTIME = "Deno" in globalThis ? "Deno" : `Node ${process.versions.node}`;

/** What a case was seen to do. */
interface Seen {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

let home: string;
let module: WebAssembly.Module | undefined;

describe("WASI suite", () => {
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), "collet-wasi-")));
    module = await compile();
  });
  after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

  test("runModule passes the cases, but for those that are known", async (t) => {
    if (skipWithoutClang(t)) return;
    await using runner = await startRunner();
    const failures = new Map<string, string>();
    for (const it of CASES) {
      const failure = judge(it, await runner.run(it));
      if (failure !== undefined) failures.set(it.name, failure);
    }
    await report(t, "", CASES.length - failures.size);
    assert.deepEqual([...failures.keys()].sort(), Object.keys(KNOWN_FAILURES).sort(), describeFailures(failures));
  });

  test("runModule passes every case that the shim passes by itself", async (t) => {
    if (skipWithoutClang(t)) return;
    const passed = CASES.filter((it) => judge(it, runByShim(it)) === undefined).map(({ name }) => name);
    await report(t, " by the shim alone", passed.length);
    assert.deepEqual(passed.filter((name) => name in KNOWN_FAILURES), []);
    assert.equal(passed.length > 20, true, "the shim itself is not run as it should be");
  });
});

// as the name of a test, which every reporter shows
async function report(t: TestContext, by: string, passed: number): Promise<void> {
  await t.test(`WASI suite on ${RUNTIME}${by}: ${passed} of ${CASES.length} pass`, () => {});
}

function skipWithoutClang(t: TestContext): boolean {
  if (module === undefined) t.skip("clang with wasi-libc is not installed");
  return module === undefined;
}

/** Compiles all cases at once; gives nothing where there is no compiler. */
async function compile(): Promise<WebAssembly.Module | undefined> {
  const output = join(home, "suite.wasm");
  const sources = SOURCES.map((name) => inRepository("tests", "plugins", "wasm", "wasi_suite", `${name}.c`));
  try {
    await promisify(execFile)("clang", ["--target=wasm32-wasi", "-O1", "-o", output, ...sources]);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  return await WebAssembly.compile(await readFile(output));
}

function isAbsence(error: unknown): boolean {
  const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
  return code === "ENOENT" || /file not found|No available targets|unable to find library|wasm-ld/.test(stderr);
}

/** Says why a case did not pass. */
function judge({ exitCode = 0, stdout }: SuiteCase, seen: Seen): string | undefined {
  if (seen.code !== exitCode) return `${seen.code}: ${seen.stderr.trim()}`;
  return stdout === undefined || stdout === seen.stdout ? undefined : `stdout: ${seen.stdout}`;
}

function describeFailures(failures: ReadonlyMap<string, string>): string {
  return [...failures].map(([name, failure]) => `${name}: ${failure}`).join("\n");
}

/** Starts a worker, and gives each case a folder of its own. */
async function startRunner(): Promise<AsyncDisposable & { run(it: SuiteCase): Promise<Seen> }> {
  const kernel = new Kernel({ log: fakeLog() }).use(await detectPlatform({ home: join(home, "home") }));
  await kernel.start();
  // a worker does not keep the program running
  const alive = setInterval(() => {}, 60_000);
  const worker = kernel.get(Workers)!.start(new URL("./wasi_suite/worker.ts", import.meta.url));
  return {
    async run(it) {
      const run = runOf(it, await makeFolder(it.name));
      const { outcome, stderr } = await exchange(worker, run);
      if (outcome.kind === "exit") return { ...outcome, stderr };
      return { code: "reason" in outcome ? outcome.reason : outcome.kind, stdout: "", stderr };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(alive);
      await worker.terminate();
      await kernel.stop();
    },
  };
}

function exchange(worker: Worker, run: ModuleRun): Promise<SuiteResult> {
  return new Promise((resolve, reject) => {
    worker.listen((message) => resolve(message as SuiteResult));
    void worker.ended.then(reject);
    worker.post(run);
  });
}

function runOf(it: SuiteCase, path: string): ModuleRun {
  return {
    kind: "module",
    name: "suite.wasm",
    digest: "",
    ...inputOf(it),
    folders: [{ path, kind: "folder", writable: true }],
    outputBytes: 1_000_000,
    module: module!,
    stdin: "",
    isInteractive: false,
  };
}

async function makeFolder(name: string): Promise<string> {
  const folder = join(home, "cases", name);
  for (const [path, text] of Object.entries(FIXTURE)) {
    await mkdir(join(folder, path.endsWith("/") ? path : dirname(path)), { recursive: true });
    if (!path.endsWith("/")) await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Runs a case with the shim's own table of calls and its folders in memory. */
function runByShim(it: SuiteCase): Seen {
  const { args, env } = inputOf(it);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const streams = ["", "", ""].map(() => new OpenFile(new File([])));
  const wasi = new WASI(["suite.wasm", ...args], variables, [...streams, makeShimFolder()], { debug: false });
  const read = (fd: number) => new TextDecoder().decode(streams[fd]?.file.data);
  try {
    const instance = new WebAssembly.Instance(module!, { wasi_snapshot_preview1: wasi.wasiImport as never });
    const code = wasi.start(instance as never);
    return { code, stdout: read(1), stderr: read(2) };
  } catch (error) {
    return { code: String(error), stdout: read(1), stderr: read(2) };
  }
}

function makeShimFolder(): Fd {
  const root = new Map<string, File | Directory>();
  for (const [path, text] of Object.entries(FIXTURE)) {
    const [folder, name] = path.split("/");
    const file = new File(new TextEncoder().encode(text));
    if (name === undefined) root.set(path, file);
    else {
      const below = root.get(folder!) as Directory | undefined ?? new Directory(new Map());
      if (name !== "") below.contents.set(name, file);
      root.set(folder!, below);
    }
  }
  return new PreopenDirectory("/sandbox", root);
}
