import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../../kernel/mod.ts";
import sharing from "../../../plugins/sharing/mod.ts";
import { temporaryHome } from "../library/kit.ts";
import { ECHO, fail, onlyText, printing, startWasm, succeed } from "./kit.ts";

type Json = Readonly<Record<string, unknown>>;

const start = () => startWasm({ plugins: [sharing] });

async function recordIn(folder: string): Promise<Json> {
  return JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")).build;
}

async function changeManifest(folder: string, changes: Json): Promise<void> {
  const file = join(folder, "manifest.json");
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...changes }));
}

/** Exports a tool to a folder of its own, where `change` may do something to it. */
async function exported(code: string, change: (folder: string) => Promise<void> = () => Promise.resolve()) {
  const target = await temporaryHome();
  await using kit = await start();
  await kit.build({ name: "tool", code });
  succeed(await kit.call("export_tool", { tool_name: "tool", to: target.path }));
  const folder = join(target.path, "tool");
  await change(folder);
  return { folder, [Symbol.asyncDispose]: () => target[Symbol.asyncDispose]() };
}

for (const [format, ending] of [["a folder", ""], ["an archive", ".tar.gz"], ["a zip", ".zip"]] as const) {
  test(`export_tool and import_tool carry a module and its source through ${format}`, async () => {
    await using target = await temporaryHome();
    await using from = await start();
    await from.build({ name: "echo", code: ECHO });
    const to = ending === "" ? target.path : join(target.path, `echo${ending}`);
    succeed(await from.call("export_tool", { tool_name: "echo", to }));
    await using kit = await start();
    succeed(await kit.call("import_tool", { source: ending === "" ? join(to, "echo") : to }));
    assert.deepEqual((await kit.call("echo", { text: "ü" })).structuredContent, { text: "ü" });
    const [theirs, ours] = [join(from.home, "tools/echo"), join(kit.home, "tools/echo")];
    for (const file of ["echo.wasm", "src.wat"]) {
      assert.deepEqual(await readFile(join(ours, file)), await readFile(join(theirs, file)), file);
    }
    assert.deepEqual(await recordIn(ours), await recordIn(theirs));
  });
}

test("import_tool compiles a tool that comes without its module", async () => {
  await using source = await exported(printing("one"), (folder) => rm(join(folder, "tool.wasm")));
  await using kit = await start();
  succeed(await kit.call("import_tool", { source: source.folder }));
  assert.equal(succeed(await kit.call("tool")), "one");
  const folder = join(kit.home, "tools/tool");
  assert.equal((await recordIn(folder))["digest"], await sha256(await readFile(join(folder, "tool.wasm"))));
});

test("import_tool compiles a tool under another name, which is that of its module", async () => {
  await using source = await exported(printing("one"), (folder) => rm(join(folder, "tool.wasm")));
  await using kit = await start();
  succeed(await kit.call("import_tool", { source: source.folder, name: "other" }));
  assert.equal(succeed(await kit.call("other")), "one");
});

test("import_tool refuses a tool that does not compile, with what the compiler says", async () => {
  await using source = await exported(printing("one"), async (folder) => {
    await rm(join(folder, "tool.wasm"));
    await writeFile(join(folder, "src.wat"), "(module\n  (bogus))");
  });
  await using kit = await start();
  assert.match(fail(await kit.call("import_tool", { source: source.folder })), /src\.wat:2:\d+: error/);
});

test("import_tool builds anew what was edited after it was built", async () => {
  await using source = await exported(
    printing("one"),
    (folder) => writeFile(join(folder, "src.wat"), printing("edited")),
  );
  await using kit = await start();
  succeed(await kit.call("import_tool", { source: source.folder }));
  assert.equal(succeed(await kit.call("tool")), "edited");
});

test("import_tool keeps nothing that a manifest says of another module", async () => {
  await using other = await exported(printing("other"));
  await using source = await exported(printing("one"), async (folder) => {
    await cp(join(other.folder, "tool.wasm"), join(folder, "tool.wasm"));
    const build = await recordIn(folder);
    await changeManifest(folder, { build: { ...build, imports: [], compiler: "a better one" } });
  });
  await using kit = await start();
  succeed(await kit.call("import_tool", { source: source.folder }));
  assert.equal(succeed(await kit.call("tool")), "other");
  const folder = join(kit.home, "tools/tool");
  const bytes = await readFile(join(folder, "tool.wasm"));
  assert.deepEqual(await recordIn(folder), {
    ...{ kind: "module", digest: await sha256(bytes), size: bytes.length },
    imports: ["wasi_snapshot_preview1.fd_write"],
  });
});

const BROKEN: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["no module", new TextEncoder().encode("#!/bin/sh\n")],
  ["a module that imports what nothing provides", importing("env", "f")],
  ["a module that imports by the name of a prototype", importing("__proto__", "toString")],
  ["a module that is no program", new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
];
for (const [what, bytes] of BROKEN) {
  test(`import_tool refuses what is ${what}`, async () => {
    await using source = await exported(printing("one"), (folder) => writeFile(join(folder, "tool.wasm"), bytes));
    await using kit = await start();
    const text = onlyText(await kit.call("import_tool", { source: source.folder }));
    assert.match(text, /its file "tool\.wasm" cannot be run/);
    assert.equal(kit.kernel.tools.get("tool"), undefined);
  });
}

test("import_tool refuses a tool whose module lies elsewhere", async () => {
  await using source = await exported(printing("one"), (folder) => changeManifest(folder, { entry_file: "../x.wasm" }));
  await using kit = await start();
  const text = onlyText(await kit.call("import_tool", { source: source.folder }));
  assert.match(text, /"entry_file" is "\.\.\/x\.wasm", expected a file in its folder/);
  assert.equal(kit.kernel.tools.get("tool"), undefined);
});

test("import_tool takes what lacks both module and source for missing", async () => {
  await using source = await exported(printing("one"), async (folder) => {
    await rm(join(folder, "tool.wasm"));
    await rm(join(folder, "src.wat"));
  });
  await using kit = await start();
  assert.match(fail(await kit.call("import_tool", { source: source.folder })), /its file "tool\.wasm" is missing/);
});

/** Gives a module that imports one function without parameters, in the binary format of WebAssembly 1.0. */
function importing(module: string, name: string): Uint8Array {
  const text = (it: string) => [it.length, ...new TextEncoder().encode(it)];
  const entry = [1, ...text(module), ...text(name), 0, 0];
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, entry.length, ...entry]);
}
