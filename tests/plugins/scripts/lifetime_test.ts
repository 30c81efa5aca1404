import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test } from "node:test";
import {
  assertNoProcess,
  fail,
  processesWith,
  type ScriptKit,
  sleep,
  startScripts,
  succeed,
  waitForFile,
} from "./kit.ts";

/** A script that starts a family which does not want to die, says so in a file, and waits. */
function stubborn(kit: ScriptKit, mark: string): string {
  return `
import os, signal, subprocess, sys, time
os.environ["MARK"] = "${mark}"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
wait = "trap '' TERM; sleep 300; sleep 300"
subprocess.Popen(["sh", "-c", wait])
subprocess.Popen(["sh", "-c", wait], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(0.2)
open("${kit.home}/started", "w").write("yes")
time.sleep(300)
`;
}

async function start(more: Record<string, unknown> = {}) {
  const kit = await startScripts();
  const mark = `collet-test-${crypto.randomUUID()}`;
  await kit.register({ name: "stubborn", interpreter: "python3", code: stubborn(kit, mark), ...more });
  return { kit, mark, [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose]() };
}

async function assertStarted(kit: ScriptKit, mark: string): Promise<void> {
  await waitForFile(`${kit.home}/started`);
  assert.ok((await processesWith(mark)).length >= 3, "the family runs");
}

describe("the end of a script", { timeout: 120_000 }, () => {
  test("a time limit ends the whole tree, and says what to do", async () => {
    await using it = await start({ timeout_ms: 2500 });
    const call = it.kit.call("stubborn");
    await assertStarted(it.kit, it.mark);
    assert.match(fail(await call), /Script "stubborn" did not answer within its time limit, .* sets timeout_ms/);
    await assertNoProcess(it.mark);
  });

  test("cancellation ends the whole tree", async () => {
    await using it = await start();
    const controller = new AbortController();
    const call = it.kit.call("stubborn", {}, { signal: controller.signal });
    await assertStarted(it.kit, it.mark);
    controller.abort();
    assert.match(fail(await call), /Cancelled/);
    await assertNoProcess(it.mark);
  });

  test("unloading the plugin ends the whole tree, and the call", async () => {
    await using it = await start();
    const call = it.kit.call("stubborn");
    await assertStarted(it.kit, it.mark);
    await it.kit.kernel.unload("scripts");
    assert.deepEqual(await processesWith(it.mark), [], "nothing is left when unload() returns");
    assert.match(fail(await call), /Cancelled|ended|unloaded/);
    assert.deepEqual(await readdir(`${it.kit.home}/work`), []);
  });

  test("stopping the kernel ends the whole tree", async () => {
    await using it = await start();
    const call = it.kit.call("stubborn").catch((error) => error);
    await assertStarted(it.kit, it.mark);
    await it.kit.kernel.stop();
    await call;
    assert.deepEqual(await processesWith(it.mark), []);
  });

  test("an answer ends what the script left running", async () => {
    await using kit = await startScripts();
    const mark = `collet-test-${crypto.randomUUID()}`;
    const code = `MARK=${mark} sleep 300 & echo yes > ${kit.home}/started; read -r x; echo done`;
    assert.equal(succeed(await kit.runCode("sh", code)), "done");
    await waitForFile(`${kit.home}/started`);
    await assertNoProcess(mark);
  });

  test("a call that is cancelled before it starts starts nothing", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "never", interpreter: "sh", code: `echo yes > ${kit.home}/started` });
    const signal = AbortSignal.abort();
    fail(await kit.call("never", {}, { signal }));
    await sleep(300);
    assert.ok(!(await readdir(kit.home)).includes("started"));
  });

  test("the plugin's own time limit holds for scripts that have none", async () => {
    await using kit = await startScripts({ config: { timeout_ms: 500 } });
    await kit.register({ name: "slow", interpreter: "sh", code: "sleep 60" });
    assert.match(fail(await kit.call("slow")), /time limit/);
  });
});
