/**
 * The check of types: by the compiler that is installed on first use, in the sandbox.
 *
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { isToolError, Kernel } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { type CheckedCode, TypeChecker } from "../../../../plugins/code/type_check/type_checker.ts";
import { problemsText } from "../../../../plugins/code/type_check/type_problems.ts";
import dependencies from "../../../../plugins/dependencies/mod.ts";
import { declareTools, NAMESPACE_META } from "../../../../plugins/library/contract.ts";
import library from "../../../../plugins/library/mod.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import { Compilers } from "../../../../plugins/wasm/contract.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import { type TemporaryFolder, temporaryFolder } from "../../../platform/temporary.ts";
import { borrowToolchains, keepToolchains } from "../../../support/toolchains.ts";
import { toolOf } from "../../library/declarations/compiler.ts";
import { compileOptions, orSkip } from "../../wasm/toolchain_kit.ts";

const WEATHER = toolOf("get-weather", {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer" } },
  required: ["city"],
}, {
  outputSchema: {
    type: "object",
    properties: { celsius: { type: "number" }, sky: { enum: ["clear", "cloudy"] } },
    required: ["celsius"],
  },
});
const ISSUE = toolOf("github_create_issue", {
  type: "object",
  properties: { title: { type: "string" } },
  required: ["title"],
}, { meta: { [NAMESPACE_META]: "github" } });
const DECLARATIONS = declareTools([WEATHER, ISSUE], { detail: "signatures", isWhole: true });

describe("TypeChecker", () => {
  let home: TemporaryFolder;
  let kernel: Kernel;
  let checker: TypeChecker;

  before(async () => {
    home = await temporaryFolder();
    await borrowToolchains(home.path);
    kernel = new Kernel({ log: fakeLog() }).use(await detectPlatform({ home: home.path }));
    await kernel.use(dependencies).use(sandbox).use(library).use(wasm).start();
    checker = new TypeChecker(kernel.get(Compilers)!);
  });
  after(async () => {
    await kernel.stop();
    await keepToolchains(home.path);
    await home[Symbol.asyncDispose]();
  });

  /** Gives the problems as `line:column code`, or skips the test when the compiler cannot be fetched. */
  async function check(
    t: TestContext,
    code: string,
    language: CheckedCode["language"] = "typescript",
  ): Promise<readonly string[] | undefined> {
    const problems = await orSkip(
      t,
      () => checker.check({ language, code, declarations: DECLARATIONS }, compileOptions()),
    );
    return problems?.map((it) => `${it.line}:${it.column} ${it.code}`);
  }

  test("accepts code that is well typed, with await and return at top level", async (t) => {
    const code = `const cities = ["Oslo", "Rome"];
const found = await Promise.all(cities.map((city) => get_weather({ city })));
if (found.length === 0) return "none";
const unused = 1;
const warm = found.filter((it) => it.celsius > 20 && it.sky !== "cloudy");
const issue = await tools.github.create_issue({ title: \`\${warm.length} warm\` });
await tools["get-weather"]({ city: "Rome", days: 2 }).catch((error) => console.error(error.message));
try { issue.whatever.is.not.known(); } catch (error) { progress(1, 2, error.message); }
session.count = (session.count ?? 0) + 1;
await memory.set("key", { a: 1 }, { ttl: 3 });
for await (const { key, value } of memory.entries()) console.log(key, value.a);
const [resource] = await resources.read((await resources.list())[0].uri);
const { messages } = await prompts.get("x", { a: "b" });
const { action, content } = await elicit("Go on?", { type: "object" });
await files.write("a.json", JSON.stringify({ resource, messages, action, content }));
const bytes = await files.readBytes((await files.list())[0].name);
const asked = await sample("Say hello", 10, { temperature: 0 });
const url = new URL("https://example.org/?a=1");
setTimeout(() => undefined, 10);
const of = (it, ...others) => [it, ...others, url.searchParams.get("a"), bytes.byteLength, asked.model];
return { found, of: structuredClone(of(1, 2)), id: crypto.randomUUID(), text: new TextDecoder().decode(bytes) };`;
    const problems = await check(t, code);
    if (problems === undefined) return;
    assert.deepEqual(problems, []);
    for (const short of ["", "1 + 1", "if (Math.random() > 2) return 1;", "return", "throw 1;\nprogress(1);"]) {
      assert.deepEqual(await check(t, short), [], short);
    }
  });

  test("finds mistakes at their places in the code", async (t) => {
    const code = `const weather = await get_weather({ city: 1 });
return weather.fahrenheit;
await get_weather({});
await get_weather({ city: "a", hours: 1 });
await get_wether({ city: "a" });
await tools.github.create_isue({ title: "a" });
get_weather({ city: "a" }).celsius;
if ((await get_weather({ city: "a" })).sky === "blue") return;`;
    const problems = await check(t, code);
    if (problems === undefined) return;
    assert.deepEqual(problems, [
      ...["1:37 2322", "2:16 2339", "3:19 2741", "4:32 2353", "5:7 2552", "6:20 2551", "7:28 2339", "8:5 2367"],
    ]);
  });

  test("says what is not there", async (t) => {
    for (const name of ["fetch", "process", "require", "document", "Deno"]) {
      const problems = await orSkip(
        t,
        () => checker.check({ language: "typescript", code: `\n${name}`, declarations: "" }, compileOptions()),
      );
      if (problems === undefined) return;
      assert.equal(problems.length, 1);
      assert.equal(problems[0]!.line, 2);
      assert.match(problems[0]!.message, new RegExp(`^Cannot find name '${name}'\\. Code has no network`));
    }
  });

  test("checks JavaScript as far as its types can be told", async (t) => {
    const fine = await check(
      t,
      "const o = {}; o.x = 1;\n/** @param {string} it */\nconst f = (it) => it;\nreturn f('a');",
      "javascript",
    );
    if (fine === undefined) return;
    assert.deepEqual(fine, []);
    assert.deepEqual(await check(t, 'return (await get_weather({ city: "a" })).sum;', "javascript"), ["1:43 2339"]);
    assert.deepEqual(await check(t, "const x: number = 1;", "javascript"), ["1:10 8010"]);
  });

  test("keeps places within the code when it ends too early or too late", async (t) => {
    for (const code of ["return {", "}", "const a = `", "if (true) {\n", "} } {", "/* never ended"]) {
      const problems = await orSkip(
        t,
        () => checker.check({ language: "typescript", code, declarations: "" }, compileOptions()),
      );
      if (problems === undefined) return;
      assert.ok(problems.length > 0, code);
      const lines = code.split("\n");
      for (const { line, column } of problems) {
        assert.ok(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1, code);
      }
    }
  });

  test("reads no file but its own", async (t) => {
    const problems = await check(
      t,
      '/// <reference path="/etc/passwd" />\nimport fs from "node:fs";\nconst a: typeof import("/etc/hostname") = 1;',
    );
    if (problems !== undefined) assert.deepEqual(problems.map((it) => it.split(" ")[0]), ["2:1", "3:24"]);
  });

  test("refuses Python", async () => {
    const checked = checker.check({ language: "python", code: "1", declarations: "" }, compileOptions());
    await assert.rejects(
      checked,
      (error) => isToolError(error) && /only TypeScript and JavaScript/.test(error.message),
    );
  });

  test("ends with the call", async (t) => {
    const controller = new AbortController();
    const code = `type Deep<N, T = []> = T extends { length: N } ? T : Deep<N, [...T, 1]>;
type Long = ${Array.from({ length: 400 }, (_, i) => `Deep<${900 - i}>`).join(" | ")};
declare const a: Long, b: Long[];
a === b;`;
    if (await check(t, "return 1") === undefined) return;
    setTimeout(() => controller.abort(new Error("cancelled by the test")), 20);
    const checked = checker.check(
      { language: "typescript", code, declarations: DECLARATIONS },
      compileOptions(controller.signal),
    );
    await assert.rejects(checked, /cancelled by the test/);
  });
});

test("problemsText shows the line of each problem", () => {
  assert.equal(
    problemsText(
      [{ line: 2, column: 3, message: "Wrong", code: 1 }, { line: 3, column: 1, message: "End", code: 2 }],
      "a\n  b\n",
    ),
    "Line 2, column 3: Wrong (TS1)\n    b\nLine 3, column 1: End (TS2)",
  );
});
