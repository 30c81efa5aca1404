/**
 * C and C++, compiled by the Clang from npm that is itself WebAssembly, and run as they are.
 *
 * @module
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { FirstCompiler } from "../../../plugins/wasm/build/first_compiler.ts";
import { WasmClangCompiler } from "../../../plugins/wasm/build/wasm_clang/compiler.ts";
import {
  compileOptions,
  compileOrSkip,
  failureOf,
  orSkip,
  runBytes,
  sourceOf,
  startToolchains,
} from "./toolchain_kit.ts";
import type { ToolchainKit } from "./toolchain_kit.ts";

let kit: ToolchainKit;
let compiler: WasmClangCompiler;

describe("WasmClangCompiler", () => {
  before(async () => {
    kit = await startToolchains();
    compiler = new WasmClangCompiler({ ...kit, headers: { "greeting.h": '#define GREETING "hello"\n' } });
  });
  after(() => kit[Symbol.asyncDispose]());

  test("C of several files reads stdin, argv and env, and includes what it is given", async (t) => {
    const code = `#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "greeting.h"
#include "lib/twice.h"
int main(int argc, char **argv) {
  char *text = malloc(8 << 20);
  size_t size = fread(text, 1, 8 << 20, stdin);
  printf("%s %s %s %d\\n", GREETING, argv[1], getenv("NAME"), twice((int)strlen(argv[1])));
  fwrite(text, 1, size, stdout);
  fprintf(stderr, "%zu bytes\\n", size);
  return 3;
}
`;
    const files = {
      "lib/twice.h": "int twice(int n);\n",
      "lib/twice.c": '#include "twice.h"\nint twice(int n) { int unused; return 2 * n; }\n',
    };
    const compiled = await compileOrSkip(t, compiler, sourceOf("c", code, { files }));
    if (compiled === undefined) return;
    const text = "é漢🎉".repeat(500_000);
    const ran = runBytes(compiled.artifact.bytes, { stdin: text, args: ["{}"], env: ["NAME=x"] });
    assert.equal(ran.stdout === `hello {} x 4\n${text}`, true);
    assert.deepEqual([ran.code, ran.stderr], [3, "4500000 bytes\n"]);
    const [warning] = compiled.warnings;
    assert.deepEqual([warning?.file, warning?.line, warning?.code], ["lib/twice.c", 2, "unused-variable"]);
  });

  test("C++ has its standard library, and C beside it", async (t) => {
    const code = `#include <cstdio>
#include <map>
#include <string>
extern "C" int read_word(char *word);
int main() {
  std::map<std::string, int> counts;
  for (char word[100]; read_word(word);) counts[word]++;
  for (auto &[word, count] : counts) printf("%s=%d\\n", word.c_str(), count);
}
`;
    const files = { "word.c": '#include <stdio.h>\nint read_word(char *new) { return scanf("%99s", new) == 1; }\n' };
    const compiled = await compileOrSkip(t, compiler, sourceOf("c++", code, { files }));
    if (compiled === undefined) return;
    const { code: exit, stdout } = runBytes(compiled.artifact.bytes, { stdin: "b a b é" });
    assert.deepEqual([exit, stdout], [0, "a=1\nb=2\né=1\n"]);
  });

  test("a full stack traps, C++ is that of 2020, and folders have any name", async (t) => {
    const code = `#include <concepts>
#include "constructor/depth.h"
template <std::integral T> T fall(T n) { volatile char room[1 << 16]; room[n & 1] = 1; return fall(n + 1) + room[0]; }
int main(int argc, char **argv) { return argc > DEPTH ? fall(argc) : 4; }
`;
    const files = { "constructor/depth.h": "#define DEPTH 1\n", "__proto__/polluted.h": "#define POLLUTED 4\n" };
    const compiled = await compileOrSkip(t, compiler, sourceOf("c++", code, { files }));
    if (compiled === undefined) return;
    assert.equal(runBytes(compiled.artifact.bytes, { args: [] }).code, 4);
    assert.throws(() => runBytes(compiled.artifact.bytes, { args: ["{}"] }), WebAssembly.RuntimeError);
    assert.equal(Reflect.get({}, "polluted.h"), undefined);
    assert.equal(Reflect.get(Object, "depth.h"), undefined);
  });

  test("what does not compile or link is told by file and line, without paths of the machine", async (t) => {
    if (await orSkip(t, () => kit.toolchains.install("clang", compileOptions())) === undefined) return;
    const code = 'int main(void) {\n  int n = "text";\n  return m;\n}\n';
    const { diagnostics, output } = await failureOf(compiler, sourceOf("c", code));
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(errors.map(({ file, line, column }) => [file, line, column]), [["src.c", 2, 7], ["src.c", 3, 10]]);
    assert.match(errors[1]!.message, /use of undeclared identifier 'm'/);
    assert.match(output, /src\.c:3:10: error/);

    const unlinked = await failureOf(compiler, sourceOf("c", "int other(void);\nint main(void) { return other(); }"));
    assert.deepEqual(unlinked.diagnostics.map(({ message }) => message), ["undefined symbol: other"]);
    const thrown = await failureOf(compiler, sourceOf("c++", "int main() { throw 1; }"));
    assert.match(thrown.diagnostics[0]!.message, /cannot use 'throw' with exceptions disabled/);
  });

  test("packages are refused, and a compilation can be cancelled", async (t) => {
    assert.throws(() => compiler.check(sourceOf("c", "", { dependencies: ["zlib"] })), /"zlib" cannot be fetched/);
    if (await orSkip(t, () => kit.toolchains.install("clang", compileOptions())) === undefined) return;
    const controller = new AbortController();
    const compiling = compiler.compile(
      sourceOf("c", "int main(void) { return 2; }"),
      compileOptions(controller.signal),
    );
    setTimeout(() => controller.abort(new Error("enough")), 300);
    await assert.rejects(compiling, /enough/);
  });
});

test("FirstCompiler compiles by the first that is there, and lists the commands of all when none is", async () => {
  await using own = await startToolchains({ definitions: {} });
  const there = new WasmClangCompiler(own);
  const missing = (name: string) => ({
    ...{ languages: there.languages, check: () => {} },
    find: () => Promise.reject(new MissingToolchain("c", [`install ${name}`], `no ${name}`)),
    compile: () => Promise.reject(new Error("it is not there")),
  });
  const found = { ...missing("b"), find: () => Promise.resolve({ title: "b", identity: "b", target: "t" }) };
  const options = compileOptions();
  assert.equal((await new FirstCompiler([missing("a"), found]).find({ language: "c" }, options)).title, "b");
  await assert.rejects(
    new FirstCompiler([missing("a"), missing("b")]).find({ language: "c" }, options),
    (error: MissingToolchain) => {
      assert.equal(error.message, "no a; no b");
      assert.deepEqual(error.commands, ["install b", "install a"]);
      return true;
    },
  );
});
