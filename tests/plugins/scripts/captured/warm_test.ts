/**
 * Interpreters that wait for scripts of one run: where nothing is moved, nobody would ever take them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox } from "../../../../plugins/sandbox/contract.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import { until } from "../../../support/wait.ts";
import { processesWith } from "../kit.ts";
import { type CapturedKit, startCaptured } from "./kit.ts";

/** Runs a script in a folder that was made for it. */
async function runOnce(kit: CapturedKit): Promise<void> {
  const path = `../work/${crypto.randomUUID()}`;
  await kit.write(`${path}/a.py`, "print('ran')");
  const { stdout } = await kit.run(`${path}/a.py`, { folder: `${kit.home}/${path.slice(3)}` });
  assert.equal(stdout, "ran\n");
}

describe("scripts of one run, captured,", { timeout: 120_000 }, () => {
  test("start no interpreter that waits, where they are called what they are outside", async () => {
    await using kit = await startCaptured({ isWarm: true });
    for (let i = 0; i < 2; i++) await runOnce(kit);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.deepEqual(await processesWith(kit.home), []);
    await kit.write("a.py", "print('ran')");
    await kit.run("a.py");
    await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
  });

  test("come to interpreters that wait, where their files are sent", async (t) => {
    await using kit = await startCaptured({ plugins: [sandbox], isWarm: true });
    if (!await kit.kernel.get(Sandbox)!.canMove()) return t.skip("no sandbox here moves folders");
    await runOnce(kit);
    await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
    await runOnce(kit);
  });
});
