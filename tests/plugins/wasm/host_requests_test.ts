import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type CallPatch, definePlugin, type Plugin, type ToolResult } from "../../../kernel/mod.ts";
import grants from "../../../plugins/grants/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import secrets from "../../../plugins/secrets/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { pause, soon } from "../../support/wait.ts";
import { temporaryHome } from "../library/kit.ts";
import { dataOf, fail, startWasm, succeed, type WasmKit } from "./kit.ts";
import { addBundle, adder, addModule, ASK, flood, moduleText, place, printing } from "./run_kit.ts";

/** Tools that modules call. */
const called: Plugin<void> = definePlugin({
  name: "called",
  version: "1.0.0",
  setup({ tool }) {
    tool({
      name: "long",
      description: "Give much",
      input: { type: "object" },
      run: () => "ü".repeat(2_000_000),
    });
    tool({
      name: "whose",
      description: "Say within which calls it is",
      input: { type: "object" },
      run: (_, call) => ({ path: call.path }),
    });
  },
});

const SECRET = "s3cret-value-12345";
const EVERYTHING = { before: [store, memory, secrets, scripts], plugins: [adder, called] };

async function ask(kit: WasmKit, method: string, params: object, call: CallPatch = {}): Promise<ToolResult> {
  return await kit.call("ask", { method, params }, call);
}

test("a module that imports requests", async (t) => {
  await using kit = await startWasm(EVERYTHING);
  await addModule(kit, "ask", { text: ASK });

  await t.test("calls a tool, within its own call", async () => {
    const sum = await ask(kit, "tools/call", { name: "add", arguments: { a: 2, b: 3 } });
    assert.deepEqual(sum.structuredContent, { result: { output: { sum: 5 } } });
    const whose = await ask(kit, "tools/call", { name: "whose" });
    assert.deepEqual(whose.structuredContent, { result: { output: { path: ["ask", "whose"] } } });
  });

  await t.test("is told what failed", async () => {
    const none = dataOf(await ask(kit, "tools/call", { name: "nothing" }))["error"] as {
      code: number;
      message: string;
    };
    assert.equal(none.code, -32000);
    assert.match(none.message, /nothing/);
    const unknown = dataOf(await ask(kit, "make/coffee", {}))["error"];
    assert.deepEqual(unknown, { code: -32601, message: "Method not found: make/coffee" });
    const malformed = dataOf(await ask(kit, "tools/call", {}))["error"] as { code: number };
    assert.equal(malformed.code, -32602);
  });

  await t.test("gets a reply of four megabytes", async () => {
    const { result } = dataOf(await ask(kit, "tools/call", { name: "long" })) as { result: { output: string } };
    assert.ok(result.output === "ü".repeat(2_000_000), `${result.output.length} characters`);
  });

  await t.test("remembers", async () => {
    assert.ok("result" in dataOf(await ask(kit, "memory/set", { key: "k", value: { n: 1 } })));
    assert.match(succeed(await ask(kit, "memory/get", { key: "k" })), /\{"n":1\}/);
  });

  await t.test("logs, reports progress and streams", async () => {
    const seen: unknown[] = [];
    const call: CallPatch = {
      log: (level, message, _, logger) => void seen.push([level, message, logger]),
      progress: (done, total, message) => Promise.resolve(void seen.push([done, total, message])),
    };
    await ask(kit, "log", { level: "error", message: "oh" }, call);
    await ask(kit, "progress", { current: 1, total: 2, message: "half" }, call);
    await ask(kit, "stream", { data: "chunk" }, call);
    assert.deepEqual(seen, [
      ["error", "oh", "ask"],
      [1, 2, "half"],
      ["info", "chunk", "collet.stream"],
      [1, undefined, "chunk"],
    ]);
  });

  await t.test("asks the user", async () => {
    const params = { message: "Sure?", requestedSchema: { type: "object", properties: {} } };
    const result = await ask(kit, "elicitation/create", params, {
      client: { name: "c", version: "1", protocolVersion: undefined, capabilities: { elicitation: {} } },
      elicit: ({ message }) => Promise.resolve({ action: message === "Sure?" ? "accept" : "decline", content: {} }),
    });
    assert.deepEqual(result.structuredContent, { result: { action: "accept", content: {} } });
  });

  await t.test("lists tools, prompts, resources and roots", async () => {
    for (const method of ["tools/list", "prompts/list", "resources/list", "roots/list"]) {
      assert.ok("result" in dataOf(await ask(kit, method, {})), method);
    }
  });
});

test("a module that streams and prints nothing gives what it streamed", async () => {
  await using kit = await startWasm(EVERYTHING);
  const message = JSON.stringify({ method: "stream", params: { data: "piece " } });
  const { address, length } = place([message], message);
  const request = `(drop (call $request (i32.const ${address}) (i32.const ${length})))`;
  await addModule(kit, "pieces", { text: moduleText(`${request} ${request}`, [message]) });
  assert.equal(succeed(await kit.call("pieces")), "piece piece ");
});

test("a module that writes to stderr without end waits for the server, and is ended in time", async () => {
  await using kit = await startWasm(EVERYTHING);
  await addModule(kit, "noisy", { text: flood(2), manifest: { grants: { timeout_ms: 1_500 } } });
  let logged = 0;
  const result = await kit.call("noisy", {}, { log: (_, message) => void (logged += message.length) });
  assert.match(fail(result), /did not answer within its time limit/);
  assert.ok(logged < 100_000, `${logged}`);
});

test("a secret is given to who was granted it, and shows in no log", async () => {
  await using home = await temporaryHome();
  const file = join(home.path, "secrets.json");
  await writeFile(file, JSON.stringify({ TOKEN: SECRET }));
  await chmod(file, 0o600);
  const before = [store, memory, secrets, [grants, { ceiling: { secrets: ["TOKEN"] } }], scripts] as const;
  await using kit = await startWasm({ home: home.path, before });
  const manifest = { grants: { secrets: ["TOKEN"] } };
  const logs: string[] = [];
  const call: CallPatch = { log: (_, message) => void logs.push(message) };

  await addBundle(kit, "reader", {
    code: "(_, ctx) => { console.log(ctx.env.TOKEN); return ctx.env.TOKEN.length; }",
    manifest,
  });
  assert.equal(succeed(await kit.call("reader", {}, call)), String(SECRET.length));
  await addModule(kit, "printer", { text: printing([[2, `it is ${SECRET}`]]), manifest });
  await kit.call("printer", {}, call);
  await addModule(kit, "ask", { text: ASK, manifest });
  await ask(kit, "log", { message: `it is ${SECRET}` }, call);
  assert.deepEqual(logs, ["[TOKEN]", "it is [TOKEN]", "it is [TOKEN]"]);
});

const LINES = [
  '{"jsonrpc":"2.0","method":"log","params":{"message":"at work"}}\n',
  '{"jsonrpc":"2.0","id":7,"method":"memory/set","params":{"key":"k","value":1}}\n',
  '{"jsonrpc":"2.0","id":1,"result":{"ok":true}}\n',
];

/** Reads the request, says the lines, and reads a reply after the second. */
function speaking(): string {
  const print = (text: string) => {
    const { address, length } = place(LINES, text);
    return `(call $print (i32.const 1) (i32.const ${address}) (i32.const ${length}))`;
  };
  const copy = "(call $print (i32.const 2) (i32.const 1048576) (local.get $n))";
  const read = "(local.set $n (call $line (i32.const 1048576)))";
  return moduleText(`${read} ${print(LINES[0]!)} ${print(LINES[1]!)} ${read} ${copy} ${print(LINES[2]!)}`, LINES);
}

test("a module that speaks the script protocol is served, in both revisions", async () => {
  await using kit = await startWasm(EVERYTHING);
  for (const protocol of [1, 2]) {
    const name = `speaker_${protocol}`;
    await addModule(kit, name, { text: speaking(), manifest: { protocol } });
    const logs: string[] = [];
    const result = await kit.call(name, {}, { log: (_, message) => void logs.push(message) });
    assert.deepEqual(result.structuredContent, { ok: true });
    assert.equal(logs[0], "at work");
    assert.match(logs[1] ?? "", /^\{"jsonrpc":"2\.0","id":7,"result":/);
  }
});

test("a module that speaks the script protocol and traps fails with the reason", async () => {
  await using kit = await startWasm(EVERYTHING);
  await addModule(kit, "speaker", { text: printing([[1, LINES[0]!]], "unreachable"), manifest: { protocol: 1 } });
  assert.equal(
    fail(await kit.call("speaker")),
    'Tool "speaker" ended with exit code 134\nstderr:\ntrapped: unreachable',
  );
});

test("a module that speaks the script protocol and waits without end is ended in time", async () => {
  await using kit = await startWasm(EVERYTHING);
  const text = moduleText("(loop $more (drop (call $line (i32.const 1048576))) (br $more))");
  await addModule(kit, "silent", { text, manifest: { protocol: 1, grants: { timeout_ms: 1_000 } } });
  assert.match(fail(await kit.call("silent")), /^Tool "silent" did not answer within its time limit/);
});

test("without the plugin scripts a module that speaks its protocol is refused, and others have what they ask for", async () => {
  await using kit = await startWasm({ plugins: [adder, called] });
  await addModule(kit, "speaker", { text: speaking(), manifest: { protocol: 1 } });
  await addModule(kit, "ask", { text: ASK });
  assert.match(fail(await kit.call("speaker")), /Cannot run "speaker": it speaks the script protocol/);
  const sum = await ask(kit, "tools/call", { name: "add", arguments: { a: 1, b: 1 } });
  assert.deepEqual(sum.structuredContent, { result: { output: { sum: 2 } } });
});

test("a bundle calls a hundred tools at once", async () => {
  await using kit = await startWasm(EVERYTHING);
  const code = `async (input, ctx) => {
    const all = await Promise.all(Array.from({ length: 100 }, (_, a) => ctx.callTool("add", { a, b: 1 })));
    return { last: all[99], count: all.length };
  }`;
  await addBundle(kit, "many", { code });
  assert.deepEqual(dataOf(await kit.call("many")), { last: { sum: 100 }, count: 100 });
});

test("a kernel that stops ends a module that speaks the script protocol", async () => {
  const kit = await startWasm(EVERYTHING);
  const text = moduleText("(loop $more (drop (call $line (i32.const 1048576))) (br $more))");
  await addModule(kit, "silent", { text, manifest: { protocol: 1 } });
  const running = kit.call("silent").then(fail, String);
  await pause(300);
  await soon(Promise.resolve(kit[Symbol.asyncDispose]()));
  assert.match(await soon(running), /ended|Cancelled|stop/i);
});
