import assert from "node:assert/strict";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { createFiles } from "../../kernel/platform/files.ts";
import { processIdentity, seemsAlive } from "../../kernel/platform/process_identity.ts";
import { createProcesses } from "../../kernel/platform/processes.ts";
import { temporaryFolder } from "./temporary.ts";
import { taskCommand } from "./worker.ts";

function plantHolder(folder: string, content: string): void {
  mkdirSync(join(folder, ".collet-lock-held"), { recursive: true });
  writeFileSync(join(folder, ".collet-lock-held", crypto.randomUUID()), content);
}

describe("Folder.lock() between processes", () => {
  test("lets one process in at a time", async () => {
    await using folder = await temporaryFolder();
    const processes = createProcesses();
    const results = await Promise.all([1, 2, 3].map(() => processes.run(taskCommand("count", folder.path))));
    assert.deepEqual(results.map((result) => [result.code, result.stderr]), [[0, ""], [0, ""], [0, ""]]);
    assert.equal(await createFiles(folder.path).readText("count"), "45");
    assert.deepEqual(readdirSync(folder.path), ["count"]);
  });

  test("waits for a holder that lives, and takes over when it is killed", async () => {
    await using folder = await temporaryFolder();
    const holder = await createProcesses().spawn(taskCommand("hold", folder.path));
    for await (const part of holder.stdout) if (part.includes("ready")) break;
    const files = createFiles(folder.path);
    await assert.rejects(files.lock("held", { signal: AbortSignal.timeout(500) }), { name: "TimeoutError" });
    const taken = files.lock("held", { signal: AbortSignal.timeout(20_000) });
    await holder.kill(0);
    await (await taken)();
    assert.deepEqual(readdirSync(folder.path), []);
  });

  test("takes over from many dead holders, one contender at a time", async () => {
    await using folder = await temporaryFolder();
    // a number that no process has: the kernel's own highest is 4,194,304
    const dead = JSON.stringify({ ...processIdentity(), pid: 4_999_999 });
    const processes = createProcesses();
    mkdirSync(join(folder.path, ".collet-lock-counter"));
    writeFileSync(join(folder.path, ".collet-lock-counter", crypto.randomUUID()), dead);
    const results = await Promise.all([1, 2, 3].map(() => processes.run(taskCommand("count", folder.path))));
    assert.deepEqual(results.map((result) => result.stderr), ["", "", ""]);
    assert.equal(await createFiles(folder.path).readText("count"), "45");
  });

  test("is not fooled by another process with the holder's number", async () => {
    await using folder = await temporaryFolder();
    const self = processIdentity();
    assert.equal(seemsAlive(self), true);
    plantHolder(folder.path, JSON.stringify({ ...self, started: (self.started ?? 0) - 1 }));
    await (await createFiles(folder.path).lock("held", { signal: AbortSignal.timeout(10_000) }))();
  });

  test("does not judge a holder of another machine, or one that it cannot read, by what runs here", async () => {
    const self = processIdentity();
    assert.equal(seemsAlive({ ...self, host: "elsewhere", pid: 4_999_999 }), undefined);
    assert.equal(seemsAlive({}), undefined);
    assert.equal(seemsAlive({ ...self, pid: -1 }), undefined);
    assert.equal(seemsAlive({ ...self, pid: 4_999_999 }), false);
    for (const content of ["", JSON.stringify({ ...self, host: "elsewhere", pid: process.pid })]) {
      await using folder = await temporaryFolder();
      plantHolder(folder.path, content);
      const [token = ""] = readdirSync(join(folder.path, ".collet-lock-held"));
      utimesSync(join(folder.path, ".collet-lock-held", token), 0, 0);
      const waiting = createFiles(folder.path).lock("held", { signal: AbortSignal.timeout(300) });
      await assert.rejects(waiting, { name: "TimeoutError" });
      assert.deepEqual(readdirSync(folder.path), [".collet-lock-held"]);
    }
  });

  test("takes over at once what a killed holder left half released", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, ".collet-lock-held"));
    await (await createFiles(folder.path).lock("held", { signal: AbortSignal.timeout(10_000) }))();
  });
});
