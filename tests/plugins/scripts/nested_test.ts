import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type CallPatch, type JsonObject, LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { answeringKind, kindPlugin } from "../library/kit.ts";
import { fail, type ScriptKit, startScripts, succeed } from "./kit.ts";
import { ask, clientWith, startSenders } from "./sender.ts";

/** Calls the next of the tools that it is told, with the rest of them; the last one gives its context. */
const LINK = `
import json, sys
request = json.loads(sys.stdin.readline())["params"]
way = request["arguments"]["way"]
if not way:
    result = {"end": request["context"]["tool_name"]}
else:
    params = {"name": way[0], "arguments": {"way": way[1:]}}
    print(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}), flush=True)
    result = json.loads(sys.stdin.readline())["result"]
    result = result.get("output", result)
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}), flush=True)
`;

async function startLinks(): Promise<ScriptKit> {
  const kit = await startScripts();
  for (const n of [0, 1, 2, 3]) await kit.register({ name: `link_${n}`, interpreter: "python3", code: LINK });
  return kit;
}

describe("tools that scripts call", { timeout: 120_000 }, () => {
  test("may call tools themselves, as deep as calls may be nested, and no deeper", async () => {
    await using kit = await startLinks();
    // as if this many tools were above the first
    const path = Array.from({ length: 13 }, (_, i) => `above_${i}`);
    const deepest = await kit.call("link_0", { way: ["link_1", "link_2"] }, { path });
    assert.deepEqual(deepest.structuredContent, { end: "link_2" }, "the sixteenth");
    const deeper = await kit.call("link_0", { way: ["link_1", "link_2", "link_3"] }, { path });
    const way = [...path, "link_0", "link_1", "link_2", "link_3"].join(" -> ");
    assert.deepEqual(deeper.structuredContent, {
      error: `Tool link_3 failed: Cannot call "link_3": 16 calls are nested already: ${way}`,
    });
  });

  test("are refused when they call in a circle, with the whole way", async () => {
    await using kit = await startLinks();
    for (
      const [way, circle] of [
        [["link_0"], "link_0 -> link_0"],
        [["link_1", "link_2", "link_0"], "link_0 -> link_1 -> link_2 -> link_0"],
      ] as const
    ) {
      assert.deepEqual((await kit.call("link_0", { way })).structuredContent, {
        error: `Tool link_0 failed: Cannot call "link_0": it would call itself in a circle: ${circle}`,
      });
    }
    await using senders = await startSenders();
    const detour = { tool_name: "sender", arguments: { send: [] } };
    assert.match(
      JSON.stringify(await ask(senders, "tools/call", { name: "call_tool", arguments: detour })),
      /in a circle: sender -> call_tool\(sender\) -> sender/,
      "a detour is no way out",
    );
  });

  test("are of every kind, and have the services that they have without it", async () => {
    const kind = kindPlugin(answeringKind());
    await using kit = await startSenders([store, memory, kind]);
    const call: CallPatch = { principal: LOCAL_PRINCIPAL, client: clientWith({}) };
    const remember = { action: "store", tool_name: "notes", key: "k", value: 1 };
    const stored = await ask(kit, "tools/call", { name: "memory", arguments: remember }, { call });
    assert.equal((stored as { output: JsonObject }).output["key"], "k");
    const read = await kit.call("memory", { action: "get", tool_name: "notes", key: "k" }, call);
    assert.equal((read.structuredContent as JsonObject)["value"], 1, "of the same principal");
    const code = "read -r request; echo made";
    const registered = await ask(kit, "tools/call", {
      name: "register_script",
      arguments: { name: "made", description: "Made by a script", interpreter: "sh", code },
    }, { call });
    assert.equal((registered as { output: JsonObject }).output["name"], "made");
    assert.equal(succeed(await kit.call("made")), "made");
    assert.deepEqual(await ask(kit, "tools/call", { name: "made" }, { call }), { output: "made" });
    assert.deepEqual(await ask(kit, "tools/call", { name: "say" }, { call }), { output: "said" });
  });

  test("are called at the version that is named, else at the current one", async () => {
    await using kit = await startSenders();
    for (const n of [1, 2]) {
      await kit.register({
        name: "made",
        interpreter: "sh",
        code: `read -r request; echo version ${n}`,
        overwrite: true,
      });
    }
    const versions = await kit.kernel.get(ToolLibrary)!.versions("made");
    const [current, first] = versions.map((it) => it.version);
    const at = (version?: string) =>
      ask(kit, "tools/call", { name: "made", arguments: {}, ...(version && { version }) });
    assert.deepEqual(await at(), { output: "version 2" });
    assert.deepEqual(await at(current), { output: "version 2" });
    assert.deepEqual(await at(first), { output: "version 1" });
    assert.match(JSON.stringify(await at("9.9.9")), /Tool made failed: .*9\.9\.9/);
  });

  test("have their failures told, and their arguments checked", async () => {
    await using kit = await startSenders();
    await kit.register({
      name: "strict",
      interpreter: "sh",
      code: "exit 3",
      input_schema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
    });
    assert.deepEqual(await ask(kit, "tools/call", { name: "strict", arguments: { n: "x" } }), {
      error: 'Tool strict failed: Invalid arguments for tool "strict": "n": expected integer, found "x"',
    });
    const failed = await ask(kit, "tools/call", { name: "strict", arguments: { n: 1 } }, { protocol: 2 });
    assert.deepEqual(failed, {
      code: -32000,
      message: 'Tool strict failed: Script "strict" ended with exit code 3',
      data: { exit_code: 3, signal: null, stderr: "", stdout: "" },
    });
    fail(await kit.call("strict", { n: 1 }));
  });
});
