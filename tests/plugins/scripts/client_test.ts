import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { conformance, type TestEra, testPlugin } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { onlyText, temporaryHome } from "../library/kit.ts";
import { sleep } from "./kit.ts";

const ASK = `
import json, sys
request = json.loads(sys.stdin.readline())
schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
print(json.dumps({"jsonrpc": "2.0", "method": "progress", "params": {"current": 1, "total": 2}}), flush=True)
print(json.dumps({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create",
  "params": {"message": "Who?", "requestedSchema": schema}}), flush=True)
answer = json.loads(sys.stdin.readline())["result"]
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {
  "name": answer["content"]["name"], "roots": request["params"]["context"]["roots"]}}), flush=True)
`;

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`scripts, clients of ${era}`, () => {
    test("a client registers a tool, sees it, calls it by name, and is asked by it", async () => {
      await using home = await temporaryHome();
      let changes = 0;
      const progress: number[] = [];
      await using kit = await testPlugin(scripts, undefined, {
        era,
        platform: await detectPlatform({ home: home.path }),
        with: [library],
        client: {
          capabilities: { elicitation: {}, roots: {} },
          listChanged: { tools: { onChanged: () => void changes++ } },
        },
        prepare(client) {
          client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
          client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///home/ada" }] }));
        },
      });
      const registered = await kit.client.callTool({
        name: "register_script",
        arguments: {
          name: "ask",
          description: "Ask who it is",
          interpreter: "python3",
          code: ASK,
          input_schema: { type: "object", properties: { n: { type: "integer" } } },
          output_schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
        },
      });
      assert.equal(registered.isError, undefined, JSON.stringify(registered));
      const { tools } = await kit.client.listTools();
      const ask = tools.find((it) => it.name === "ask");
      assert.deepEqual(ask?.inputSchema.properties, { n: { type: "integer" } });
      assert.equal(ask?.outputSchema?.type, "object");
      const called = await kit.client.callTool({ name: "ask", arguments: {} }, {
        // the client of 2026 reports its own rounds as well
        onprogress: (it) => void (it.total !== undefined && progress.push(it.progress)),
      });
      assert.deepEqual(called.structuredContent, { name: "Ada", roots: ["/home/ada"] }, JSON.stringify(called));
      assert.deepEqual(progress, [1]);
      const wrong = await kit.client.callTool({ name: "ask", arguments: { n: "x" } });
      assert.equal(wrong.isError, true);
      // deno-lint-ignore no-explicit-any -- the client's type of a result is wider
      assert.match(onlyText(wrong as any), /"n": expected integer/);
      for (let i = 0; i < 40 && changes === 0; i++) await sleep(50);
      assert.ok(changes > 0, "the client was told that the list changed");
    });
  });
}

conformance(scripts, undefined, { with: [library] });
