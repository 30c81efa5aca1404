/**
 * Scripts that do all that a script should not: whoever calls them gets an answer, and nothing of them stays.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import process from "node:process";
import { describe, test } from "node:test";
import { createCall, definePlugin, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import { NO_REDACTION } from "../../../plugins/scripts/redaction.ts";
import { StreamedOutput } from "../../../plugins/scripts/streamed_output.ts";
import store from "../../../plugins/store/mod.ts";
import { soon, until } from "../../support/wait.ts";
import { assertNoProcess, fail, processesWith, type ScriptKit, sleep, startScripts, succeed } from "./kit.ts";
import { targets } from "./sender.ts";

const READ = `
import json, os, signal, subprocess, sys, time
request = json.loads(sys.stdin.readline())["params"]
def say(**message): print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
`;
const DEEP = 100_000;

/** A tool that takes its time, and gives much. */
const later = definePlugin({
  name: "later",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "later", description: "x", input: {}, run: () => sleep(2).then(() => "x".repeat(2_000)) });
  },
});

/** Runs a script with no interpreters that wait, which would hold folders and files. */
async function withScript(code: string, run: (kit: ScriptKit) => Promise<void>, more: JsonObject = {}): Promise<void> {
  await using kit = await startScripts({ plugins: [targets, later, store, memory], config: { warm: { per_key: 0 } } });
  await kit.register({ name: "hostile", interpreter: "python3", code: READ + code, ...more });
  await run(kit);
  // it is not made for a script that is never started
  const list = () => readdir(`${kit.home}/work`).catch(() => []);
  await until(async () => (await list()).length === 0, "the working folders to be gone");
}

function openFiles(): number | undefined {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : undefined;
}

describe("a script's requests", { timeout: 120_000 }, () => {
  for (const [method, params] of [["tools/call", { name: "say" }], ["memory/increment", { key: "n" }]] as const) {
    test(`are answered, 10,000 of ${method}, though it reads no reply before it has sent the last`, async () => {
      const code = `
for i in range(10000): sys.stdout.write(json.dumps(dict(jsonrpc="2.0", id=i, **request["arguments"])) + "\\n")
sys.stdout.flush()
replies = [json.loads(sys.stdin.readline()) for i in range(10000)]
say(id=1, result={"ids": len({it["id"] for it in replies}), "failed": sum("error" in it["result"] for it in replies)})`;
      await withScript(code, async (kit) => {
        const { structuredContent } = await kit.call("hostile", { method, params });
        assert.deepEqual(structuredContent, { ids: 10_000, failed: 0 });
      });
    });
  }

  test("are answered, 1,000 long ones that take their time and get long replies, though it reads none before the last", async () => {
    const code = `
for i in range(1000): say(id=i, method="tools/call", params={"name": "later", "arguments": {"long": "x" * 2000}})
say(id=1, result=sum(len(json.loads(sys.stdin.readline())["result"]["output"]) for i in range(1000)))`;
    await withScript(code, async (kit) => {
      assert.equal((await kit.call("hostile")).structuredContent, 2_000_000);
    }, { timeout_ms: 20_000 });
  });

  test("and notices with an id stay bounded when it never reads the replies", async () => {
    const code = `
line = '{"jsonrpc":"2.0","id":1,"method":"log","params":{"level":"info","message":"x"}}\\n' * 100
while True: sys.stdout.write(line)`;
    await withScript(code, async (kit) => {
      let logs = 0;
      assert.match(fail(await kit.call("hostile", {}, { log: () => void logs++ })), /within its time limit/);
      assert.ok(logs > 1_000 && logs < 150_000, `${logs} were served`);
    }, { timeout_ms: 4_000 });
  });

  for (const protocol of [1, 2]) {
    test(`whose id or method is none are refused at once, in revision ${protocol}`, async () => {
      const code = `
replies = []
for line in request["arguments"]["lines"]:
    print(line, flush=True)
    replies.append(json.loads(sys.stdin.readline()))
say(id=1, result=replies)`;
      await withScript(code, async (kit) => {
        const ids = ["true", "{}", "[1]", "1e999"];
        const lines = [
          ...ids.map((id) => `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`),
          '{"jsonrpc":"2.0","id":7,"method":["tools/list"]}',
        ];
        const refused = (message: string) => ({ jsonrpc: "2.0", id: null, error: { code: -32600, message } });
        const result = await soon(kit.call("hostile", { lines }));
        assert.deepEqual(result.structuredContent, [
          ...ids.map(() => refused('Invalid request: "id" is neither a text nor a number nor null')),
          refused('Invalid request: "method" is no text'),
        ]);
      }, { protocol });
    });
  }

  test("are answered under whole numbers beyond 2^53, to the last digit", async () => {
    const code = `
ids = []
for id in [2**53 + 1, 1763724884123456789, -(2**64) - 1, 2**128 + 1]:
    say(id=id, method="tools/call", params={"name": "say", "arguments": {"id": 12345678901234567}})
    ids.append(json.loads(sys.stdin.readline())["id"] == id)
say(id=1, result=ids)`;
    await withScript(code, async (kit) => {
      assert.deepEqual((await soon(kit.call("hostile"))).structuredContent, [true, true, true, true]);
    });
  });
});

describe("what a script says", { timeout: 120_000 }, () => {
  test("in notices that make no sense ends no call", async () => {
    const deep = `"[" * ${DEEP} + "1" + "]" * ${DEEP}`;
    const code = `
deep = ${deep}
for notice in ['{"method":"log","params":{"level":{"toString":1},"message":{"a":1}}}',
               '{"method":"log","params":{"level":%s,"message":"m"}}' % deep,
               '{"method":"log","params":{"level":"info","message":%s}}' % deep,
               '{"method":"progress","params":{"current":%s,"total":%s,"message":%s}}' % (deep, deep, deep),
               '{"method":"notifications/progress","params":%s}' % deep,
               '{"method":"stream","params":{"index":%s}}' % deep]:
    print('{"jsonrpc":"2.0",' + notice[1:])
say(id=1, result="fine")`;
    await withScript(code, async (kit) => assert.equal(succeed(await soon(kit.call("hostile"))), "fine"));
  });

  test("as a text of line breaks and little else holds up nobody", async () => {
    await withScript(`sys.stdout.write("\\n" * 1000000 + "x")`, async (kit) => {
      const before = performance.now();
      assert.equal(succeed(await kit.call("hostile")), `${"\n".repeat(1_000_000)}x`);
      assert.ok(performance.now() - before < 10_000, "a server that looks for the end again from each of them");
    });
  });

  test("in two answers is what the first one says", async () => {
    const code = `say(id=1, result="one")\nsay(id=1, result="two")\nsay(id=1, error={"code": 1, "message": "three"})`;
    await withScript(code, async (kit) => assert.equal(succeed(await kit.call("hostile")), "one"));
  });

  test("in chunks without anything in them is bounded as well", async () => {
    const streamed = new StreamedOutput(createCall(), NO_REDACTION, 10);
    for (let i = 0; i < 10; i++) await streamed.add({ data: "" });
    await assert.rejects(streamed.add({ data: "" }), { name: "OutputTooLong" });
  });

  test("waits for a client that is slow to take it", async () => {
    const code = `
for i in range(5000): say(method="log", params={"level": "info", "message": "x" * 1000})
open(request["arguments"]["path"], "w").write("x")
say(id=1, result="done")`;
    await withScript(code, async (kit) => {
      let open = () => {};
      const gate = new Promise<void>((resolve) => open = resolve);
      const calling = kit.call("hostile", { path: `${kit.home}/written` }, { log: () => gate });
      await sleep(1_500);
      assert.ok(!(await readdir(kit.home)).includes("written"), "it wrote 5 MB that nobody took");
      open();
      assert.equal(succeed(await calling), "done");
    });
  });
});

describe("nothing stays", { timeout: 180_000 }, () => {
  /** Starts what keeps the pipes, ignores TERM, has a session of its own; then it says and does what it is told. */
  const FAMILY = `
signal.signal(signal.SIGTERM, signal.SIG_IGN)
hold = "trap '' TERM; while :; do sleep 1; done"
env = dict(os.environ, MARK=request["arguments"]["mark"])
subprocess.Popen(["sh", "-c", hold], env=env)
subprocess.Popen(["sh", "-c", hold], env=env, start_new_session=True)
open("left", "w").write("x")
how = request["arguments"]["how"]
if how == "text": print("text", flush=True)
if how == "answer": say(id=1, result="text")
if how == "closed": os.close(0); os.close(1); os.close(2)
if how == "flood":
    while True: sys.stdout.write("x" * 100000)
if how == "stderr":
    while True: sys.stderr.write("y" * 100000)
if how != "text": time.sleep(60)
os._exit(0)`;

  test("of 50 calls at once that end in every way", async () => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    await withScript(FAMILY, async (kit) => {
      const before = openFiles();
      const ways = ["text", "answer", "closed", "flood", "stderr"];
      // those that only their time limit ends have a short one, which does not hurry the others
      await kit.register({ name: "endless", interpreter: "python3", code: READ + FAMILY, timeout_ms: 6_000 });
      const nameOf = (how = "") => how === "closed" || how === "stderr" ? "endless" : "hostile";
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) => kit.call(nameOf(ways[i % 5]), { mark, how: ways[i % 5] })),
      );
      const endings: Readonly<Record<string, RegExp>> = {
        text: /^text$/,
        answer: /^text$/,
        closed: /^\(no output\)$|within its time limit/,
        flood: /more than 16 MiB/,
        stderr: /within its time limit/,
      };
      for (const [i, { content }] of results.entries()) {
        assert.match((content[0] as { text: string }).text, endings[ways[i % 5]!]!);
      }
      await assertNoProcess(mark);
      await until(() => (openFiles() ?? 0) <= (before ?? 0) + 5, `open files as before (${before})`);
    }, { timeout_ms: 60_000 });
  });

  test("of a call that is cancelled, at whatever moment", async () => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    await withScript(FAMILY, async (kit) => {
      const before = openFiles();
      await Promise.all(Array.from({ length: 24 }, async (_, i) => {
        const controller = new AbortController();
        const roots = i % 2 === 0 ? undefined : { roots: () => sleep(40).then(() => []) };
        const calling = kit.call("hostile", { mark, how: "wait" }, { signal: controller.signal, ...roots });
        if (i > 0) await sleep(i * 12);
        controller.abort(new ToolError("Left"));
        assert.equal(fail(await soon(calling)), "Left");
      }));
      await assertNoProcess(mark);
      await until(() => (openFiles() ?? 0) <= (before ?? 0) + 5, `open files as before (${before})`);
    });
  });

  test("of interpreters that wait, once the plugin is unloaded", async () => {
    const before = openFiles();
    await using kit = await startScripts();
    const mark = `held_${crypto.randomUUID().slice(0, 8)}`;
    await kit.register({ name: mark, interpreter: "python3", code: 'print("text")' });
    for (let i = 0; i < 3; i++) assert.equal(succeed(await kit.call(mark)), "text");
    await until(async () => (await processesWith(kit.home)).length > 0, "an interpreter that waits");
    await kit.kernel.unload("scripts");
    assert.deepEqual(await readdir(`${kit.home}/work`), []);
    await assertNoProcess(kit.home);
    await until(() => (openFiles() ?? 0) <= (before ?? 0) + 5, `open files as before (${before})`);
  });

  test("of a call whose client never says what its roots are, once it is cancelled or the plugin is unloaded", async () => {
    for (const why of ["cancelled", "unloaded"]) {
      await withScript("", async (kit) => {
        const controller = new AbortController();
        const roots = () => new Promise<never>(() => {});
        const calling = kit.call("hostile", {}, { signal: controller.signal, roots });
        await sleep(100);
        const before = performance.now();
        if (why === "cancelled") controller.abort();
        else await kit.kernel.unload("scripts");
        fail(await calling);
        assert.ok(performance.now() - before < 3_000, why);
      });
    }
  });
});
