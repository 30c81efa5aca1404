/**
 * Published servers behind the program, with real clients over stdio and HTTP, in both eras.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { ERAS, Machine, type Talk } from "../../skills/proof/kit.ts";
import { published } from "./packages.ts";

after(removeBundle);

/** What one client does with all three. */
async function useAll(talk: Talk, folder: string): Promise<void> {
  const names = await talk.tools();
  for (const name of ["every_echo", "files_read_text_file", "graph_create_entities", "graph"]) {
    assert.ok(names.includes(name), `${name} is not listed in ${names.join(" ")}`);
  }
  for (const name of ["import_mcp", "mcp_servers"]) assert.ok(!names.includes(name), `${name} is listed`);

  assert.equal(await talk.text("every_echo", { message: "hello" }), "Echo: hello");
  const sum = await talk.call("every_get-sum", { a: 2, b: 3 });
  assert.match(JSON.stringify(sum.content), /5/);
  const structured = await talk.call("every_get-structured-content", { location: "New York" });
  assert.equal(typeof (structured.structuredContent as JsonObject)["temperature"], "number");
  const image = await talk.call("every_get-tiny-image");
  assert.ok(image.content.some(({ type }) => type === "image"));

  assert.match(await talk.text("files_read_text_file", { path: `${folder}/note.txt` }), /^kept for later/);
  const outside = await talk.refused("files_read_text_file", { path: "/etc/hostname" });
  assert.match(outside, /outside allowed directories/);

  const entity = { name: `Ada ${Math.random()}`, entityType: "person", observations: ["writes programs"] };
  await talk.call("graph_create_entities", { entities: [entity] });
  const { entities } = await talk.data("graph_search_nodes", { query: entity.name });
  assert.deepEqual(entities, [entity]);

  const { prompts } = await talk.client.listPrompts();
  const prompt = prompts.find(({ name }) => name === "every_args-prompt")!;
  assert.deepEqual(prompt.arguments?.map(({ name, required }) => [name, required]), [["city", true], ["state", false]]);
  const { messages } = await talk.client.getPrompt({ name: prompt.name, arguments: { city: "Turin" } });
  assert.match(JSON.stringify(messages), /Turin/);
  const { completion } = await talk.client.complete({
    ref: { type: "ref/prompt", name: "every_completable-prompt" },
    argument: { name: "department", value: "E" },
  });
  assert.ok(completion.values.includes("Engineering"), completion.values.join());
  const { resourceTemplates } = await talk.client.listResourceTemplates();
  const template = resourceTemplates.find(({ uriTemplate }) => uriTemplate.includes("dynamic/text"))!;
  const { contents } = await talk.client.readResource({ uri: template.uriTemplate.replace(/\{[^}]+\}/, "1") });
  assert.match(JSON.stringify(contents), /Resource 1/);
}

describe("published servers", () => {
  test("are used through the program by clients of both eras, over stdio and HTTP", async (t) => {
    await using machine = await Machine.make();
    const folder = machine.at("project");
    await machine.write("project/note.txt", "kept for later");
    await machine.configure({
      mcpServers: { every: published("everything"), files: published("filesystem", folder) },
    });
    const memory = { MEMORY_FILE_PATH: machine.at("graph.jsonl") };
    {
      await using talk = await machine.pipe({ answer: "trust" });
      const { tools } = await talk.data("import_mcp", { name: "graph", ...published("memory"), env: memory });
      assert.ok(tools.includes("graph_create_entities"));
      assert.equal(talk.questions.length, 1, talk.questions.join("\n"));
      await until(async () => (await talk.tools()).includes("files_read_text_file"), "the tools of all servers");
    }
    const server = await machine.serve();
    for (const era of ERAS) {
      await t.test(`over stdio, ${era}`, async () => {
        await using talk = await machine.pipe({ era });
        await useAll(talk, folder);
      });
      await t.test(`over HTTP, ${era}`, async () => {
        await using talk = await server.connect({ era });
        await useAll(talk, folder);
      });
    }
    await t.test("one process of each for all clients", async () => {
      await using talk = await server.connect();
      const { servers } = await talk.data("mcp_servers", { action: "list" });
      const runs = servers.map(({ name, state, restarts }: JsonObject) => [name, state, restarts]);
      assert.deepEqual(runs, [["every", "ready", 0], ["files", "ready", 0], ["graph", "ready", 0]]);
    });
    await t.test("and by another server of this program, at its address", async () => {
      await using other = await Machine.make();
      await using talk = await other.pipe({ answer: "trust" });
      const url = server.url.href;
      const { tools } = await talk.data("import_mcp", {
        name: "far",
        url,
        include: ["every_*"],
        rename: { every_echo: "say" },
      });
      assert.ok(
        tools.includes("far_say") && tools.every((it: string) => it === "far_say" || it.startsWith("far_every_")),
      );
      assert.match(talk.questions[0]!, new RegExp(`address: ${url}`));
      assert.equal(await talk.text("far_say", { message: "hello" }), "Echo: hello");
      const again = await talk.refused("import_mcp", { name: "near", url });
      assert.match(again, /"far" has the same address/);
    });
    await server.stop();
  });

  test("are shown and hidden together, by their namespace", async () => {
    await using machine = await Machine.make();
    await machine.configure({
      mcpServers: { every: published("everything") },
      plugins: { skills: { hide_made_tools: true } },
    });
    await using talk = await machine.pipe();
    const status = () => talk.data("mcp_servers", { action: "status", name: "every" });
    await until(async () => (await status()).server.tools > 0, "the server");
    assert.ok(!(await talk.tools()).includes("every_echo"));
    await talk.call("activate_skill", { name: "dev" });
    const active = await talk.tools();
    assert.ok(active.includes("import_mcp") && !active.includes("every_echo"), active.join(" "));
    await talk.toldOf("tools", () => talk.text("activate_skill", { name: "every" }));
    assert.ok((await talk.tools()).includes("every_echo"));
    await talk.text("deactivate_skill", { name: "every" });
    assert.ok(!(await talk.tools()).includes("every_echo"));
  });
});
