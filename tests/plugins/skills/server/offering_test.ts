import assert from "node:assert/strict";
import { test } from "node:test";
import { contract, definePlugin } from "../../../../kernel/mod.ts";
import { testPlugin } from "../../../../kernel/testing.ts";
import { offering } from "../../../../plugins/skills/server/offering.ts";

const Answer = contract<{ readonly is: number }>("answer");
const everything = definePlugin({
  name: "offers_everything",
  version: "1.0.0",
  provides: [Answer],
  setup(ctx) {
    for (const name of ["first", "second"]) {
      const registration = ctx.tool({ name, description: "A tool", input: {}, run: () => name });
      registration.update({ description: "The same tool" });
    }
    ctx.resource({ uri: "offered://it", name: "it", read: () => "" });
    const prompt = ctx.prompt({ name: "prompt", description: "A prompt", render: () => "" });
    ctx.own("prompt", () => prompt.dispose());
    ctx.provide(Answer, { is: 42 });
  },
});

test("offering() registers the named tools alone, and leaves contracts as they are", async () => {
  await using it = await testPlugin(offering(everything, ["second"]));
  const { tools } = await it.client.listTools();
  assert.deepEqual(tools.map(({ name, description }) => [name, description]), [["second", "The same tool"]]);
  assert.deepEqual([it.kernel.resources.size, it.kernel.prompts.size, it.kernel.get(Answer)], [0, 0, { is: 42 }]);
});
