import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { type CallPatch, definePlugin, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { fail, type ScriptKit, startScripts, succeed } from "./kit.ts";

/** Tools for scripts to call. */
const targets = definePlugin({
  name: "targets",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "double", description: "x", input: {}, run: ({ n }) => ({ n: 2 * Number(n) }) });
    ctx.tool({ name: "say", description: "x", input: {}, run: () => "said" });
    ctx.tool({
      name: "refuse",
      description: "x",
      input: {},
      run: () => Promise.reject(new ToolError("not today")),
    });
    ctx.tool({
      name: "hurry",
      description: "x",
      input: {},
      run: async (_, call) => {
        await call.progress(99);
        return call.path.join(" > ");
      },
    });
  },
});

/** A script that sends what `arguments.send` lists, reads a reply for each that has an id, and answers the replies. */
const SENDER = `
import json, sys
request = json.loads(sys.stdin.readline())
replies = []
for message in request["params"]["arguments"]["send"]:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
    if "id" in message:
        replies.append(json.loads(sys.stdin.readline()))
if not request["params"]["arguments"].get("silent"):
    print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"replies": replies}}), flush=True)
`;

async function start(): Promise<ScriptKit> {
  const kit = await startScripts({ plugins: [targets] });
  await kit.register({ name: "sender", interpreter: "python3", code: SENDER });
  return kit;
}

async function send(kit: ScriptKit, messages: readonly JsonObject[], call: CallPatch = {}): Promise<JsonObject[]> {
  const result = await kit.call("sender", { send: messages }, call);
  succeed(result);
  return (result.structuredContent as { replies: JsonObject[] }).replies;
}

/** Sends one request, and gives the result of the reply. */
async function ask(kit: ScriptKit, method: string, params: unknown, call: CallPatch = {}): Promise<unknown> {
  const [reply] = await send(kit, [{ id: "q", method, params }], call);
  assert.equal(reply?.["id"], "q");
  assert.equal(reply?.["jsonrpc"], "2.0");
  return reply?.["result"];
}

const client = (capabilities: JsonObject) => ({
  name: "test",
  version: "1",
  protocolVersion: "2025-11-25",
  capabilities,
});

describe("messages of scripts", () => {
  test("logs reach the client in both spellings, with level, data and the tool's name", async () => {
    await using kit = await start();
    const logs: unknown[] = [];
    await send(kit, [
      { method: "log", params: { level: "warn", message: "one" } },
      { method: "logging/message", params: { level: "error", message: "two", data: { a: 1 } } },
      { method: "log", params: { level: "nonsense", message: "three" } },
      { method: "log", params: {} },
      { method: "notifications/message", params: { level: "debug", data: "four" } },
    ], { log: (...entry) => void logs.push(entry) });
    assert.deepEqual(logs, [
      ["warning", "one", undefined, "sender"],
      ["error", "two", { a: 1 }, "sender"],
      ["info", "three", undefined, "sender"],
      ["debug", "four", undefined, "sender"],
    ]);
  });

  test("progress reaches the client in every spelling, and what makes no sense does not", async () => {
    await using kit = await start();
    const seen: unknown[] = [];
    const progress = (...entry: unknown[]) => Promise.resolve(void seen.push(entry));
    await send(kit, [
      { method: "progress", params: { current: 1, total: 4, message: "a" } },
      { method: "notifications/progress", params: { current: 2, total: 0 } },
      { method: "progress/update", params: { progress: 3, total: 4 } },
      { method: "progress", params: { current: "x" } },
      { method: "progress" },
    ], { progress });
    assert.deepEqual(seen, [[1, 4, "a"], [2, undefined, undefined], [3, 4, undefined]]);
  });

  test("stream chunks are log messages of their own logger, and progress where there is no other", async () => {
    await using kit = await start();
    const logs: unknown[] = [];
    const seen: unknown[] = [];
    const call: CallPatch = {
      log: (...entry) => void logs.push(entry),
      progress: (...entry) => Promise.resolve(void seen.push(entry)),
    };
    const result = await kit.call("sender", {
      silent: true,
      send: [
        { method: "stream", params: { data: "Hel" } },
        { method: "stream/chunk", params: { data: "lo", index: 1, is_final: true } },
      ],
    }, call);
    const chunk = (index: number, is_final: boolean, data: string) => ({ type: "stream_chunk", index, is_final, data });
    assert.deepEqual(logs, [
      ["info", "Hel", chunk(0, false, "Hel"), "collet.stream"],
      ["info", "lo", chunk(1, true, "lo"), "collet.stream"],
    ]);
    assert.deepEqual(seen, [[1, undefined, "Hel"], [2, undefined, "lo"]]);
    assert.equal(succeed(result), "Hello", "joined, since the script answered nothing else");
    const mixed = await kit.call("sender", { silent: true, send: [{ method: "stream", params: { data: { a: 1 } } }] });
    assert.deepEqual(mixed.structuredContent, [{ a: 1 }]);
  });

  test("tools/call gives the value of a tool, or an error in the result", async () => {
    await using kit = await start();
    assert.deepEqual(await ask(kit, "tools/call", { name: "double", arguments: { n: 4 } }), { output: { n: 8 } });
    assert.deepEqual(await ask(kit, "tools/call", { name: "say" }), { output: "said" });
    assert.deepEqual(await ask(kit, "tools/call", { name: "refuse" }), { error: "Tool refuse failed: not today" });
    assert.match(JSON.stringify(await ask(kit, "tools/call", { name: "dubble" })), /did you mean \\"double\\"/);
    assert.deepEqual(await ask(kit, "tools/call", {}), { error: '"name" is missing' });
    assert.match(JSON.stringify(await ask(kit, "tools/call", { name: "sender", arguments: {} })), /in a circle/);
  });

  test("a tool that a script calls knows its path, and its progress is its own", async () => {
    await using kit = await start();
    const seen: unknown[] = [];
    const progress = (done: number) => Promise.resolve(void seen.push(done));
    assert.deepEqual(await ask(kit, "tools/call", { name: "hurry" }, { progress }), { output: "sender > hurry" });
    assert.deepEqual(seen, []);
  });

  test("elicitation is passed on, declined where the client cannot, and an error where it fails", async () => {
    await using kit = await start();
    const params = { message: "Name?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } };
    assert.deepEqual(await ask(kit, "elicitation/create", params), {
      action: "decline",
      error: "the client cannot ask its user",
    });
    const asked: unknown[] = [];
    const call: CallPatch = {
      client: client({ elicitation: {} }),
      elicit: (request) => {
        asked.push(request);
        return Promise.resolve({ action: "accept", content: { name: "Ada" } });
      },
    };
    assert.deepEqual(await ask(kit, "elicitation/create", params, call), {
      action: "accept",
      content: { name: "Ada" },
    });
    assert.deepEqual(asked, [params]);
    assert.deepEqual(await ask(kit, "elicitation/create", { message: "x" }, call), {
      action: "error",
      error: '"requestedSchema" is missing',
    });
    const failing = { ...call, elicit: () => Promise.reject(new ToolError("gone")) };
    assert.deepEqual(await ask(kit, "elicitation/create", params, failing), { action: "error", error: "gone" });
  });

  test("sampling is passed on, or answered with an error", async () => {
    await using kit = await start();
    const params = {
      messages: [{ role: "user", content: { type: "text", text: "hi" } }],
      maxTokens: 5,
      temperature: 0,
    };
    assert.match(JSON.stringify(await ask(kit, "sampling/createMessage", params)), /"error":"Cannot ask the client/);
    const asked: unknown[] = [];
    const answer = { role: "assistant" as const, model: "m", content: { type: "text" as const, text: "ho" } };
    const call: CallPatch = {
      client: client({ sampling: {} }),
      sample: (request) => Promise.resolve((asked.push(request), answer)),
    };
    assert.deepEqual(await ask(kit, "sampling/createMessage", { ...params, unknown: 1 }, call), answer);
    assert.deepEqual(asked, [params]);
    assert.match(JSON.stringify(await ask(kit, "sampling/createMessage", {}, call)), /\\"messages\\" is missing/);
  });

  test("memory and resources say that they are not there, and are not announced", async () => {
    await using kit = await start();
    for (const method of ["memory/get", "memory/set", "memory/list", "memory/delete"]) {
      assert.deepEqual(await ask(kit, method, {}), {
        error: 'Memory cannot be used: the server runs without the plugin "memory"',
      });
    }
    for (const method of ["resources/list", "resources/read"]) {
      assert.deepEqual(await ask(kit, method, {}), { error: "Resources cannot be used by scripts in this version" });
    }
  });

  test("an unknown method is an error of JSON-RPC, and ignored without an id", async () => {
    await using kit = await start();
    const replies = await send(kit, [
      { method: "no/such" },
      { method: "constructor", id: 7 },
      { method: "tools/call", params: { name: "double" } },
      { method: "log", id: "text", params: { level: "info", message: "x" } },
    ]);
    assert.deepEqual(replies, [
      { jsonrpc: "2.0", id: 7, error: { code: -32601, message: "Method not found: constructor" } },
      { jsonrpc: "2.0", id: "text", result: {} },
    ]);
  });

  test("revision 2 answers requests that failed with errors of JSON-RPC", async () => {
    await using kit = await start();
    await kit.register({ name: "two", interpreter: "python3", code: SENDER, protocol: 2 });
    const result = await kit.call("two", { send: [{ id: 1, method: "tools/call", params: { name: "refuse" } }] });
    assert.deepEqual(result.structuredContent, {
      replies: [{ jsonrpc: "2.0", id: 1, error: { code: -32000, message: "Tool refuse failed: not today" } }],
    });
  });

  test("a flood of requests that nobody reads the replies of stays bounded, and is ended", async () => {
    await using kit = await startScripts({ plugins: [targets] });
    const code = `import sys
line = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}\\n'
while True: sys.stdout.write(line)`;
    await kit.register({ name: "flood", interpreter: "python3", code, timeout_ms: 2000 });
    assert.match(fail(await kit.call("flood")), /did not answer within its time limit/);
  });
});

describe("the request of a script", () => {
  test("has the shape of skillz, and none of the server's variables", async () => {
    process.env["COLLET_TEST_SECRET"] = "leak";
    process.env["SKILLZ_TEST_TOKEN"] = "leak";
    try {
      await using kit = await startScripts();
      const code = `import json, os, sys
line = sys.stdin.readline()
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"request": json.loads(line), "line": line, "env": dict(os.environ), "cwd": os.getcwd()}}))`;
      await kit.register({ name: "show", interpreter: "python3", code });
      const call: CallPatch = {
        meta: { progressToken: "token-1" },
        client: client({ sampling: {}, roots: {} }),
        roots: () => Promise.resolve([{ uri: "file:///home/ada/my%20project" }, { uri: "https://x" }]),
      };
      const shown = (await kit.call("show", { a: [1] }, call)).structuredContent as {
        request: { params: { context: { environment: Record<string, string> } } };
        line: string;
        env: Record<string, string>;
        cwd: string;
      };
      const { environment } = shown.request.params.context;
      assert.deepEqual(shown.request, {
        jsonrpc: "2.0",
        method: "execute",
        id: 1,
        params: {
          arguments: { a: [1] },
          context: {
            roots: ["/home/ada/my project"],
            working_directory: shown.cwd,
            tool_name: "show",
            environment,
            tools_dir: `${kit.home}/tools`,
            capabilities: { sampling: true, elicitation: false, memory: false, resources: false },
            _meta: { progressToken: "token-1" },
          },
        },
      });
      assert.equal(shown.line.indexOf("\n"), shown.line.length - 1, "one line");
      const told = new Set(["HOME", "USER", "LANG", "PATH", "TERM"]);
      for (const name of Object.keys(environment)) assert.ok(told.has(name), name);
      assert.equal(environment["PATH"], process.env["PATH"]);
      assert.ok(!JSON.stringify(shown).includes("leak"));
      assert.notEqual(shown.cwd, process.cwd());
      const bare = (await kit.call("show", {})).structuredContent as {
        request: { params: { context: { roots: string[]; _meta: unknown } } };
      };
      assert.deepEqual(bare.request.params.context.roots, [process.cwd()]);
      assert.deepEqual(bare.request.params.context._meta, {});
    } finally {
      delete process.env["COLLET_TEST_SECRET"];
      delete process.env["SKILLZ_TEST_TOKEN"];
    }
  });

  test("names the roots of COLLET_ROOTS or SKILLZ_ROOTS where the client has none, or fails to say", async () => {
    process.env["SKILLZ_ROOTS"] = "/one:/two";
    try {
      await using kit = await startScripts();
      await kit.register({
        name: "roots",
        interpreter: "python3",
        code: "import json, sys\nprint(json.dumps(json.loads(sys.stdin.readline())['params']['context']['roots']))",
        output_schema: { type: "array" },
      });
      const failing = { roots: () => Promise.reject(new Error("no")) };
      assert.deepEqual((await kit.call("roots", {}, failing)).structuredContent, ["/one", "/two"]);
      process.env["COLLET_ROOTS"] = "/three";
      assert.deepEqual((await kit.call("roots")).structuredContent, ["/three"]);
    } finally {
      delete process.env["SKILLZ_ROOTS"];
      delete process.env["COLLET_ROOTS"];
    }
  });
});
