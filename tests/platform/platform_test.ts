import assert from "node:assert/strict";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Environment, Files, Kernel, Processes } from "../../kernel/mod.ts";
import { createEdgePlatform } from "../../kernel/platform/edge.ts";
import { readStat } from "../../kernel/platform/process_identity.ts";
import { detectPlatform } from "../../kernel/platform/mod.ts";
import { temporaryFolder } from "./temporary.ts";

test("detectPlatform() gives files, processes and environment to a kernel", async () => {
  await using folder = await temporaryFolder();
  const home = join(folder.path, "deep", "home");
  await using kernel = await new Kernel().use(await detectPlatform({ home })).start();
  assert.equal(kernel.get(Environment)?.home, home);
  assert.equal(kernel.get(Files)?.path, home);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  assert.equal((await kernel.get(Processes)?.run({ program: "echo", args: ["hi"] }))?.stdout, "hi\n");
});

test("Kernel.stop() ends the processes of the platform", async () => {
  await using folder = await temporaryFolder();
  const kernel = await new Kernel().use(await detectPlatform({ home: folder.path })).start();
  const child = await kernel.get(Processes)?.spawn({ program: "sleep", args: ["60"] });
  await kernel.stop();
  assert.ok(child !== undefined);
  assert.equal(readStat(child.pid), undefined);
});

test("Kernel.start() refuses a home that cannot be used", async (t) => {
  await using folder = await temporaryFolder();
  writeFileSync(join(folder.path, "file"), "");
  for (const home of [join(folder.path, "file"), join(folder.path, "file", "below")]) {
    const starting = new Kernel().use(await detectPlatform({ home })).start();
    await assert.rejects(starting, (error: Error & { cause?: { code?: string }; code?: string }) => {
      return [error.code, error.cause?.code].includes("HOME_UNUSABLE");
    });
  }
  if (process.getuid?.() === 0) return t.diagnostic("root writes everywhere: the read-only home was not tried");
  const readOnly = join(folder.path, "read-only");
  mkdirSync(readOnly, { mode: 0o500 });
  await assert.rejects(new Kernel().use(await detectPlatform({ home: readOnly })).start());
});

test("createEdgePlatform() gives files in memory and no processes", async () => {
  const platform = createEdgePlatform({ variables: { A: "1" }, files: { "a.txt": "x" } });
  await using kernel = await new Kernel().use(platform).start();
  assert.equal(await kernel.get(Files)?.readText("a.txt"), "x");
  assert.equal(kernel.get(Environment)?.runtime, "edge");
  assert.equal(kernel.get(Environment)?.variable("A"), "1");
  assert.equal(kernel.get(Processes), undefined);
});
