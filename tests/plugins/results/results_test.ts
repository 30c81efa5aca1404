import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as v from "valibot";
import {
  type Content,
  definePlugin,
  type Kernel,
  type Plugin,
  type ResourceLink,
  textOf,
  Toolbox,
  ToolError,
  type ToolResult,
  toolResult,
  valueOf,
} from "../../../kernel/mod.ts";
import { conformance, type TestEra, testPlugin } from "../../../kernel/testing.ts";
import { AnswerLimit } from "../../../plugins/results/contract.ts";
import results from "../../../plugins/results/mod.ts";

const LIMITS = { inline_characters: 1_000, head_characters: 100 };
const LIMIT = LIMITS.inline_characters;

const image = (length: number): Content => ({ type: "image", mimeType: "image/png", data: "A".repeat(length) });

/** Tools with answers of a length that the caller names. */
const talkers: Plugin<void> = definePlugin({
  name: "talkers",
  version: "1.0.0",
  requires: { toolbox: Toolbox },
  setup({ tool, deps: { toolbox } }) {
    const input = v.object({ length: v.number() });
    const add = (name: string, run: (length: number) => unknown) =>
      tool({ name, description: name, input, run: ({ length }) => run(length) as string });
    const long = (length: number) => "x".repeat(length);
    add("say", long);
    add("smile", (length) => "😀".repeat(length / 2));
    add("give", (length) => ({ text: long(length) }));
    add("list", (length) => toolResult({ content: [], structuredContent: long(length).split("") }));
    add("report", (length) =>
      toolResult({
        content: [{ type: "text", text: `# Report\n${long(length)}` }],
        structuredContent: { text: long(length) },
        _meta: { kept: true },
      }));
    add("draw", (length) => [{ type: "text", text: "A picture" }, image(length), image(8)]);
    add("draw_many", (length) => Array.from({ length }, () => image(40)));
    add("attach", (length) => [
      { type: "resource", resource: { uri: "a://text", mimeType: "text/csv", text: long(length) } },
      { type: "resource", resource: { uri: "a://blob", blob: "AAAA".repeat(length / 4) } },
      { type: "resource_link", uri: "a://link", name: "link" },
    ]);
    add("fail", (length) => Promise.reject(new ToolError(long(length))));
    add("fail_with_data", (length) => Promise.reject(new ToolError("Failed", { data: { text: long(length) } })));
    tool({
      name: "promise",
      description: "A value with a schema",
      input,
      output: v.object({ text: v.string() }),
      run: ({ length }) => ({ text: long(length) }),
    });
    tool({
      name: "measure",
      description: "Length of what say answers",
      input,
      run: async (args, call) => String(String(valueOf(await toolbox.call("say", args, call))).length),
    });
  },
});

type Kit = Awaited<ReturnType<typeof kitOf>>;

function kitOf(config = {}, era: TestEra = "2025") {
  return testPlugin(results, { ...LIMITS, ...config }, { with: [talkers], era });
}

async function answer(kit: Kit, name: string, length: number) {
  const result = await kit.client.callTool({ name, arguments: { length } }) as ToolResult;
  const links = result.content.filter((it): it is ResourceLink => it.type === "resource_link");
  return { ...result, text: textOf(result), links };
}

async function readText(kit: Kit, uri: string): Promise<string> {
  const { contents } = await kit.client.readResource({ uri });
  return (contents[0] as { text: string }).text;
}

for (const era of ["2025", "2026"] satisfies TestEra[]) {
  describe(`results, to a client of ${era},`, () => {
    test("leaves small answers as they are", async () => {
      await using kit = await kitOf({}, era);
      const { content } = await answer(kit, "say", LIMIT);
      assert.deepEqual(content, [{ type: "text", text: "x".repeat(LIMIT) }]);
    });

    test("answers with the head of a long text and a link to the whole", async () => {
      await using kit = await kitOf({}, era);
      const { text, links: [link], isError } = await answer(kit, "say", LIMIT + 1);
      assert.equal(isError, undefined);
      assert.match(
        text,
        /^x{100}\n\n\[901 of 1001 characters left out: read the whole at collet:\/\/results\/\S+, a piece/,
      );
      assert.deepEqual([link?.title, link?.size, link?.mimeType], ["Whole result of say", LIMIT + 1, "text/plain"]);
      const { uri } = link!;
      assert.ok(text.includes(uri));
      assert.equal(await readText(kit, uri), "x".repeat(LIMIT + 1));
      assert.equal(await readText(kit, `${uri}?offset=995&length=50`), "x".repeat(6));
      assert.equal(await readText(kit, `${uri}?offset=100`), "x".repeat(901));
      assert.equal(await readText(kit, `${uri}?offset=5000`), "");
      await assert.rejects(kit.client.readResource({ uri: `${uri}?offset=-1` }), /offset is "-1", expected a number/);
    });

    test("divides no character", async () => {
      await using kit = await kitOf({ head_characters: 101 }, era);
      const { text, links: [link] } = await answer(kit, "smile", LIMIT + 2);
      assert.ok(text.startsWith(`${"😀".repeat(50)}\n\n[902 of 1002`), text);
      assert.equal(link?.size, 2 * (LIMIT + 2));
      assert.equal(await readText(kit, `${link.uri}?offset=1&length=4`), "😀😀");
    });

    test("sends no structured content that it would have to cut", async () => {
      await using kit = await kitOf({}, era);
      const { structuredContent, isError, text, links } = await answer(kit, "give", 2_000);
      assert.deepEqual([structuredContent, isError, links.length], [undefined, undefined, 1]);
      assert.ok(text.startsWith('{"text":"xxx'));
      assert.equal(links[0]?.mimeType, "application/json");
      assert.deepEqual(JSON.parse(await readText(kit, links[0].uri)), { text: "x".repeat(2_000) });
    });

    test("sends structured content that fits, when its text as well is too much", async () => {
      await using kit = await kitOf({}, era);
      const { structuredContent, links } = await answer(kit, "give", 600);
      assert.deepEqual(structuredContent, { text: "x".repeat(600) });
      assert.deepEqual(JSON.parse(await readText(kit, links[0]!.uri)), structuredContent);
    });

    test("keeps text and structured content apart when they differ", async () => {
      await using kit = await kitOf({}, era);
      const { structuredContent, text, links, _meta } = await answer(kit, "report", 2_000);
      assert.equal(structuredContent, undefined);
      assert.ok(text.startsWith("# Report\nxxx"));
      assert.match(text, /\[Structured content of 2011 characters left out: read it at collet:/);
      assert.deepEqual(links.map((it) => it.mimeType), ["text/plain", "application/json"]);
      assert.equal(await readText(kit, links[0]!.uri), `# Report\n${"x".repeat(2_000)}`);
      assert.deepEqual(JSON.parse(await readText(kit, links[1]!.uri)), { text: "x".repeat(2_000) });
      assert.equal(_meta?.["kept"], true);
    });

    test("shows the head of structured content that comes without text", async () => {
      await using kit = await kitOf({}, era);
      const { text, links } = await answer(kit, "list", 1_000);
      assert.ok(text.startsWith('["x","x",'));
      assert.equal(JSON.parse(await readText(kit, links[0]!.uri)).length, 1_000);
    });

    test("fails a call whose tool promises structured content, and names the resource", async () => {
      await using kit = await kitOf({}, era);
      const { isError, structuredContent, text, links } = await answer(kit, "promise", 2_000);
      assert.deepEqual([isError, structuredContent], [true, undefined]);
      assert.match(text, /^\{"text":"xxx.*The call counts as failed: promise promises structured content/s);
      assert.ok(text.includes(links[0]!.uri));
      assert.deepEqual(JSON.parse(await readText(kit, links[0]!.uri)), { text: "x".repeat(2_000) });
      const short = await answer(kit, "promise", 600);
      assert.deepEqual([short.isError, short.structuredContent], [undefined, { text: "x".repeat(600) }]);
    });

    test("shortens a long failure, which stays one", async () => {
      await using kit = await kitOf({}, era);
      const { isError, text, links } = await answer(kit, "fail", 2_000);
      assert.equal(isError, true);
      assert.match(text, /^x{100}\n/);
      assert.equal(await readText(kit, links[0]!.uri), "x".repeat(2_000));
      const withData = await answer(kit, "fail_with_data", 2_000);
      assert.equal(withData.isError, true);
      assert.match(withData.text, /^Failed\n\n\[Structured content of 2011 characters left out/);
    });

    test("puts links in place of large pictures, and keeps the words and what is small", async () => {
      await using kit = await kitOf({}, era);
      const { content, text, links: [link] } = await answer(kit, "draw", 2_000);
      assert.deepEqual(content.map((it) => it.type), ["text", "image", "resource_link"]);
      assert.match(text, /^A picture\n\n\[image\/png of 1500 bytes left out: read it at collet:/);
      assert.deepEqual([link?.mimeType, link?.size, link?.title], ["image/png", 1_500, "image/png of draw"]);
      const { contents: [read] } = await kit.client.readResource({ uri: link!.uri });
      assert.deepEqual({ ...read, uri: "" }, { uri: "", mimeType: "image/png", blob: "A".repeat(2_000) });
    });

    test("keeps embedded resources under their own types", async () => {
      await using kit = await kitOf({}, era);
      const { content, links } = await answer(kit, "attach", 2_000);
      assert.deepEqual(content.map((it) => it.type), ["text", "resource_link", "resource_link", "resource_link"]);
      assert.deepEqual(links.map((it) => it.mimeType), [undefined, "text/csv", "application/octet-stream"]);
      assert.equal(await readText(kit, links[1]!.uri), "x".repeat(2_000));
    });

    test("keeps very many blocks as one", async () => {
      await using kit = await kitOf({}, era);
      const { content, links } = await answer(kit, "draw_many", 100);
      assert.equal(content.length, 2);
      assert.equal(JSON.parse(await readText(kit, links[0]!.uri)).length, 100);
    });
  });
}

test("results gives the whole to a tool that calls another", async () => {
  await using kit = await kitOf();
  assert.equal((await answer(kit, "measure", 5_000)).text, "5000");
});

test("results shows a result to nobody but its caller, and completes its name for them alone", async () => {
  await using kit = await kitOf();
  const { kernel } = kit;
  const [ada, eve] = ["ada", "eve"].map((id) => ({ principal: { id, scopes: [] } }));
  const uris: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { content } = await kernel.call("say", { length: 2_000 }, ada);
    uris.push((content[1] as ResourceLink).uri);
  }
  assert.equal((await kernel.read(uris[0]!, ada)).contents.length, 1);
  await assert.rejects(kernel.read(uris[0]!, eve), /Resource not found/);
  const ref = { type: "resource", uri: "collet://results/{id}{?offset,length}" } as const;
  const complete = (value: string, call: object, argument = "id") => kernel.complete(ref, { argument, value }, call);
  const ids = uris.map((uri) => uri.slice("collet://results/".length));
  assert.deepEqual(await complete("", ada!), ids.toReversed());
  assert.deepEqual(await complete(ids[0]!.slice(0, 20), ada!), [ids[0]]);
  assert.deepEqual(await complete("", ada!, "offset"), []);
  assert.deepEqual(await complete("", eve!), []);
});

test("results forgets the oldest when space runs out", async () => {
  await using kit = await kitOf({ kept_characters: 5_000 });
  const uris: string[] = [];
  for (let i = 0; i < 3; i++) uris.push((await answer(kit, "say", 2_000)).links[0]!.uri);
  await assert.rejects(readText(kit, uris[0]!), /Resource not found/);
  assert.equal((await readText(kit, uris[2]!)).length, 2_000);
});

test("results says that a result is too long to keep, and keeps no part of it", async () => {
  await using kit = await kitOf({ kept_characters: 5_000 });
  const { uri } = (await answer(kit, "say", 2_000)).links[0]!;
  const { isError, text } = await answer(kit, "report", 3_000);
  assert.equal(isError, true);
  assert.match(text, /^Cannot answer: the result of "report" has 60\d\d characters, too many to keep; ask for less$/);
  assert.equal((await readText(kit, uri)).length, 2_000);
});

test("results names a tool that reads resources where there is one", async () => {
  const reader: Plugin<void> = definePlugin({
    name: "reader",
    version: "1.0.0",
    setup: ({ tool }) => void tool({ name: "read_resource", description: "Read", input: v.object({}), run: () => "" }),
  });
  await using kit = await testPlugin(results, LIMITS, { with: [talkers, reader] });
  assert.match((await answer(kit, "say", 2_000)).text, /, or with read_resource from offset 100\]$/);
  assert.match((await answer(kit, "draw", 2_000)).text, /, or with read_resource\]$/);
});

test("results tells other plugins how long an answer may be", async () => {
  await using kit = await kitOf();
  const { kernel }: { readonly kernel: Kernel } = kit;
  assert.deepEqual(kernel.get(AnswerLimit), { characters: LIMIT });
});

conformance(results);
