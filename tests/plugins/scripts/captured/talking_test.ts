/**
 * Scripts whose output is captured, and which talk with the server meanwhile.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ReachedTools } from "../../../../plugins/scripts/contract.ts";
import memory from "../../../../plugins/memory/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { toolPlugin } from "../../../support/plugins.ts";
import { until, withTimeEnough } from "../../../support/wait.ts";
import { assertNoProcess, processesWith } from "../kit.ts";
import { startCaptured } from "./kit.ts";

const ALL: ReachedTools = { has: () => true, refusal: () => "" };
const COUNT = toolPlugin("count", ({ text = "" }) => ({ letters: text.length }));
const REPLY = `read -r reply; echo "reply: $reply"`;

/** Hears what a call logs, and its progress. */
function listener() {
  const logs: string[] = [];
  const progress: unknown[] = [];
  return {
    logs,
    progress,
    call: {
      log: (_level: string, text: string) => {
        logs.push(text);
        return Promise.resolve();
      },
      progress: (done: number, total?: number, message?: string) => {
        progress.push([done, total, message]);
        return Promise.resolve();
      },
    },
  };
}

describe("a script that is captured and talks", { timeout: 120_000 }, () => {
  test("is sent a request, and has its messages served, which are no output", async () => {
    await using kit = await startCaptured({ plugins: [COUNT] });
    const { logs, progress, call } = listener();
    await kit.write(
      "a.sh",
      `
read -r request; echo "$request" | cut -c 1-50 >&2
echo '{"jsonrpc":"2.0","method":"log","params":{"level":"info","message":"said"}}'
printf 'half a line '; echo '{"jsonrpc":"2.0","method":"progress","params":{"current":1,"total":2,"message":"so far"}}'
echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{"text":"abc"}}}'
${REPLY}
echo '{"jsonrpc":"2.0","method":"stream","params":{"data":"chunk "}}'
echo '{"jsonrpc":"2.0","method":"unknown"}'
echo '{"jsonrpc":"2.0","id":1,"result":"answer"}'
exit 2`,
    );
    const { stdout, stderr, exitCode } = await kit.run("a.sh", { tools: ALL }, call);
    assert.equal(
      stdout,
      'half a line reply: {"jsonrpc":"2.0","id":1,"result":{"output":{"letters":3}}}\nchunk ' +
        '{"jsonrpc":"2.0","method":"unknown"}\n{"jsonrpc":"2.0","id":1,"result":"answer"}\n',
    );
    assert.equal(stderr, '{"jsonrpc":"2.0","method":"execute","id":1,"params\n');
    assert.equal(exitCode, 2);
    assert.deepEqual([logs, progress], [["said"], [[1, 2, "so far"]]]);
  });

  test("reaches the tools that it was given, and no others", async () => {
    await using kit = await startCaptured({ plugins: [COUNT] });
    await kit.write(
      "a.sh",
      `
read -r request
echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"count","arguments":{}}}'
${REPLY}`,
    );
    const tools: ReachedTools = { has: () => false, refusal: (name) => `no ${name} for you` };
    const { stdout } = await kit.run("a.sh", { tools });
    assert.match(stdout, /no count for you/);
  });

  for (const isWarm of [false, true]) {
    test(`calls tools and remembers by the module for Python, ${isWarm ? "warm" : "cold"}`, async () => {
      await using kit = await startCaptured({ plugins: [COUNT, store, memory], isWarm });
      await kit.write(
        "a.py",
        `
print("first", end=" ")
from collet_tool import call_tool, log, memory, progress
log("info", "said " + "value-of-the-run")
progress(1, 2)
print(call_tool("count", {"text": "abcde"})["letters"], memory.increment("n"))`,
      );
      for (let i = 1; i <= 2; i++) {
        const { logs, progress, call } = listener();
        const result = await kit.run("a.py", { tools: ALL, redacted: { TOKEN: "value-of-the-run" } }, call);
        assert.deepEqual([result.stdout, result.stderr, result.exitCode], [`first 5 ${i}\n`, "", 0]);
        assert.deepEqual([logs, progress], [["said [TOKEN]"], [[1, 2, undefined]]]);
        if (isWarm) await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
      }
    });
  }

  test("is not served any more when its time is over, and told so", async () => {
    await using kit = await startCaptured();
    const mark = `collet-captured-${crypto.randomUUID()}`;
    await kit.write(
      "a.sh",
      `
read -r request; echo before; read -r notice; echo "$notice"
echo '{"jsonrpc":"2.0","method":"log","params":{"message":"late"}}'
exec -a ${mark} sleep 600`,
    );
    const { logs, call } = listener();
    const { stdout, isTimedOut } = await withTimeEnough(
      (seconds) => kit.run("a.sh", { tools: ALL, timeoutMs: 500 * seconds }, call),
      (it) => it.stdout.startsWith("before"),
    );
    assert.match(stdout, /^before\n\{"jsonrpc":"2.0","method":"notifications\/cancelled".*Timed out after \S+ s.*\n$/);
    assert.deepEqual([isTimedOut, logs], [true, []]);
    await assertNoProcess(mark);
  });

  test("ends what it called when it ends without waiting for it", async () => {
    let isEnded = false;
    const slow = toolPlugin("slow", (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          isEnded = true;
          resolve("late");
        });
        void kit.write("called", "");
      }));
    await using kit = await startCaptured({ plugins: [slow] });
    await kit.write(
      "a.sh",
      `echo '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}'
while [ ! -e "$FOLDER/called" ]; do sleep 0.05; done; echo done`,
    );
    const { stdout } = await kit.run("a.sh", { tools: ALL, env: { FOLDER: kit.folder } });
    assert.deepEqual([stdout, isEnded], ["done\n", true]);
  });
});
