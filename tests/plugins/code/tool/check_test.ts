import assert from "node:assert/strict";
import { test } from "node:test";
import dependencies from "../../../../plugins/dependencies/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import { borrowToolchains, keepToolchains } from "../../../support/toolchains.ts";
import { fail, onlyText, succeed } from "../../library/kit.ts";
import { isUnreachable } from "../../wasm/toolchain_kit.ts";
import { startCode } from "../kit.ts";

test("mistakes of types are told with their lines, and nothing runs", async (t) => {
  await using kit = await startCode({ plugins: [library, dependencies, wasm], prepare: borrowToolchains });
  const wrong = await kit.run(`await wipe({ name: "a" });\nconst n: string = await word_count({ text: "a" });`, {
    language: "typescript",
    check: true,
  });
  if (isUnreachable(new Error(onlyText(wrong)))) {
    return t.skip(`the registry of npm cannot be reached: ${onlyText(wrong).slice(0, 300)}`);
  }
  await keepToolchains(kit.home);
  assert.match(fail(wrong), /^The code was not run: its types do not fit\nLine 2, column 7: .*\(TS2322\)/);
  assert.deepEqual(kit.done.wiped, []);
  const { problems } = wrong.structuredContent as { readonly problems: readonly { readonly line: number }[] };
  assert.deepEqual(problems.map(({ line }) => line), [2]);
  const right = await kit.run(
    `const { words }: { words: number } = await word_count({ text: "a b" });
     session.issue = await tools.github.create_issue({ title: "T" });
     const written = await files.write("a.txt", "text");
     console.log(written.uri, await tools["word-count"]({ text: "c" }));
     return words;`,
    { language: "typescript", check: true, tools: ["word-count", "github_create_issue"] },
  );
  assert.equal(right.structuredContent, 2, JSON.stringify(right));
});

test("where types cannot be checked, code that asks for it does not run", async () => {
  await using kit = await startCode({ plugins: [library, wasm] });
  assert.match(fail(await kit.run("return 1", { language: "python", check: true })), /Cannot check types.*Python/);
  assert.match(fail(await kit.run("return 1", { check: true })), /Cannot install toolchain "typescript"/);
  assert.equal(succeed(await kit.run("return 1", { check: false })), "1");
  await using bare = await startCode({ plugins: [] });
  assert.match(fail(await bare.run("return 1", { check: true })), /the plugin "wasm" has the compiler/);
});
