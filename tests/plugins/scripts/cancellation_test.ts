import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { definePlugin, ToolError } from "../../../kernel/mod.ts";
import { assertNoProcess, fail, type ScriptKit, type ScriptToRegister, startScripts, waitForFile } from "./kit.ts";

/** A script that ignores TERM, says that it runs, and notes what it is told; then it does what is added. */
function listening(kit: ScriptKit, then: string): string {
  return `
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def note(name, text):
    with open("${kit.home}/" + name + ".part", "w") as file:
        file.write(text)
    os.rename("${kit.home}/" + name + ".part", "${kit.home}/" + name)
sys.stdin.readline()
note("started", "yes")
told = sys.stdin.readline()
noted = time.monotonic()
note("told", told)
${then}
`;
}

async function start(then = "", more: Partial<ScriptToRegister> = {}): Promise<ScriptKit> {
  const kit = await startScripts();
  await kit.register({ name: "listening", interpreter: "python3", code: listening(kit, then), ...more });
  return kit;
}

/** Calls the script, and gives what cancels the call once it runs. */
async function callUntilStarted(kit: ScriptKit, name = "listening") {
  const controller = new AbortController();
  const calling = kit.call(name, {}, { signal: controller.signal });
  await waitForFile(`${kit.home}/started`);
  return { calling, controller };
}

async function told(kit: ScriptKit): Promise<unknown> {
  return JSON.parse(await waitForFile(`${kit.home}/told`));
}

function cancelled(reason: string) {
  return { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1, reason } };
}

describe("a script that nobody waits for any more", { timeout: 60_000 }, () => {
  test("is told that its call was cancelled, and may end by itself", async () => {
    const answer = `print('{"jsonrpc":"2.0","id":1,"result":"too late"}', flush=True)`;
    await using kit = await start(`${answer}\nnote("rest", json.dumps(sys.stdin.readline()))`);
    const { calling, controller } = await callUntilStarted(kit);
    controller.abort(new ToolError("Not wanted any more"));
    assert.equal(fail(await calling), "Not wanted any more");
    assert.deepEqual(await told(kit), cancelled("Not wanted any more"));
    assert.equal(await waitForFile(`${kit.home}/rest`), '""', "stdin is closed after that");
  });

  for (const [why, more] of [["cancelled", {}], ["over its time", { timeout_ms: 1500 }]] as const) {
    test(`is not waited for by the client when it is ${why}`, async () => {
      await using kit = await startScripts();
      const then = `while not os.path.exists("${kit.home}/go"): time.sleep(0.02)\nnote("ended", "yes")`;
      await kit.register({ name: "listening", interpreter: "python3", code: listening(kit, then), ...more });
      const { calling, controller } = await callUntilStarted(kit);
      if (why === "cancelled") controller.abort();
      fail(await calling);
      // a client that waited would wait until the script is killed, which then could not see this
      await writeFile(`${kit.home}/go`, "");
      await waitForFile(`${kit.home}/ended`);
    });
  }

  test("is told that its time is over", async () => {
    await using kit = await start("time.sleep(60)", { timeout_ms: 1500 });
    const { calling } = await callUntilStarted(kit);
    assert.match(fail(await calling), /did not answer within its time limit/);
    assert.deepEqual(await told(kit), cancelled("Timed out after 1.5 s"));
  });

  test("is told that the plugin is unloaded, and is gone when that is done", async () => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    await using kit = await start(`note("rest", "yes")\nos.execvpe("sleep", ["sleep", "60"], {"MARK": "${mark}"})`);
    const { calling } = await callUntilStarted(kit);
    await kit.kernel.unload("scripts");
    assert.match(JSON.stringify(await told(kit)), /"reason":"Plugin \\"scripts\\" is being unloaded"|Ended: plugin/);
    await access(`${kit.home}/rest`);
    await assertNoProcess(mark);
    fail(await calling);
  });

  test("is told that the server stops", async () => {
    await using kit = await start();
    const { calling } = await callUntilStarted(kit);
    await kit.kernel.stop();
    assert.match(await readFile(`${kit.home}/told`, "utf8"), /"method":"notifications\/cancelled"/);
    await calling.catch(() => {});
  });

  test("gets TERM when it does not end, and KILL when that does not help, with all that it started", async () => {
    const mark = `collet-test-${crypto.randomUUID()}`;
    await using kit = await startScripts();
    const noteTerm = 'lambda *_: note("term", str(time.monotonic() - noted))';
    const code = listening(
      kit,
      `
import subprocess
subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 300; sleep 300"], env={"MARK": "${mark}", "PATH": os.environ["PATH"]})
while True: time.sleep(1)`,
    ).replace("signal.SIG_IGN", noteTerm);
    await kit.register({ name: "listening", interpreter: "python3", code });
    const { calling, controller } = await callUntilStarted(kit);
    controller.abort();
    fail(await calling);
    const seconds = Number(await waitForFile(`${kit.home}/term`));
    assert.ok(seconds > 0.8, `it was given ${seconds} s to end by itself`);
    await assertNoProcess(mark);
  });

  test("gets TERM when its stdin was closed from the beginning, and is told nothing", async () => {
    await using kit = await startScripts();
    const code = `
import os, signal, sys, time
def end(*_):
    open("${kit.home}/term", "w").write(repr(rest))
    sys.exit()
signal.signal(signal.SIGTERM, end)
rest = sys.stdin.read().count("\\n")
open("${kit.home}/started", "w").write("yes")
while True: time.sleep(1)`;
    await kit.register({ name: "reader", interpreter: "python3", code });
    const { calling, controller } = await callUntilStarted(kit, "reader");
    controller.abort();
    fail(await calling);
    assert.equal(await waitForFile(`${kit.home}/term`), "1", "the request, and nothing else");
  });

  test("has the tools ended that it called, and waits for, by its requests", async () => {
    let aborted: unknown;
    const patient = definePlugin({
      name: "patient",
      version: "1.0.0",
      setup: (ctx) =>
        void ctx.tool({
          name: "wait",
          description: "x",
          input: {},
          run: (_, { signal }) =>
            new Promise((_, reject) => {
              signal.addEventListener("abort", () => reject(aborted = signal.reason));
              void writeFile(`${kit.home}/started`, "yes");
            }),
        }),
    });
    await using kit = await startScripts({ plugins: [patient] });
    const request = '{"jsonrpc":"2.0","id":"r","method":"tools/call","params":{"name":"wait"}}';
    const code = listening(kit, "").replace('note("started", "yes")', `print('${request}', flush=True)`);
    await kit.register({ name: "listening", interpreter: "python3", code });
    const { calling, controller } = await callUntilStarted(kit);
    controller.abort();
    assert.match(fail(await calling), /Cancelled/);
    assert.match(String(aborted), /Cancelled/);
    assert.deepEqual(await told(kit), cancelled("Cancelled by the client"), "and no reply");
  });
});
