import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { fail, startScripts, succeed } from "./kit.ts";

/** Counts its calls in its memory, and answers with the count, its name and where it lies. */
const COUNTER = `
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": "n", "method": "memory/increment", "params": {"key": "calls"}}), flush=True)
count = json.loads(sys.stdin.readline())["result"]["value"]
name = request["params"]["context"]["tool_name"]
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"count": count, "name": name}}), flush=True)
`;

const local = { principal: LOCAL_PRINCIPAL };

function counter(examples: readonly unknown[]) {
  return { name: "counter", description: "Count", interpreter: "python3", code: COUNTER, examples, verify: true };
}

const FIRST = { arguments: {}, result: { count: 1, name: "counter" } };
const SECOND = { arguments: {}, result: { count: 2, name: "counter" } };

describe("register_script with verify", () => {
  test("makes the tool when its examples pass, and says so", async () => {
    await using kit = await startScripts({ plugins: [store, memory] });
    const text = succeed(await kit.call("register_script", counter([FIRST, SECOND]), local));
    assert.match(text, /\n- Verified: 2 of 2 examples passed\n/);
    assert.deepEqual((await kit.call("counter", {}, local)).structuredContent, FIRST.result);
  });

  test("leaves nothing when an example fails: no tool, no file, nothing remembered", async () => {
    await using kit = await startScripts({ plugins: [store, memory] });
    const text = fail(await kit.call("register_script", counter([FIRST, FIRST]), local));
    assert.match(text, /its examples do not pass, and nothing was changed\n\n1 of 2 examples of "counter" failed/);
    assert.match(text, /difference: "count": expected 1, found 2/);
    assert.equal(kit.kernel.tools.get("counter"), undefined);
    assert.deepEqual((await readdir(join(kit.home, "tools"))).filter((it) => !it.startsWith(".")), []);
    assert.deepEqual(await readdir(join(kit.home, "tools/.staging")), []);
    const { structuredContent } = await kit.call("memory", { action: "stats" }, local);
    assert.ok(!JSON.stringify(structuredContent).includes("counter"), JSON.stringify(structuredContent));
  });

  test("runs the new code apart from what the tool in place remembers", async () => {
    await using kit = await startScripts({ plugins: [store, memory] });
    succeed(await kit.call("register_script", counter([FIRST]), local));
    for (let i = 0; i < 3; i++) await kit.call("counter", {}, local);
    succeed(await kit.call("register_script", { ...counter([FIRST]), overwrite: true }, local));
    const { structuredContent } = await kit.call("counter", {}, local);
    assert.deepEqual(structuredContent, { count: 4, name: "counter" });
  });

  test("keeps the tool in place, callable, while the new one is verified and after it failed", async () => {
    await using kit = await startScripts();
    await kit.register({ name: "slow", interpreter: "sh", code: "echo one" });
    const verifying = kit.call("register_script", {
      ...{ name: "slow", description: "x", interpreter: "sh", overwrite: true, verify: true },
      code: "sleep 1; echo two",
      examples: [{ arguments: {}, result: "three" }],
    });
    assert.equal(succeed(await kit.call("slow")), "one");
    assert.match(fail(await verifying), /expected "three", found "two"/);
    assert.equal(succeed(await kit.call("slow")), "one");
    assert.equal(kit.kernel.tools.get("slow")?.definition.meta?.["version"], "1.0.0");
  });

  test("refuses to verify by no examples, and examples that say two things", async () => {
    await using kit = await startScripts();
    const tool = { name: "x", description: "x", interpreter: "sh", code: "echo 1", verify: true };
    assert.match(fail(await kit.call("register_script", tool)), /it has no examples to verify it by; give "examples"/);
    const both = { ...tool, examples: [{ arguments: {}, error: "no", result: 1 }] };
    assert.match(fail(await kit.call("register_script", both)), /"examples\[0\]": "error" stands beside neither/);
  });
});
