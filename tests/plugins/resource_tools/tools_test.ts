import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Content, type JsonObject, type Kernel, textOf, type ToolResult } from "../../../kernel/mod.ts";
import { conformance, type TestEra, type TestKit, testPlugin } from "../../../kernel/testing.ts";
import { AnswerLimit } from "../../../plugins/results/contract.ts";
import resourceTools from "../../../plugins/resource_tools/mod.ts";
import results from "../../../plugins/results/mod.ts";
import items, { LONG } from "./items.ts";

const kitOf = (era: TestEra = "2025") => testPlugin(resourceTools, {}, { with: [items], era });

async function callOf({ client }: Pick<TestKit, "client">, name: string, args: JsonObject = {}) {
  const result = await client.callTool({ name, arguments: args as Record<string, unknown> }) as ToolResult;
  return { ...result, text: textOf(result), data: result.structuredContent as Record<string, JsonObject[]> };
}

function textBlocks(...texts: string[]): Content[] {
  return texts.map((text) => ({ type: "text", text }));
}

for (const era of ["2025", "2026"] satisfies TestEra[]) {
  describe(`list_resources, for a client of ${era},`, () => {
    test("lists resources and templates in pages, each once", async () => {
      await using kit = await kitOf(era);
      const seen: unknown[] = [];
      const sizes: number[] = [];
      for (let cursor: string | undefined = ""; cursor !== undefined;) {
        const { data, text } = await callOf(kit, "list_resources", { cursor });
        const page = [
          ...data["resources"]!.map((it) => it["uri"]),
          ...data["resourceTemplates"]!.map((it) => it["uriTemplate"]),
        ];
        assert.equal(text.split("\n").filter((line) => line.startsWith("- ")).length, page.length);
        seen.push(...page);
        sizes.push(page.length);
        cursor = data["nextCursor"] as string | undefined;
        assert.equal(text.includes(`more with cursor "${cursor}"]`), cursor !== undefined);
      }
      assert.deepEqual(sizes, [50, 50, 30]);
      assert.equal(new Set(seen).size, 130);
      assert.ok(seen.includes("many://{id}"));
    });

    test("finds what all words match, and says what is known of each", async () => {
      await using kit = await kitOf(era);
      const long = await callOf(kit, "list_resources", { query: "LINES a:" });
      assert.equal(long.text, "- a://long Long: Many lines");
      assert.deepEqual(long.data, {
        resources: [{ uri: "a://long", name: "long", title: "Long", description: "Many lines\nof text" }],
        resourceTemplates: [],
      });
      assert.equal((await callOf(kit, "list_resources", { query: "empty" })).text, "- a://empty empty (text/plain)");
      assert.equal(
        (await callOf(kit, "list_resources", { query: "one of many" })).text,
        "- many://{id} many: One of many",
      );
      assert.equal((await callOf(kit, "list_resources", { query: "no such" })).text, 'No resource matches "no such"');
    });
  });

  describe(`read_resource, for a client of ${era},`, () => {
    test("gives a short text as it is", async () => {
      await using kit = await kitOf(era);
      const { content, structuredContent } = await callOf(kit, "read_resource", { uri: "many://007" });
      assert.deepEqual(content, textBlocks("007 for local"));
      assert.equal(structuredContent, undefined);
    });

    test("gives a long text in pieces, which make the whole", async () => {
      await using kit = await kitOf(era);
      const texts: string[] = [];
      for (let offset: number | undefined = 0; offset !== undefined;) {
        const { content } = await callOf(kit, "read_resource", { uri: "a://long", offset });
        const [piece, note] = content as readonly { text: string }[];
        texts.push(piece!.text);
        const next = /^\[Characters (\d+) to (\d+) of 90000; read on with offset \2\]$/.exec(note?.text ?? "");
        if (note !== undefined) assert.equal(next?.[1], String(offset));
        offset = next === null ? undefined : Number(next[2]);
      }
      assert.deepEqual(texts.map((it) => it.length), [40_000, 40_000, 10_000]);
      assert.equal(texts.join(""), LONG);
    });

    test("takes offset and length in characters, and divides none", async () => {
      await using kit = await kitOf(era);
      const read = async (args: JsonObject) => (await callOf(kit, "read_resource", args)).content;
      assert.deepEqual(await read({ uri: "a://long", offset: 10, length: 10 }), [
        ...textBlocks("line 0001\n", "[Characters 10 to 20 of 90000; read on with offset 20]"),
      ]);
      assert.deepEqual(await read({ uri: "a://long", offset: 89_990 }), textBlocks("line 8999\n"));
      assert.deepEqual(await read({ uri: "a://long", offset: 90_000 }), textBlocks("[There are 90000 characters]"));
      const smiles = { uri: "a://smiles", length: 2 };
      assert.deepEqual(await read(smiles), textBlocks("a", "[Characters 0 to 1 of 6; read on with offset 1]"));
      assert.deepEqual(
        await read({ ...smiles, offset: 1 }),
        textBlocks("😀", "[Characters 1 to 3 of 6; read on with offset 3]"),
      );
      assert.deepEqual(
        await read({ ...smiles, offset: 3, length: 1 }),
        textBlocks("😀", "[Characters 3 to 5 of 6; read on with offset 5]"),
      );
      assert.deepEqual(await read({ ...smiles, offset: 5, length: 1 }), textBlocks("b"));
      assert.deepEqual(await read({ uri: "a://empty" }), textBlocks("[Empty]"));
    });

    test("gives bytes by their type", async () => {
      await using kit = await kitOf(era);
      const read = async (uri: string, offset = 0) => (await callOf(kit, "read_resource", { uri, offset })).content;
      const image = { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" } as const;
      assert.deepEqual(await read("a://picture"), [image]);
      assert.deepEqual(await read("a://sound"), [{ ...image, type: "audio", mimeType: "audio/wav" }]);
      assert.deepEqual(await read("a://bytes"), [{ type: "resource", resource: { uri: "a://bytes", blob: "AQID" } }]);
      assert.deepEqual(await read("a://parts"), [
        ...textBlocks("[a://parts/1]", "one", "[a://parts/2, image/png]"),
        image,
        ...textBlocks("[a://parts/3, text/csv]", "three"),
      ]);
      assert.deepEqual(await read("a://parts", 4), textBlocks("[a://parts/3, text/csv]", "hree"));
    });

    test("says what is wrong, with near URIs", async () => {
      await using kit = await kitOf(era);
      for (
        const [args, words] of [
          [{ uri: "a://lung" }, /^Resource not found: a:\/\/lung; did you mean "a:\/\/long"\?$/],
          [{ uri: "a://locked" }, /^it is locked$/],
          [{ uri: "a://long", offset: -1 }, /Invalid arguments .*"offset"/],
          [{ uri: "a://long", length: 0 }, /Invalid arguments .*"length"/],
          [{}, /Invalid arguments .*"uri": missing/],
        ] as const
      ) {
        const { isError, text } = await callOf(kit, "read_resource", args);
        assert.equal(isError, true);
        assert.match(text, words);
      }
    });
  });

  describe(`list_prompts and get_prompt, for a client of ${era},`, () => {
    test("list prompts with their arguments", async () => {
      await using kit = await kitOf(era);
      const all = await callOf(kit, "list_prompts");
      assert.equal(all.text, "- failing() Fails\n- greet(name, times?) Greet someone\n- talk() A talk");
      const { data } = await callOf(kit, "list_prompts", { query: "someone" });
      assert.deepEqual(data, {
        prompts: [{
          name: "greet",
          description: "Greet someone",
          arguments: [{ name: "name", description: "Whom", required: true }, { name: "times", required: false }],
        }],
      });
      assert.equal((await callOf(kit, "list_prompts", { query: "x y" })).text, 'No prompt matches "x y"');
    });

    test("give the messages, as text and as they are", async () => {
      await using kit = await kitOf(era);
      const greeted = await callOf(kit, "get_prompt", { name: "greet", arguments: { name: "Ada", times: 2 } });
      assert.deepEqual(greeted.content, textBlocks("Ada 2"));
      assert.deepEqual(greeted.structuredContent, {
        description: "Greet someone",
        messages: [{ role: "user", content: { type: "text", text: "Ada 2" } }],
      });
      const { content } = await callOf(kit, "get_prompt", { name: "talk" });
      assert.deepEqual(content, [
        ...textBlocks("[user]", "What is it?", "[assistant]"),
        { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" },
      ]);
    });

    test("say what is wrong, with near names", async () => {
      await using kit = await kitOf(era);
      for (
        const [args, words] of [
          [{ name: "gret" }, /^Unknown prompt "gret"; did you mean "greet"\?$/],
          [{ name: "greet", arguments: { name: null } }, /^Invalid arguments for prompt "greet": "name": missing/],
          [{ name: "greet", arguments: { name: "a", times: "x" } }, /^Invalid arguments for prompt "greet": "times"/],
          [{ name: "failing" }, /^out of words$/],
        ] as const
      ) {
        const { isError, text } = await callOf(kit, "get_prompt", args);
        assert.equal(isError, true);
        assert.match(text, words);
      }
    });
  });

  test(`a result that was shortened is read on by read_resource, never shortened again (${era})`, async () => {
    await using kit = await testPlugin(resourceTools, {}, {
      with: [items, [results, { inline_characters: 1_000 }]],
      era,
    });
    const { content, text } = await callOf(kit, "say_long");
    const { uri } = content[1] as { uri: string };
    let offset = Number(/read_resource from offset (\d+)/.exec(text)![1]);
    let read = LONG.slice(0, offset);
    for (let i = 0; offset < LONG.length; i++) {
      const length = i % 3 === 0 ? {} : { length: 50_000 };
      const { content: [piece, ...rest] } = await callOf(kit, "read_resource", { uri, offset, ...length });
      assert.ok(rest.every((it) => it.type === "text"), "no link to a piece of a piece");
      read += (piece as { text: string }).text;
      offset = read.length;
    }
    assert.equal(read, LONG);
    const huge = await callOf(kit, "read_resource", { uri: "a://huge" });
    assert.deepEqual(huge.content, [
      ...textBlocks("[image/png, about 3000 bytes, more than one answer takes]"),
      { type: "resource_link", uri: "a://huge", name: "a://huge", mimeType: "image/png", size: 3_000 },
    ]);
  });
}

test("the tools see what their caller may: principal and interceptors are those of the call", async () => {
  await using kit = await kitOf();
  const principal = { id: "ada", scopes: [] };
  const { content } = await kit.kernel.call("read_resource", { uri: "many://1" }, { principal });
  assert.deepEqual(content, textBlocks("1 for ada"));
});

test("the tools complete URIs and names of prompts", async () => {
  await using kit = await kitOf();
  const complete = (name: string, argument: string, value: string) =>
    kit.kernel.complete({ type: "tool", name }, { argument, value });
  assert.deepEqual(await complete("read_resource", "uri", "a://l"), ["a://locked", "a://long"]);
  assert.deepEqual(await complete("read_resource", "uri", "many://{"), ["many://{id}"]);
  assert.deepEqual(await complete("read_resource", "offset", ""), []);
  assert.deepEqual(await complete("get_prompt", "name", "t"), ["talk"]);
  assert.deepEqual(await complete("get_prompt", "arguments", ""), []);
});

test("read_resource gives pieces as long as asked for where nothing limits an answer", async () => {
  await using kit = await kitOf();
  const { kernel }: { readonly kernel: Kernel } = kit;
  assert.equal(kernel.get(AnswerLimit), undefined);
  const { content } = await callOf(kit, "read_resource", { uri: "a://long", length: 1_000_000 });
  assert.deepEqual(content, textBlocks(LONG));
});

test("a server without resources and prompts says so", async () => {
  await using kit = await testPlugin(resourceTools);
  assert.equal((await callOf(kit, "list_resources")).text, "There are no resources");
  assert.equal((await callOf(kit, "list_prompts")).text, "There are no prompts");
});

conformance(resourceTools);
