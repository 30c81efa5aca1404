/**
 * What went wrong in the system whose protocol this is, each with a script that shows it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { createCall } from "../../../kernel/mod.ts";
import { ScriptRunner } from "../../../plugins/scripts/contract.ts";
import { assertNoProcess, fail, type ScriptKit, startScripts, succeed, waitForFile } from "./kit.ts";

/** Registers the test of a script, on a kernel of its own. */
function check(title: string, run: (kit: ScriptKit) => Promise<void>): void {
  test(title, { timeout: 60_000 }, async () => {
    await using kit = await startScripts();
    await run(kit);
  });
}

/** Fails when work takes longer than this: it would have hung. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const READ = "import json, sys\nrequest = json.loads(sys.stdin.readline())\n";

describe("answers", () => {
  check("an error response is isError, with code, message and data", async (kit) => {
    const code =
      `${READ}print('{"jsonrpc":"2.0","id":1,"error":{"code":-5,"message":"no such row","data":{"row":7}}}')`;
    const result = await kit.runCode("python3", code);
    assert.equal(fail(result), 'Error -5: no such row\nData: {"row":7}');
    assert.deepEqual(result.structuredContent, { code: -5, message: "no such row", data: { row: 7 } });
  });

  check("an exit code without an answer is isError, with the end of stderr", async (kit) => {
    const result = await kit.runCode("python3", "import sys\nprint('half')\nraise ValueError('spoiled')");
    assert.match(
      fail(result),
      /^Script "code_0" ended with exit code 1\nstderr:\n[^]*ValueError: spoiled[^]*stdout:\nhalf/,
    );
    assert.equal((result.structuredContent as { exit_code: number }).exit_code, 1);
  });

  check("an exit code after an answer changes nothing", async (kit) => {
    const answer = '{"jsonrpc":"2.0","id":1,"result":"fine"}';
    assert.equal(succeed(await kit.runCode("sh", `read -r x; echo '${answer}'; exit 3`)), "fine");
  });

  check("a script that is killed is isError", async (kit) => {
    assert.match(fail(await kit.runCode("sh", "kill -SEGV $$")), /was ended by SIGSEGV/);
  });

  check("text of many lines is whole, blank lines and all", async (kit) => {
    assert.equal(succeed(await kit.runCode("sh", "printf 'a\\n\\n  b\\r\\nc\\n\\n'")), "a\n\n  b\nc");
    assert.equal(succeed(await kit.runCode("sh", "printf 'no end'")), "no end");
  });

  check("an answer replaces what was printed before", async (kit) => {
    const logs: string[] = [];
    await kit.register({
      name: "mixed",
      interpreter: "sh",
      code: 'echo one; echo two; echo \'{"jsonrpc":"2.0","id":1,"result":{"a":1}}\'',
    });
    const result = await kit.call("mixed", {}, { log: (_, message) => void logs.push(message) });
    assert.deepEqual(result.structuredContent, { a: 1 });
    assert.deepEqual(logs, ["one\ntwo"]);
  });

  check("an answer that is spread over lines is read", async (kit) => {
    const code = `${READ}print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"a": [1, 2]}}, indent=2))`;
    assert.deepEqual((await kit.runCode("python3", code)).structuredContent, { a: [1, 2] });
  });

  check("any id will do: a text, a negative number, null, another one, none", async (kit) => {
    for (const id of ['"abc"', "-7", "1.5", "null", "99", undefined]) {
      const member = id === undefined ? "" : `"id":${id},`;
      const line = `{"jsonrpc":"2.0",${member}"result":"id ${id === undefined ? "none" : "given"}"}`;
      assert.equal(succeed(await kit.runCode("sh", `echo '${line}'`)), id === undefined ? "id none" : "id given");
    }
  });

  check("values keep their type, and nothing is said to be nothing", async (kit) => {
    const values = ['{"a":{}}', "[1,2]", "5", "true", '"text"', '"{\\"a\\":1}"'];
    for (const value of values) {
      const result = await kit.runCode("sh", `printf '%s\\n' '{"jsonrpc":"2.0","id":1,"result":${value}}'`);
      const parsed = JSON.parse(value);
      if (typeof parsed === "string") assert.equal(result.structuredContent, undefined);
      else assert.deepEqual(result.structuredContent, parsed);
      assert.equal(succeed(result), typeof parsed === "string" ? parsed : JSON.stringify(parsed));
    }
    assert.equal(succeed(await kit.runCode("sh", "true")), "(no output)");
    assert.equal(succeed(await kit.runCode("sh", `echo '{"jsonrpc":"2.0","id":1,"result":null}'`)), "(no output)");
  });

  check("an object that looks like a result of MCP is a value, unless the script speaks revision 2", async (kit) => {
    const content = [{ type: "text", text: "drawn" }, { type: "image", data: "AA==", mimeType: "image/png" }];
    const code = `echo '${JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content } })}'`;
    assert.deepEqual((await kit.runCode("sh", code)).structuredContent, { content });
    await kit.register({ name: "whole", interpreter: "sh", code, protocol: 2 });
    assert.deepEqual((await kit.call("whole")).content, content);
  });

  check("with an output schema plain JSON is a value, and what does not match is isError", async (kit) => {
    const output_schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    await kit.register({ name: "good", interpreter: "sh", code: `echo '{"a":1}'`, output_schema });
    assert.deepEqual((await kit.call("good")).structuredContent, { a: 1 });
    await kit.register({ name: "bad", interpreter: "sh", code: `echo '{"a":"x"}'`, output_schema });
    assert.match(fail(await kit.call("bad")), /does not match its output schema/);
    kit.log.take("error");
  });
});

describe("stderr", () => {
  check("never changes a result, and is shown to the client", async (kit) => {
    const logs: unknown[] = [];
    await kit.register({
      name: "loud",
      interpreter: "python3",
      code: `${READ}print("careful", file=sys.stderr, flush=True)
import time
time.sleep(0.2)
print('{"jsonrpc":"2.0","id":1,"result":{"a":1}}')`,
    });
    const result = await kit.call("loud", {}, { log: (...entry) => void logs.push(entry) });
    assert.deepEqual(result.content, [{ type: "text", text: '{"a":1}' }]);
    assert.deepEqual(result.structuredContent, { a: 1 });
    assert.deepEqual(logs, [["info", "careful", undefined, "loud"]]);
  });

  check("and logs never change the shape of a result", async (kit) => {
    const notice = '{"jsonrpc":"2.0","method":"log","params":{"level":"error","message":"careful"}}';
    const answer = '{"jsonrpc":"2.0","id":1,"result":{"a":1}}';
    const result = await kit.runCode("sh", `echo careful >&2; echo '${notice}'; echo '${answer}'; echo late >&2`);
    assert.deepEqual(result, { content: [{ type: "text", text: '{"a":1}' }], structuredContent: { a: 1 } });
  });

  check("of any size blocks nobody, and what is kept and sent of it is bounded", async (kit) => {
    let sent = 0;
    await kit.register({
      name: "flood",
      interpreter: "python3",
      code: `${READ}sys.stderr.write("x" * 5_000_000 + "\\nthe end\\n")\nsys.exit(4)`,
    });
    const result = await within(30, kit.call("flood", {}, { log: (_, message) => void (sent += message.length) }));
    assert.match(fail(result), /exit code 4[^]*the end$/);
    assert.ok(fail(result).length < 5_000, "the tail only");
    assert.ok(sent < 70_000, `${sent} characters sent`);
  });
});

describe("stdin and stdout", () => {
  check("the answer counts when it arrives, and the script that goes on is ended", async (kit) => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    const code = `${READ}import subprocess, time
print('{"jsonrpc":"2.0","id":1,"result":"early"}', flush=True)
child = subprocess.Popen(["sleep", "300"], env={"MARK": "${mark}"})
open("${kit.home}/child", "w").write(str(child.pid))
time.sleep(300)`;
    assert.equal(succeed(await within(5, kit.runCode("python3", code))), "early");
    await waitForFile(`${kit.home}/child`);
    await assertNoProcess(mark);
  });

  check("a script that answers and goes on serving, with open sockets and timers, holds up nobody", async (kit) => {
    const code = `
const { createServer } = require("http");
process.stdin.resume();
setInterval(() => {}, 1000);
createServer().listen(0, "127.0.0.1", () => console.log('{"jsonrpc":"2.0","id":1,"result":"served"}'));`;
    assert.equal(succeed(await within(20, kit.runCode("node", code))), "served");
  });

  check("requests with any id are answered under it: a text, a negative number, a fraction, null", async (kit) => {
    const code = `${READ}ids = []
for id in ["a", "", -7, 1.5, 0, None]:
    print(json.dumps({"jsonrpc": "2.0", "id": id, "method": "tools/list"}), flush=True)
    reply = json.loads(sys.stdin.readline())
    ids.append([reply["id"], "tools" in reply["result"]])
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": ids}))`;
    const ids = ["a", "", -7, 1.5, 0, null].map((id) => [id, true]);
    assert.deepEqual((await within(20, kit.runCode("python3", code))).structuredContent, ids);
  });

  check("a script that loops over its input ends when it has answered", async (kit) => {
    const code = `import sys, json
for line in sys.stdin:
    print(json.dumps({"jsonrpc": "2.0", "id": json.loads(line)["id"], "result": "looped"}), flush=True)
open("done", "w").write("x")`;
    assert.equal(succeed(await within(5, kit.runCode("python3", code))), "looped");
  });

  check("a script that reads stdin to its end gets its end", async (kit) => {
    const scripts: readonly (readonly [string, string])[] = [
      ["python3", 'import sys, json\nprint(json.loads(sys.stdin.read())["method"])'],
      ["python3", 'import sys, json\nprint(json.load(sys.stdin)["method"])'],
      ["node", 'console.log(JSON.parse(require("fs").readFileSync(0, "utf8")).method)'],
      [
        "node",
        'let d = ""; process.stdin.on("data", c => d += c); process.stdin.on("end", () => console.log(JSON.parse(d).method))',
      ],
      ["bash", 'input=$(cat); case "$input" in *execute*) echo execute;; esac'],
    ];
    for (const [interpreter, code] of scripts) {
      assert.equal(succeed(await within(10, kit.runCode(interpreter, code))), "execute", code);
    }
  });

  check("a large argument to a script that reads nothing blocks nobody", async (kit) => {
    const args = { text: "x".repeat(4_000_000) };
    assert.equal(succeed(await within(20, kit.runCode("sh", "echo unread", args))), "unread");
    const slow = "import time\ntime.sleep(0.5)\nprint('late')";
    assert.equal(succeed(await within(20, kit.runCode("python3", slow, args))), "late");
  });

  check("a large argument and a large answer go through", async (kit) => {
    const text = "é💥".repeat(500_000);
    const code = `${READ}print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": request["params"]["arguments"]}))`;
    assert.deepEqual((await within(30, kit.runCode("python3", code, { text }))).structuredContent, { text });
  });

  check("a script that ends before it reads keeps its output", async (kit) => {
    assert.equal(succeed(await kit.runCode("sh", "exec <&-; echo quick")), "quick");
  });

  check("bytes that are not UTF-8 are replaced", async (kit) => {
    assert.equal(succeed(await kit.runCode("sh", "printf 'a\\377b\\n\\303('")), "a\uFFFDb\n\uFFFD(");
  });

  check("a script that closes its output and goes on has said all it has to say", async (kit) => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    const code = `echo before; : ${mark}; exec >&-; MARK=${mark} exec sleep 300`;
    assert.equal(succeed(await within(20, kit.runCode("sh", code))), "before");
    await assertNoProcess(mark);
  });

  check("a line that never ends is a clear error, in bounded memory", async (kit) => {
    const code = "import sys\nwhile True: sys.stdout.write('x' * 1000000)";
    assert.match(fail(await within(30, kit.runCode("python3", code))), /it wrote a line of more than 16 MiB/);
    const lines = "import sys\nwhile True: sys.stdout.write('x' * 1000 + '\\n')";
    assert.match(fail(await within(30, kit.runCode("python3", lines))), /wrote more than 16 MiB without an answer/);
  });
});

describe("calls", () => {
  check("leave no working folder behind", async (kit) => {
    const folder = succeed(await kit.runCode("sh", "read -r x; pwd; touch left"));
    for (let i = 0; i < 50 && await stat(folder).catch(() => undefined); i++) {
      await new Promise((r) => setTimeout(r, 50));
    }
    await assert.rejects(stat(folder), /ENOENT/);
  });

  check("nothing of a request is logged", async (kit) => {
    await kit.register({ name: "quiet", interpreter: "sh", code: "read -r x; echo ok >&2; exit 1" });
    fail(await kit.call("quiet", { password: "hunter2-secret" }));
    fail(await kit.call("call_tool", { tool_name: "quiet", arguments: '{"password":"hunter2-secret"}' }));
    assert.ok(!JSON.stringify(kit.log.entries).includes("hunter2"), JSON.stringify(kit.log.entries));
  });

  check("a runner for other plugins runs a file that is no tool", async (kit) => {
    const runner = kit.kernel.get(ScriptRunner)!;
    await writeFile(`${kit.home}/loose.sh`, "read -r x; echo loose; pwd");
    const script = { name: "loose", file: `${kit.home}/loose.sh`, interpreter: "sh", arguments: {}, cwd: kit.home };
    assert.deepEqual(await runner.run(script, createCall()), { value: `loose\n${kit.home}` });
  });
});
