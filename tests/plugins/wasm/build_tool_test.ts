import assert from "node:assert/strict";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { toBase64 } from "../../../kernel/mod.ts";
import grants from "../../../plugins/grants/mod.ts";
import { temporaryHome } from "../library/kit.ts";
import { dataOf, ECHO, fail, onlyText, printing, startWasm, succeed, type WasmKit } from "./kit.ts";

async function versionsOf(kit: WasmKit, name: string): Promise<readonly string[]> {
  const entries = await readdir(join(kit.home, "tools", name, "versions")).catch(() => []);
  return entries.filter((it) => /^\d/.test(it)).sort();
}

async function manifestOf(kit: WasmKit, name: string): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(join(kit.home, "tools", name, "manifest.json"), "utf8"));
}

describe("build_tool", () => {
  test("builds a tool, which is called by its name and stays after a restart", async () => {
    await using home = await temporaryHome();
    {
      await using kit = await startWasm({ home: home.path });
      const result = await kit.build({ name: "echo", code: ECHO });
      const { digest, size, path, ...data } = dataOf(result);
      assert.deepEqual(data, {
        ...{ name: "echo", version: "1.0.0", unchanged: false, language: "wat", compiler: "wabt 1.0.39" },
        ...{ target: "wasm32-wasip1", kind: "module", cached: false, entry_file: "echo.wasm" },
      });
      assert.equal(path, join(kit.home, "tools", "echo"));
      const text = onlyText(result);
      assert.match(text, /^Built WASM tool "echo" 1\.0\.0\.\n/);
      for (const fact of ["Language: wat, wabt 1.0.39 for wasm32-wasip1", `Folder: ${path}`, `SHA-256 ${digest}`]) {
        assert.ok(text.includes(fact), `${fact} in ${text}`);
      }
      const called = await kit.call("echo", { text: "Grüße 🦉", list: [1, { a: null }] });
      assert.deepEqual(called.structuredContent, { text: "Grüße 🦉", list: [1, { a: null }] });
      const { build, ...manifest } = await manifestOf(kit, "echo");
      assert.equal(manifest["tool_type"], "wasm");
      assert.equal(manifest["language"], "wat");
      const { source_digest: source, ...record } = build as Readonly<Record<string, unknown>>;
      assert.match(String(source), /^[0-9a-f]{64}$/);
      assert.deepEqual(record, {
        ...{ kind: "module", digest, size, compiler: "wabt 1.0.39", target: "wasm32-wasip1" },
        imports: ["wasi_snapshot_preview1.fd_read", "wasi_snapshot_preview1.fd_write"],
      });
      assert.equal(await readFile(join(kit.home, "tools/echo/src.wat"), "utf8"), ECHO);
    }
    await using again = await startWasm({ home: home.path });
    assert.deepEqual((await again.call("echo", { a: 1 })).structuredContent, { a: 1 });
  });

  test("keeps the version before, and refuses to replace a tool unasked", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "say", code: printing("one") });
    const refused = fail(await kit.call("build_tool", { name: "say", description: "Say", code: printing("two") }));
    assert.match(refused, /"say": it exists \(wasm, version 1\.0\.0\); pass "overwrite": true/);
    const updated = await kit.build({ name: "say", code: printing("two"), overwrite: true });
    assert.match(onlyText(updated), /^Updated WASM tool "say" to 1\.0\.1; version 1\.0\.0 is kept\.\n/);
    assert.equal(dataOf(updated)["replaced"], "1.0.0");
    assert.equal(succeed(await kit.call("say")), "two");
    assert.deepEqual(await versionsOf(kit, "say"), ["1.0.0"]);
  });

  test("changes nothing when all is the same, and says so", async () => {
    await using kit = await startWasm();
    const tool = { name: "say", code: printing("one"), tags: ["a"], overwrite: true };
    await kit.build(tool);
    const before = await manifestOf(kit, "say");
    const again = await kit.build(tool);
    assert.match(onlyText(again), /^WASM tool "say" 1\.0\.0 is the same already; nothing was changed\.\n/);
    assert.deepEqual([dataOf(again)["unchanged"], dataOf(again)["cached"]], [true, true]);
    assert.deepEqual(await manifestOf(kit, "say"), before);
    assert.deepEqual(await versionsOf(kit, "say"), []);
  });

  const CHANGES: readonly (readonly [what: string, change: Readonly<Record<string, unknown>>])[] = [
    ["description", { description: "Another" }],
    ["code", { code: `${printing("one")};; a comment\n` }],
    ["tags", { tags: ["b"] }],
    ["schema", { input_schema: { type: "object", properties: { a: {} } } }],
    ["limit", { timeout_ms: 1_000 }],
  ];
  for (const [what, change] of CHANGES) {
    test(`makes a new version for another ${what}, however little it is`, async () => {
      await using kit = await startWasm();
      await kit.build({ name: "say", code: printing("one") });
      const changed = await kit.build({ name: "say", code: printing("one"), ...change, overwrite: true });
      assert.deepEqual([dataOf(changed)["unchanged"], dataOf(changed)["version"]], [false, "1.0.1"]);
    });
  }

  test("mends a tool whose files somebody changed or removed", async () => {
    await using kit = await startWasm();
    const tool = { name: "say", code: printing("one"), overwrite: true };
    await kit.build(tool);
    const folder = join(kit.home, "tools/say");
    await appendFile(join(folder, "src.wat"), ";; more\n");
    assert.equal(dataOf(await kit.build(tool))["unchanged"], false);
    await rm(join(folder, "say.wasm"));
    assert.equal(dataOf(await kit.build(tool))["unchanged"], false);
    await writeFile(join(folder, "say.wasm"), "nothing");
    assert.equal(dataOf(await kit.build(tool))["unchanged"], false);
    assert.equal(dataOf(await kit.build(tool))["unchanged"], true);
    assert.equal(succeed(await kit.call("say")), "one");
  });

  test("takes what was built before from the cache, for a tool of another name and after a restart", async () => {
    await using home = await temporaryHome();
    {
      await using kit = await startWasm({ home: home.path });
      await kit.build({ name: "one", code: printing("same") });
      assert.equal(dataOf(await kit.build({ name: "two", code: printing("same") }))["cached"], true);
    }
    await using kit = await startWasm({ home: home.path });
    const third = await kit.build({ name: "three", code: printing("same") });
    assert.equal(dataOf(third)["cached"], true);
    assert.match(onlyText(third), /Taken from the cache of builds; nothing was compiled/);
    assert.equal(succeed(await kit.call("three")), "same");
  });

  test("tells of what does not compile where and why, as text and as data, and saves nothing", async () => {
    await using kit = await startWasm();
    const code = '(module\n  (func (export "_start")\n    (i32.bogus)))';
    const result = await kit.call("build_tool", { name: "bad", description: "Bad", code });
    assert.match(
      fail(result),
      /^Cannot build "bad": the source does not compile \(\d+ errors?\)\n\nsrc\.wat:3:\d+: error/,
    );
    assert.equal(fail(result).includes(kit.home), false);
    const [first] = dataOf(result)["diagnostics"] as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual([first?.["severity"], first?.["file"], first?.["line"]], ["error", "src.wat", 3]);
    assert.deepEqual(await readdir(join(kit.home, "tools/bad")).catch(() => []), []);
  });

  test("runs the examples first when it is asked to, and saves nothing when one fails", async () => {
    await using kit = await startWasm();
    const good = { arguments: { a: 1 }, result: { a: 1 } };
    const tool = { name: "echo", code: ECHO, verify: true, overwrite: true };
    assert.match(onlyText(await kit.build({ ...tool, examples: [good] })), /Verified: 1 of 1 examples passed/);
    assert.match(onlyText(await kit.build({ ...tool, examples: [good] })), /same already[^]*Verified: 1 of 1/);
    const bad = { arguments: { a: 1 }, result: { a: 2 } };
    const refused = await kit.call("build_tool", { ...tool, description: "Echo", examples: [good, bad] });
    assert.match(fail(refused), /its examples do not pass, and nothing was changed/);
    assert.equal((await manifestOf(kit, "echo"))["version"], "1.0.0");
    assert.equal((await kit.call("test_tool", { tool_name: "echo" })).isError, undefined);
  });

  test("takes a finished module as Base64, whose digest and imports it tells", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "echo", code: ECHO });
    const bytes = await readFile(join(kit.home, "tools/echo/echo.wasm"));
    const result = await kit.build({ name: "copy", code: toBase64(bytes) });
    const { language, digest, compiler } = dataOf(result);
    assert.deepEqual([language, compiler], ["wasm", undefined]);
    assert.equal(digest, ((await manifestOf(kit, "echo"))["build"] as Readonly<Record<string, unknown>>)["digest"]);
    assert.deepEqual((await kit.call("copy", { a: 1 })).structuredContent, { a: 1 });
    assert.deepEqual((await readdir(join(kit.home, "tools/copy"))).sort(), ["copy.wasm", "manifest.json"]);
    const again = await kit.build({ name: "copy", code: toBase64(bytes), overwrite: true });
    assert.equal(dataOf(again)["unchanged"], true);
  });

  test("reads a finished module from a path only where that is granted", async () => {
    await using files = await temporaryHome();
    const path = join(files.path, "echo.wasm");
    await using kit = await startWasm({ before: [[grants, { ceiling: { read: [files.path] } }]] });
    await kit.build({ name: "echo", code: ECHO });
    await writeFile(path, await readFile(join(kit.home, "tools/echo/echo.wasm")));
    await kit.build({ name: "copy", code: path });
    assert.deepEqual((await kit.call("copy", { a: 1 })).structuredContent, { a: 1 });
    const outside = join(kit.home, "tools/echo/echo.wasm");
    fail(await kit.call("build_tool", { name: "other", description: "Other", code: outside }));

    await using bare = await startWasm();
    const refused = fail(await bare.call("build_tool", { name: "copy", description: "Copy", code: path }));
    assert.match(refused, /"code" is a path, and nothing here decides which files may be read/);
  });

  const REFUSED: readonly (readonly [what: string, given: Readonly<Record<string, unknown>>, why: RegExp])[] = [
    ["an empty program", { code: " \n" }, /^Cannot build "bad": "code" is empty$/],
    ["an empty description", { description: " " }, /"description" is empty/],
    ["a name that is no name", { name: "../bad" }, /a name has 1 to 64 of A-Z/],
    ["a language that is none", { language: "cobol" }, /language/],
    [
      "a file outside",
      { language: "rust", code: "fn main() {}", files: { "../a.rs": "" } },
      /"files" has "\.\.\/a\.rs"/,
    ],
    [
      "a hidden file",
      { language: "rust", code: "fn main() {}", files: { ".cargo/config": "" } },
      /"files" has "\.cargo/,
    ],
    [
      "the main file twice",
      { language: "rust", code: "fn main() {}", files: { "src.rs": "" } },
      /which is the main file/,
    ],
    ["the main file in capitals", { language: "rust", files: { "SRC.RS": "" } }, /which is the main file/],
    ["a device as a file", { language: "rust", files: { "util/Con.rs": "" } }, /"util\/Con\.rs", expected a path/],
    ["a file that ends with a dot", { language: "rust", files: { "a.": "" } }, /"a\.", expected a path/],
    ["a file below a prototype", { language: "c", files: { "__proto__/a.h": "" } }, /"__proto__\/a\.h", expected/],
    ["a file in a file", { language: "rust", files: { a: "", "a/b": "" } }, /"a" as a file, and as a folder/],
    ["files by case", { language: "rust", files: { "a.rs": "", "A.rs": "" } }, /"a\.rs" and "A\.rs"/],
    ["packages of WAT", { dependencies: ["serde"] }, /leave "dependencies" out/],
    ["a network", { grants: { network: true } }, /network/],
    ["a module that is none", { language: "wasm", code: "AAAA" }, /^Cannot read the module: it begins with/],
    ["a component where nothing runs it", { code: "AGFzbQ0AAQA=" }, /component of WASI preview 2/],
    ["a schema that is none", { input_schema: { type: "objekt" } }, /input/],
  ];
  for (const [what, given, why] of REFUSED) {
    test(`refuses ${what}`, async () => {
      await using kit = await startWasm({ before: [grants] });
      const result = await kit.call("build_tool", { name: "bad", description: "Bad", code: ECHO, ...given });
      assert.match(fail(result), why);
    });
  }

  test("replaces a tool in another language, of which nothing stays", async () => {
    await using kit = await startWasm();
    await kit.build({ name: "say", code: printing("one") });
    await kit.build({
      name: "say",
      code: 'import { two } from "./two.ts";\nexport default (): string => two;',
      files: { "two.ts": 'export const two: string = "two";' },
      overwrite: true,
    });
    assert.equal(succeed(await kit.call("say")), "two");
    const files = (await readdir(join(kit.home, "tools/say"))).sort();
    assert.deepEqual(files, ["manifest.json", "say.js", "src", "src.ts", "versions"]);
    await kit.build({ name: "say", code: printing("three"), overwrite: true });
    assert.deepEqual((await readdir(join(kit.home, "tools/say"))).sort(), [
      ...["manifest.json", "say.wasm", "src.wat", "versions"],
    ]);
  });

  test("completes its languages", async () => {
    await using kit = await startWasm();
    const complete = (value: string) =>
      kit.kernel.complete({ type: "tool", name: "build_tool" }, { argument: "language", value });
    assert.deepEqual(await complete("ass"), ["assemblyscript"]);
  });
});
