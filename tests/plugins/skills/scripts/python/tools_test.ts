/**
 * Code of `execute_python_code` that works with tools of the server in the middle of its run.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { textOf } from "../../../../../kernel/mod.ts";
import { ERAS } from "../../../scripts/granting.ts";
import { type PythonKit, startPython } from "./kit.ts";

const SKILLS = {
  finder: { "finder.py": "from collet_tool import call_tool\ndef find(): return call_tool('list_skills')['skills']\n" },
  "no-tools": { "plain.py": "X = 1\n" },
};

describe("code that calls tools", { timeout: 120_000 }, () => {
  let kit: PythonKit;
  before(async () => {
    kit = await startPython(SKILLS);
    await kit.user.register({
      name: "add",
      interpreter: "python3",
      code:
        "from collet_tool import fail, run\nrun(lambda it: {'sum': it['a'] + it['b']} if 'a' in it else fail('No a'))",
    });
  });
  after(() => kit[Symbol.asyncDispose]());

  for (const era of ERAS) {
    test(`calls them, logs, reports progress, and prints what it likes (${era})`, async () => {
      const user = await kit.server.connect({ era });
      const code = `from collet_tool import call_tool, list_tools, log, progress
print("begin", end=" ")
total = 0
for i in range(3):
    progress(i + 1, 3, f"round {i + 1}")
    total = call_tool("add", {"a": total, "b": i})["sum"]
    print(total, end=" ")
log("warning", "half way", {"total": total})
print("tools", sorted(it["name"] for it in list_tools() if it["name"] in ("add", "list_skills")))
print('{"no": "message"}')`;
      const progress: unknown[] = [];
      const result = await user.call("execute_python_code", { code }, {
        onprogress: (it) => progress.push(it.message),
      });
      assert.equal(
        textOf(result),
        "Python Code Execution\nExit code: 0\n\nSTDOUT:\n" +
          "begin 0 1 3 tools ['add', 'list_skills']\n{\"no\": \"message\"}\n\n",
      );
      for (const message of ["round 1", "round 2", "round 3"]) assert.ok(progress.includes(message), String(progress));
      assert.match(user.wire.join("\n"), /"level":"warning"[^\n]*half way/);
    });
  }

  test("hears what failed, as an exception that it can catch", async () => {
    const code = `from collet_tool import HostError, call_tool
for name in ("add", "no_such_tool"):
    try: call_tool(name, {})
    except HostError as error: print(error)`;
    assert.match(await kit.stdout(code), /^Tool add failed: .*No a.*\nTool no_such_tool failed: .*\n$/s);
  });

  test("may be a module of a skill, when the code itself names no tool", async () => {
    const names = await kit.stdout("import finder; print([it['name'] for it in finder.find()])", ["finder:finder.py"]);
    assert.match(names, /'finder'.*'no-tools'/);
    assert.equal(await kit.stdout("import plain\nprint(input() if False else 1)", ["no-tools:plain.py"]), "1\n");
  });

  test("may have a handler as a script tool has, whose result is printed", async () => {
    const code = "from collet_tool import call_tool, run\nrun(lambda it: call_tool('add', {'a': 1, 'b': 2}))";
    assert.equal(await kit.stdout(code), '{"sum": 3}\n');
  });

  test("does not find what the server says to it on stdin, nor do programs that it starts", async () => {
    const code = `from collet_tool import call_tool
import subprocess, sys
try: print(input())
except EOFError: print("no input")
child = "import sys; print(repr(sys.stdin.read()), __import__('os').environ.get('COLLET_TOOL_CODE'))"
print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout, end="")
subprocess.run([sys.executable, "-c", "print('from a child')"])
print(call_tool("add", {"a": 1, "b": 1}))`;
    assert.equal(await kit.stdout(code), "no input\n'' None\nfrom a child\n{'sum': 2}\n");
    assert.match(textOf(await kit.execute("print(input())")), /EOFError/);
  });

  test("many at a time, from threads", async () => {
    const code = `from concurrent.futures import ThreadPoolExecutor
from collet_tool import call_tool
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(lambda i: call_tool("list_skills")["total"] if False else call_tool("add", {"a": i, "b": i})["sum"], range(6))))`;
    assert.equal(await kit.stdout(code), "[0, 2, 4, 6, 8, 10]\n");
  });

  test("cannot call itself without end", async () => {
    const code = `from collet_tool import HostError, call_tool
try: call_tool("execute_python_code", {"code": "print(1)"})
except HostError as error: print(error)`;
    assert.match(await kit.stdout(code), /execute_python_code.*(circle|itself)/s);
  });
});
