import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JsonObject, ToolResult } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { testPlugin } from "../../../kernel/testing.ts";
import dependencies from "../../../plugins/dependencies/mod.ts";
import library from "../../../plugins/library/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { serveGems } from "../dependencies/gem_server.ts";
import { choosePath, hasProgram, temporaryFolder, uvPath, withVariables } from "../dependencies/kit.ts";
import { temporaryHome } from "../library/kit.ts";
import { fail, type ScriptKit, startScripts, succeed } from "./kit.ts";

const PYTHON = `# /// script
# dependencies = ["idna"]
# requires-python = ">=3.7"
# ///
import idna, six
print(six.__version__, idna.encode("x").decode())
`;
const TOOL = { name: "packed", description: "x", interpreter: "python3", dependencies: ["six==1.16.0"], code: PYTHON };
const PACKAGES = ["idna", "six==1.16.0"];

/** Lets uv install, where it is there: it is quicker. */
async function quickPath(): Promise<AsyncDisposable> {
  const uv = uvPath();
  return await choosePath(uv === undefined ? {} : { uv: { link: uv } });
}

function start(home?: string): Promise<ScriptKit> {
  return startScripts({ plugins: [dependencies], ...(home !== undefined && { home }) });
}

function installations({ log }: ScriptKit): readonly string[] {
  return log.entries.map(({ message }) => message).filter((message) => message.startsWith("Installed "));
}

async function dependenciesOf(kit: ScriptKit, args: object): Promise<Readonly<Record<string, unknown>>> {
  const result = await kit.call("dependencies", args);
  succeed(result);
  return result.structuredContent as Readonly<Record<string, unknown>>;
}

/** What is saved, beside what names begin with a dot. */
async function toolFolders(kit: ScriptKit): Promise<readonly string[]> {
  const names = await readdir(join(kit.home, "tools")).catch(() => []);
  return names.filter((name) => !name.startsWith("."));
}

for (const era of ["2025", "2026"] as const) {
  test(`a client of ${era} registers a script with packages, calls it, and looks after them`, async () => {
    await using _ = await quickPath();
    await using home = await temporaryHome();
    await using kit = await testPlugin(scripts, undefined, {
      era,
      platform: await detectPlatform({ home: home.path }),
      with: [library, dependencies],
    });
    const call = async (name: string, args: object, heard: string[] = []) =>
      await kit.client.callTool({ name, arguments: args as Record<string, unknown> }, {
        onprogress: ({ message = "" }) => void heard.push(message),
      }) as unknown as ToolResult;
    const heard: string[] = [];
    const registered = await call("register_script", TOOL, heard);
    assert.match(succeed(registered), /^- Packages: six==1\.16\.0, idna; installed$/m);
    assert.ok(heard.includes("packed: installing idna, six==1.16.0"), heard.join("\n"));
    assert.equal(succeed(await call("packed", {})), "1.16.0 x");

    const info = await call("dependencies", { action: "info", tool_name: "packed" });
    assert.match(succeed(info), /^Tool "packed" \(python\): six==1\.16\.0, idna; installed\n- Requires: >=3\.7/);
    assert.equal((info.structuredContent as { tool: { state: string } }).tool.state, "installed");
    succeed(await call("delete_tool", { tool_name: "packed" }));
    assert.match(
      succeed(await call("dependencies", { action: "prune" })),
      /^Removed 1 installations, .* MB:\n- Python 3/,
    );
    assert.equal(succeed(await call("dependencies", { action: "list" })), "No packages are installed.");
    assert.match(
      fail(await call("dependencies", { action: "info", tool_name: "packt" })),
      /^Cannot info packages: no tool "packt" was made at run time$/,
    );
  });
}

describe("scripts of Python with packages", () => {
  test("share an installation, keep a lock, and get it again where it is gone", async () => {
    await using _ = await quickPath();
    await using kit = await start();
    const result = await kit.register(TOOL);
    assert.deepEqual((result.structuredContent as { dependencies: unknown }).dependencies, ["six==1.16.0", "idna"]);
    await kit.register({ ...TOOL, name: "other", dependencies: [...PACKAGES, "six"].slice(0, 2) });
    assert.deepEqual(installations(kit).length, 1);
    const folder = join(kit.home, "tools/packed");
    assert.deepEqual((await readdir(folder)).sort(), ["dependencies.lock", "manifest.json", "packed.py"]);
    assert.deepEqual(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")).dependencies, TOOL.dependencies);
    const { environments } = await dependenciesOf(kit, { action: "list" }) as { environments: { path: string }[] };
    const [environment, ...more] = environments;
    assert.deepEqual(more, []);
    const { path, key, runtime, size_bytes: size, installed_at: at, ...rest } = environment as unknown as {
      [name: string]: unknown;
      path: string;
    };
    assert.deepEqual(rest, { language: "python", packages: PACKAGES, tools: ["other", "packed"] });
    assert.match(`${key} ${runtime} ${at}`, /^[0-9a-f]{32} Python 3\.\S+ \d{4}-/);
    assert.ok(Number(size) > 10_000);
    assert.deepEqual(await dependenciesOf(kit, { action: "prune" }), { removed: [] });

    // a tool of skillz that was replaced leaves such a folder
    await mkdir(join(folder, "env/bin"), { recursive: true });
    await writeFile(join(folder, "env/bin/python"), "");

    await kit.kernel.stop();
    await rm(path, { recursive: true });
    await using again = await start(kit.home);
    const results = await Promise.all(["packed", "other", "packed"].map((name) => again.call(name)));
    for (const result of results) assert.equal(succeed(result), "1.16.0 x");
    assert.equal(installations(again).length, 1);
    const { tool } = await dependenciesOf(again, { action: "reinstall", tool_name: "packed" }) as { tool: object };
    assert.equal(Reflect.get(tool, "path"), path);
    assert.equal(installations(again).length, 2);
  });

  test("that cannot be installed are not registered, and replace nothing", async () => {
    await using _ = await quickPath();
    await using kit = await start();
    await kit.register({ name: "packed", interpreter: "sh", code: "echo before" });
    const failing = { ...TOOL, dependencies: ["six==99"], overwrite: true };
    assert.match(
      fail(await kit.call("register_script", failing)),
      /^Cannot install the packages of "packed" \(idna, six==99\): ".*" failed with exit code 1:\n[^]*six==99/,
    );
    assert.equal(succeed(await kit.call("packed")), "before");
    const malformed = { ...TOOL, name: "y", code: "# /// script\n# dependencies = [\n# ///\n" };
    assert.match(fail(await kit.call("register_script", malformed)), /inline metadata of the script \(PEP 723\)/);
    for (
      const word of ["--index-url=https://example.com", "-e .", "six; rm -rf /", "../six", "https://example.com/a.whl"]
    ) {
      const refused = fail(await kit.call("register_script", { ...TOOL, name: "y", dependencies: [word] }));
      assert.ok(refused.startsWith(`Cannot install package ${JSON.stringify(word)} of python: `), refused);
    }
    assert.deepEqual(await toolFolders(kit), ["packed"]);
    assert.deepEqual(await readdir(join(kit.home, "tools/.staging")), []);
    assert.deepEqual(await readdir(join(kit.home, "environments/.staging")).catch(() => []), []);
  });

  test("found on disk get their packages on the first call, by their lock where they bring one", async () => {
    await using _ = await quickPath();
    await using kit = await start();
    const write = async (name: string, files: Readonly<Record<string, string>>) => {
      const folder = join(kit.home, "tools", name);
      await mkdir(folder, { recursive: true });
      const manifest = { name, description: "x", tool_type: "script", interpreter: "python3 -u", entry_file: "x.py" };
      await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
      for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    };
    const code = PYTHON.replace('["idna"]', '["idna", "six==1.16.0"]');
    await write("bare", { "x.py": code });
    assert.equal(succeed(await kit.call("call_tool", { tool_name: "list_tools" })).includes("bare"), true);
    assert.equal(succeed(await kit.call("bare")), "1.16.0 x");
    assert.equal(installations(kit).length, 1);
    assert.deepEqual((await readdir(join(kit.home, "tools/bare"))).sort(), ["manifest.json", "x.py"]);

    const { tool: { lock } } = await dependenciesOf(kit, { action: "info", tool_name: "bare" }) as {
      tool: { lock: string };
    };
    await write("locked", { "x.py": code, "dependencies.lock": lock });
    await write("spoilt", {
      "x.py": code,
      "dependencies.lock": lock.replace(/sha256:[0-9a-f]{64}/g, `sha256:${"0".repeat(64)}`),
    });
    await write("foreign", { "x.py": code, "dependencies.lock": `--index-url https://example.com\n${lock}` });
    succeed(await kit.call("list_tools"));
    assert.equal(succeed(await kit.call("locked")), "1.16.0 x");
    assert.match(fail(await kit.call("spoilt")), /^Cannot install the packages of "spoilt"[^]*hash/i);
    assert.match(
      fail(await kit.call("foreign")),
      /"--index-url https:\/\/example\.com" is not one version with its hashes/,
    );
    assert.equal(installations(kit).length, 1);
    const { tool } = await dependenciesOf(kit, { action: "info", tool_name: "spoilt" }) as { tool: { state: string } };
    assert.equal(tool.state, "not installed");
  });
});

test("a script that is registered anew may need other packages, or none, or those of another language", async () => {
  await using _ = await quickPath();
  await using kit = await start();
  const python = `import six; print(six.__version__)`;
  const node = `console.log(require("is-number/package.json").version)`;
  const steps: readonly (readonly [{ readonly code: string } & JsonObject, string, boolean])[] = [
    [{ dependencies: ["six==1.16.0"], code: python }, "1.16.0", true],
    [{ dependencies: ["six==1.17.0"], code: python }, "1.17.0", true],
    [{ code: "print(1)" }, "1", false],
    [{ dependencies: ["six==1.16.0"], code: python }, "1.16.0", true],
    [{ interpreter: "node", dependencies: ["is-number@6.0.0"], code: node }, "6.0.0", true],
    [{ interpreter: "node", dependencies: ["is-number@7.0.0"], code: node }, "7.0.0", true],
  ];
  for (const [tool, value, isLocked] of steps) {
    await kit.register({ name: "fickle", interpreter: "python3", overwrite: true, ...tool });
    assert.equal(succeed(await kit.call("fickle")), value);
    const files = await readdir(join(kit.home, "tools/fickle"));
    assert.equal(files.includes("dependencies.lock"), isLocked, JSON.stringify(tool));
  }
  assert.equal(succeed(await kit.call("call_tool", { tool_name: "fickle", version: "1.0.1" })), "1.17.0");
  succeed(await kit.call("version", { action: "rollback", tool_name: "fickle", version: "1.0.0" }));
  assert.equal(succeed(await kit.call("fickle")), "1.16.0");
});

test("scripts of Node find their packages, as CommonJS and as ES modules", async () => {
  await using kit = await start();
  const given = { interpreter: "node", dependencies: ["is-number@7", "@sindresorhus/is@4"] };
  await kit.register({
    ...given,
    name: "common",
    code: `console.log(require("is-number")(1), require("@sindresorhus/is").default(1))`,
  });
  await kit.register({
    ...given,
    name: "modern",
    extension: "mjs",
    code:
      `import isNumber from "is-number";\nimport is from "@sindresorhus/is";\nconsole.log(isNumber(1), is.default(1))`,
  });
  assert.equal(succeed(await kit.call("common")), "true number");
  assert.equal(succeed(await kit.call("modern")), "true number");
  assert.equal(installations(kit).length, 1);
});

test("scripts of Deno import their packages by name, with the permissions that they have", async (t) => {
  if (!await hasProgram("deno", "--version")) return t.skip("deno is not installed");
  await using kit = await start();
  const code = `import isNumber from "is-number";
import * as tool from "collet_tool";
console.log(isNumber(1) && Object.keys(tool).length > 0);`;
  for (const interpreter of ["deno", "deno run -A"]) {
    await kit.register({ name: "typed", interpreter, dependencies: ["npm:is-number@7"], code, overwrite: true });
    assert.equal(succeed(await kit.call("typed")), "true");
  }
  assert.equal(installations(kit).length, 1);
});

test("scripts of Ruby find their gems", async (t) => {
  if (!await hasProgram("gem", "generate_index", "--help")) return t.skip("gem is not installed, or makes no index");
  await using folder = await temporaryFolder();
  await using gems = await serveGems(folder.path);
  using _ = withVariables({ GEMRC: gems.configuration });
  await using kit = await start();
  const code = `require "collet_outer"\nputs ColletOuter::NAME`;
  await kit.register({ name: "gems", interpreter: "ruby", dependencies: ["collet_outer:1.0.3"], code });
  assert.equal(succeed(await kit.call("gems")), "outer of inner");
  await kit.register({ name: "others", interpreter: "ruby", code: "puts Gem.path.length > 0" });
  assert.equal(succeed(await kit.call("others")), "true");
});

test("packages of other languages are refused, and all of them where nothing installs any", async () => {
  await using kit = await start();
  const shell = { name: "x", description: "x", interpreter: "bash", code: "echo", dependencies: ["jq"] };
  assert.match(
    fail(await kit.call("register_script", shell)),
    /^Cannot install the packages of "x" \(jq\): packages are installed for scripts that are run by python, .*node, .*, not by bash/,
  );
  await using without = await startScripts();
  assert.equal(without.kernel.tools.get("dependencies"), undefined);
  assert.match(
    fail(await without.call("register_script", TOOL)),
    /nothing here installs packages; the plugin "dependencies" does$/,
  );
  assert.deepEqual(await toolFolders(without), []);
});
