/**
 * The example of skillz's README, word for word: a server that `uvx` fetches, called by name and in a pipeline.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { inRepository } from "../../../../scripts/lib/repository.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { uvPath } from "../../dependencies/kit.ts";
import { Machine } from "../../skills/proof/kit.ts";

after(removeBundle);

const WORD_COUNTER = `
import sys, json
request = json.loads(sys.stdin.readline())
text = request["params"]["arguments"]["text"]
result = {"words": len(text.split()), "text": text}
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}))
`;

test("the time server of skillz's README is imported, called and used in its pipeline", async (t) => {
  const uv = uvPath();
  if (uv === undefined) return t.skip("uv is not installed");
  await using machine = await Machine.make();
  // what this machine trusts, and what earlier runs fetched
  const settings = `native-tls = true\ncache-dir = ${JSON.stringify(inRepository(".build/uv"))}\n`;
  await machine.write("user/.config/uv/uv.toml", settings);
  const env = { PATH: `${dirname(uv)}:${process.env["PATH"]}` };
  // the first time it is fetched from afar, which may take as long as it likes
  const words = ["mcp-server-time", "--help"];
  await promisify(execFile)(join(dirname(uv), "uvx"), words, { env: { ...machine.env, ...env } });

  await using talk = await machine.pipe({ env, answer: "trust" });
  await talk.call("register_script", {
    name: "word_counter",
    description: "Count words",
    interpreter: "python3",
    code: WORD_COUNTER,
    input_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  });
  await talk.toldOf("tools", () =>
    talk.text("import_mcp", {
      name: "time",
      command: "uvx",
      args: ["mcp-server-time"],
      description: "Time utilities from MCP server",
    }));
  assert.match(talk.questions.join(), /program: uvx mcp-server-time/);

  const { tools } = await talk.client.listTools();
  const convert = tools.find(({ name }) => name === "time_convert_time")!;
  assert.deepEqual(convert.inputSchema.required, ["source_timezone", "time", "target_timezone"]);
  const now = await talk.text("call_tool", { tool_name: "time_get_current_time", arguments: { timezone: "UTC" } });
  assert.match(JSON.parse(now).datetime, /^\d{4}-\d\d-\d\dT/);

  await talk.text("pipeline", {
    action: "create",
    name: "world_clock",
    steps: [
      { name: "ny", tool: "time_get_current_time", args: { timezone: "America/New_York" } },
      { name: "london", tool: "time_get_current_time", args: { timezone: "Europe/London" } },
      { tool: "word_counter", args: { text: "NY: $ny.datetime, London: $london.datetime" } },
    ],
  });
  const { words: count, text } = await talk.data("world_clock");
  assert.equal(count, 4);
  assert.match(text, /^NY: \d{4}-\d\d-\d\dT\S+, London: \d{4}-\d\d-\d\dT\S+$/);
  const wrong = await talk.refused("time_get_current_time", { timezone: "Nowhere/Land" });
  assert.match(wrong, /Invalid timezone|No time zone found/);
});
