/**
 * Calls within calls of tools whose skill or group is not there: each way says what is to be done.
 */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import scripts from "../../../../plugins/scripts/mod.ts";
import skills from "../../../../plugins/skills/mod.ts";
import { fail, startKernel, succeed, temporaryHome } from "../../library/kit.ts";

const FILES = {
  "tides/SKILL.md": "---\nname: tides\ndescription: Tell the tides\n---\n",
  "tides/scripts/next.sh": "cat > /dev/null; echo soon",
  "maps/SKILL.md": "---\nname: maps\ndescription: Draw maps\nmetadata:\n  dcc-mcp.tools: t.yaml\n---\n",
  "maps/t.yaml": "tools:\n  - name: draw\n    group: more\n    source_file: scripts/draw.sh\ngroups:\n  - name: more\n",
  "maps/scripts/draw.sh": "cat > /dev/null; echo drawn",
};

const RELAY = `import json, sys
request = json.loads(sys.stdin.readline())
call = {"name": request["params"]["arguments"]["tool"], "arguments": {}}
print(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call}), flush=True)
answer = json.loads(sys.stdin.readline())
text = answer["error"]["message"] if "error" in answer else json.dumps(answer["result"])
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"text": text}}), flush=True)
`;

describe("a call within a call of a tool of a skill", { timeout: 60_000 }, () => {
  test("says which skill to load and which group to activate, by call_tool and from a script", async () => {
    await using home = await temporaryHome();
    for (const [path, text] of Object.entries(FILES)) {
      const file = join(home.path, "skills", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const config = { default_paths: false, watch: false, paths: [join(home.path, "skills")] };
    await using server = await startKernel({ home: home.path, plugins: [scripts, [skills, config]] });
    const relay = { name: "relay", description: "Relays", interpreter: "python3", code: RELAY };
    succeed(await server.call("register_script", relay));
    const ways = [
      async (name: string) => fail(await server.call("call_tool", { tool_name: name, arguments: {} })),
      async (name: string) => fail(await server.call("call_tool_internal", { tool_name: name, arguments: {} })),
      async (name: string) => succeed(await server.call("relay", { tool: name })),
    ];
    for (const say of ways) {
      assert.match(
        await say("tides__next"),
        /Cannot call tool \\*"tides__next\\*": .*is not loaded.*"tides/,
        "of scripts",
      );
      assert.match(await say("maps__draw"), /is not loaded.*"maps/);
      assert.match(await say("tides__none"), /Unknown tool \\*"tides__none/);
    }
    // a client's own call is answered by a failed result; what nobody knows is an error of the protocol
    const direct = async (name: string) => fail(await server.call(name, {}));
    assert.match(await direct("tides__next"), /^Cannot call tool "tides__next": .*is not loaded.*"tides/);
    await assert.rejects(server.call("tides__none", {}), {
      name: "ProtocolError",
      message: /Unknown tool: tides__none/,
    });
    succeed(await server.call("load_skill", { skill_name: "maps" }));
    assert.match(
      await direct("maps__draw"),
      /^Cannot call tool "maps__draw": .*not active.*activate_tool_group.*maps:more/,
    );
    for (const say of ways) assert.match(await say("maps__draw"), /not active.*activate_tool_group.*maps:more/);
    succeed(await server.call("load_skill", { skill_name: "tides" }));
    assert.equal(JSON.parse(succeed(await server.call("tides__next", {}))).message, "soon");
    await server.kernel.unload("skills");
    assert.match(await ways[0]!("tides__next"), /^Unknown tool/, "nobody explains it any more");
  });
});
