import assert from "node:assert/strict";
import { test } from "node:test";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { startScripts } from "./kit.ts";

const CALLS = 20;

/** Writes and reads under names that every call uses, and waits in between until all others have written as well. */
const SAME_NAMES = `
import json, os, sys, time
request = json.loads(sys.stdin.readline())["params"]
n, together = request["arguments"]["n"], request["arguments"]["together"]
def ask(method, **params):
    print(json.dumps({"jsonrpc": "2.0", "id": "same", "method": method, "params": params}), flush=True)
    return json.loads(sys.stdin.readline())["result"]
before = os.listdir(".")
open("file", "x").write(str(n))
print(json.dumps({"jsonrpc": "2.0", "method": "log", "params": {"level": "info", "message": "log %d" % n}}), flush=True)
print(json.dumps({"jsonrpc": "2.0", "method": "stream", "params": {"data": "chunk %d" % n}}), flush=True)
ask("memory/increment", key="calls")
while ask("memory/get", key="calls")["value"] < together: time.sleep(0.05)
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {
    "n": n, "before": before, "file": open("file").read(), "cwd": os.getcwd(), "pid": os.getpid()}}), flush=True)
`;

test("calls of one tool at the same time share nothing but its memory", { timeout: 120_000 }, async () => {
  await using kit = await startScripts({ plugins: [store, memory] });
  await kit.register({ name: "same", interpreter: "python3", code: SAME_NAMES });
  const heard: string[][] = Array.from({ length: CALLS }, () => []);
  const results = await Promise.all(
    heard.map((own, n) => kit.call("same", { n, together: CALLS }, { log: (_, message) => void own.push(message) })),
  );
  type Value = { n: number; before: string[]; file: string; cwd: string; pid: number };
  const values = results.map((it) => it.structuredContent as unknown as Value);
  for (const [n, value] of values.entries()) {
    assert.deepEqual([value?.n, value?.file, value?.before], [n, String(n), []], JSON.stringify(results[n]));
    assert.deepEqual(heard[n], [`log ${n}`, `chunk ${n}`]);
  }
  assert.equal(new Set(values.map((it) => it.cwd)).size, CALLS, "each has its own working folder");
  assert.equal(new Set(values.map((it) => it.pid)).size, CALLS, "each is a process of its own");
});
