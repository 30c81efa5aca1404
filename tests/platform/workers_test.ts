import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Kernel, type Worker, Workers } from "../../kernel/mod.ts";
import { detectPlatform } from "../../kernel/platform/mod.ts";
import { testWorkers } from "../../kernel/platform/suites.ts";
import { createWorkers } from "../../kernel/platform/workers.ts";
import { pause, soon, until } from "../support/wait.ts";
import { temporaryFolder } from "./temporary.ts";

const PROBE = new URL("../../kernel/platform/workers_probe.ts", import.meta.url);
const FILES = new URL("./workers_files_module.ts", import.meta.url);
const PROGRAM = fileURLToPath(new URL("./workers_program.ts", import.meta.url));
const HAS_HEAP_LIMIT = "Deno" in globalThis ? "Deno has no limit of a worker's heap" : false;
const HAS_DESCRIPTORS = process.platform === "linux" ? false : "no list of descriptors here";

await testWorkers("native workers:", () => {
  const workers = createWorkers();
  return { value: workers, dispose: () => workers.close() };
});

function nextOf(worker: Worker): Promise<unknown> {
  return soon(new Promise((resolve) => worker.listen(resolve)), "a message of a worker");
}

test("a program's stdout has nothing of its workers, which neither crash it nor keep it running", () => {
  const args = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check", PROGRAM] : [PROGRAM];
  const result = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
  assert.deepEqual([result.stdout, result.status], ["thrown in a worker\n", 0], result.stderr);
});

test("Kernel.stop() ends the workers of the platform, and start() refuses afterwards", async () => {
  await using folder = await temporaryFolder();
  const kernel = await new Kernel().use(await detectPlatform({ home: folder.path })).start();
  const workers = kernel.get(Workers)!;
  const [running, idle] = [workers.start(PROBE), workers.start(PROBE)];
  running.post({ ask: workers.canInterrupt ? "run" : "poll" });
  assert.equal(await nextOf(running), "begun");
  await kernel.stop();
  assert.deepEqual(await Promise.all([running.ended, idle.ended]), [undefined, undefined]);
  assert.throws(() => workers.start(PROBE), { name: "KernelError", code: "KERNEL_STATE" });
});

test("heapBytes ends a worker whose JavaScript takes more", { skip: HAS_HEAP_LIMIT }, async () => {
  const workers = createWorkers();
  const worker = workers.start(PROBE, { heapBytes: 64 * 1024 * 1024 });
  worker.post({ ask: "fill" });
  const error = await soon(worker.ended, "the end of a worker");
  assert.match(error?.message ?? "", /memory/);
  await workers.close();
});

test("terminate() keeps a worker that goes on from changing files", async () => {
  await using folder = await temporaryFolder();
  const workers = createWorkers();
  const worker = workers.start(PROBE);
  assert.equal(await nextOf(worker), "begun");
  worker.post({ ask: "write", folder: folder.path });
  assert.equal(await nextOf(worker), "running");
  const read = () => readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name), "utf8")).join();
  await until(() => read() > "0", "a first file");
  await worker.terminate();
  // what it was in the middle of
  await pause(100);
  const last = read();
  await pause(200);
  assert.equal(read(), last);
});

test("openFolder() reads in a worker, whose end closes what it opened", { skip: HAS_DESCRIPTORS }, async () => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "file"), "content");
  const workers = createWorkers();
  const count = () => readdirSync("/proc/self/fd").length;
  const readOnce = async () => {
    const worker = workers.start(FILES);
    worker.post(folder.path);
    assert.equal(await nextOf(worker), "content");
    await worker.terminate();
  };
  // the runtime opens some of its own at first
  for (let round = 0; round < 2; round++) await readOnce();
  const before = count();
  for (let round = 0; round < 10; round++) await readOnce();
  // each round would leave two; a thread of Deno may end a little later than it says
  await until(() => count() - before < 10, "the descriptors of workers that ended are closed");
  await workers.close();
});
