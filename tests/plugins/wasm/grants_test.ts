import assert from "node:assert/strict";
import { mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ManifestDraft } from "../../../plugins/library/contract.ts";
import grants from "../../../plugins/grants/mod.ts";
import { withVariables } from "../dependencies/kit.ts";
import { temporaryHome } from "../library/kit.ts";
import { dataOf, fail, startWasm, succeed, type WasmKit } from "./kit.ts";
import { addBundle, addModule, ECHO, LOOP, MEMORY_BOMB, moduleText } from "./run_kit.ts";

type Asked = NonNullable<ManifestDraft["grants"]>;

/** Reads a file, or writes to it, by its path. */
const FILES = `async (input, ctx) => {
  if (input.text === undefined) return { text: await ctx.files.readText(input.path) };
  await ctx.files.writeText(input.path, input.text);
}`;

async function startWith(ceiling: object): Promise<WasmKit> {
  return await startWasm({ before: [[grants, { ceiling }]] });
}

async function refused(kit: WasmKit, asked: Asked): Promise<string> {
  return await addModule(kit, "asking", { text: ECHO, manifest: { grants: asked } }).then(
    () => assert.fail("it was saved"),
    (error) => String(error.message),
  );
}

test("what no WASM tool has is refused when it is saved", async () => {
  await using kit = await startWith({});
  assert.match(
    await refused(kit, { network: true }),
    /^Cannot grant "network": WASM tools have no network; use a script/,
  );
  assert.match(await refused(kit, { network: ["example.com:443"] }), /WASM tools have no network/);
  assert.match(await refused(kit, { cpu_seconds: 5 }), /^Cannot grant "cpu_seconds": .*timeout_ms/);
  assert.match(await refused(kit, { processes: 2 }), /^Cannot grant "processes": WASM tools start no processes/);
  await addModule(kit, "asking", { text: ECHO, manifest: { grants: { network: false } } });
});

test("what exceeds the ceiling is refused when it is called, with the line that would allow it", async () => {
  await using kit = await startWith({ memory_mb: 64 });
  await addModule(kit, "large", { text: ECHO, manifest: { grants: { memory_mb: 128 } } });
  assert.match(
    fail(await kit.call("large")),
    /Cannot run "large": it asks to use 128 MiB .*"ceiling": \{"memory_mb":128\}/,
  );
});

test("a ceiling holds for who asks for nothing", async () => {
  await using kit = await startWith({ memory_mb: 1, timeout_ms: 1_000 });
  await addModule(kit, "bomb", { text: MEMORY_BOMB });
  await addModule(kit, "big", { text: moduleText("") });
  await addModule(kit, "loop", { text: LOOP });
  // its memory begins with 17 pages, which is more
  assert.match(fail(await kit.call("big")), /Cannot run "big": .*memory/);
  assert.match(fail(await kit.call("bomb")), /Cannot run "bomb": .*memory/);
});

test("the time limit of a ceiling holds for who asks for nothing", async () => {
  await using kit = await startWith({ timeout_ms: 1_000 });
  await addModule(kit, "loop", { text: LOOP });
  assert.match(fail(await kit.call("loop")), /within its time limit \(1000 ms\)/);
});

test("a tool gets as much memory as it asks for, and no more", async () => {
  await using kit = await startWith({ memory_mb: 512 });
  const grow = (mib: number) =>
    moduleText(`
    (if (i32.eq (memory.grow (i32.const ${mib * 16})) (i32.const -1)) (then unreachable))`);
  await addModule(kit, "modest", { text: grow(200) });
  await addModule(kit, "greedy", { text: grow(300) });
  await addModule(kit, "granted", { text: grow(300), manifest: { grants: { memory_mb: 400 } } });
  assert.equal(succeed(await kit.call("modest")), "(no output)");
  fail(await kit.call("greedy"));
  assert.equal(succeed(await kit.call("granted")), "(no output)");
});

test("granted variables are given, and no others", async () => {
  using _ = withVariables({ WASM_GIVEN: "given", WASM_KEPT: "kept" });
  await using kit = await startWith({ env: ["WASM_*"] });
  await addBundle(kit, "env", { code: "(_, ctx) => ({ ...ctx.env })", manifest: { grants: { env: ["WASM_GIVEN"] } } });
  assert.deepEqual(dataOf(await kit.call("env")), { WASM_GIVEN: "given" });
});

test("granted folders and files are read and written, and nothing else", async () => {
  await using place = await temporaryHome();
  const folder = await realpath(place.path);
  await mkdir(join(folder, "in"));
  await mkdir(join(folder, "out"));
  await writeFile(join(folder, "in", "a.txt"), "inside");
  await writeFile(join(folder, "single.txt"), "single");
  await writeFile(join(folder, "secret.txt"), "outside");
  await symlink(join(folder, "secret.txt"), join(folder, "in", "leak.txt"));
  await using kit = await startWith({ read: [folder], write: [folder] });
  const asked = { read: [join(folder, "in"), join(folder, "single.txt")], write: [join(folder, "out")] };
  await addBundle(kit, "files", { code: FILES, manifest: { grants: asked } });
  const read = (...path: string[]) => kit.call("files", { path: join(folder, ...path) });
  const write = (...path: string[]) => kit.call("files", { path: join(folder, ...path), text: "new" });

  assert.equal(dataOf(await read("in", "a.txt"))["text"], "inside");
  assert.equal(dataOf(await read("single.txt"))["text"], "single");
  fail(await read("secret.txt"));
  fail(await read("in", "..", "secret.txt"));
  fail(await read("in", "leak.txt"));
  succeed(await write("out", "b.txt"));
  assert.equal(await readFile(join(folder, "out", "b.txt"), "utf8"), "new");
  fail(await write("in", "a.txt"));
  fail(await write("single.txt"));
  assert.equal(await readFile(join(folder, "in", "a.txt"), "utf8"), "inside");
});

test("a granted path that is not there is told", async () => {
  await using place = await temporaryHome();
  await using kit = await startWith({ read: [place.path] });
  await addModule(kit, "lost", { text: ECHO, manifest: { grants: { read: [join(place.path, "none")] } } });
  assert.match(
    fail(await kit.call("lost")),
    /^Cannot give ".*none": it is not there; make it, or take it out of "grants"$/,
  );
});

test("without the plugin grants a tool is given its time alone", async () => {
  await using kit = await startWasm();
  assert.match(await refused(kit, { read: ["/tmp"] }), /Cannot grant read: nothing here decides on grants/);
  await addModule(kit, "loop", { text: LOOP, manifest: { grants: { timeout_ms: 500 } } });
  assert.match(fail(await kit.call("loop")), /within its time limit \(500 ms\)/);
});
