import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, definePlugin, Files, type JsonObject } from "../../../kernel/mod.ts";
import { memoryFiles, provide, type TestEra, testPlugin } from "../../../kernel/testing.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { answeringKind, onlyText } from "./kit.ts";

const builtIn = definePlugin({
  name: "built_in",
  version: "1.0.0",
  setup: (ctx) => void ctx.tool({ name: "echo", description: "Say it again", input: {}, run: (args) => args }),
});

for (const era of ["2025", "2026"] as TestEra[]) {
  const start = async () => {
    const files = memoryFiles();
    const kit = await testPlugin(library, undefined, { era, with: [builtIn, provide(Files, files)] });
    const tools = kit.kernel.get(ToolLibrary)!;
    const kind = await tools.addKind(answeringKind());
    const save = (answer: unknown, code = `code ${answer}\n`, more: JsonObject = {}) =>
      tools.save(
        { name: "adder", description: "Add", tool_type: "answering", answer, ...more },
        { "code.txt": code },
        { overwrite: true, call: createCall() },
      );
    const ask = async (args: Record<string, unknown>, name = "version") => {
      const result = await kit.client.callTool({ name, arguments: args });
      // deno-lint-ignore no-explicit-any -- the client types structured content as unknown
      return { result, data: result.structuredContent as any, text: onlyText(result as any), isError: result.isError };
    };
    const version = (action: string, more: Record<string, unknown> = {}) =>
      ask({ action, tool_name: "adder", ...more });
    const close = async () => {
      await kind.dispose();
      await kit[Symbol.asyncDispose]();
    };
    return { ...kit, tools, files, save, ask, version, [Symbol.asyncDispose]: close };
  };

  describe(`tool version, clients of ${era}`, () => {
    test("list shows every version, newest first by numbers, and marks the current one", async () => {
      await using kit = await start();
      for (let i = 0; i <= 10; i++) await kit.save(i);
      const { text, data } = await kit.version("list");
      assert.match(text, /^Versions of "adder":\n\n- 1\.0\.10 \(current\), 20\d\d-\S+Z\n- 1\.0\.9, /);
      const numbers = text.split("\n").slice(2).map((line) => /^- ([\d.]+)/.exec(line)?.[1]);
      assert.deepEqual(numbers, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((it) => `1.0.${it}`));
      // deno-lint-ignore no-explicit-any -- see above
      assert.deepEqual(data.versions.map((it: any) => [it.version, it.current])[1], ["1.0.9", false]);
      assert.equal(data.versions.length, 11);
    });

    test("rollback writes a new version with the old content, marked by where it is from", async () => {
      await using kit = await start();
      await kit.save(1, "one\n", { input_schema: { properties: { a: {} } } });
      await kit.save(2, "two\n", { x_between: true });
      const { text, data } = await kit.version("rollback", { version: "1.0.0" });
      assert.equal(text, 'Rolled back "adder" to version 1.0.2, from 1.0.0; version 1.0.1 is kept.');
      assert.equal(data.version, "1.0.2");
      assert.equal(data.replaced, "1.0.1");
      assert.deepEqual((await kit.ask({}, "adder")).data, { answer: 1, args: {} });
      assert.equal(await (await kit.tools.files("adder")).readText("code.txt"), "one\n");
      const { tools } = await kit.client.listTools();
      const adder = tools.find((it) => it.name === "adder");
      assert.deepEqual(Object.keys(adder?.inputSchema.properties ?? {}), ["a"]);
      assert.equal(adder?._meta?.["version"], "1.0.2");
      assert.match((await kit.version("list")).text, /- 1\.0\.2 \(current\) from 1\.0\.0, /);
      assert.equal(kit.tools.get("adder")?.manifest?.["x_between"], undefined, "nothing of the manifest between stays");
      // back to what was replaced, and to the current one
      await kit.version("rollback", { version: "1.0.1" });
      assert.deepEqual((await kit.ask({}, "adder")).data, { answer: 2, args: {} });
      assert.equal((await kit.version("rollback", { version: "1.0.3" })).data.version, "1.0.4");
      assert.deepEqual((await kit.ask({}, "adder")).data, { answer: 2, args: {} });
    });

    test("info tells version, type, dates, files and the number of versions", async () => {
      await using kit = await start();
      await kit.save(1);
      await kit.save(2, "code\n");
      const { text, data } = await kit.version("info");
      assert.match(
        text,
        /^"adder": Add\n\n- Version: 1\.0\.1 \(current\)\n- Type: answering\n- Created: 20.*\n- Updated: 20.*\n- Digest: [0-9a-f]{64}\n- Files: code\.txt \(5 bytes\), manifest\.json \(\d+ bytes\)\n- Versions: 2$/,
      );
      assert.equal(data.kind, "answering");
      assert.equal(data.count, 2);
      const old = await kit.version("info", { version: "1.0.0" });
      assert.equal(old.data.current, false);
      assert.notEqual(old.data.digest, data.digest);
      assert.ok(Date.parse(old.data.updated_at) <= Date.parse(data.updated_at));
      assert.equal(old.data.created_at, data.created_at);
    });

    test("diff compares with the current version, or with another", async () => {
      await using kit = await start();
      await kit.save(1, "a\nb\nc\n", { tags: ["x"] });
      await kit.save(1, "a\nB\nc\n", { tags: ["x"] });
      await kit.save(2, "a\nB\nc\n", { tags: ["x", "y"], description: "Add more" });
      const current = await kit.version("diff", { version: "1.0.0" });
      assert.match(
        current.text,
        /^```diff\n--- 1\.0\.0\/code\.txt\n\+\+\+ 1\.0\.2\/code\.txt\n@@ -1,3 \+1,3 @@\n a\n-b\n\+B\n c\n```/,
      );
      assert.match(
        current.text,
        /Manifest:\n\n- answer: 1 -> 2\n- description: "Add" -> "Add more"\n- tags: \["x"\] -> /,
      );
      assert.deepEqual(current.data.manifest[0], { field: "answer", before: 1, after: 2 });
      const between = await kit.version("diff", { version: "1.0.0", to_version: "1.0.1" });
      assert.deepEqual(between.data.manifest, []);
      assert.equal(between.data.files[0].diff, "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c");
      assert.equal(between.data.to_version, "1.0.1");
      assert.equal((await kit.version("diff", { version: "1.0.2" })).text, "Versions 1.0.2 and 1.0.2 are equal.");
    });

    test("prune keeps so many versions before the current one, and says where the others are", async () => {
      await using kit = await start();
      for (let i = 0; i < 5; i++) await kit.save(i);
      const { text, data } = await kit.version("prune", { keep: 1 });
      assert.deepEqual(data.pruned, ["1.0.2", "1.0.1", "1.0.0"]);
      assert.match(
        text,
        /^Pruned 3 of 4 versions of "adder": 1\.0\.2, 1\.0\.1, 1\.0\.0\. Until \d{4}-\d\d-\d\d they are kept/,
      );
      assert.equal((await kit.version("list")).data.versions.length, 2);
      assert.equal(await kit.files.readText(`tools/${data.trash}/1.0.1/code.txt`), "code 1\n");
      assert.match(
        (await kit.version("prune", { keep: 1 })).text,
        /Nothing of "adder" is pruned: 1 version before the current one stays/,
      );
      // what is moved back is a version again
      await kit.files.move(`tools/${data.trash}/1.0.1`, "tools/adder/versions/1.0.1");
      assert.equal((await kit.version("rollback", { version: "1.0.1" })).data.version, "1.0.5");
      assert.deepEqual((await kit.ask({}, "adder")).data, { answer: 1, args: {} });
    });

    test("prune goes by age where it is told to, and needs to be told what stays", async () => {
      await using kit = await start();
      for (let i = 0; i < 4; i++) await kit.save(i);
      const age = async (version: string, updated: string) => {
        const path = `tools/adder/versions/${version}/manifest.json`;
        const manifest = JSON.parse(await kit.files.readText(path) ?? "");
        await kit.files.writeAtomic(path, JSON.stringify({ ...manifest, updated_at: updated }));
      };
      await age("1.0.0", "2020-01-01T00:00:00.000Z");
      // skillz wrote months that do not exist: then it counts when the files were written
      await age("1.0.1", "2025-13-13T00:00:00Z");
      const nothing = await kit.version("prune");
      assert.equal(nothing.isError, true);
      assert.match(nothing.text, /say which stay, by "keep" or "older_than_days"/);
      assert.deepEqual((await kit.version("prune", { older_than_days: 30, keep: 3 })).data.pruned, []);
      assert.deepEqual((await kit.version("prune", { older_than_days: 30 })).data.pruned, ["1.0.0"]);
      assert.deepEqual((await kit.version("prune", { older_than_days: 0, keep: 1 })).data.pruned, ["1.0.1"]);
    });

    test("call_tool runs a version with the schemas of that version", async () => {
      await using kit = await start();
      const old = { input_schema: { properties: { n: { type: "number" } }, required: ["n"] } };
      await kit.save(1, "one", { ...old, output_schema: { properties: { answer: { const: 1 } } } });
      await kit.save(2, "two", { output_schema: { properties: { answer: { const: 1 } } } });
      await kit.save(3);
      const call = (version: string, args: unknown) =>
        kit.ask({ tool_name: "adder", version, arguments: args }, "call_tool");
      assert.deepEqual((await call("1.0.0", { n: 1 })).data, { answer: 1, args: { n: 1 } });
      assert.deepEqual((await call("1.0.2", {})).data, { answer: 3, args: {} });
      const refused = await call("1.0.0", { n: "x" });
      assert.equal(refused.isError, true);
      assert.match(refused.text, /Invalid arguments for tool "adder": "n": expected number/);
      const misfit = await call("1.0.1", {});
      assert.equal(misfit.isError, true);
      assert.match(misfit.text, /does not match its output schema/);
      const unknown = await call("1.0.7", {});
      assert.equal(unknown.isError, true);
      assert.equal(unknown.text, 'No version "1.0.7" of tool "adder" is kept; there are 1.0.2, 1.0.1, 1.0.0');
      const shipped = await kit.ask({ tool_name: "echo", version: "1.0.0" }, "call_tool");
      assert.match(shipped.text, /Tool "echo" has no versions: it came with plugin "built_in"/);
    });

    test("a wrong name, version or action is an error that helps", async () => {
      await using kit = await start();
      await kit.save(1);
      const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
        [{ action: "list", tool_name: "addr" }, /No tool "addr" was made at run time; did you mean "adder"\?/],
        [{ action: "list", tool_name: "echo" }, /only tools made at run time have them/],
        [{ action: "list", tool_name: "../adder" }, /No tool "..\/adder"/],
        [{ action: "rollback", tool_name: "adder" }, /"version" is missing/],
        [{ action: "diff", tool_name: "adder" }, /"version" is missing/],
        [{ action: "rollback", tool_name: "adder", version: "2.0.0" }, /No version "2\.0\.0".*there are 1\.0\.0/],
        [{ action: "rollback", tool_name: "adder", version: "../../x" }, /No version "\.\.\/\.\.\/x"/],
        [{ action: "diff", tool_name: "adder", version: "1.0.0", to_version: "numbers.json" }, /No version "numbers/],
        [{ action: "info", tool_name: "adder", version: "" }, /No version ""/],
        [{ action: "prune", tool_name: "adder", keep: -1 }, /"keep"/],
        [{ action: "undo", tool_name: "adder" }, /"action"/],
        [{ action: "list" }, /"tool_name"/],
      ];
      for (const [args, reason] of wrong) {
        const { isError, text } = await kit.ask(args);
        assert.equal(isError, true, JSON.stringify(args));
        assert.match(text, reason);
      }
    });

    test("names of tools, versions and actions are completed", async () => {
      await using kit = await start();
      await kit.save(1);
      await kit.save(2);
      const complete = (argument: string, value: string) =>
        kit.kernel.complete({ type: "tool", name: "version" }, { argument, value });
      assert.deepEqual(await complete("tool_name", "a"), ["adder"]);
      assert.deepEqual(await complete("version", ""), ["1.0.1", "1.0.0"]);
      assert.deepEqual(await complete("to_version", "1.0.0"), ["1.0.0"]);
      assert.deepEqual(await complete("action", "r"), ["rollback"]);
      const call = { type: "tool" as const, name: "call_tool" };
      assert.deepEqual(await kit.kernel.complete(call, { argument: "version", value: "1.0.1" }), ["1.0.1"]);
    });
  });
}
