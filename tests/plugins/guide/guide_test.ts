import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import { definePlugin, type Plugin, type ToolAnnotations } from "../../../kernel/mod.ts";
import { conformance, type TestEra, type TestKit, testPlugin } from "../../../kernel/testing.ts";
import guide from "../../../plugins/guide/mod.ts";

/** A tool that makes and removes another. */
const maker: Plugin<void> = definePlugin({
  name: "maker",
  version: "1.0.0",
  setup({ tool }) {
    const input = v.object({ text: v.optional(v.string(), "a") });
    let made: { dispose(): Promise<void> } | undefined;
    tool({
      name: "make",
      title: "Maker",
      description: "Make a tool. Again: remove it",
      input: v.object({ description: v.optional(v.string(), "A made tool") }),
      annotations: { readOnlyHint: false },
      async run({ description }) {
        if (made === undefined) made = tool({ name: "made", description, input, run: () => "ok" });
        else {
          await made.dispose();
          made = undefined;
        }
        return "done";
      },
    });
  },
});

async function read(kit: TestKit, uri: string): Promise<string> {
  const { contents } = await kit.client.readResource({ uri });
  assert.equal(contents[0]?.mimeType, "text/markdown");
  return (contents[0] as { text: string }).text;
}

for (const scheme of ["collet", "skillz"]) {
  test(`${scheme}://guide lists the tools of the moment`, async () => {
    await using kit = await testPlugin(guide, undefined, { with: [maker] });
    assert.match(await read(kit, `${scheme}://guide`), /### maker\n\n- `make`: Make a tool\.\n/);
    await kit.client.callTool({ name: "make", arguments: {} });
    assert.match(await read(kit, `${scheme}://guide`), /- `made`: A made tool\n- `make`/);
  });

  test(`${scheme}://tools/{name} tells all of a tool`, async () => {
    await using kit = await testPlugin(guide, undefined, { with: [maker] });
    const page = await read(kit, `${scheme}://tools/make`);
    for (const part of ["# Maker", "Registered by: `maker`", "readOnlyHint: false", '"description": {', '"make"']) {
      assert.ok(page.includes(part), `${part} in ${page}`);
    }
  });

  test(`${scheme}://tools/{name} is not found for a tool that does not exist`, async () => {
    await using kit = await testPlugin(guide, undefined, { with: [maker] });
    await assert.rejects(
      kit.client.readResource({ uri: `${scheme}://tools/none` }),
      /Resource not found: no tool "none"/,
    );
  });
}

test("the guide tells how tools are combined where there is a tool for that", async () => {
  const named = (name: string): Plugin<void> =>
    definePlugin({
      name,
      version: "1.0.0",
      setup: ({ tool }) => void tool({ name, description: name, input: v.object({}), run: () => "ok" }),
    });
  await using none = await testPlugin(guide, undefined, { with: [maker] });
  assert.doesNotMatch(await read(none, "collet://guide"), /Combine tools|execute_code/);
  await using some = await testPlugin(guide, undefined, { with: [named("execute_code")] });
  assert.match(await read(some, "collet://guide"), /## Combine tools\n\n`execute_code` runs a program/);
  assert.doesNotMatch(await read(some, "collet://guide"), /create_pipeline/);
  await using both = await testPlugin(guide, undefined, { with: [named("execute_code"), named("pipeline")] });
  assert.match(await read(both, "collet://guide"), /`execute_code` runs[^#]*`pipeline` keeps steps[^#]*## Tools/);
});

test("guide completes the names of tools", async () => {
  await using kit = await testPlugin(guide, undefined, { with: [maker] });
  const { completion } = await kit.client.complete({
    ref: { type: "ref/resource", uri: "collet://tools/{name}" },
    argument: { name: "name", value: "ma" },
  });
  assert.deepEqual(completion.values, ["make"]);
});

test("guide lists the pages of tools once", async () => {
  await using kit = await testPlugin(guide, undefined, { with: [maker] });
  const { resources } = await kit.client.listResources();
  assert.deepEqual(resources.map((it) => it.uri).filter((uri) => uri.includes("tools/")), ["collet://tools/make"]);
});

test("guide has no page in its lists for what stands for tools that are not loaded", async () => {
  const annotations = { deferredHint: true } as ToolAnnotations;
  const stubs: Plugin<void> = definePlugin({
    name: "stubs",
    version: "1.0.0",
    setup({ tool }) {
      const input = v.object({});
      for (const name of ["__skill__maya", "__group__rigging"]) {
        tool({ name, description: "Not loaded", input, annotations, run: () => "load it" });
      }
    },
  });
  await using kit = await testPlugin(guide, undefined, { with: [maker, stubs] });
  const { resources } = await kit.client.listResources();
  assert.deepEqual(resources.map((it) => it.uri).filter((uri) => uri.includes("tools/")), ["collet://tools/make"]);
  assert.doesNotMatch(await read(kit, "collet://guide"), /__(?:skill|group)__/);
  const { completion } = await kit.client.complete({
    ref: { type: "ref/resource", uri: "collet://tools/{name}" },
    argument: { name: "name", value: "" },
  });
  assert.deepEqual(completion.values, ["make"]);
  assert.match(await read(kit, "collet://tools/__skill__maya"), /Not loaded/);
});

describe("guide tells subscribers", () => {
  test("of 2025 when the text of a page changes", async () => {
    await using kit = await testPlugin(guide, undefined, { with: [maker] });
    const updated: string[] = [];
    kit.client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    for (const uri of ["collet://guide", "collet://examples", "skillz://tools/made"]) {
      await kit.client.subscribeResource({ uri });
    }
    await kit.client.callTool({ name: "make", arguments: {} });
    await until(() => updated.length >= 2);
    assert.deepEqual(updated.sort(), ["collet://guide", "skillz://tools/made"]);
    await kit.client.unsubscribeResource({ uri: "collet://guide" });
    await kit.client.callTool({ name: "make", arguments: {} });
    await until(() => updated.length >= 3);
    assert.equal(updated[2], "skillz://tools/made");
  });
});

for (const era of ["2025", "2026"] satisfies TestEra[]) {
  test(`guide serves its fixed pages to clients of ${era}`, async () => {
    await using kit = await testPlugin(guide, undefined, { era });
    assert.match(await read(kit, "collet://examples"), /## Python/);
    assert.match(await read(kit, "collet://protocol"), /"method":"execute"/);
  });
}

async function until(isDone: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isDone(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isDone(), "it did not happen within 2 s");
}

conformance(guide);
