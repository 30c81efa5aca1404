import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { processesWith } from "../../../support/process_list.ts";
import { type PythonCodeKit, startPythonCode } from "./kit.ts";

const MIB = 1024 * 1024;

/** Writes lines of the protocol to every descriptor there is. */
function speaking(...lines: readonly string[]): string {
  return `import os, time
for line in ${JSON.stringify(lines)}:
    for number in range(30):
        try:
            os.write(number, line.encode() + b"\\n")
        except OSError:
            pass
time.sleep(0.2)
return "own"`;
}

describe("Python code that means harm", { timeout: 120_000 }, () => {
  let kit: PythonCodeKit;
  before(async () => {
    kit = await startPythonCode();
  });
  after(() => kit[Symbol.asyncDispose]());

  test("is ended when its time is over, with all that it started and what it printed told", async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    const code = `import signal, subprocess, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 1; done; : ${mark}"], start_new_session=True)
print("spinning")
threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
while True: pass`;
    const begun = performance.now();
    const error = await kit.fail(code, { limits: { timeoutMs: 2_000 } });
    // the answer does not wait for the end of what it was asked of
    assert.ok(performance.now() - begun < 6_000);
    assert.match(
      error.message,
      /^Code of "execute_code" did not end within its time limit of 2 s[^]*printed:\nspinning$/,
    );
    for (let i = 0; i < 100 && (await processesWith(mark)).length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(await processesWith(mark), []);
  });

  test("has no time beyond its own, but for what it waits for a person", async () => {
    const asked = performance.now();
    const waitedMs = () => Math.min(10_000, performance.now() - asked);
    const slept = "import time\ntime.sleep(0.8)\nreturn 1";
    const [waited, late] = await Promise.all([
      kit.run(slept, { limits: { timeoutMs: 600, waitedMs } }),
      kit.fail(slept, { limits: { timeoutMs: 600 } }),
    ]);
    assert.equal(waited.value, 1);
    assert.match(late.message, /time limit of 0\.6 s/);
  });

  test("is ended when it takes more memory, or prints without end", async () => {
    const [memory, output] = await Promise.all([
      kit.fail("print('before')\nx = []\nwhile True: x.append(bytearray(10_000_000))", {
        limits: { memoryBytes: 96 * MIB },
      }),
      kit.fail("import os\nwhile True: os.write(2, b'x' * 60_000 + b'\\n')"),
    ]);
    assert.match(
      memory.message,
      /^Code of "execute_code" took more memory than its limit, and was ended\nprinted:\nbefore$|MemoryError/,
    );
    assert.match(output.message, /^Code of "execute_code" was ended: it printed without end/);
  });

  test("that sends more than a message may have is refused it, and goes on", async () => {
    const code = `try:
    tools["echo"](text="x" * 17_000_000)
except TypeError as error:
    return [str(error), tools["echo"](text="y")]`;
    const [refusal, echoed] = (await kit.run(code)).value as [string, unknown];
    assert.match(
      refusal,
      /^Cannot call tool echo: the message has 1700\d{4} bytes as JSON, and 16777216 is the limit$/,
    );
    assert.deepEqual(echoed, { text: "y" });
  });

  test("that closes, shuts or takes away what it is talked with by fails, or goes on without it", async () => {
    const every = "import os\nfor n in range(30):\n    try: os.close(n)\n    except OSError: pass\n";
    assert.match(
      (await kit.fail(`${every}return 1`)).message,
      /ended its process before its last line|ended with exit/,
    );
    const streams =
      "import sys\nsys.stdin.close(); sys.stdout.close(); sys.stderr.close()\nreturn word_count(text='a b')";
    assert.deepEqual((await kit.run(streams)).value, { words: 2 });
    const replaced = "import sys\nsys.stdout = sys.stderr = None\nprint('x')\nreturn sys.stdin.read()";
    assert.equal((await kit.run(replaced)).value, "");
    const builtin = "import builtins, json\nbuiltins.__dict__.clear()\nreturn 1";
    await kit.fail(builtin);
  });

  test("that dies is told apart from code that ends", async () => {
    const deaths: readonly (readonly [string, RegExp])[] = [
      ["import os\nprint('bye')\nos._exit(0)", /ended its process before its last line\nprinted:\nbye$/],
      ["import os\nos._exit(4)", /ended with exit code 4/],
      [
        "import os\nprint('bye')\nos.kill(os.getpid(), 9)",
        /^Code of "execute_code" was ended by SIGKILL[^\n]*\nprinted:\nbye$/,
      ],
      ["import ctypes\nctypes.string_at(0)", /SIGSEGV|exit code 139|SIGBUS/],
    ];
    await Promise.all(deaths.map(async ([code, words]) => assert.match((await kit.fail(code)).message, words, code)));
  });

  test("that forks has one answer, and one conversation", async () => {
    const code = `import os
if os.fork() == 0:
    try:
        word_count(text="a")
    except ToolError as error:
        print(error)
    return "child"
os.wait()
return word_count(text="a b")`;
    const { value, printed } = await kit.run(code);
    assert.deepEqual(value, { words: 2 });
    assert.match(printed, /^Cannot reach the server from a process that was forked/m);
  });

  test("that speaks the protocol itself reaches nothing that it does not reach by it", async () => {
    const answer = (result: unknown) => JSON.stringify({ jsonrpc: "2.0", id: 1, result });
    const malformed = ["forged", { value: 1 }, { failure: "x" }, { session: [] }, {
      content: [{ type: "text", text: "x" }],
    }];
    await Promise.all(malformed.map(async (result) => {
      assert.match((await kit.fail(speaking(answer(result)))).message, /ended its process before its last line/);
    }));
    const forged = await kit.run(speaking(answer({ value: "forged", session: {} })));
    assert.equal(forged.value, "forged");
    const large = answer({ value: "x".repeat(2_000), session: {} });
    const tooLarge = await kit.fail(speaking(large), { limits: { outputBytes: 1_000 } });
    assert.match(tooLarge.message, /^Cannot take what it returned: more than 1000 bytes/);
    const noise = [
      '{"jsonrpc":"2.0","id":[],"method":"tools/call"}',
      '{"jsonrpc":"2.0","id":9,"method":"no/such"}',
      "{",
    ];
    assert.equal((await kit.run(speaking(...noise))).value, "own");
  });

  test("does not stop other code, several at once", async () => {
    const spinning = kit.fail("while True: pass", { limits: { timeoutMs: 1_000 } });
    const values = await Promise.all(
      Array.from({ length: 6 }, (_, index) => kit.run(`print(${index})\nreturn ${index}`)),
    );
    assert.deepEqual(values, Array.from({ length: 6 }, (_, index) => ({ value: index, printed: `${index}\n` })));
    assert.match((await spinning).message, /time limit/);
  });
});
