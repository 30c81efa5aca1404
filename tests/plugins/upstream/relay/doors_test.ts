import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Client } from "@modelcontextprotocol/client";
import type { TestEra } from "../../../../kernel/testing.ts";
import { removeBundle } from "../../../command_line/program.ts";
import {
  ALL_CAPABILITIES,
  answering,
  connectDirectly,
  EVERYTHING,
  type Program,
  startWith,
  untilListed,
} from "./program.ts";

// deno-lint-ignore no-explicit-any -- results of the client are compared as they are
type Wire = any;

describe("the reference server behind the program", () => {
  let program: Program;
  let direct: Client;
  const clients = new Map<TestEra, Client>();
  const wish = (name: string, era: TestEra) => ({
    name,
    era,
    capabilities: ALL_CAPABILITIES,
    prepare: answering(name),
  });

  before(async () => {
    [program, direct] = await Promise.all([
      startWith({ ev: EVERYTHING }),
      connectDirectly(wish("direct", "2025")),
    ]);
    for (const era of ["2025", "2026"] as const) clients.set(era, await program.connect(wish(era, era)));
    await untilListed(clients.get("2025")!, "ev_echo");
  });

  after(async () => {
    await direct?.close();
    await program?.[Symbol.asyncDispose]();
    await removeBundle();
  });

  for (const era of ["2025", "2026"] as const) {
    it(`lists what it lists itself (${era})`, async () => {
      const client = clients.get(era)!;
      const theirs = (await direct.listTools() as Wire).tools;
      const ours = new Map((await client.listTools() as Wire).tools.map((tool: Wire) => [tool.name, tool]));
      for (const { name, execution: _execution, _meta: meta, ...tool } of theirs) {
        const { _meta: ourMeta, execution: _ours, ...found } = ours.get(`ev_${name}`) as Wire;
        assert.deepEqual(found, { ...tool, name: `ev_${name}` });
        assert.deepEqual(ourMeta, { ...meta, "collet/namespace": "ev" });
      }
      const uris = (await client.listResources() as Wire).resources.map((it: Wire) => it.uri);
      for (const { uri } of (await direct.listResources() as Wire).resources) assert.ok(uris.includes(uri), uri);
      const templates = (await client.listResourceTemplates() as Wire).resourceTemplates;
      for (const template of (await direct.listResourceTemplates() as Wire).resourceTemplates) {
        assert.deepEqual(templates.find((it: Wire) => it.uriTemplate === template.uriTemplate), template);
      }
      const prompts = (await client.listPrompts() as Wire).prompts.map((it: Wire) => it.name);
      for (const { name } of (await direct.listPrompts() as Wire).prompts) assert.ok(prompts.includes(`ev_${name}`));
    });

    it(`answers what it answers itself (${era})`, async () => {
      const client = clients.get(era)!;
      const calls: [string, Record<string, unknown>][] = [
        ["echo", { message: "hello" }],
        ["get-sum", { a: 1, b: 2 }],
        ["get-structured-content", { location: "New York" }],
        ["get-annotated-message", { messageType: "error", includeImage: true }],
        ["get-tiny-image", {}],
        ["get-resource-links", { count: 2 }],
      ];
      for (const [name, args] of calls) {
        const theirs = await direct.callTool({ name, arguments: args }) as Wire;
        const { _meta: _ours, ...ours } = await client.callTool({ name: `ev_${name}`, arguments: args }) as Wire;
        assert.deepEqual(ours, theirs, name);
      }
      const theirPrompt = await direct.getPrompt({ name: "args-prompt", arguments: { city: "Bern" } }) as Wire;
      const ourPrompt = await client.getPrompt({ name: "ev_args-prompt", arguments: { city: "Bern" } }) as Wire;
      assert.deepEqual(ourPrompt.messages, theirPrompt.messages);
      const uri = "demo://resource/dynamic/text/1";
      const { contents } = await client.readResource({ uri }) as Wire;
      assert.deepEqual([contents[0].uri, contents[0].mimeType], [uri, "text/plain"]);
      const argument = { name: "department", value: "E" };
      const ref = (name: string) => ({ type: "ref/prompt", name }) as const;
      const completed = await client.complete({ ref: ref("ev_completable-prompt"), argument }) as Wire;
      const theirCompletion = await direct.complete({ ref: ref("completable-prompt"), argument }) as Wire;
      assert.deepEqual(completed.completion.values, theirCompletion.completion.values);
    });

    it(`tells how far it is, and asks the client that called (${era})`, async () => {
      const client = clients.get(era)!;
      const heard: number[] = [];
      await client.callTool({ name: "ev_trigger-long-running-operation", arguments: { duration: 0.2, steps: 2 } }, {
        onprogress: ({ progress }) => void heard.push(progress),
      });
      assert.deepEqual(heard, [1, 2]);
      const elicited = await client.callTool({ name: "ev_trigger-elicitation-request", arguments: {} }) as Wire;
      assert.match(JSON.stringify(elicited.content), new RegExp(`Name: ${era}`));
      const sampled = await client.callTool({
        name: "ev_trigger-sampling-request",
        arguments: { prompt: "Well?", maxTokens: 5 },
      }) as Wire;
      assert.match(sampled.content[0].text, new RegExp(`sampled by ${era}`));
    });
  }

  it("never asks one client for another, over one connection that says nothing of whose its questions are", async () => {
    const names = ["ada", "bob", "cleo"];
    const asked = await Promise.all(
      names.map((name, index) => program.connect(wish(name, index === 2 ? "2026" : "2025"))),
    );
    const call = async (client: Client, name: string): Promise<string> => {
      const { content } = await client.callTool({
        name: "ev_trigger-sampling-request",
        arguments: { prompt: `From ${name}`, maxTokens: 5 },
      }) as Wire;
      return content[0].text;
    };
    const texts = await Promise.all(
      asked.flatMap((client, index) =>
        Array.from({ length: 5 }, async () => ({ name: names[index]!, text: await call(client, names[index]!) }))
      ),
    );
    for (const { name, text } of texts) {
      if (/sampled by/.test(text)) assert.match(text, new RegExp(`sampled by ${name}`));
      else assert.match(text, /belongs to no certain call/);
    }
    // from now on it is known whose they are
    const later = await Promise.all(asked.map(async (client, index) => await call(client, names[index]!)));
    later.forEach((text, index) => assert.match(text, new RegExp(`sampled by ${names[index]}`)));
  });
});
