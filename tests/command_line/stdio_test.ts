import assert from "node:assert/strict";
import { dirname } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { processesWith } from "../support/process_list.ts";
import { until } from "../support/wait.ts";
import { NOISY_JS, SHOUT_TS, TROUBLE_JS } from "./fixtures.ts";
import { answersIn, answerTo, callOf, HANDSHAKE, lines, send } from "./messages.ts";
import { makeFolder, runProgram, startProgram, type TestFolder } from "./program.ts";

async function makeHome(plugins: Readonly<Record<string, string>>, server: object = {}): Promise<TestFolder> {
  const home = await makeFolder();
  for (const [name, text] of Object.entries(plugins)) await home.write(name, text);
  const named = Object.fromEntries(Object.keys(plugins).map((name) => [`./${name}`, {}]));
  await home.write("collet.json", JSON.stringify({ server, plugins: named }));
  return home;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("collet over stdio", () => {
  test("serves by default, and ends with 0 when its input ends", async () => {
    await using home = await makeHome({ "shout.ts": SHOUT_TS });
    const input = lines(...HANDSHAKE, { jsonrpc: "2.0", id: 1, method: "tools/list" });
    const { code, stdout, stderr } = await runProgram([], { home: home.path, input });
    assert.equal(code, 0, stderr);
    const [hello, listed] = answersIn(stdout);
    const { name, title, icons } = hello?.result?.["serverInfo"] as {
      name: string;
      title: string;
      icons: { src: string; mimeType: string }[];
    };
    assert.deepEqual([name, title, icons[0]?.mimeType], ["collet", "Collet", "image/svg+xml"]);
    assert.match(atob(icons[0]!.src.split(",")[1]!), /^<svg .*<\/svg>$/);
    assert.match(String(hello?.result?.["instructions"]), /collet:\/\/guide/);
    assert.ok(JSON.stringify(listed?.result).includes('"register_script"'));
    assert.match(stderr, /info {2}kernel: Stopping: end of input/);
  });

  test("says once that there is no sandbox: none is installed, or its plugin is left out", async () => {
    await using home = await makeHome({});
    const PATH = await home.write("none/nothing", "").then(dirname);
    const warned = async (args: readonly string[], env: Record<string, string> = {}) => {
      const { code, stderr } = await runProgram(args, { home: home.path, env });
      assert.equal(code, 0, stderr);
      return stderr.match(/warn .*No sandbox: .*/g) ?? [];
    };
    assert.match(
      (await warned([], { PATH })).join("\n"),
      /^warn {2}sandbox: No sandbox: none is installed.*--sandbox off$/,
    );
    assert.deepEqual(await warned(["--sandbox", "off"], { PATH }), []);
    assert.deepEqual(await warned(["--sandbox", "off"]), []);
    await home.write("collet.json", '{"plugins":{"sandbox":false}}');
    assert.match((await warned([])).join("\n"), /^warn {2}kernel: No sandbox: its plugin is left out[^\n]*$/);
    assert.deepEqual(await warned(["--sandbox", "off"]), []);
  });

  test("says what has no effect since nothing reads it", async () => {
    await using home = await makeHome({});
    await home.write("collet.json", '{"mcpServers":{},"plugins":{"upstream":false}}');
    const { code, stderr } = await runProgram([], { home: home.path });
    assert.equal(code, 0);
    assert.match(stderr, /warn .*No use of "mcpServers".*the plugin "upstream".*left out/);
  });

  test("keeps stdout for the protocol, whatever a plugin and its children print or read", async () => {
    await using home = await makeHome({ "noisy.js": NOISY_JS, "shout.ts": SHOUT_TS });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, callOf(1, "noise"));
    assert.deepEqual((await answerTo(running, 1)).result?.["content"], [{ type: "text", text: "done" }]);
    send(running, callOf(2, "shout", { text: "still here" }));
    assert.match(JSON.stringify((await answerTo(running, 2)).result), /STILL HERE!/);
    running.child.stdin?.end();
    const { code, stdout, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
    assert.equal(answersIn(stdout).length, 3);
    for (const noise of ["import", "console", "time", "process.stdout", "child"]) {
      assert.match(stderr, new RegExp(`NOISE ${noise}`));
    }
  });

  test("lists few tools, and calls the others all the same", async () => {
    await using home = await makeHome({ "shout.ts": SHOUT_TS });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, { jsonrpc: "2.0", id: 1, method: "tools/list" });
    const { tools } = (await answerTo(running, 1)).result as { tools: { name: string }[] };
    const names = tools.map((tool) => tool.name);
    assert.ok(names.includes("list_tools") && names.includes("register_script"), names.join());
    assert.equal(names.includes("shout") || names.includes("delete_tool"), false, names.join());
    send(running, callOf(2, "shout", { text: "hi" }));
    assert.match(JSON.stringify((await answerTo(running, 2)).result), /HI!/);
  });

  test("answers bad and oversized lines, and goes on", async () => {
    await using home = await makeHome({ "shout.ts": SHOUT_TS }, { limits: { max_message_bytes: 2_000 } });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE);
    await answerTo(running, 0);
    running.child.stdin?.write(`not json\n[]\n{"jsonrpc":"1.0"}\n${"x".repeat(5_000)}\n\n`);
    send(running, callOf(1, "shout", { text: "z".repeat(3_000) }), callOf(2, "shout", { text: "on" }));
    assert.match(JSON.stringify((await answerTo(running, 2)).result), /ON!/);
    const codes = answersIn(running.stdout()).flatMap((answer) => answer.error?.code ?? []);
    assert.ok(codes.includes(-32700), running.stdout());
    assert.equal(codes.filter((code) => code === -32600).length >= 2, true, running.stdout());
  });

  test("shows the reason of an unexpected error to the client", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, callOf(1, "fail"));
    assert.match(JSON.stringify((await answerTo(running, 1)).result), /its own fault/);
  });

  test("survives the failing timer and the lost rejection of a plugin, and names it", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, callOf(1, "leave"));
    await answerTo(running, 1);
    await running.seen("stderr", /error trouble: Uncaught error: late timer/);
    await running.seen("stderr", /error trouble: Unhandled rejection: lost rejection/);
    send(running, callOf(2, "leave"));
    await answerTo(running, 2);
  });

  test("writes its log as JSON with --json", async () => {
    await using home = await makeHome({});
    const { stderr } = await runProgram(["--json"], { home: home.path });
    const entries = stderr.trim().split("\n").map((line) => JSON.parse(line));
    assert.ok(entries.some((entry) => /Serving \d+ tools over stdio/.test(entry.message)));
  });
});

describe("the end of collet over stdio", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "end of input"] as const) {
    test(`by ${signal} is clean with a call in flight, and takes its child along`, async () => {
      await using home = await makeHome({ "trouble.js": TROUBLE_JS });
      await using running = await startProgram([], { home: home.path });
      send(running, ...HANDSHAKE, callOf(1, "sleep"));
      const pid = Number((await running.seen("stderr", /CHILD (\d+)/))[1]);
      assert.equal(isAlive(pid), true);
      if (signal === "end of input") running.child.stdin?.end();
      else running.signal(signal);
      const { code, stderr } = await running.ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`Stopping: ${signal}`));
      await until(() => !isAlive(pid), "the end of the child");
    });
  }

  test("takes along the whole tree of a script tool that is running", async () => {
    await using home = await makeHome({});
    await using running = await startProgram([], { home: home.path });
    // processes in a sandbox have other numbers inside
    const mark = `600.${process.pid}${Date.now()}`;
    const script = { name: "sleeper", description: "Sleep", interpreter: "bash", code: `sleep ${mark} &\nwait` };
    send(running, ...HANDSHAKE, callOf(1, "register_script", script));
    assert.equal((await answerTo(running, 1)).result?.["isError"] ?? false, false, running.stdout());
    send(running, callOf(2, "sleeper"));
    const isRunning = async () => (await processesWith(`sleep ${mark}`)).length > 0;
    await until(isRunning, "the script to start");
    const scripts = await processesWith("/tools/sleeper/sleeper.sh");
    assert.ok(scripts.length > 0, "the shell runs");
    running.signal("SIGTERM");
    const { code: exit, stderr } = await running.ended;
    assert.equal(exit, 0, stderr);
    await until(async () => !await isRunning(), "the end of the tree");
    const shells = scripts.map((line) => Number(line.trim().split(/\s+/)[0]));
    await until(() => shells.every((pid) => !isAlive(pid)), "the end of the shell");
  });

  test("waits for a call that does not end no longer than the grace period", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS }, { limits: { grace_ms: 200 } });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, callOf(1, "hang"));
    await running.seen("stderr", /HANGING/);
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 0);
    assert.match(stderr, /1 calls did not end within 200 ms/);
  });

  test("comes at once with a second signal, and 1", async () => {
    await using home = await makeHome({ "trouble.js": TROUBLE_JS }, { limits: { grace_ms: 600_000 } });
    await using running = await startProgram([], { home: home.path });
    send(running, ...HANDSHAKE, callOf(1, "hang"));
    await running.seen("stderr", /HANGING/);
    running.signal("SIGTERM");
    await running.seen("stderr", /Stopping: SIGTERM/);
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 1);
    assert.match(stderr, /Ended at once by a second signal/);
  });

  test("comes even when a plugin never finishes its clean-up, with 1", async () => {
    const stuck = `export default { name: "stuck", version: "1", setup: () => () => new Promise(() => {}) };`;
    await using home = await makeHome({ "stuck.js": stuck }, { limits: { grace_ms: 0 } });
    const { code, stderr } = await runProgram([], { home: home.path });
    assert.equal(code, 1);
    assert.match(stderr, /Ended: it did not stop within 5000 ms/);
  });

  test("comes while plugins are still starting", async () => {
    const slow = `export default { name: "slow", version: "1", async setup({ log }) {
      log.info("SLOW");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    } };`;
    await using home = await makeHome({ "slow.js": slow });
    await using running = await startProgram([], { home: home.path });
    await running.seen("stderr", /SLOW/);
    running.signal("SIGTERM");
    const { code, stderr } = await running.ended;
    assert.equal(code, 0, stderr);
  });

  test("leaves no lock or journal in the home that a next start would stumble over", async () => {
    await using home = await makeHome({});
    for (let i = 0; i < 2; i++) {
      const { code, stderr } = await runProgram([], { home: home.path });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /error/);
    }
  });
});
