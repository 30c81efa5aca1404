/**
 * C and C++, compiled by the clang of this machine in the sandbox, and run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { ClangCompiler } from "../../../plugins/wasm/build/clang.ts";
import { type Language, MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { greetingOf, isThere, type NativeKit, readmeExample, startNative } from "./native_kit.ts";
import { compileOptions, failureOf, runBytes, sourceOf } from "./toolchain_kit.ts";

let kit: NativeKit;
let compiler: ClangCompiler;

/** Says it in both languages. */
const HELPED = `#include "collet_tool.h"
#include <stdio.h>
int main(void) {
  char *input = collet_input();
  char *name = collet_text(input, "n\\u00e4me");
  collet_log("info", "a \\"b\\"\\n\\x01");
  collet_progress(1, 2, "half");
  char *value = collet_memory_get("k");
  double sum = collet_memory_increment("n", 2);
  int is_set = collet_memory_set("k", "[1]", 60);
  char *called = collet_call_tool("other", "{}");
  char *quoted = collet_quote(name);
  printf("%s|%s|%g|%d|%d %s|%g", quoted, value, sum, is_set, called == NULL, collet_error(),
    collet_number(input, "number", 0));
  free(quoted); free(name); free(value); free(input);
  return 0;
}
`;

describe("ClangCompiler", () => {
  before(async () => {
    kit = await startNative();
    compiler = new ClangCompiler(kit);
  });
  after(() => kit[Symbol.asyncDispose]());

  for (const language of ["c", "c++"] satisfies Language[]) {
    test(`a tool in ${language} talks to the server by collet_tool.h`, async (t) => {
      if (!await isThere(t, compiler, language)) return;
      const { artifact, warnings } = await compiler.compile(sourceOf(language, HELPED), compileOptions());
      assert.deepEqual(warnings, []);
      const seen: unknown[] = [];
      const replies: Readonly<Record<string, unknown>> = {
        "memory/get": { result: { value: { a: [1, "}"] } } },
        "memory/increment": { result: { value: 7 } },
        "tools/call": { error: { code: -32602, message: 'There is no tool "other"' } },
      };
      const stdin = JSON.stringify({ list: [1, { näme: "no" }], näme: "Adé 😀\n", number: -1.5 })
        .replace("😀", "\\ud83d\\ude00");
      const { stdout } = runBytes(artifact.bytes, {
        stdin,
        reply: (message) => {
          seen.push(message);
          return replies[(message as { method: string }).method];
        },
      });
      assert.equal(stdout, '"Adé 😀\\u000a"|{"a":[1,"}"]}|7|1|1 There is no tool "other"|-1.5');
      assert.deepEqual(seen, [
        { method: "log", params: { level: "info", message: 'a "b"\n\u0001' } },
        { method: "progress", params: { current: 1, total: 2, message: "half" } },
        { method: "memory/get", params: { key: "k" } },
        { method: "memory/increment", params: { key: "n", by: 2 } },
        { method: "memory/set", params: { key: "k", value: [1], ttl: 60 } },
        { method: "tools/call", params: { name: "other", arguments: {} } },
      ]);
    });
  }

  test("the example of the README greets and counts", async (t) => {
    if (!await isThere(t, compiler, "c")) return;
    const { artifact } = await compiler.compile(sourceOf("c", await readmeExample("c")), compileOptions());
    greetingOf(artifact.bytes);
  });

  test("C++ has its standard library, and files of C beside it", async (t) => {
    if (!await isThere(t, compiler, "c++")) return;
    const code = `#include <iostream>
#include <map>
#include <string>
extern "C" { #include "twice.h"
}
int main() {
  std::map<std::string, int> counts;
  for (std::string word; std::cin >> word;) counts[word]++;
  for (const auto &[word, count] : counts) std::cout << word << twice(count) << more(1) << ";";
}
`.replace("{ #include", "{\n#include").replace("#include <string>\n", "#include <string>\nint more(int n);\n");
    const files = {
      "twice.h": "int twice(int n);\n",
      "twice.c": '#include "twice.h"\nint twice(int new) { int unused; return 2 * new; }\n',
      "lib/more.cpp": "int more(int n) { return n + 1; }\n",
    };
    const { artifact, warnings } = await compiler.compile(sourceOf("c++", code, { files }), compileOptions());
    const [warning] = warnings;
    assert.deepEqual([warning?.file, warning?.line, warning?.code], ["twice.c", 2, "unused-variable"]);
    assert.equal(runBytes(artifact.bytes, { stdin: "é b é" }).stdout, "b22;é42;");
  });

  test("what does not compile is told with file and line, and without folders of this machine", async (t) => {
    if (!await isThere(t, compiler, "c")) return;
    const code = '#include "util.h"\nint main(void) {\n  int x = "a";\n  return y + go();\n}\n';
    const types = await failureOf(compiler, sourceOf("c", code, { files: { "util.h": "int go(void)\n" } }));
    const errors = types.diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors.at(0)?.file, "util.h");
    assert.deepEqual([errors.at(-1)?.file, errors.at(-1)?.line, errors.at(-1)?.column], ["src.c", 4, 10]);
    const linking = await failureOf(compiler, sourceOf("c", "int go(void);\nint main(void) { return go(); }\n"));
    assert.deepEqual(linking.diagnostics, [{ severity: "error", message: "undefined symbol: go" }]);
    for (const { output } of [types, linking]) {
      assert.ok(!output.includes(kit.home) && !output.includes("/build") && !output.includes("/tmp/"), output);
    }
  });

  test("the code sees nothing of this machine while it is compiled", async (t) => {
    if (!await isThere(t, compiler, "c")) return;
    if (await kit.sandbox.mechanism() === undefined) return t.skip("nothing confines processes here");
    await writeFile(join(kit.home, "secret.h"), "#define SECRET 1\n");
    const included = `#include ${JSON.stringify(join(kit.home, "secret.h"))}\nint main(void) { return SECRET; }\n`;
    const { diagnostics } = await failureOf(compiler, sourceOf("c", included));
    assert.match(diagnostics[0]!.message, /file not found/);
  });

  test("equal sources give equal modules", async (t) => {
    if (!await isThere(t, compiler, "c")) return;
    const source = sourceOf("c", "#include <assert.h>\nint main(int n, char **v) { (void)v; assert(n > 9); }\n");
    const first = await compiler.compile(source, compileOptions());
    const second = await compiler.compile(source, compileOptions());
    assert.deepEqual(second.artifact.bytes, first.artifact.bytes);
    assert.ok(!new TextDecoder("latin1").decode(first.artifact.bytes).includes(kit.home));
  });

  test("packages, and C++ in a tool of C, are refused", () => {
    const refuses = (source: Parameters<typeof compiler.check>[0], why: RegExp) =>
      assert.throws(() => compiler.check(source), (error) => isToolError(error) && why.test(error.message));
    refuses(sourceOf("c", "", { dependencies: ["zlib"] }), /"zlib" cannot be fetched/);
    refuses(sourceOf("c", "", { files: { "x.cpp": "" } }), /"x\.cpp": a tool with C\+\+ has the language c\+\+/);
    refuses(sourceOf("c++", "", { files: { "src.cc": "" } }), /"src\.cc"/);
  });

  test("a clang without a library for WASI is told, with what installs one", async () => {
    await using own = await startNative();
    own.commands.answer = ({ args }) =>
      args.includes("--version")
        ? { code: 0, stdout: "clang version 14.0.6\n", stderr: "" }
        : { code: 1, stdout: "", stderr: "trial.cc:1:10: fatal error: 'iostream' file not found\n" };
    const error = await new ClangCompiler(own).find({ language: "c++" }, compileOptions())
      .then(() => assert.fail("it was found"), (it) => it);
    assert.ok(error instanceof MissingToolchain, String(error));
    assert.match(error.message, /'iostream' file not found$|^there is no clang$/);
    assert.match(error.commands.join("\n"), /WASI SDK/);
  });
});
