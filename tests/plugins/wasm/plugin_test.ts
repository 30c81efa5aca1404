import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { collectDiagnostics, ToolError } from "../../../kernel/mod.ts";
import { conformance } from "../../../kernel/testing.ts";
import dependencies from "../../../plugins/dependencies/mod.ts";
import library from "../../../plugins/library/mod.ts";
import { LANGUAGES } from "../../../plugins/wasm/build/compiler.ts";
import { lockFileOf } from "../../../plugins/wasm/build/source_files.ts";
import wasm from "../../../plugins/wasm/mod.ts";
import { dataOf, ECHO, fail, onlyText, startWasm, succeed } from "./kit.ts";

conformance(wasm, undefined, {
  with: [library],
  calls: { build_tool: { name: "echo", description: "Echo", code: ECHO, overwrite: true } },
});

const FIBONACCI = {
  name: "fibonacci",
  description: "Generates Fibonacci numbers",
  code: `fn main() {
let (mut a, mut b) = (0u64, 1);
for _ in 0..20 { print!("{} ", a); (a, b) = (b, a + b); }
}`,
  annotations: { readOnlyHint: true },
};

test("the example of skillz's README works word for word", async (t) => {
  await using kit = await startWasm();
  const built = await kit.call("build_tool", FIBONACCI);
  if (built.isError && dataOf(built)["missing"] !== undefined) return t.skip(onlyText(built));
  succeed(built);
  const numbers = "0 1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987 1597 2584 4181";
  assert.equal(succeed(await kit.call("fibonacci")).trim(), numbers);
  assert.equal(succeed(await kit.call("call_tool", { tool_name: "fibonacci", arguments: {} })).trim(), numbers);
  assert.equal(kit.kernel.tools.get("fibonacci")?.definition.annotations?.readOnlyHint, true);
});

test("a start loads no compiler, runs none, and leaves nothing in the home", async () => {
  await using kit = await startWasm({ before: [dependencies] });
  const entries = await readdir(kit.home);
  assert.deepEqual(entries.filter((it) => it.startsWith("cache")), []);
});

test("doctor asks for each language, and toolchains tells the same", async () => {
  const diagnostics = collectDiagnostics();
  await using kit = await startWasm({ before: [diagnostics.plugin, dependencies] });
  const ours = diagnostics.items.filter(({ area }) => area === "wasm");
  assert.deepEqual(ours.map(({ name }) => name), [...LANGUAGES]);
  const { languages } = dataOf(await kit.call("toolchains")) as unknown as { readonly languages: readonly Summary[] };
  for (const probe of ours) {
    const finding = await probe.check(new AbortController().signal);
    const summary = languages.find(({ language }) => language === probe.name);
    assert.equal(finding.ok, summary?.compiler !== undefined, probe.name);
    assert.ok(finding.detail.includes(summary?.compiler ?? summary?.missing ?? ""), finding.detail);
  }
  const always = ["typescript", "javascript", "wat", "wasm"];
  assert.deepEqual(languages.filter((it) => always.includes(it.language) && it.compiler === undefined), []);
});

test("a build that is cancelled ends, and saves nothing", async () => {
  await using kit = await startWasm();
  const cancelled = new AbortController();
  const building = kit.call("build_tool", { name: "echo", description: "Echo", code: ECHO }, {
    signal: cancelled.signal,
  });
  cancelled.abort(new ToolError("Cancelled by the client"));
  assert.equal(fail(await building), "Cancelled by the client");
  assert.deepEqual(await readdir(join(kit.home, "tools/echo")).catch(() => []), []);
});

test("many equal builds at once compile once, and all tools work", async () => {
  await using kit = await startWasm();
  const names = Array.from({ length: 12 }, (_, i) => `echo_${i}`);
  await Promise.all(names.map((name) => kit.build({ name, code: ECHO })));
  const compiled = kit.log.entries.filter(({ message }) => message.startsWith("Compiled "));
  assert.equal(compiled.length, 1);
  const answers = await Promise.all(names.map((name, i) => kit.call(name, { i })));
  assert.deepEqual(answers.map(({ structuredContent }) => structuredContent), names.map((_, i) => ({ i })));
});

test("locks have the names that their compilers give them", async () => {
  const [{ RustCompiler }, { GoCompiler }, { JavaScriptCompiler }, { AssemblyScriptCompiler }] = await Promise.all([
    import("../../../plugins/wasm/build/rust/mod.ts"),
    import("../../../plugins/wasm/build/go/mod.ts"),
    import("../../../plugins/wasm/build/javascript.ts"),
    import("../../../plugins/wasm/build/assemblyscript/compiler.ts"),
  ]);
  const nothing = {} as never;
  for (const Compiler of [RustCompiler, GoCompiler, JavaScriptCompiler, AssemblyScriptCompiler]) {
    const { languages, lockFile } = new Compiler(nothing);
    for (const language of languages) assert.equal(lockFileOf(language), lockFile, language);
  }
});

interface Summary {
  readonly language: string;
  readonly compiler?: string;
  readonly missing?: string;
}
