import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, definePlugin, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { type TestEra, testPlugin } from "../../../kernel/testing.ts";
import { type ManifestDraft, type ToolExample, type ToolKind, ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { failure } from "../../support/plugins.ts";
import { onlyText } from "./kit.ts";

/** A kind whose tools add, in the way that their manifest says, and count what is loaded and released. */
function addingKind() {
  const seen = { loaded: 0, released: 0, names: [] as string[], paths: [] as (readonly string[])[] };
  const kind: ToolKind = {
    kind: "adding",
    prepare: (manifest) => Promise.resolve({ ...manifest, prepared: true }),
    load(manifest) {
      if (manifest["fault"] === "load") throw new Error("its parts do not fit");
      seen.loaded++;
      seen.names.push(`${manifest.name} ${manifest.version} ${manifest["prepared"]} ${manifest.digest?.length}`);
      return {
        async run({ a, b, wait }, call) {
          seen.paths.push(call.path);
          await call.progress(1, 2);
          if (wait) {
            await new Promise((_, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason)));
          }
          if (a === 0) throw new ToolError("Cannot add: a is 0");
          return { value: { sum: (a as number) + (b as number) + (manifest["fault"] === "off" ? 1 : 0) } };
        },
        dispose: () => void seen.released++,
      };
    },
  };
  return { kind, seen };
}

const NUMBERS = { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] };
const GOOD: ToolExample[] = [
  { description: "adds", arguments: { a: 1, b: 2 }, result: { sum: 3 } },
  { arguments: { a: 1, b: 2 }, result_schema: { type: "object", required: ["sum"] } },
  { arguments: { a: 0, b: 2 }, error: "a is 0" },
  { arguments: { a: "1", b: 2 }, error: true },
  { arguments: { a: 1, b: 2 } },
];

function draftOf(more: Partial<ManifestDraft> = {}): ManifestDraft {
  return {
    ...{ name: "add", description: "Add two numbers", tool_type: "adding", input_schema: NUMBERS },
    output_schema: { type: "object", properties: { sum: { type: "number", maximum: 100 } } },
    ...more,
  };
}

const fixtures = definePlugin({
  name: "fixtures",
  version: "1.0.0",
  setup: (ctx) => void ctx.tool({ name: "echo", description: "Say it again", input: {}, run: (args) => args }),
});

async function start(era: TestEra = "2025") {
  const kit = await testPlugin(library, undefined, { era, with: [fixtures] });
  const tools = kit.kernel.get(ToolLibrary)!;
  const { kind, seen } = addingKind();
  const added = await tools.addKind(kind);
  return {
    ...kit,
    seen,
    tools,
    save: (draft: ManifestDraft, options: { overwrite?: boolean; verify?: boolean } = {}) =>
      tools.save(draft, {}, { call: createCall({ path: ["maker"] }), ...options }),
    ask: (args: JsonObject, options = {}) => kit.client.callTool({ name: "test_tool", arguments: args }, options),
    async [Symbol.asyncDispose]() {
      await added.dispose();
      await kit[Symbol.asyncDispose]();
    },
  };
}

interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly examples: readonly { passed: boolean; expected: unknown; found: unknown; diff?: string }[];
}

const reportOf = ({ structuredContent }: { structuredContent?: unknown }) => structuredContent as Report;

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`test_tool, clients of ${era}`, () => {
    test("runs the examples of a tool, reports progress after each, and tells which hold", async () => {
      await using kit = await start(era);
      await kit.save(draftOf({ examples: GOOD }));
      const progress: [number, number | undefined, string | undefined][] = [];
      const result = await kit.ask({ tool_name: "add" }, {
        // deno-lint-ignore no-explicit-any -- the type of the client is not exported
        onprogress: (it: any) => void (it.total !== undefined && progress.push([it.progress, it.total, it.message])),
      });
      assert.equal(result.isError, undefined, JSON.stringify(result));
      assert.match(onlyText(result as never), /^All 5 examples of "add" passed\.\n\n- passed: Example 1: adds\n/);
      const { passed, failed, examples } = reportOf(result);
      assert.deepEqual([passed, failed, examples.length], [5, 0, 5]);
      assert.deepEqual(examples[0]!.expected, { result: { sum: 3 } });
      assert.deepEqual(examples[2]!.found, { error: "Cannot add: a is 0" });
      assert.match((examples[3]!.found as { error: string }).error, /Invalid arguments for tool "add"/);
      assert.deepEqual(examples[4]!.expected, {});
      assert.deepEqual(progress.map(([done, total]) => [done, total]), [1, 2, 3, 4, 5].map((it) => [it, 5]));
      assert.equal(progress[0]![2], "Example 1: adds");
    });

    test("fails with expected, found and difference when an example does not hold", async () => {
      await using kit = await start(era);
      await kit.save(draftOf({ fault: "off", examples: GOOD }));
      const result = await kit.ask({ tool_name: "add" });
      const text = failure(result as never);
      assert.match(text, /^1 of 5 examples of "add" failed\.\n/);
      assert.match(text, /- \*\*failed\*\*: Example 1: adds\n {2}- arguments: {"a":1,"b":2}\n/);
      assert.match(
        text,
        /expected: {"result":{"sum":3}}\n {2}- found: {"sum":4}\n {2}- difference: "sum": expected 3, found 4/,
      );
      const { passed, failed, examples } = reportOf(result);
      assert.deepEqual([passed, failed, examples[0]!.diff], [4, 1, '"sum": expected 3, found 4']);
    });
  });
}

describe("test_tool", () => {
  test("runs given examples in place of the tool's own, also with a tool that came with a plugin", async () => {
    await using kit = await start();
    await kit.save(draftOf({ examples: GOOD }));
    const given = [{ arguments: { a: 60, b: 60 }, error: "does not match its output schema" }];
    assert.equal(reportOf(await kit.ask({ tool_name: "add", examples: given })).passed, 1);
    assert.equal(kit.log.take("error").length, 1, "the kernel tells of results that do not match");
    const echo = await kit.ask({ tool_name: "echo", examples: [{ arguments: { x: 1 }, result: { x: 1 } }] });
    assert.deepEqual([echo.isError, reportOf(echo).passed], [undefined, 1]);
  });

  test("fails when there is nothing to run, and says what to do", async () => {
    await using kit = await start();
    await kit.save(draftOf());
    for (const args of [{ tool_name: "add" }, { tool_name: "echo" }, { tool_name: "echo", examples: [] }]) {
      const result = await kit.ask(args);
      assert.match(failure(result as never), /has no examples; give "examples"/);
      assert.deepEqual(reportOf(result).examples, []);
    }
  });

  test("refuses with a reason what cannot be tested", async () => {
    await using kit = await start();
    await kit.save(draftOf({ examples: GOOD }));
    const refused: readonly (readonly [JsonObject, RegExp])[] = [
      [{ tool_name: "ad" }, /Cannot test "ad": there is no tool of that name; did you mean "add"/],
      [{ tool_name: "add", version: "9.9.9" }, /Cannot test "add" 9\.9\.9: there are versions 1\.0\.0$/],
      [{ tool_name: "add", version: "../../x" }, /Cannot test "add" \.\.\/\.\.\/x: there are versions/],
      [{ tool_name: "echo", version: "1.0.0" }, /only tools made at run time have versions/],
      [{ tool_name: "add", timeout_ms: 0 }, /timeout_ms/],
      [{ tool_name: "add", examples: [{}] }, /"examples\[0\]\.arguments": missing/],
      [{ tool_name: "add", examples: [{ arguments: {}, results: 1 }] }, /unknown key "results"; did you mean "result"/],
      [{ tool_name: "add", examples: [{ arguments: {}, error: true, result: 1 }] }, /"error" stands beside neither/],
      [{ tool_name: "add", examples: [{ arguments: {}, error: false }] }, /error/],
      [{ tool_name: "add", examples: Array.from({ length: 101 }, () => ({ arguments: {} })) }, /examples/],
      [{ tool_name: "test_tool", examples: [{ arguments: {} }] }, /in a circle: test_tool -> test_tool/],
    ];
    for (const [args, reason] of refused) {
      assert.match(failure(await kit.ask(args) as never), reason, JSON.stringify(args));
    }
  });

  test("says why a tool cannot be called at all", async () => {
    await using kit = await start();
    await kit.save(draftOf({ name: "unfit", examples: GOOD }));
    const folder = await kit.tools.files("unfit");
    const { manifest } = kit.tools.get("unfit")!;
    await folder.writeAtomic("manifest.json", JSON.stringify({ ...manifest, fault: "load" }));
    assert.match(failure(await kit.ask({ tool_name: "unfit" }) as never), /the tool is broken: its parts do not fit/);
  });

  test("ends a call at its time limit, and goes on with the next", async () => {
    await using kit = await start();
    await kit.save(draftOf());
    const examples = [{ arguments: { a: 1, b: 2, wait: true } }, { arguments: { a: 1, b: 2 }, result: { sum: 3 } }];
    const result = await kit.ask({ tool_name: "add", examples, timeout_ms: 200 });
    assert.match(failure(result as never), /found: error: Did not answer within 200 ms/);
    assert.deepEqual(reportOf(result).examples.map((it) => it.passed), [false, true]);
  });

  test("completes names of tools", async () => {
    await using kit = await start();
    await kit.save(draftOf());
    const complete = (value: string) =>
      kit.kernel.complete({ type: "tool", name: "test_tool" }, { argument: "tool_name", value });
    assert.deepEqual(await complete("ad"), ["add"]);
    assert.ok((await complete("")).includes("echo"));
  });
});

describe("save with verify", () => {
  test("runs the examples of the tool as it will be, and saves it when they hold", async () => {
    await using kit = await start();
    const { manifest } = await kit.save(draftOf({ examples: GOOD }), { verify: true });
    assert.equal(manifest.version, "1.0.0");
    assert.equal(kit.seen.names[0], "add 1.0.0 true 64", "it is prepared, and its digest is known");
    assert.deepEqual(kit.seen.paths[0], ["maker", "add"]);
    assert.deepEqual([kit.seen.loaded, kit.seen.released], [2, 1], "what was loaded to be verified is released");
    assert.equal((await kit.ask({ tool_name: "add" })).isError, undefined);
  });

  test("saves nothing when an example fails, and says which", async () => {
    await using kit = await start();
    const listed = (await kit.client.listTools()).tools.length;
    const saving = kit.save(draftOf({ fault: "off", examples: GOOD }), { verify: true });
    await assert.rejects(saving, (error: Error) => {
      assert.match(
        error.message,
        /^Cannot save tool "add": its examples do not pass, and nothing was changed\n\n1 of 5/,
      );
      assert.match(error.message, /difference: "sum": expected 3, found 4/);
      assert.equal((error as ToolError).data?.["failed"], 1);
      return true;
    });
    assert.deepEqual(await kit.tools.list(), []);
    assert.equal((await kit.client.listTools()).tools.length, listed);
    assert.deepEqual([kit.seen.loaded, kit.seen.released], [1, 1]);
  });

  test("leaves the version before in place, and callable, when an example fails", async () => {
    await using kit = await start();
    await kit.save(draftOf({ examples: GOOD }));
    const worse = draftOf({ fault: "off", examples: GOOD });
    await assert.rejects(kit.save(worse, { overwrite: true, verify: true }), /do not pass/);
    assert.equal((await kit.ask({ tool_name: "add" })).isError, undefined);
    assert.deepEqual((await kit.tools.versions("add")).map((it) => it.version), ["1.0.0"]);
    await kit.save(worse, { overwrite: true });
    assert.match(failure(await kit.ask({ tool_name: "add" }) as never), /1 of 5 examples/);
    const before = await kit.ask({ tool_name: "add", version: "1.0.0" });
    assert.match(onlyText(before as never), /All 5 examples of "add" 1\.0\.0 passed/);
  });

  test("holds arguments and results to the schemas", async () => {
    await using kit = await start();
    const examples = [
      { arguments: { a: "1", b: 2 }, error: 'Invalid arguments for tool "add": "a": expected number, found "1"' },
      { arguments: { a: 60, b: 60 }, error: "does not match its output schema" },
    ];
    await kit.save(draftOf({ examples }), { verify: true });
    await assert.rejects(
      kit.save(draftOf({ name: "more", examples: [{ arguments: { a: 60, b: 60 } }] }), { verify: true }),
      /found: error: Tool "more" gave a result that does not match its output schema/,
    );
  });

  test("refuses a tool without examples, and one that cannot be loaded", async () => {
    await using kit = await start();
    await assert.rejects(kit.save(draftOf(), { verify: true }), /it has no examples to verify it by; give "examples"/);
    const unfit = draftOf({ fault: "load", examples: GOOD });
    await assert.rejects(kit.save(unfit, { verify: true }), /Cannot save tool "add": its parts do not fit/);
    assert.deepEqual(await kit.tools.list(), []);
  });

  test("ends when its call is cancelled, and saves nothing", async () => {
    await using kit = await start();
    const abort = new AbortController();
    const examples = [{ arguments: { a: 1, b: 2, wait: true } }];
    const saving = kit.tools.save(draftOf({ examples }), {}, {
      call: createCall({ signal: abort.signal }),
      verify: true,
    });
    setTimeout(() => abort.abort(new ToolError("Cancelled by the client")), 100);
    await assert.rejects(saving, /Cancelled by the client/);
    assert.deepEqual(await kit.tools.list(), []);
    assert.equal(kit.seen.released, 1);
  });
});
