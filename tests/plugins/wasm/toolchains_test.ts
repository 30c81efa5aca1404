/**
 * Toolchains from npm: installed once, found ever after, listed and removed by a tool and a verb of the command line.
 *
 * @module
 */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import {
  type CommandIo,
  createCall,
  definePlugin,
  isObject,
  Kernel,
  KernelError,
  type ToolResult,
} from "../../../kernel/mod.ts";
import { MissingToolchain } from "../../../plugins/wasm/build/compiler.ts";
import { runNpmProgram } from "../../../plugins/wasm/build/npm_program.ts";
import { NpmToolchains, type ToolchainDefinition, TOOLCHAINS } from "../../../plugins/wasm/build/npm_toolchains.ts";
import { createToolchainVerb, registerToolchainsTool } from "../../../plugins/wasm/build/toolchains_tool.ts";
import { temporaryHome } from "../library/kit.ts";
import { compileOptions, isUnreachable, orSkip, startToolchains, type ToolchainKit } from "./toolchain_kit.ts";

/** Of is-number 7.0.0. */
const DIGEST = "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==";

/** Packages of a few kilobytes in the place of the large ones. */
const DEFINITIONS: Readonly<Record<string, ToolchainDefinition>> = {
  numbers: {
    title: "Numbers 7",
    description: "Tells numbers",
    packages: ["is-number@7.0.0"],
    digests: [DIGEST],
    size: 10_000,
  },
  odd: { title: "Odd 3", description: "Tells odd numbers", packages: ["is-odd@3.0.1"], size: 20_000 },
};
/** Uses the package of the toolchain, and says which runtime does. */
const PROGRAM = `import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
const { default: isNumber } = await import(pathToFileURL(process.argv[2] + "/node_modules/is-number/index.js").href);
const { value } = JSON.parse(readFileSync("job.json", "utf8"));
const runtime = globalThis.Deno === undefined ? "node" : "deno";
writeFileSync("result.json", JSON.stringify({ isNumber: isNumber(value), runtime }));
`;

async function useNumbers(kit: ToolchainKit, toolchains: NpmToolchains): Promise<unknown> {
  const toolchain = (await toolchains.find("numbers"))!;
  return await kit.commands.inWorkFolder((work) =>
    runNpmProgram(
      kit.commands,
      { name: "numbers", text: PROGRAM, toolchain, work, job: { value: 7 } },
      compileOptions(),
    )
  );
}

/** Gives toolchains that find some programs only. */
function withPrograms({ dependencies, processes, environment }: ToolchainKit, isThere: (name: string) => boolean) {
  return new NpmToolchains({
    dependencies,
    environment: { ...environment, runtime: "node" },
    processes: {
      ...processes,
      which: (name) => isThere(name) ? processes.which(name) : Promise.resolve(undefined),
    },
    definitions: DEFINITIONS,
  });
}

test("TOOLCHAINS have exact versions alone, and the digest of each", () => {
  for (const [name, { packages, digests = [], size }] of Object.entries(TOOLCHAINS)) {
    for (const word of packages) assert.match(word, /^(?:@[a-z0-9-]+\/)?[a-z0-9-]+@\d+\.\d+\.\d+[a-z0-9.-]*$/, name);
    assert.equal(digests.length, packages.length);
    for (const digest of digests) assert.match(digest, /^sha512-[A-Za-z0-9+/]{86}==$/, name);
    assert.ok(size > 1_000_000);
  }
});

describe("NpmToolchains", () => {
  test("a toolchain is installed with progress, found by another server offline, and removed", async (t) => {
    await using home = await temporaryHome();
    await using kit = await startToolchains({ home: home.path, definitions: DEFINITIONS });
    assert.equal(await kit.toolchains.find("numbers"), undefined);
    assert.match((await kit.toolchains.look("numbers" as "clang", "c"))!, /^0 MB from npm$/);
    const options = compileOptions();
    const installed = await orSkip(t, () => kit.toolchains.install("numbers", options));
    if (installed === undefined) return;
    assert.match(options.lines.join("\n"), /^installing Numbers 7 \(0 MB from npm\), which is done once\n/);
    assert.equal(await kit.toolchains.look("numbers" as "clang", "c"), undefined);
    const states = await kit.toolchains.list();
    assert.deepEqual(states.map(({ name, isInstalled, path }) => [name, isInstalled, path]), [
      ["numbers", true, installed.path],
      ["odd", false, undefined],
    ]);

    await using off = await startToolchains({
      ...{ home: home.path, definitions: DEFINITIONS },
      config: { offline: true },
    });
    assert.deepEqual(await off.toolchains.install("numbers", compileOptions()), installed);
    assert.deepEqual(await useNumbers(off, off.toolchains), { isNumber: true, runtime: installed.runtime });
    const missing = await off.toolchains.get("odd" as "clang", "c", compileOptions()).catch((error) => error);
    assert.ok(missing instanceof MissingToolchain, String(missing));
    assert.match(missing.message, /This server is offline/);
    assert.equal(await off.toolchains.remove("numbers"), true);
    assert.equal(await off.toolchains.remove("numbers"), false);
    assert.equal(await kit.toolchains.find("numbers"), undefined);
    await assert.rejects(
      kit.toolchains.find("other"),
      /Cannot find toolchain "other": the toolchains are numbers, odd/,
    );
  });

  test("where there is no npm, Deno installs and runs it", async (t) => {
    await using home = await temporaryHome();
    await using kit = await startToolchains({ home: home.path, definitions: DEFINITIONS });
    if (await kit.processes.which("deno") === undefined) return t.skip("deno is not installed");
    const toolchains = withPrograms(kit, (name) => name === "deno");
    const installed = await orSkip(t, () => toolchains.install("numbers", compileOptions()));
    if (installed === undefined) return;
    assert.deepEqual([installed.runtime, installed.args.includes("--cached-only")], ["deno", true]);
    assert.deepEqual(await useNumbers(kit, toolchains), { isNumber: true, runtime: "deno" });
  });

  test("a toolchain with other content than is known is refused, and removed", async (t) => {
    await using home = await temporaryHome();
    const numbers = { ...DEFINITIONS["numbers"]!, digests: [DIGEST.replace("sha512-4", "sha512-5")] };
    await using kit = await startToolchains({ home: home.path, definitions: { numbers } });
    const refusal = await orSkip(t, () =>
      kit.toolchains.install("numbers", compileOptions()).then(
        () => assert.fail("it was installed"),
        (error) => isUnreachable(error) ? Promise.reject(error) : error,
      ));
    if (refusal === undefined) return;
    assert.match(refusal.message, /Cannot install toolchain "numbers": the registry gave other content/);
    assert.deepEqual(await kit.dependencies.list(), []);
  });

  test("where there is neither npm nor Deno, the commands are told", async () => {
    await using home = await temporaryHome();
    await using kit = await startToolchains({ home: home.path });
    const toolchains = withPrograms(kit, () => false);
    const error = await toolchains.look("numbers" as "clang", "c").catch((thrown) => thrown);
    assert.ok(error instanceof MissingToolchain, String(error));
    assert.match(error.message, /neither npm nor Deno is on this machine/);
    assert.deepEqual(error.commands, [
      "collet toolchain install numbers",
      "node dist/mod.js toolchain install numbers",
    ]);
    const withApt = withPrograms({ ...kit, processes: { ...kit.processes, which: (name) => Promise.resolve(name) } }, (
      name,
    ) => name === "apt-get");
    const { commands } = await withApt.look("numbers" as "clang", "c").catch((thrown) => thrown);
    assert.deepEqual(commands[0], "apt-get install npm");
    await assert.rejects(
      toolchains.install("odd", compileOptions()),
      /Cannot install toolchain "odd": it comes from npm/,
    );
  });
});

test("the tool lists what can be built, installs and removes", async (t) => {
  await using home = await temporaryHome();
  await using kit = await startToolchains({ home: home.path, definitions: DEFINITIONS });
  await using kernel = await new Kernel().use(definePlugin({
    name: "holder",
    version: "1.0.0",
    setup: ({ tool }) =>
      registerToolchainsTool({
        tool,
        toolchains: kit.toolchains,
        languages: () =>
          Promise.resolve([
            { language: "c", compiler: "clang 14.0.6" },
            { language: "go", missing: "there is no go", commands: ["apt-get install golang"] },
          ]),
      }),
  })).start();
  const lines: string[] = [];
  const progress = (_done: number, _total?: number, line = "") => Promise.resolve(void lines.push(line));
  const call = (args: unknown) => kernel.call("toolchains", args, createCall({ progress }));

  const listed = await call({});
  assert.match(
    textOf(listed),
    /^What can be built here:\n- c: clang 14\.0\.6\n- go: there is no go; install it: apt-get/,
  );
  assert.match(textOf(listed), /- numbers: Numbers 7, not installed \(0 MB\)\. Tells numbers/);
  if (!await canInstall(t, () => call({ action: "install", name: "numbers" }))) return;
  assert.ok(lines.length > 0, "progress was told");
  const { structuredContent } = await call({ action: "list" });
  assert.ok(isObject(structuredContent));
  const [numbers] = structuredContent["toolchains"] as readonly { readonly state: string; readonly path: string }[];
  assert.deepEqual([numbers?.state, numbers?.path.startsWith(home.path)], ["installed", true]);
  assert.match(textOf(await call({ action: "remove", name: "numbers" })), /"numbers" is removed/);
  assert.match(textOf(await call({ action: "remove", name: "numbers" })), /is not installed; nothing was removed/);
  const nameless = await call({ action: "install" });
  assert.deepEqual([nameless.isError, /"name" is missing; it is one of numbers, odd/.test(textOf(nameless))], [
    true,
    true,
  ]);
  assert.equal((await call({ action: "install", name: "none" })).isError, true);
});

test("the verb lists, installs and removes, and says what is wrong with its words", async (t) => {
  await using home = await temporaryHome();
  await using kit = await startToolchains({ home: home.path, definitions: DEFINITIONS });
  const verb = createToolchainVerb(() => Promise.resolve(kit.toolchains));
  const run = async (args: readonly string[], json = false) => {
    const printed: string[] = [];
    const io: CommandIo = { args, json, print: (line) => void printed.push(line), warn: () => {} };
    await verb.run(io);
    return printed.join("\n");
  };
  assert.equal(verb.name, "toolchain");
  assert.match(await run([]), /^Toolchains from npm:\n- numbers: Numbers 7, not installed/);
  if (!await canInstall(t, () => run(["install", "odd"]))) return;
  const { toolchains } = JSON.parse(await run(["list"], true)) as { readonly toolchains: readonly { state: string }[] };
  assert.deepEqual(toolchains.map(({ state }) => state), ["not installed", "installed"]);
  assert.match(await run(["remove", "odd"]), /Toolchain "odd" is removed/);
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [["instal", "odd"], /"instal" is no action; did you mean "install"/i],
    [["install"], /a name is missing/],
    [["install", "od"], /there is no toolchain "od"/],
    [["list", "odd"], /2 words were given/],
  ];
  for (const [words, message] of wrong) {
    await assert.rejects(run(words), (error) => error instanceof KernelError && message.test(error.message));
  }
});

/** Runs an installation, or skips the test when npm cannot be reached. */
async function canInstall(t: TestContext, install: () => Promise<ToolResult | string>): Promise<boolean> {
  const result = await orSkip(t, install);
  if (result === undefined) return false;
  if (typeof result === "string" || result.isError !== true) return true;
  if (!isUnreachable(new Error(textOf(result)))) assert.fail(textOf(result));
  t.skip(`the registry of npm cannot be reached: ${textOf(result).slice(0, 300)}`);
  return false;
}

function textOf({ content }: ToolResult): string {
  return content.map((block) => block.type === "text" ? block.text : "").join("\n");
}
