import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "@modelcontextprotocol/client";
import type { Plugin, PromptResult, ResourceResult } from "../../kernel/mod.ts";
import { type TestEra, testPlugin } from "../../kernel/testing.ts";
import { small } from "../support/plugins.ts";

const PROMPT: PromptResult = {
  description: "Of this very rendering",
  messages: [{ role: "assistant", content: { type: "text", text: "hi", _meta: { "example.com/b": 1 } } }],
  _meta: { "example.com/a": { deep: [1] } },
};
const READ: ResourceResult = {
  contents: [{ uri: "whole://it", text: "x", mimeType: "text/plain", _meta: { "example.com/b": 1 } }],
  _meta: { "example.com/a": { deep: [1] } },
};

const whole: Plugin<void> = small("whole", {
  setup({ prompt, resource }) {
    prompt({ name: "whole", description: "Whole", render: () => PROMPT });
    prompt({ name: "bare", description: "Bare", render: () => ({ messages: PROMPT.messages }) });
    prompt({
      name: "places",
      description: "Places",
      render: () => "",
      complete: (argument, value, { chosen }) => [`${argument} ${value} ${JSON.stringify(chosen)}`],
    });
    resource({ uri: "whole://it", name: "whole", read: () => READ });
    resource({
      uri: "places://{country}/{city}",
      name: "places",
      read: () => "",
      complete: (_, value, { chosen }) => chosen["country"] === "France" ? ["Paris", value] : [],
    });
  },
});

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`what a plugin gives whole to a client of ${era}`, () => {
    const rest = (meta: Record<string, unknown> | undefined) => {
      const { "io.modelcontextprotocol/serverInfo": _server, ...own } = meta ?? {};
      return own;
    };

    it("is a prompt, as it stands", async () => {
      await using kit = await testPlugin(whole, undefined, { era });
      const { description, messages, _meta } = await kit.client.getPrompt({ name: "whole" });
      assert.deepEqual({ description, messages, _meta: rest(_meta) }, PROMPT);
      assert.equal((await kit.client.getPrompt({ name: "bare" })).description, undefined);
    });

    it("is what a resource reads as, with `_meta` of the result and of its contents", async () => {
      await using kit = await testPlugin(whole, undefined, { era });
      const { contents, _meta } = await kit.client.readResource({ uri: "whole://it" });
      assert.deepEqual({ contents, _meta: rest(_meta) }, READ);
    });

    it("is completed with what was chosen before", async () => {
      await using kit = await testPlugin(whole, undefined, { era });
      const complete = async (...[params]: Parameters<Client["complete"]>) =>
        (await kit.client.complete(params)).completion.values;
      const ref = { type: "ref/prompt", name: "places" } as const;
      const argument = { name: "city", value: "P" };
      const context = { arguments: { country: "France" } };
      assert.deepEqual(await complete({ ref, argument, context }), ['city P {"country":"France"}']);
      assert.deepEqual(await complete({ ref, argument }), ["city P {}"]);
      const template = { type: "ref/resource", uri: "places://{country}/{city}" } as const;
      assert.deepEqual(await complete({ ref: template, argument, context }), ["Paris", "P"]);
      assert.deepEqual(await complete({ ref: template, argument }), []);
    });
  });
}
