import assert from "node:assert/strict";
import { test } from "node:test";
import {
  collectCommands,
  collectDiagnostics,
  collectRoutes,
  Commands,
  createCall,
  createLog,
  Diagnostics,
  didYouMean,
  fromBase64,
  Http,
  nearNames,
  optional,
  textOf,
  toBase64,
  Toolbox,
  toolResult,
  valueOf,
} from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";

test("createLog() writes one line an entry, from its level up, with name and data", () => {
  const lines: string[] = [];
  const log = createLog({ level: "warn", write: (line) => lines.push(line) });
  log.debug("no");
  log.info("no");
  log.warn("disk is full", { free: 0, path: "/a b", empty: "" });
  log.named("words").error("broke", { error: new TypeError("why") });
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /^\d{4}-.*Z warn +kernel: disk is full free=0 path="\/a b" empty=/);
  assert.match(lines[1]!, /error words: broke error="TypeError: why/);
});

test("createLog() writes JSON when asked, and nothing when silent", () => {
  const lines: string[] = [];
  createLog({ json: true, write: (line) => lines.push(line) }).named("words").info("two\nlines", { n: 1 });
  const { time, ...entry } = JSON.parse(lines[0]!);
  assert.ok(Date.parse(time));
  assert.deepEqual(entry, { level: "info", name: "words", message: "two\nlines", n: 1 });
  createLog({ level: "silent", write: (line) => lines.push(line) }).error("no");
  assert.equal(lines.length, 1);
});

test("an entry is one line, whatever the message says", () => {
  const lines: string[] = [];
  createLog({ write: (line) => lines.push(line) }).info("first\n2026-01-01 error kernel: forged", { a: "b\nc" });
  assert.equal(lines[0]!.includes("\n"), false);
});

test("what JSON cannot carry does not stop the log", () => {
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  for (const json of [true, false]) {
    const lines: string[] = [];
    createLog({ json, write: (line) => lines.push(line) }).info("odd", { loop, big: 1n, undef: undefined });
    assert.match(lines[0]!, /odd/);
  }
});

test("createCall() behaves as if there were no client", async () => {
  const call = createCall();
  assert.deepEqual([call.path, call.meta, call.client.capabilities, call.principal], [[], {}, {}, undefined]);
  assert.equal(call.signal.aborted, false);
  await call.progress(1, 2, "x");
  call.log("info", "x");
  call.releaseStream();
  assert.deepEqual(await call.roots(), []);
  await assert.rejects(call.elicit({ message: "?", requestedSchema: {} }), {
    name: "ToolError",
    message: /ask the user/,
  });
  await assert.rejects(call.sample({ messages: [], maxTokens: 1 }), { name: "ToolError", message: /client's model/ });
});

test("Call.derive() replaces parts and leaves the rest, again and again", () => {
  const call = createCall({ sessionId: "s" });
  const derived = call.derive({ path: ["a"] }).derive({ meta: { b: 1 } });
  assert.deepEqual([derived.sessionId, derived.path, derived.meta], ["s", ["a"], { b: 1 }]);
  assert.deepEqual(call.path, []);
});

test("optional() keeps the id", () => {
  assert.deepEqual({ ...optional(Toolbox) }, { kind: "optional", id: Toolbox.id });
});

test("valueOf() gives the value that a result stands for", () => {
  const text = (...texts: string[]) => toolResult({ content: texts.map((it) => ({ type: "text", text: it })) });
  assert.deepEqual(valueOf(toolResult({ content: [], structuredContent: { a: 1 } })), { a: 1 });
  assert.equal(valueOf(toolResult({ content: [], structuredContent: null })), null);
  assert.deepEqual(valueOf(text(' {"a":1}')), { a: 1 });
  assert.deepEqual(valueOf(text("[1]")), [1]);
  assert.equal(valueOf(text("1")), "1");
  assert.equal(valueOf(text("{broken")), "{broken");
  assert.equal(valueOf(text("{}", "b")), "{}\nb");
  assert.equal(textOf(toolResult({ content: [{ type: "image", data: "", mimeType: "a/b" }] })), "");
});

test("base64 goes both ways", () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
  assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  assert.equal(toBase64(new Uint8Array()), "");
  assert.throws(() => fromBase64("no base64!"));
});

test("nearNames() finds misspelt names and parts of names, nearest first", () => {
  const names = ["list_tools", "list_files", "search_tools", "call_tool", "memory"];
  assert.deepEqual(nearNames("list_tool", names), ["list_tools", "list_files"].slice(0, 1));
  assert.deepEqual(nearNames("Memory", names), ["memory"]);
  assert.deepEqual(nearNames("tools", names).sort(), ["list_tools", "search_tools"]);
  assert.deepEqual(nearNames("zzz", names), []);
  assert.ok(nearNames("a".repeat(10_000), names).length === 0);
  assert.equal(didYouMean("zzz", names), "");
  assert.equal(didYouMean("memry", names), '; did you mean "memory"?');
});

test("collectors gather what plugins add, and lose it when those are unloaded or take it back", async () => {
  const [routes, commands, diagnostics] = [collectRoutes(), collectCommands(), collectDiagnostics()];
  const app = { fetch: () => new Response() };
  const user = small("user", {
    requires: { http: Http, commands: Commands, diagnostics: Diagnostics },
    setup({ deps, own }) {
      own("route", deps.http.mount("/console", app));
      own("verb", deps.commands.add({ name: "backup", description: "b", run: () => 0 }));
      own("probe", deps.diagnostics.add({ area: "a", name: "p", check: () => ({ ok: true, detail: "" }) }));
      for (const path of ["", "/", "console", "/a/", "/a//b", "/../x", "/a b", "/:id", "/*"]) {
        assert.throws(() => deps.http.mount(path, app), { code: "NAME_INVALID" }, path);
      }
    },
  });
  const { kernel } = quietKernel();
  for (const { plugin } of [routes, commands, diagnostics]) kernel.use(plugin);
  await kernel.use(user).start();
  const counts = () => [routes.items.length, commands.items.length, diagnostics.items.length];
  assert.deepEqual(counts(), [1, 1, 1]);
  assert.deepEqual([routes.items[0]?.path, commands.items[0]?.name, diagnostics.items[0]?.name], [
    "/console",
    "backup",
    "p",
  ]);
  await kernel.unload("user");
  assert.deepEqual(counts(), [0, 0, 0]);
  await kernel.stop();
});

test("a route is taken back once, though it be asked twice", async () => {
  const { plugin, items } = collectRoutes();
  await using kernel = await quietKernel().kernel.use(plugin).start();
  const app = { fetch: () => new Response() };
  const first = kernel.get(Http)!.mount("/a", app);
  kernel.get(Http)!.mount("/b", app);
  await first();
  await first();
  assert.deepEqual(items.map((it) => it.path), ["/b"]);
});
