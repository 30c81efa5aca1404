/**
 * Components of WASI preview 2, translated by their published tooling and run in children.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { sha256 } from "../../../kernel/mod.ts";
import { MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { runNpmProgram } from "../../../plugins/wasm/build/npm_program.ts";
import { ComponentRunner } from "../../../plugins/wasm/component/runner.ts";
import { ComponentTranslator } from "../../../plugins/wasm/component/translator.ts";
import type { Program } from "../../../plugins/wasm/run/runtime.ts";
import type { RunOutcome } from "../../../plugins/wasm/worker/messages.ts";
import { inRepository } from "../../support/root.ts";
import { compileOptions, orSkip, startToolchains, type ToolchainKit } from "./toolchain_kit.ts";

/** Writes the text of a component as a component. */
const PARSE = `import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
const parser = process.argv[2] + "/node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js";
const { $init, tools } = await import(pathToFileURL(parser).href);
await $init;
writeFileSync("parsed.wasm", tools.parse(JSON.parse(readFileSync("job.json", "utf8")).text));
writeFileSync("result.json", "{}");
`;
const MIB = 2 ** 20;

let kit: ToolchainKit;
let translator: ComponentTranslator;
let runner: ComponentRunner;
let bytes: Uint8Array;

/** Installs what runs components and makes the sample, once; skips the test when npm cannot be reached. */
async function ready(t: TestContext): Promise<boolean> {
  bytes ??= await orSkip(t, async () => {
    await kit.toolchains.install("components", compileOptions());
    return await parse(await readFile(inRepository("tests/fixtures/command.component.wat"), "utf8"));
  }) as Uint8Array;
  return bytes !== undefined;
}

async function parse(text: string): Promise<Uint8Array> {
  const toolchain = (await kit.toolchains.find("components"))!;
  return await kit.commands.inWorkFolder(async (work) => {
    const program = { name: "wasm-tools", text: PARSE, toolchain, work, job: { text } };
    await runNpmProgram(kit.commands, program, compileOptions());
    return (await work.readBytes("parsed.wasm"))!;
  });
}

interface Ran {
  readonly outcome: RunOutcome;
  readonly stderr: string;
}

async function run(
  letter: string,
  more: Partial<Program> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ran> {
  let stderr = "";
  const outcome = await runner.run({
    name: "sample",
    kind: "component",
    digest: await sha256(bytes),
    load: () => Promise.resolve(bytes),
    args: { a: letter },
    env: {},
    secrets: [],
    folders: [],
    memoryBytes: 256 * MIB,
    timeoutMs: 60_000,
    outputBytes: 16 * MIB,
    isJsonWanted: false,
    ...more,
  }, { signal, stderr: (text) => void (stderr += text) });
  return { outcome, stderr };
}

describe("ComponentRunner", () => {
  before(async () => {
    kit = await startToolchains();
    translator = new ComponentTranslator({ ...kit, home: kit.files });
    runner = new ComponentRunner({ ...kit, translator });
  });
  after(() => kit[Symbol.asyncDispose]());

  test("a command reads its arguments from stdin and writes, errors and traps", async (t) => {
    if (!await ready(t)) return;
    const accepted = await translator.accept(bytes, compileOptions());
    assert.deepEqual([accepted.artifact.kind, accepted.warnings], ["component", []]);
    const echoed = await run("é漢🎉");
    assert.deepEqual(echoed, { outcome: { kind: "exit", code: 0, stdout: '{"a":"é漢🎉"}' }, stderr: "noted\n" });
    assert.deepEqual((await run("E")).outcome, { kind: "exit", code: 1, stdout: "" });
    const { outcome, stderr } = await run("T");
    assert.ok(outcome.kind === "trap" && /unreachable/.test(outcome.reason), JSON.stringify(outcome));
    assert.equal(stderr.trim(), "noted");
  });

  test("five megabytes go in and out, and more than the limit of output ends it", async (t) => {
    if (!await ready(t)) return;
    const text = "z".repeat(5_000_000);
    const { outcome } = await run(text);
    assert.ok(outcome.kind === "exit" && outcome.stdout === JSON.stringify({ a: text }));
    const { outcome: cut } = await run(text, { outputBytes: MIB });
    assert.ok(cut.kind === "trap" && cut.limit === "output", JSON.stringify(cut).slice(0, 200));
  });

  test("time, memory and cancellation end it", async (t) => {
    if (!await ready(t)) return;
    const { outcome: late } = await run("L", { timeoutMs: 3_000 });
    assert.ok(late.kind === "trap" && late.limit === "time", JSON.stringify(late));
    const { outcome: bomb } = await run("M", { memoryBytes: 64 * MIB });
    assert.ok(bomb.kind === "trap", JSON.stringify(bomb));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 500);
    await assert.rejects(run("L", {}, controller.signal), /enough/);
  });

  test("files are those of granted folders, read alone where that is granted", async (t) => {
    if (!await ready(t)) return;
    const folder = join(kit.home, "granted");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "a.txt"), "inside\n");
    await writeFile(join(kit.home, "a.txt"), "outside\n");
    assert.deepEqual((await run("F")).outcome, { kind: "exit", code: 0, stdout: "no folders\n" });
    const path = { path: folder, kind: "folder", writable: true } as const;
    assert.deepEqual((await run("F", { folders: [path] })).outcome, {
      ...{ kind: "exit", code: 0 },
      stdout: "inside\nrefused\nwritten\n",
    });
    assert.equal(await readFile(join(folder, "new.txt"), "utf8"), "written\n");
    await writeFile(join(folder, "new.txt"), "");
    const narrow = run("F", { folders: [{ ...path, writable: false }] });
    assert.deepEqual((await narrow).outcome, { kind: "exit", code: 0, stdout: "inside\nrefused\nrefused\n" });
    assert.equal(await readFile(join(folder, "new.txt"), "utf8"), "");
    const file = { path: join(folder, "a.txt"), kind: "file", writable: false } as const;
    assert.deepEqual((await run("F", { folders: [file] })).outcome, {
      ...{ kind: "exit", code: 0 },
      stdout: "inside\nrefused\nrefused\n",
    });
    await rm(join(folder, "a.txt"));
    await symlink("/etc/passwd", join(folder, "a.txt"));
    assert.deepEqual((await run("F", { folders: [path] })).outcome, {
      ...{ kind: "exit", code: 0 },
      stdout: "refused\nrefused\nwritten\n",
    });
  });

  test("what is no command, or imports more than WASI, is refused", async (t) => {
    if (!await ready(t)) return;
    const accept = async (text: string) => await translator.accept(await parse(text), compileOptions());
    await assert.rejects(accept("(component)"), /it exports nothing, expected "wasi:cli\/run"/);
    const importing = `(component
      (import "example:other/thing" (instance $i (export "f" (func))))
      (alias export $i "f" (func $f))
      (core func $f (canon lower (func $f)))
      (core module $m (import "i" "f" (func $f)) (func (export "run") (result i32) (call $f) (i32.const 0)))
      (core instance $m (instantiate $m (with "i" (instance (export "f" (func $f))))))
      (func $run (result (result)) (canon lift (core func $m "run")))
      (instance $command (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $command)))`;
    await assert.rejects(accept(importing), /it imports "example:other\/thing", expected interfaces of WASI 0\.2/);
    const spoilt = bytes.slice(0, 200);
    await assert.rejects(translator.accept(spoilt, compileOptions()), /Cannot translate the component: /);
  });
});

test("a component is refused with the command that installs what runs it", async () => {
  await using own = await startToolchains({ definitions: { components: sample() } });
  const refusing = new ComponentTranslator({ ...own, home: own.files });
  const component = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);
  await assert.rejects(refusing.accept(component, compileOptions()), (error: MissingToolchain) => {
    assert.ok(error instanceof MissingToolchain);
    assert.equal(error.commands[0], "collet toolchain install components");
    return true;
  });
});

function sample() {
  return { title: "", description: "", packages: ["is-number@5.0.0"], size: 1 };
}
