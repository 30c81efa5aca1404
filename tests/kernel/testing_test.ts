import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import {
  Commands,
  type Contract,
  contract,
  definePlugin,
  Environment,
  Files,
  Http,
  KernelStarted,
  optional,
  Processes,
} from "../../kernel/mod.ts";
import { fakeLog, fakeProcesses, memoryFiles, provide, type TestKit, testPlugin } from "../../kernel/testing.ts";
import { small, toolPlugin } from "../support/plugins.ts";

async function problems(kit: TestKit): Promise<string> {
  const thrown = await kit[Symbol.asyncDispose]().then(() => undefined, (thrown: unknown) => thrown);
  return thrown instanceof Error ? thrown.message : "none";
}

const echo = toolPlugin("echo", ({ text }) => text);

test("testPlugin() connects a real client, in both eras", async () => {
  for (const [era, version] of [["2025", "2025-11-25"], ["2026", "2026-07-28"]] as const) {
    await using kit = await testPlugin(echo, undefined, { era });
    assert.equal(kit.client.getNegotiatedProtocolVersion(), version);
    const { content } = await kit.client.callTool({ name: "echo", arguments: { text: "hi" } });
    assert.deepEqual(content, [{ type: "text", text: "hi" }]);
  }
});

test("testPlugin() starts with the fakes of what nobody provides", async () => {
  const seen: unknown[] = [];
  const plugin = small("it", {
    requires: {
      files: Files,
      processes: Processes,
      environment: Environment,
      http: Http,
      commands: optional(Commands),
    },
    async setup({ deps }) {
      await deps.files.writeAtomic("a.txt", "hi");
      seen.push(await deps.files.readText("a.txt"), deps.environment.home, typeof deps.commands?.add);
      await deps.processes.run({ program: "git" }).catch((thrown) => seen.push(thrown.code));
    },
  });
  await using _ = await testPlugin(plugin);
  assert.deepEqual(seen, ["hi", "/memory", "function", "PROCESS_UNSTARTED"]);
});

test("testPlugin() prefers what is given: a platform, providers, plugins with configuration", async () => {
  const seen: unknown[] = [];
  const Greeter: Contract<string> = contract("greeter");
  const greeting = definePlugin({
    name: "greeting",
    version: "1.0.0",
    config: v.strictObject({ word: v.string() }),
    provides: [Greeter],
    setup: (ctx) => void ctx.provide(Greeter, ctx.config.word),
  });
  const plugin = small("it", {
    requires: { greeter: Greeter, files: Files, processes: Processes },
    async setup({ deps }) {
      seen.push(deps.greeter, await deps.files.readText("a.txt"), await deps.processes.which("git"));
    },
  });
  const platform = definePlugin({
    name: "platform",
    version: "1.0.0",
    provides: [Processes],
    setup: (ctx) => void ctx.provide(Processes, fakeProcesses({ git: "" })),
  });
  const given = [[greeting, { word: "hi" }] as const, provide(Files, memoryFiles({ "a.txt": "given" }))];
  await using _ = await testPlugin(plugin, undefined, { platform, with: given });
  assert.deepEqual(seen, ["hi", "given", "/usr/bin/git"]);
});

test("testPlugin() passes configuration, and throws what the kernel throws", async () => {
  const plugin = definePlugin({
    name: "it",
    version: "1.0.0",
    config: v.strictObject({ text: v.string() }),
    setup: ({ tool, config }) =>
      void tool({ name: "t", description: "t", input: v.object({}), run: () => config.text }),
  });
  await using kit = await testPlugin(plugin, { text: "configured" });
  assert.deepEqual((await kit.client.callTool({ name: "t" })).content, [{ type: "text", text: "configured" }]);
  await assert.rejects(testPlugin(plugin, { text: 1 } as never), { code: "CONFIG_INVALID" });
});

test("testPlugin() gives its client capabilities and handlers", async () => {
  const asking = toolPlugin("ask", async (_, call) => (await call.roots()).map((it) => it.uri).join());
  for (const era of ["2025", "2026"] as const) {
    await using kit = await testPlugin(asking, undefined, {
      era,
      client: { capabilities: { roots: {} } },
      prepare: (client) => client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///a" }] })),
    });
    assert.deepEqual((await kit.client.callTool({ name: "ask" })).content, [{ type: "text", text: "file:///a" }]);
  }
});

test("disposing of a kit fails for errors that were logged, unless the test took them", async () => {
  const failing = toolPlugin("bad", () => {
    throw new Error("why");
  });
  const kit = await testPlugin(failing);
  await kit.client.callTool({ name: "bad" });
  assert.match(await problems(kit), /Plugin "bad" did not end cleanly:\n- logged an error: bad: .*why/);
  await using taken = await testPlugin(failing);
  await taken.client.callTool({ name: "bad" });
  assert.equal(taken.log.take("error").length, 1);
});

test("disposing of a kit fails for what the plugin left with others", async () => {
  const app = { fetch: () => new Response() };
  const leaky = small("leaky", {
    requires: { http: Http, commands: Commands },
    setup({ deps, own }) {
      deps.http.mount("/left", app);
      own("mounted", deps.http.mount("/right", app));
      deps.commands.add({ name: "left", description: "l", run: () => 0 });
    },
  });
  const message = await problems(await testPlugin(leaky));
  assert.match(message, /left behind: HTTP routes below "\/left"/);
  assert.match(message, /left behind: command "left"/);
  assert.doesNotMatch(message, /right/);
});

test("disposing of a kit fails for running processes and for listeners", async () => {
  const leaky = small("leaky", {
    requires: { processes: Processes },
    setup: ({ deps }) => void deps.processes.spawn({ program: "sleep" }),
  });
  const processes = fakeProcesses(() => new Promise(() => {}));
  const kit = await testPlugin(leaky, undefined, { with: [provide(Processes, processes)] });
  kit.kernel.on(KernelStarted, () => {});
  const message = await problems(kit);
  assert.match(message, /1 event listeners/);
  assert.equal(processes.running, 1);
});

test("disposing of a kit fails for clean-ups that fail, with their causes", async () => {
  const kit = await testPlugin(small("dirty", { setup: () => () => Promise.reject(new Error("disk full")) }));
  assert.match(await problems(kit), /Cannot clean up "setup" of plugin "dirty": disk full/);
});

test("disposing of a kit whose plugin is unloaded already is fine", async () => {
  await using kit = await testPlugin(echo);
  await kit.kernel.unload("echo");
});

test("fakeLog() keeps entries with level and name, and gives them away once", () => {
  const log = fakeLog();
  log.info("a", { n: 1 });
  log.named("words").error("b");
  assert.deepEqual(log.entries, [
    { level: "info", name: "kernel", message: "a", data: { n: 1 } },
    { level: "error", name: "words", message: "b", data: undefined },
  ]);
  assert.deepEqual(log.take("error").map((it) => it.message), ["b"]);
  assert.deepEqual(log.take().map((it) => it.message), ["a"]);
  assert.deepEqual(log.entries, []);
});

test("fakeProcesses() follows a table: the line first, then the program", async () => {
  const processes = fakeProcesses({ "git --version": "git 2\n", git: { code: 128, stderr: "usage\n" } });
  assert.deepEqual(await processes.run({ program: "git", args: ["--version"] }), {
    code: 0,
    signal: undefined,
    ended: undefined,
    stdout: "git 2\n",
    stderr: "",
    truncated: false,
  });
  assert.equal((await processes.run({ program: "git", args: ["push"] })).code, 128);
  await assert.rejects(processes.run({ program: "rm" }), { code: "PROCESS_UNSTARTED" });
  assert.deepEqual(processes.commands.map((it) => it.args), [["--version"], ["push"]]);
  assert.deepEqual([await processes.which("git"), await processes.which("rm")], ["/usr/bin/git", undefined]);
});

test("fakeProcesses() follows a function, which sees the whole stdin", async () => {
  const processes = fakeProcesses(({ args = [] }, input) => `${args.join()}: ${input.toUpperCase()}`);
  assert.equal((await processes.run({ program: "x", args: ["a"], input: "in" })).stdout, "a: IN");
  const child = await processes.spawn({ program: "x" });
  await child.write("one ");
  await child.write("two");
  assert.equal(processes.running, 1);
  await child.end();
  let stdout = "";
  for await (const text of child.stdout) stdout += text;
  assert.equal(stdout, ": ONE TWO");
  assert.deepEqual(await child.exited, { code: 0, signal: undefined, ended: undefined });
  assert.equal(processes.running, 0);
});

test("fakeProcesses() end by time limit, signal and kill", async () => {
  const processes = fakeProcesses(() => new Promise(() => {}));
  assert.equal((await processes.run({ program: "x", timeoutMs: 5 })).ended, "timeout");
  assert.equal((await processes.run({ program: "x", signal: AbortSignal.abort() })).ended, "abort");
  const controller = new AbortController();
  const child = await processes.spawn({ program: "x", signal: controller.signal });
  controller.abort();
  assert.equal((await child.exited).ended, "abort");
  const killed = await processes.spawn({ program: "x" });
  await killed.kill();
  assert.equal((await killed.exited).code, undefined);
  assert.equal(processes.running, 0);
});
