import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryHome } from "../library/kit.ts";
import { fail, missing, startScripts, succeed } from "./kit.ts";

const FIXTURE = fileURLToPath(new URL("../../fixtures/skillz_tools/", import.meta.url));

/** A folder of skillz's tools, a home beside it, and a secret in the environment. */
async function prepare() {
  const root = await temporaryHome();
  const tools = join(root.path, "skillz tools");
  await cp(FIXTURE, tools, { recursive: true });
  process.env["SKILLZ_TOKEN"] = "s3cret";
  process.env["COLLET_TEST_OTHER"] = "other";
  process.env["TOOLS_DIR"] = tools;
  const start = () => startScripts({ home: join(root.path, "home") });
  return {
    tools,
    start,
    async [Symbol.asyncDispose]() {
      for (const name of ["SKILLZ_TOKEN", "COLLET_TEST_OTHER", "TOOLS_DIR"]) delete process.env[name];
      await root[Symbol.asyncDispose]();
    },
  };
}

interface Surroundings {
  readonly process: Record<string, string>;
  readonly context: Record<string, string>;
  readonly others: string[];
  readonly roots: string[];
  readonly cwd: string;
  readonly working_directory: string;
}

describe("a folder of skillz's tools", () => {
  test("runs as it is", async () => {
    await using folder = await prepare();
    await using kit = await folder.start();
    assert.deepEqual((await kit.call("greet", { name: "Ada" })).structuredContent, { greeting: "Hello, Ada" });
    assert.equal(succeed(await kit.call("slug", { text: "A b" })), "a-b");
    assert.equal(succeed(await kit.call("rows")), "first\nsecond\nthird");
    assert.equal(succeed(await kit.call("shebang")), "run by its first line");
    const { definition } = kit.kernel.tools.get("greet")!;
    assert.deepEqual(definition.annotations, { title: "Greeter", readOnlyHint: true });
    assert.equal(definition.meta?.["version"], "1.0.1");
  });

  test("says of each tool that does not run why", async () => {
    await using folder = await prepare();
    await using kit = await folder.start();
    const { structuredContent } = await kit.call("list_tools");
    const { tools } = structuredContent as { tools: { name: string; state: string; reason?: string }[] };
    const states = Object.fromEntries(tools.map((it) => [it.name, `${it.state}: ${it.reason}`]));
    assert.match(states["broken"]!, /^broken: its manifest is not JSON/);
    assert.match(states["lost"]!, /^broken: its file "lost.py" is missing/);
    assert.match(states["outside"]!, /^broken: Cannot use path "\.\.\/greet\/greet\.py"/);
    assert.match(states["compiled"]!, /^unavailable: not available: kind "wasm"/);
    assert.match(states["chain"]!, /^unavailable: not available: kind "pipeline"/);
    assert.match(states["clock"]!, /^unavailable: not available: kind "mcp"/);
    assert.match(states["database"]!, /^unavailable: .*requires services \(postgres\)/);
    assert.equal(states["services"], undefined);
    assert.equal(Object.keys(states).length, 12);
    const text = succeed(await kit.call("list_tools"));
    assert.match(text, /\*\*lost\*\* .*\[broken: its file "lost.py" is missing\]/);
    assert.match(fail(await kit.call("call_tool", { tool_name: "lost" })), /the tool is broken: its file/);
    const warned = kit.log.take("warn").map((it) => it.message).join("\n");
    for (const name of ["broken", "lost", "outside"]) assert.match(warned, new RegExp(`"${name}"`));
  });

  test("keeps SKILLZ_* and the server's folder for the tools of the first start, said once", async () => {
    await using folder = await prepare();
    const saidIn = (kit: { log: { entries: readonly { message: string }[] } }) =>
      kit.log.entries.filter((it) => it.message.includes("made by skillz keep")).length;
    {
      await using first = await folder.start();
      const seen = (await first.call("secrets")).structuredContent as Surroundings;
      assert.equal(seen.process["SKILLZ_TOKEN"], "s3cret");
      assert.equal(seen.context["SKILLZ_TOKEN"], "s3cret");
      assert.deepEqual(seen.others, [], "no other variable of the server");
      assert.equal(seen.cwd, process.cwd());
      assert.equal(seen.working_directory, process.cwd());
      assert.equal(saidIn(first), 1);
      await first.register({ name: "spy", interpreter: "sh", code: 'read -r x; echo "[$SKILLZ_TOKEN]"' });
      assert.equal(succeed(await first.call("spy")), "[]", "a tool of Collet starts with nothing");
    }
    await cp(join(folder.tools, "secrets"), join(folder.tools, "later"), { recursive: true });
    const manifest = await readFile(join(folder.tools, "later/manifest.json"), "utf8");
    await writeFile(join(folder.tools, "later/manifest.json"), manifest.replace('"secrets"', '"later"'));
    await using second = await folder.start();
    const before = (await second.call("secrets")).structuredContent as Surroundings;
    assert.equal(before.process["SKILLZ_TOKEN"], "s3cret");
    const later = (await second.call("later")).structuredContent as Surroundings;
    assert.deepEqual([later.process, later.context], [{}, {}], "what came later has to be granted");
    assert.equal(saidIn(second), 0);
  });

  test("takes SKILLZ_* from a tool whose code was changed, or registered anew", async () => {
    await using folder = await prepare();
    await (await folder.start())[Symbol.asyncDispose]();
    const file = join(folder.tools, "secrets/secrets.py");
    const code = await readFile(file, "utf8");
    await writeFile(file, `${code}# changed\n`);
    {
      await using kit = await folder.start();
      assert.deepEqual(((await kit.call("secrets")).structuredContent as Surroundings).process, {});
    }
    await writeFile(file, code);
    await using kit = await folder.start();
    assert.equal(((await kit.call("secrets")).structuredContent as Surroundings).process["SKILLZ_TOKEN"], "s3cret");
    await kit.register({ name: "secrets", interpreter: "python3", code, overwrite: true });
    assert.deepEqual(((await kit.call("secrets")).structuredContent as Surroundings).process, {});
  });

  test("is rewritten with all that was in it, and its versions are kept", async () => {
    await using folder = await prepare();
    await using kit = await folder.start();
    await kit.register({ name: "greet", interpreter: "python3", code: "print('new')", overwrite: true });
    const manifest = JSON.parse(await readFile(join(folder.tools, "greet/manifest.json"), "utf8"));
    assert.equal(manifest.author, "Ada");
    assert.equal(manifest.created_at, "2025-12-28T09:30:00Z");
    assert.equal(manifest.version, "1.0.2");
    assert.equal(manifest.format, 1);
    assert.equal(await readFile(join(folder.tools, "greet/versions/1.0.0/greet.py"), "utf8"), "print('first')\n");
    assert.match(await readFile(join(folder.tools, "greet/versions/1.0.1/greet.py"), "utf8"), /Hello, \{name\}/);
  });

  test("a broken tool can be replaced and deleted", async () => {
    await using folder = await prepare();
    await using kit = await folder.start();
    const script = { name: "broken", description: "x", interpreter: "sh", code: "echo mended" };
    assert.match(fail(await kit.call("register_script", script)), /it exists \(broken\)/);
    await kit.register({ ...script, overwrite: true });
    assert.equal(succeed(await kit.call("broken")), "mended");
    succeed(await kit.call("delete_tool", { tool_name: "lost" }));
    succeed(await kit.call("delete_tool", { tool_name: "chain" }));
  });

  test("packages that skillz installed are used", async (t) => {
    await using folder = await prepare();
    const modules = join(folder.tools, "packaged/env/node_modules/answer");
    await mkdir(modules, { recursive: true });
    await writeFile(join(modules, "index.js"), "module.exports = 42;");
    await writeFile(join(folder.tools, "packaged/packaged.js"), 'console.log(require("answer"));');
    const manifest = { description: "x", tool_type: "script", dependencies: ["answer"] };
    const packaged = { ...manifest, name: "packaged", interpreter: "node", entry_file: "packaged.js" };
    await writeFile(join(folder.tools, "packaged/manifest.json"), JSON.stringify(packaged));
    const bin = join(folder.tools, "virtual/env/bin");
    await mkdir(bin, { recursive: true });
    await writeFile(join(folder.tools, "virtual/virtual.py"), "import sys; print(sys.argv[0], sys.executable)");
    const virtual = { ...manifest, name: "virtual", interpreter: "python3", entry_file: "virtual.py" };
    await writeFile(join(folder.tools, "virtual/manifest.json"), JSON.stringify(virtual));
    await using kit = await folder.start();
    assert.equal(succeed(await kit.call("packaged")), "42");
    const reason = await missing(kit, "perl");
    if (reason) return t.skip(reason);
    // stands for the Python of a virtual environment: like that one it is a link that leads outside
    await symlink("/usr/bin/perl", join(bin, "python"));
    await writeFile(join(folder.tools, "virtual/virtual.py"), 'print "run by $^X\\n";');
    assert.match(succeed(await kit.call("virtual")), /^run by .*perl/);
  });

  test("links that lead outside are refused, and read by nobody", async () => {
    await using folder = await prepare();
    await symlink("/etc", join(folder.tools, "linked"));
    await mkdir(join(folder.tools, "escape"));
    await symlink("/etc/passwd", join(folder.tools, "escape/escape.py"));
    const manifest = { name: "escape", description: "x", tool_type: "script", entry_file: "escape.py" };
    await writeFile(join(folder.tools, "escape/manifest.json"), JSON.stringify(manifest));
    await mkdir(join(folder.tools, "sly"));
    await symlink("/etc/passwd", join(folder.tools, "sly/manifest.json"));
    await using kit = await folder.start();
    const { structuredContent } = await kit.call("list_tools");
    const { tools } = structuredContent as { tools: { name: string; state: string; reason?: string }[] };
    for (const name of ["linked", "escape", "sly"]) {
      const tool = tools.find((it) => it.name === name);
      assert.equal(tool?.state, "broken", name);
      assert.match(tool?.reason ?? "", /Cannot use path/, name);
    }
    // what replaces such a tool does not get its links
    const script = { name: "escape", description: "x", code: "echo new", interpreter: "sh", overwrite: true };
    succeed(await kit.call("register_script", script));
    assert.equal(succeed(await kit.call("escape")), "new");
    const paths = await readdir(join(folder.tools, "escape"), { recursive: true });
    assert.ok(!paths.some((path) => path.endsWith("escape.py")), paths.join(" "));
    assert.ok(!JSON.stringify(tools).includes("root:"));
    await rm(join(folder.tools, "linked"));
  });
});
