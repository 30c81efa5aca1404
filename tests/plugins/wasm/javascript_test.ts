/**
 * Tests how TypeScript and JavaScript are bundled: what goes in, what is refused, and what is said of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { createFiles } from "../../../kernel/platform/files.ts";
import { createOwnPackages } from "../../../kernel/platform/own_packages.ts";
import { Unconfined } from "../../../plugins/sandbox/contract.ts";
import { CompilerCommands } from "../../../plugins/wasm/build/commands.ts";
import type { Diagnostic } from "../../../plugins/wasm/build/compiler.ts";
import { JavaScriptCompiler } from "../../../plugins/wasm/build/javascript.ts";
import {
  compileOptions,
  compileOrSkip,
  failureOf,
  sourceOf,
  startToolchains,
  type ToolchainKit,
} from "./toolchain_kit.ts";
import { runText } from "./bundle_kit.ts";

let kit: ToolchainKit;
let compiler: JavaScriptCompiler;

before(async () => {
  kit = await startToolchains();
  compiler = new JavaScriptCompiler({ ...kit, packages: createOwnPackages() });
});
after(async () => await kit[Symbol.asyncDispose]());

/** Runs compilers as they are. */
function unconfined(): CompilerCommands {
  const { environment, processes } = kit;
  const home = createFiles(kit.home);
  const bounds = { timeoutMs: 60_000, memoryBytes: 2 ** 31, processes: 64 };
  return new CompilerCommands({ home, environment, sandbox: new Unconfined({ home, processes }), bounds });
}

async function bundle(...args: Parameters<typeof sourceOf>): Promise<string> {
  const source = sourceOf(...args);
  compiler.check(source);
  const { artifact } = await compiler.compile(source, compileOptions());
  assert.equal(artifact.kind, "bundle");
  return new TextDecoder().decode(artifact.bytes);
}

async function errorsOf(...args: Parameters<typeof sourceOf>): Promise<readonly Diagnostic[]> {
  const { diagnostics, output } = await failureOf(compiler, sourceOf(...args));
  assert.ok(!output.includes(kit.home), output);
  return diagnostics.filter(({ severity }) => severity === "error");
}

describe("JavaScriptCompiler", () => {
  it("names esbuild and the engine, and both count for the identity", async () => {
    const { title, target, identity } = await compiler.find({ language: "typescript" }, compileOptions());
    assert.match(title, /^esbuild \d+\.\d+\.\d+$/);
    assert.match(target, /^QuickJS \d/);
    assert.match(identity, /[0-9a-f]{64}/);
  });

  it("bundles TypeScript with its files, text and JSON among them", async () => {
    const code = `
      import { type Shape, area } from "./shapes/area.ts";
      import { unit } from "./shapes/settings.json";
      import words from "./words.txt";
      enum Kind { Square = 1 }
      export default async function measure(input: Shape) {
        return { kind: Kind[Kind.Square], area: area(input) + unit, words, name: measure.name } satisfies object;
      }`;
    const files = {
      "shapes/area.ts":
        "export interface Shape { side: number }\\nexport const area = (s: Shape): number => s.side ** 2;"
          .replace("\\n", "\n"),
      "shapes/settings.json": '{ "unit": " m²" }',
      "words.txt": "grün\n",
    };
    const text = await bundle("typescript", code, { files });
    const { json } = await runText(text, { side: 3 });
    assert.deepEqual(json, { kind: "Square", area: "9 m²", words: "grün\n", name: "measure" });
    assert.equal(await bundle("typescript", code, { files }), text);
  });

  it("takes a function that a CommonJS module exports", async () => {
    const text = await bundle("javascript", "module.exports = ({ a }) => ({ twice: a * 2 });");
    assert.deepEqual((await runText(text, { a: 4 })).json, { twice: 8 });
  });

  it("tells of several errors with their places, as the tool has them", async () => {
    const code = 'import { a } from "./a.ts";\nimport { b } from "./lib/b.ts";\nexport default () => a + b;\n';
    const files = { "a.ts": "let one = 1;\nlet a: number = ;\n", "lib/b.ts": "export const b = 1 +;\n" };
    const errors = await errorsOf("typescript", code, { files });
    const places = errors.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`).sort();
    assert.deepEqual(places, ['a.ts:2:17 Unexpected ";"', 'lib/b.ts:1:21 Unexpected ";"']);
  });

  it("gives warnings with their names, and compiles", async () => {
    const source = sourceOf("javascript", 'export default (i) => typeof i === "strin";');
    const { warnings } = await compiler.compile(source, compileOptions());
    const [{ severity, file, line, column, code } = {}] = warnings;
    assert.deepEqual({ severity, file, line, column, code }, {
      ...{ severity: "warning", file: "src.js", line: 1, column: 36, code: "impossible-typeof" },
    });
  });

  it("says that there are no modules of Node", async () => {
    const code = 'import fs from "node:fs";\nimport path from "path";\nexport default () => [fs, path];';
    const errors = await errorsOf("typescript", code);
    assert.deepEqual(errors.map(({ file, line }) => [file, line]), [["src.ts", 1], ["src.ts", 2]]);
    assert.match(errors[0]!.message, /^cannot import "node:fs": there are no modules of Node in here; ctx\.files/);
    assert.match(errors[1]!.message, /^cannot import "path": there are no modules of Node/);
  });

  it("says where a package or a file belongs that is absent", async () => {
    const code = 'import a from "left-pad/x";\nimport b from "./b.ts";\nexport default () => [a, b];';
    const errors = await errorsOf("typescript", code);
    assert.match(errors[0]!.message, /package "left-pad" is not installed; name it in "dependencies"/);
    assert.match(errors[1]!.message, /no such file; pass it in "files"/);
  });

  for (
    const [what, specifier] of [
      ["an absolute path", "/etc/os-release"],
      ["a path above the tool", "../../../../../../../../../../../etc/os-release"],
      ["a folder of the system, as text", "/usr/share/common-licenses/GPL-3"],
    ] as const
  ) {
    it(`imports no file of this machine: ${what}`, async () => {
      const code = `import text from ${JSON.stringify(specifier)};\nexport default () => text;`;
      const errors = await errorsOf("javascript", code);
      assert.ok(errors.length > 0);
      const { diagnostics, output } = await failureOf(compiler, sourceOf("javascript", code));
      assert.ok(!/Debian|Ubuntu|GNU GENERAL/.test(JSON.stringify(diagnostics) + output), output);
    });
  }

  for (const isConfined of [true, false]) {
    const made = () =>
      isConfined ? compiler : new JavaScriptCompiler({ ...kit, commands: unconfined(), packages: createOwnPackages() });
    const where = isConfined ? "in the sandbox" : "where there is no sandbox";

    it(`imports no JSON of the home, and does not tell what is in it, ${where}`, async () => {
      await writeFile(`${kit.home}/broken.json`, '{ "token": s3cret }');
      await writeFile(`${kit.home}/whole.json`, '{ "token": "s3cret" }');
      const above = "../".repeat(isConfined ? 1 : 3);
      for (const path of [kit.home, above].flatMap((it) => [`${it}/broken.json`, `${it}/whole.json`])) {
        const code = `import it from ${JSON.stringify(path)};\nexport default () => it;`;
        const { diagnostics, output } = await failureOf(made(), sourceOf("javascript", code));
        assert.match(JSON.stringify(diagnostics), /outside of the tool/);
        assert.ok(!`${JSON.stringify(diagnostics)}${output}`.includes("s3cret"), output);
      }
    });

    it(`bundles a package of npm, by its lock as well, the same wherever it lies, ${where}`, async (t) => {
      const code = 'import isNumber from "is-number";\nexport default ({ of }: { of: unknown }) => isNumber(of);';
      const source = sourceOf("typescript", code, { dependencies: ["is-number@7.0.0"] });
      const first = await compileOrSkip(t, made(), source);
      if (first === undefined) return;
      const text = new TextDecoder().decode(first.artifact.bytes);
      assert.ok(!text.includes(kit.home.slice(1)), "the bundle names no folder of this machine");
      assert.match(text, /"node_modules\/is-number\/index\.js"/);
      assert.equal((await runText(text, { of: "12" })).json, true);
      assert.match(first.lock ?? "", /"is-number"|is-number@/);
      const again = await compiler.compile({ ...source, lock: first.lock }, compileOptions());
      assert.equal(new TextDecoder().decode(again.artifact.bytes), text);
    });
  }

  it("refuses words that are no packages, and files where packages lie", () => {
    for (const word of ["--registry=x", "https://example.com/a.tgz", "../a", ""]) {
      assert.throws(
        () => compiler.check(sourceOf("javascript", "", { dependencies: [word] })),
        /write it as npm does, such as "is-number@7\.0\.0"/,
      );
    }
    const files = { "node_modules/a/index.js": "" };
    assert.throws(() => compiler.check(sourceOf("javascript", "", { files })), /named in "dependencies"/);
    assert.throws(
      () => compiler.check(sourceOf("javascript", "", { files: { "src.js": "" } })),
      /has one by that name/,
    );
  });

  it("tells how to install esbuild when it is absent", async () => {
    const absent = new JavaScriptCompiler({ ...kit, packages: { find: () => Promise.resolve(undefined) } });
    await assert.rejects(absent.find({ language: "typescript" }, compileOptions()), {
      name: "MissingToolchain",
      commands: ["npm install esbuild"],
    });
  });
});
