import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ToolAnnotations, Toolbox, ToolSummary } from "../../../kernel/mod.ts";
import type { StoredTool } from "../../../plugins/library/contract.ts";
import { createToolIndex, ToolSearch } from "../../../plugins/library/search.ts";
import { wordsOf } from "../../../plugins/library/words.ts";

const TOOLS = [
  { name: "get_weather", description: "Give the weather of a city", tags: ["forecast"], parameters: ["city"] },
  { name: "resizeImage", description: "Change the size of a picture", parameters: ["path", "width"] },
  { name: "send_mail", description: "Send an e-mail; not about the weather", parameters: ["to", "body"] },
  { name: "sum", title: "Add numbers", description: "Sum up", parameters: ["numbers"] },
  { name: "uebersetzen", description: "Übersetzt einen Text ins Französische; 翻訳" },
];
const index = createToolIndex();
for (const tool of TOOLS) index.put(tool.name, tool);
const names = (query: string) => index.search(query).map((it) => it.id);

describe("createToolIndex()", () => {
  test("puts a match in the name before one in the description", () => {
    assert.deepEqual(names("weather"), ["get_weather", "send_mail"]);
  });

  test("finds by tag, title, parameter and the beginning of a word", () => {
    assert.deepEqual(names("forecast"), ["get_weather"]);
    assert.deepEqual(names("add"), ["sum"]);
    assert.deepEqual(names("width"), ["resizeImage"]);
    assert.deepEqual(names("fore"), ["get_weather"]);
    assert.deepEqual(names("pictures"), ["resizeImage"]);
  });

  test("splits names, ignores case and diacritics, and finds words of scripts without spaces", () => {
    assert.deepEqual(wordsOf("resizeImage HTTPServer snake_case2 Éa 翻訳"), [
      ...["resize", "image", "http", "server", "snake", "case2", "ea", "翻", "訳"],
    ]);
    assert.deepEqual(wordsOf("resizeImage HTTPServer a.b/c:d"), [
      ...["resize", "image", "http", "server", "a", "b", "c", "d"],
    ]);
    assert.equal(names("IMAGE")[0], "resizeImage");
    assert.deepEqual(names("franzosische"), ["uebersetzen"]);
    assert.deepEqual(names("訳"), ["uebersetzen"]);
  });

  test("puts the tool of that very name first, and finds nothing for nothing", () => {
    assert.equal(names("sum")[0], "sum");
    assert.deepEqual(names("zzz"), []);
    assert.deepEqual(names("  "), []);
    assert.deepEqual(createToolIndex().search("x"), []);
  });
});

function summaryOf(name: string, description: string): ToolSummary {
  const rest = { title: undefined, outputSchema: undefined, annotations: undefined, meta: undefined };
  return { name, owner: "fixtures", description, inputSchema: { type: "object" }, ...rest, execution: undefined };
}

/** A registry whose tools, and tools made at run time, are set by hand; it counts how often it is listed. */
class Tools {
  version = 0;
  listed = 0;
  summaries: ToolSummary[] = [];
  stored: StoredTool[] = [];
  readonly search = new ToolSearch({
    toolbox: this as unknown as Toolbox,
    library: { list: () => Promise.resolve(this.stored) },
  });

  list(): readonly ToolSummary[] {
    this.listed++;
    return this.summaries;
  }

  async find(query: string): Promise<readonly string[]> {
    return (await this.search.find(query)).map(({ summary, stored }) => summary?.name ?? `${stored?.name} (broken)`);
  }
}

describe("ToolSearch", () => {
  test("looks at the tools again only when they changed", async () => {
    const tools = new Tools();
    tools.summaries = [summaryOf("alpha", "Paint walls"), summaryOf("beta", "Cook rice")];
    assert.deepEqual(await tools.find("paint"), ["alpha"]);
    assert.deepEqual(await tools.find("rice"), ["beta"]);
    assert.equal(tools.listed, 1);
    tools.summaries = [summaryOf("alpha", "Paint doors"), summaryOf("gamma", "Boil rice")];
    tools.version++;
    assert.deepEqual(await tools.find("walls"), []);
    assert.deepEqual(await tools.find("door"), ["alpha"]);
    assert.deepEqual(await tools.find("rice"), ["gamma"]);
    assert.equal(tools.listed, 2);
  });

  test("follows what manifests say, though nothing in the registry changes", async () => {
    const tools = new Tools();
    tools.summaries = [summaryOf("alpha", "Paint walls")];
    const manifest = { name: "alpha", description: "Paint walls", version: "1.0.0", tool_type: "script" };
    const tagged = (...tags: string[]): StoredTool[] => [
      { name: "alpha", manifest: { ...manifest, tags }, state: "ready", reason: undefined },
    ];
    tools.stored = tagged("home");
    assert.deepEqual(await tools.find("home"), ["alpha"]);
    tools.stored = tagged("garden");
    assert.deepEqual(await tools.find("home"), []);
    assert.deepEqual(await tools.find("garden"), ["alpha"]);
  });

  test("finds tools that cannot be called, beside those that have their name", async () => {
    const tools = new Tools();
    tools.summaries = [summaryOf("alpha", "Paint walls")];
    const broken = { name: "alpha", manifest: undefined, state: "broken" as const, reason: "x" };
    tools.stored = [broken, { ...broken }];
    assert.deepEqual(await tools.find("alpha"), ["alpha", "alpha (broken)", "alpha (broken)"]);
    tools.stored = [broken];
    assert.deepEqual(await tools.find("alpha"), ["alpha", "alpha (broken)"]);
  });

  test("passes over what stands for tools that are not loaded", async () => {
    const tools = new Tools();
    const annotations: ToolAnnotations & { readonly deferredHint: boolean } = { deferredHint: true };
    tools.summaries = [
      { ...summaryOf("__skill__paint", "Paint walls"), annotations },
      summaryOf("alpha", "Paint walls"),
    ];
    assert.deepEqual(await tools.find("paint"), ["alpha"]);
  });

  test("puts the tool of the very name first, whatever its words are", async () => {
    const tools = new Tools();
    tools.summaries = [summaryOf("to", "Send"), summaryOf("list_all", "List list list"), summaryOf("list", "Say")];
    assert.deepEqual(await tools.find("to"), ["to"]);
    assert.equal((await tools.find(" list "))[0], "list");
  });
});
