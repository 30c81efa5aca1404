/**
 * What code of `execute_python_code` is held to, what it is granted, and that nobody else waits for it.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import process from "node:process";
import { type JsonObject, textOf } from "../../../../../kernel/mod.ts";
import { processesWith } from "../../../../support/process_list.ts";
import { soon, until, withTimeEnough } from "../../../../support/wait.ts";
import { grantLines, type PythonKit, skillText, startPython, valueOf } from "./kit.ts";

const VARIABLES = { TEST_PYTHON_A: "told to the first", TEST_PYTHON_B: "told to the second" };

/** Writes a skill that asks for a variable of the server. */
function asking(name: string, variable: string): Readonly<Record<string, string>> {
  return { "SKILL.md": skillText(name, grantLines({ env: [variable] })), [`${name}.py`]: "X = 1\n" };
}

const TELL = "import os\nprint([os.environ.get(f'TEST_PYTHON_{it}') for it in 'AB'])";

describe("limits of execute_python_code", { timeout: 120_000 }, () => {
  let kit: PythonKit;
  before(async () => {
    Object.assign(process.env, VARIABLES);
    const skills = { first: asking("first", "TEST_PYTHON_A"), second: asking("second", "TEST_PYTHON_B") };
    kit = await startPython(skills, { ceiling: { env: ["TEST_PYTHON_A"] }, connect: { answer: "once" } });
  });
  after(async () => {
    for (const name of Object.keys(VARIABLES)) delete process.env[name];
    await kit[Symbol.asyncDispose]();
  });

  test("code has no variable of the server, and of what skills are granted what those have that it refers to", async () => {
    assert.equal(await kit.stdout(TELL), "[None, None]\n");
    assert.equal(await kit.stdout(TELL, ["first:first.py"]), "['told to the first', None]\n");
    assert.deepEqual(kit.user.questions, []);
    assert.equal(
      await kit.stdout(TELL, ["first:first.py", "second:second.py"]),
      "['told to the first', 'told to the second']\n",
    );
    assert.equal(kit.user.questions.length, 1);
    assert.match(kit.user.questions[0]!, /second[^]*TEST_PYTHON_B/);
    const refusing = await kit.server.connect({ answer: "no" });
    const args = { code: TELL, skill_references: ["second:second.py"] };
    const refused = await refusing.call("execute_python_code", args);
    assert.equal(refused.isError, true);
    assert.doesNotMatch(textOf(refused), /Exit code|told to/);
  });

  test("a time limit ends it with all that it started, and what it printed until then is told", async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    const code = `import subprocess, sys, time
child = [sys.executable, "-c", "import time; time.sleep(600)", "${mark}"]
subprocess.Popen(child, start_new_session=True)
print("started", flush=True)
time.sleep(600)`;
    const result = await withTimeEnough(
      (timeout) => kit.execute(code, undefined, { timeout }),
      (it) => textOf(it).includes("started"),
    );
    assert.equal(result.isError, true);
    assert.match(
      textOf(result),
      /^Python Code Execution\nExit code: none: timed out after \d+ seconds?[^]*STDOUT:\nstarted\n/,
    );
    const { timed_out: isTimedOut, exit_code: code_ } = result.structuredContent as JsonObject;
    assert.deepEqual([isTimedOut, code_], [true, null]);
    await until(async () => (await processesWith(mark)).length === 0, "what it started to be gone");
  });

  for (const timeout of [0, -1, 1.5, 1e9, "5"]) {
    test(`${JSON.stringify(timeout)} is no time limit`, async () => {
      const result = await kit.user.call("execute_python_code", { code: "print(1)", timeout });
      assert.equal(result.isError, true);
      assert.doesNotMatch(textOf(result), /Exit code/);
    });
  }

  test("a program that keeps its output open holds up nobody", async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    const code = `import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "${mark}"], start_new_session=True)
print("done")`;
    const result = await soon(kit.execute(code));
    assert.match(textOf(result), /done/);
    await until(async () => (await processesWith(mark)).length === 0, "what it left to be gone");
  });

  test("output is cut, streamed as it comes, and never fails for what is no UTF-8", async () => {
    const long = await kit.execute("print('é' * 150000)\nimport sys\nprint('x' * 150000, file=sys.stderr)");
    const { stdout, stderr, ...value } = valueOf(long);
    assert.deepEqual([value["stdout_truncated"], value["stderr_truncated"], value["exit_code"]], [true, true, 0]);
    assert.deepEqual([(stdout as string).length, (stderr as string).length], [100_000, 100_000]);
    assert.match(textOf(long), /é\n\.\.\. \(output truncated\)\n[^]*x\n\.\.\. \(output truncated\)\n/);
    const odd = await kit.stdout("import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb\\n')");
    assert.match(odd, /^a\uFFFD+b\n$/);
    const told: string[] = [];
    const code = `import first, os, time
print("part 0", flush=True)
while not os.path.exists(os.path.join(os.path.dirname(first.__file__), "heard")): time.sleep(.05)
print("part 1\\npart 2")`;
    await kit.user.call("execute_python_code", { code, skill_references: ["first:first.py"] }, {
      onprogress: ({ message = "" }) =>
        void (told.push(message) === 1 && writeFile(join(kit.home, "skills/first/heard"), "")),
    });
    assert.ok(told.length >= 2, JSON.stringify(told));
    assert.equal(told.join(""), "part 0\npart 1\npart 2\n");
  });

  test("other calls are served while it runs, and it ends when its call is cancelled", async () => {
    const cancelling = new AbortController();
    const args = { code: "import time\nprint('on', flush=True)\ntime.sleep(600)", timeout: 600 };
    let hasBegun = false;
    const running = kit.user.client.callTool(
      { name: "execute_python_code", arguments: args },
      { signal: cancelling.signal, onprogress: () => void (hasBegun = true) },
    );
    const rejected = assert.rejects(running);
    await until(() => hasBegun, "the code to print");
    await soon(kit.user.client.ping());
    assert.equal(await kit.stdout("print('meanwhile')"), "meanwhile\n");
    cancelling.abort();
    await soon(rejected);
    await until(async () => (await kit.left()).length === 0, "its folder to be gone");
  });

  test("runs at the same time do not see each other", async () => {
    const code = (i: number) =>
      `import os, time\nopen("same", "w").write("${i}")\ntime.sleep(.3)\nprint(open("same").read())`;
    const printed = await Promise.all([1, 2, 3].map((i) => kit.stdout(code(i))));
    assert.deepEqual(printed, ["1\n", "2\n", "3\n"]);
  });
});
