import assert from "node:assert/strict";
import { test } from "node:test";
import scripts from "../../../../plugins/scripts/mod.ts";
import { dataOf, firstText, startPipelines, succeed } from "../tool/kit.ts";

const TIME = `import json
request = json.loads(input())
zone = request["params"]["arguments"]["timezone"]
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"timezone": zone, "datetime": "2026-11-22T09:00:00"}}))
`;
const COUNTER = `import json
request = json.loads(input())
text = request["params"]["arguments"]["text"]
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"words": len(text.split()), "text": text}}))
`;

test("the world clock of skillz's README works word for word", async () => {
  await using kit = await startPipelines({ before: [scripts] });
  const register = async (name: string, code: string) =>
    succeed(await kit.call("register_script", { name, description: name, code, interpreter: "python3" }));
  await register("time_get_current_time", TIME);
  await register("word_counter", COUNTER);
  // the call as it stands there, which has no description
  const made = await kit.pipeline({
    action: "create",
    name: "world_clock",
    steps: [
      { name: "ny", tool: "time_get_current_time", args: { timezone: "America/New_York" } },
      { name: "london", tool: "time_get_current_time", args: { timezone: "Europe/London" } },
      { tool: "word_counter", args: { text: "NY: $ny.datetime, London: $london.datetime" } },
    ],
  });
  succeed(made);
  const expected = { words: 4, text: "NY: 2026-11-22T09:00:00, London: 2026-11-22T09:00:00" };
  const called = await kit.call("call_tool", { tool_name: "world_clock", arguments: {} });
  assert.deepEqual(called.structuredContent, expected);
  const ran = await kit.pipeline({ action: "run", name: "world_clock" });
  assert.deepEqual(dataOf(ran)["output"], expected);
  assert.match(firstText(ran), /- \*\*completed\*\* step_3 \(`word_counter`\)/);
});

test("a script calls a pipeline, and a pipeline a script that fails is told by its message", async () => {
  await using kit = await startPipelines({ before: [scripts] });
  await kit.create("shout", [{ tool: "upper", args: { text: "$input.text" } }]);
  const code = `import json
request = json.loads(input())
print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "shout", "arguments": {"text": "hey"}}}), flush=True)
answer = json.loads(input())
if request["params"]["arguments"].get("fail"):
    raise SystemExit("no luck")
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"said": answer["result"]["output"]}}))
`;
  succeed(await kit.call("register_script", { name: "caller", description: "x", code, interpreter: "python3" }));
  assert.deepEqual((await kit.call("caller", {})).structuredContent, { said: "HEY" });
  await kit.create("around", [{ name: "in_it", tool: "caller", args: { fail: "$input.fail" } }]);
  assert.deepEqual((await kit.call("around", { fail: false })).structuredContent, { said: "HEY" });
  const failed = await kit.call("around", { fail: true });
  assert.equal(failed.isError, true);
  assert.match(firstText(failed), /in_it.*no luck/s);
});
