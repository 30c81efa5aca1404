import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { until } from "../../../support/wait.ts";
import { processesWith } from "../../scripts/kit.ts";
import { startPythonCode } from "./kit.ts";

describe("interpreters that wait for Python code", { timeout: 120_000 }, () => {
  test("serve one run each, and nothing of it is left to the next", async () => {
    await using kit = await startPythonCode({ isWarm: true });
    const leaving = `import builtins, json, os, sys
seen = [hasattr(builtins, "left"), hasattr(json, "left"), os.path.exists("left.txt"), "left" in globals(), dict(session)]
builtins.left = json.left = left = session["left"] = 1
open("left.txt", "w").close()
return seen`;
    assert.deepEqual((await kit.run(leaving)).value, [false, false, false, false, {}]);
    for (let i = 0; i < 3; i++) {
      await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
      assert.deepEqual((await kit.run(leaving)).value, [false, false, false, false, {}]);
    }
    const awaiting = "import asyncio\nawait asyncio.sleep(0)\nraise ValueError(await word_count.aio(text='a'))";
    const { message } = await kit.fail(awaiting);
    assert.match(
      message,
      /^Traceback \(most recent call last\):\n {2}File "<code>", line 3, in <module>\n[^]*ValueError: \{'words': 1\}$/,
    );
    assert.doesNotMatch(message, /sitecustomize|collet_|run_code/);
  });
});
