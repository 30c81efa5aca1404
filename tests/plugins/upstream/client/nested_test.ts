/**
 * The program behind the program behind the program.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { cleanEnvironment, programPath, removeBundle, startWords } from "../../../command_line/program.ts";
import { processesWith } from "../../../support/process_list.ts";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { isAlive } from "../tools/kit.ts";
import { until } from "../../../support/wait.ts";
import { Machine } from "../../skills/proof/kit.ts";

after(removeBundle);

const GREET = `
import sys, json
request = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"greeting": "Hello, " + request["params"]["arguments"]["name"]}}))
`;

test("the program imports itself, three deep, and ends with all of them", async () => {
  await using machine = await Machine.make();
  const [command = "", ...words] = startWords(await programPath());
  const behind = (depth: number) => ({
    command,
    args: words,
    env: { ...cleanEnvironment(), ...machine.env, COLLET_HOME: machine.at(`home${depth}`), COLLET_EXPOSE: "all" },
  });
  for (const depth of [1, 2]) {
    const config = { mcpServers: { inner: behind(depth + 1) }, server: { sandbox: "off" } };
    await machine.write(`home${depth}/collet.json`, JSON.stringify(config));
  }
  await machine.write("home3/collet.json", JSON.stringify({ server: { sandbox: "off" } }));
  await machine.configure({ mcpServers: { inner: behind(1) } });
  const pids: number[] = [];
  {
    await using talk = await machine.pipe();
    const name = (depth: number, tool: string) => `${"inner_".repeat(depth)}${tool}`;
    await until(
      async () =>
        (await talk.call("search_tools", { query: name(3, "register_script"), limit: 1 })).isError !== true &&
        (await talk.tools()).includes(name(3, "register_script")),
      "the tools of the innermost",
    );
    const made = await talk.call(name(3, "register_script"), {
      name: "greet",
      description: "Greet someone",
      interpreter: "python3",
      code: GREET,
      input_schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    });
    assert.notEqual(made.isError, true, JSON.stringify(made));
    // the list changes of three servers come through, one after another
    await until(async () => (await talk.tools()).includes(name(3, "greet")), "the new tool three deep");
    assert.deepEqual(await talk.data(name(3, "greet"), { name: "Ada" }), { greeting: "Hello, Ada" });
    const failed = await talk.refused(name(3, "greet"), {});
    assert.match(failed, /name/);
    for (const depth of [0, 1, 2]) {
      const { servers } = await talk.data(name(depth, "mcp_servers"), { action: "list" });
      assert.deepEqual(servers.map((it: JsonObject) => [it["name"], it["state"]]), [["inner", "ready"]]);
      pids.push(servers[0].pid);
    }
    const { contents } = await talk.client.readResource({ uri: "collet://guide" });
    assert.equal(contents[0]?.uri, "collet://guide");
  }
  assert.equal(new Set(pids).size, 3);
  await until(() => !pids.some(isAlive), "all programs to end");
  assert.deepEqual(await processesWith(machine.at("home3")), []);
});
