import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Environment, Files } from "../../../kernel/mod.ts";
import { AuthorModules, mergeEnvironments } from "../../../plugins/scripts/author_modules/mod.ts";
import { languageOf } from "../../../plugins/scripts/languages.ts";
import { findNode, NODE_VERSIONS } from "../../../scripts/lib/nodes.ts";
import { listFiles, readText } from "../../../scripts/lib/repository.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";
import { missing, type ScriptKit, startScripts, succeed } from "./kit.ts";

const run = promisify(execFile);
const SOURCES = "plugins/scripts/author_modules";
const LINUX = { os: "linux" } as const;

/** Makes the modules of a new home; more than one server may be asked for. */
async function startModules(servers = 1) {
  const home = await temporaryHome();
  const path = join(home.path, "a home, with spaces");
  const kernels = await Promise.all(Array.from({ length: servers }, () => startKernel({ home: path })));
  const modules = kernels.map(({ kernel }) =>
    new AuthorModules({ home: kernel.get(Files)!, environment: kernel.get(Environment)! })
  );
  return {
    path,
    modules,
    [Symbol.asyncDispose]: async () => {
      for (const kernel of kernels) await kernel[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

async function listBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name)).sort();
}

describe("AuthorModules", () => {
  test("gives nothing, and writes nothing, for scripts that do not mention the module", async () => {
    await using it = await startModules();
    const modules = it.modules[0]!;
    const scripts = ["python", "node", "deno", "ruby", "sh"].map((name) =>
      [name, "import my_collet_tool_box"] as const
    );
    for (
      const [interpreter, source] of [...scripts, ["perl", "use collet_tool"], ["unknown", "collet_tool"]] as const
    ) {
      const language = languageOf([interpreter]);
      assert.deepEqual(await modules.environmentFor(language, { source }), { env: {}, args: [] }, interpreter);
      assert.equal(await modules.folderFor(language, { source }), undefined, interpreter);
    }
    await assert.rejects(stat(join(it.path, "author_modules")), /ENOENT/);
  });

  test("names the hook of Node only to scripts that import the module or packages", async () => {
    await using it = await startModules();
    const modules = it.modules[0]!;
    const node = languageOf(["node"]);
    const given = async (source: string, env?: Record<string, string>) => {
      const found = await modules.environmentFor(node, { source, env });
      const names = Object.keys(found.env);
      assert.equal(await modules.folderFor(node, { source, env }) !== undefined, names.length > 0, source);
      return found.env;
    };
    assert.deepEqual(Object.keys(await given('require("collet_tool")')), ["NODE_PATH"]);
    const imported = await given('import "collet_tool"');
    assert.deepEqual(Object.keys(imported), ["NODE_PATH", "NODE_OPTIONS"]);
    assert.match(imported["NODE_OPTIONS"]!, /^--import=file:\/\/\/[^ ]+a%20home%2C%20with%20spaces[^ ]+$/);
    const packages = { NODE_PATH: "/packages" };
    assert.deepEqual(Object.keys(await given("import x from 'x'", packages)), ["NODE_OPTIONS"]);
    assert.deepEqual(await given("require('x')", packages), {});
    assert.deepEqual(await given("import x from 'x'"), {});
  });

  test("names its files as they are called where the script runs", async () => {
    await using it = await startModules();
    const modules = it.modules[0]!;
    const source = 'import "collet_tool"';
    for (const interpreter of ["python", "node", "deno", "ruby", "sh"]) {
      const language = languageOf([interpreter]);
      const folder = await modules.folderFor(language, { source });
      assert.ok(folder !== undefined && folder.startsWith(`${it.path}/`), folder);
      const path = (path: string) => path.replace(folder, "/inside");
      const { env, args } = await modules.environmentFor(language, { source, path, searchPath: "/bin" });
      const told = decodeURIComponent(JSON.stringify([env, args]));
      assert.match(told, /\/inside\//, interpreter);
      assert.ok(!decodeURIComponent(told).includes(it.path), told);
      if (interpreter === "sh") assert.match(env["PATH"]!, /^\/bin:\/inside\//);
    }
  });

  test("writes each file once, whoever asks at the same time, and again what is gone", async () => {
    await using it = await startModules(2);
    const ask = () =>
      Promise.all(
        it.modules.flatMap((modules) =>
          [1, 2].map(() => modules.environmentFor(languageOf(["python"]), { source: "collet_tool" }))
        ),
      );
    const answers = await ask();
    assert.equal(new Set(answers.map(({ env }) => env["PYTHONPATH"])).size, 1);
    const folder = dirname(answers[0]!.env["PYTHONPATH"]!);
    const files = await listBelow(folder);
    assert.deepEqual(files.map((file) => file.slice(folder.length + 1)), [
      "node_hook.mjs",
      "node_modules/collet_tool/collet_tool.cjs",
      "node_modules/collet_tool/collet_tool.mjs",
      "node_modules/collet_tool/package.json",
      "node_modules/collet_tool/types.d.mts",
      "python/collet_skill.py",
      "python/collet_tool.py",
      "python/dcc_mcp_core/__init__.py",
      "python/dcc_mcp_core/skill.py",
      "ruby/collet_tool.rb",
      "shell/collet_tool.sh",
    ]);
    assert.equal(await readFile(files[6]!, "utf8"), readText(`${SOURCES}/collet_tool.py`));
    const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
    await ask();
    assert.deepEqual(await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs)), times);
    await rm(files[5]!);
    await using again = await startKernel({ home: it.path });
    const { kernel } = again;
    await new AuthorModules({ home: kernel.get(Files)!, environment: kernel.get(Environment)! })
      .environmentFor(languageOf(["ruby"]), { source: "collet_tool" });
    assert.deepEqual(await listBelow(folder), files);
  });

  test("keeps what a script of Deno imports by its own configuration", async () => {
    await using it = await startModules();
    const folder = join(it.path, "tool");
    await mkdir(folder, { recursive: true });
    const imports = async (args: string[] = []) => {
      const given = await it.modules[0]!.environmentFor(languageOf(["deno"]), {
        source: 'import "collet_tool"',
        file: join(folder, "tool.ts"),
        args: ["deno", "run", "-A", ...args],
      });
      return given.args.map((arg) => JSON.parse(decodeURIComponent(arg.split(",").slice(1).join(","))).imports);
    };
    assert.deepEqual((await imports()).map((it) => Object.keys(it)), [["collet_tool"]]);
    await writeFile(join(folder, "deno.json"), JSON.stringify({ imports: { a: "npm:a@1", b: "./b, c.ts" } }));
    const [found] = await imports();
    assert.deepEqual([found.a, fileURLToPath(found.b)], ["npm:a@1", join(folder, "b, c.ts")]);
    const other = join(it.path, "other.json");
    await writeFile(other, JSON.stringify({ imports: { d: "jsr:@d/d" } }));
    for (const args of [[`--config=${other}`], ["--config", other]]) {
      assert.deepEqual((await imports(args)).map((it) => Object.keys(it)), [["collet_tool", "d"]]);
    }
    assert.deepEqual(await imports(["--import-map=own.json"]), []);
    await writeFile(join(folder, "deno.json"), "{ broken");
    assert.deepEqual((await imports()).map((it) => Object.keys(it)), [["collet_tool"]]);
  });
});

describe("a script", () => {
  const startWith = async (t: TestContext, interpreter: string): Promise<ScriptKit | undefined> => {
    const kit = await startScripts();
    const reason = await missing(kit, interpreter);
    if (reason === false) return kit;
    t.skip(reason);
    await kit[Symbol.asyncDispose]();
    return undefined;
  };

  test("that does not mention the module has none of its variables", async (t: TestContext) => {
    await using kit = await startWith(t, "python3");
    if (kit === undefined) return;
    const text = succeed(await kit.runCode("python3", "import os\nprint(sorted(os.environ))"));
    assert.doesNotMatch(text, /PYTHONPATH|NODE_|RUBYLIB/);
    await assert.rejects(stat(`${kit.home}/author_modules`), /ENOENT/);
  });

  test("without an interpreter finds the module by its first line", async (t: TestContext) => {
    await using kit = await startWith(t, "python3");
    if (kit === undefined) return;
    const code = "#!/usr/bin/env python3\nfrom collet_tool import run\nrun(lambda arguments: 'found')";
    await kit.register({ name: "first_line", code });
    assert.equal(succeed(await kit.call("first_line")), "found");
  });

  test("has its own module before that of the server", async (t: TestContext) => {
    await using kit = await startWith(t, "python3");
    if (kit === undefined) return;
    await kit.register({ name: "own", interpreter: "python3", code: "import collet_tool\nprint(collet_tool.run)" });
    await writeFile(`${kit.home}/tools/own/collet_tool.py`, "run = 'of the tool'\n");
    assert.equal(succeed(await kit.call("own")), "of the tool");
  });

  test("of Node imports the packages that skillz installed for it", async (t: TestContext) => {
    await using kit = await startWith(t, "node");
    if (kit === undefined) return;
    const folder = `${kit.home}/tools/packed`;
    await mkdir(`${folder}/env/node_modules/greeting`, { recursive: true });
    await writeFile(`${folder}/env/node_modules/greeting/index.js`, 'module.exports = "hello";');
    await writeFile(`${folder}/packed.mjs`, 'import greeting from "greeting"; console.log(greeting);');
    const manifest = {
      name: "packed",
      description: "x",
      tool_type: "script",
      entry_file: "packed.mjs",
      interpreter: "node",
    };
    await writeFile(`${folder}/manifest.json`, JSON.stringify(manifest));
    await using again = await startScripts({ home: kit.home });
    assert.equal(succeed(await again.call("packed")), "hello");
  });

  test("of Node may import several ways, and start threads and processes that do", async (t: TestContext) => {
    await using kit = await startWith(t, "node");
    if (kit === undefined) return;
    const code = `
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { run } from "collet_tool";
await run(async () => {
  const source = 'import { run } from "collet_tool"; import { parentPort } from "node:worker_threads"; parentPort.postMessage(typeof run);';
  writeFileSync("thread.mjs", source);
  const ofThread = new Promise((done) => new Worker(resolve("thread.mjs")).once("message", done));
  const child = 'import { run } from "collet_tool"; console.log(typeof run)';
  return [
    (await import("collet_tool")).run === run,
    typeof createRequire(import.meta.url)("collet_tool").run,
    await ofThread,
    execFileSync(process.execPath, ["--input-type=module", "-e", child], { encoding: "utf8" }).trim(),
  ].join(" ");
});`;
    await kit.register({ name: "several", interpreter: "node", extension: "mjs", code });
    assert.equal(succeed(await kit.call("several")), "true function function function");
  });
});

test("mergeEnvironments joins lists, each word once, and lets the last of other values win", () => {
  const merged = mergeEnvironments([
    { PYTHONPATH: "/a:/b", NODE_OPTIONS: "--import=x --trace-warnings", LANG: "C" },
    undefined,
    { PYTHONPATH: "/c:/a:", NODE_OPTIONS: "--import=y --import=x", LANG: "D", PATH: "/bin" },
  ], LINUX);
  assert.deepEqual(merged, {
    PYTHONPATH: "/a:/b:/c",
    NODE_OPTIONS: "--import=x --trace-warnings --import=y",
    LANG: "D",
    PATH: "/bin",
  });
  assert.deepEqual(mergeEnvironments([{ NODE_PATH: "C:\\a" }, { NODE_PATH: "D:\\b" }], { os: "windows" }), {
    NODE_PATH: "C:\\a;D:\\b",
  });
});

for (const version of NODE_VERSIONS) {
  test(`the hook finds packages of NODE_PATH, and changes nothing else, on Node ${version}`, async (t: TestContext) => {
    const node = await findNode(version);
    if ("missing" in node) return t.skip(node.missing);
    await using home = await temporaryHome();
    const write = async (path: string, text: string) => {
      await mkdir(dirname(join(home.path, path)), { recursive: true });
      await writeFile(join(home.path, path), text);
    };
    await write("hook.mjs", readText(`${SOURCES}/node_hook.mjs`));
    await write(
      "one/node_modules/both/package.json",
      '{"exports":{".":{"import":"./i.mjs","require":"./r.cjs"},"./sub":"./sub.mjs"}}',
    );
    await write("one/node_modules/both/i.mjs", 'export default "import";');
    await write("one/node_modules/both/r.cjs", 'module.exports = "require";');
    await write("one/node_modules/both/sub.mjs", 'import bad from "needs_other"; export default bad;');
    await write("two/node_modules/@scope/needs/index.js", 'module.exports = "scoped";');
    await write("two/node_modules/needs_other/index.js", 'module.exports = "other";');
    await write("two/node_modules/broken/index.mjs", 'import "not_there";');
    await write("two/node_modules/broken/package.json", '{"exports":"./index.mjs"}');
    await write("own/node_modules/both/index.js", 'module.exports = "own";');
    await write("own/main.mjs", 'import both from "both"; console.log(both);');
    const tried = [
      "both",
      "both/sub",
      "both/hidden",
      "@scope/needs",
      "broken",
      "absent",
      "./absent.mjs",
      "node:fs",
      "#absent",
    ];
    const main = `for (const it of ${JSON.stringify(tried)}) {
      console.log(it, await import(it).then((module) => typeof module.default === "string" ? module.default : "there", (error) => error.code + " " + error.message.split("'")[1]));
    }`;
    await write("script/main.mjs", main);
    const env = {
      PATH: "",
      NODE_PATH: [join(home.path, "one/node_modules"), join(home.path, "two/node_modules"), "/no/such"].join(":"),
      NODE_OPTIONS: `--import=${pathToFileURL(join(home.path, "hook.mjs")).href}`,
    };
    const { binary } = node;
    const program = binary === "node" ? (await run("node", ["-p", "process.execPath"])).stdout.trim() : binary;
    const { stdout, stderr } = await run(program, [join(home.path, "script/main.mjs")], { env });
    assert.deepEqual(stdout.trim().split("\n"), [
      "both import",
      "both/sub other",
      "both/hidden ERR_PACKAGE_PATH_NOT_EXPORTED ./hidden",
      "@scope/needs scoped",
      "broken ERR_MODULE_NOT_FOUND not_there",
      "absent ERR_MODULE_NOT_FOUND absent",
      `./absent.mjs ERR_MODULE_NOT_FOUND ${join(home.path, "script/absent.mjs")}`,
      "node:fs there",
      "#absent ERR_PACKAGE_IMPORT_NOT_DEFINED undefined",
    ]);
    assert.equal(stderr, "", "no warning");
    assert.equal((await run(program, [join(home.path, "own/main.mjs")], { env })).stdout.trim(), "own");
  });
}

describe("the sources of the modules", () => {
  test("export the same names as ES module, as CommonJS, and in their types", async () => {
    await using it = await startModules();
    const { env } = await it.modules[0]!.environmentFor(languageOf(["node"]), { source: "collet_tool" });
    const folder = join(env["NODE_PATH"]!, "collet_tool");
    const source = await readFile(join(folder, "collet_tool.mjs"), "utf8");
    const [, list = ""] = /^export \{([^}]*)\};\n$/m.exec(source) ?? [];
    const names = list.split(",").map((name) => name.trim()).filter((name) => name !== "").sort();
    assert.ok(names.length > 20, names.join());
    const types = await readFile(join(folder, "types.d.mts"), "utf8");
    const declared = [...types.matchAll(/^export declare (?:function|const|class) (\w+)/gm)].map(([, name]) => name);
    assert.deepEqual([...new Set(declared)].sort(), names);
    const common = await readFile(join(folder, "collet_tool.cjs"), "utf8");
    assert.doesNotMatch(common, /^\s*(export|import)\b/m);
    const print = `console.log(Object.keys(require(${JSON.stringify(join(folder, "collet_tool.cjs"))})).sort().join())`;
    const { stdout } = await run("node", ["-e", print]);
    assert.equal(stdout.trim(), names.join());
  });

  test("have the functions of the others in Python, Ruby and the shell", () => {
    const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const functions = [...readText(`${SOURCES}/types.d.mts`).matchAll(/^export declare function (\w+)/gm)]
      .map(([, name = ""]) => snake(name));
    const find = (file: string, pattern: RegExp) =>
      new Set([...readText(`${SOURCES}/${file}`).matchAll(pattern)].map(([, name]) => name));
    const python = find("collet_tool.py", /^def ([a-z]\w*)/gm);
    const ruby = find("collet_tool.rb", /^ {4}def ([a-z]\w*)/gm);
    const shell = find("collet_tool.sh", /^collet_(\w+)\(\)/gm);
    assert.deepEqual(functions.filter((name) => !python.has(name)), []);
    assert.deepEqual(functions.filter((name) => !ruby.has(name)), []);
    assert.deepEqual(functions.filter((name) => !shell.has(name)), []);
    const actions = [
      ...readText(`${SOURCES}/types.d.mts`).matchAll(/^ {2}(\w+)\([^)]*\): (?:Promise|AsyncGenerator)/gm),
    ]
      .map(([, name = ""]) => snake(name));
    assert.equal(actions.length, 10);
    assert.deepEqual(actions.filter((name) => !find("collet_tool.py", /^ {4}def ([a-z]\w*)/gm).has(name)), []);
    assert.deepEqual(actions.filter((name) => !find("collet_tool.rb", /^ {4}def ([a-z]\w*)/gm).has(name)), []);
    assert.deepEqual(actions.filter((name) => !find("collet_tool.sh", /^ {4}(\w+)\) /gm).has(name)), []);
  });

  test("are Python 3.7", async (t: TestContext) => {
    const code = "import ast, sys; ast.parse(sys.argv[1], feature_version=(3, 7))";
    try {
      await run("python3", ["-c", code, readText(`${SOURCES}/collet_tool.py`)]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ENOENT") throw error;
      t.skip("python3 is not installed");
    }
  });

  test("import nothing but what comes with the language", () => {
    const imports = (file: string, pattern: RegExp) =>
      [...readText(`${SOURCES}/${file}`).matchAll(pattern)].map(([, name]) => name);
    assert.deepEqual(
      imports("collet_tool.py", /^ *(?:import|from) (\w+)/gm).filter((it) => it !== "collet_tool").sort(),
      [
        "asyncio",
        "json",
        "os",
        "queue",
        "sys",
        "threading",
        "traceback",
      ],
    );
    assert.deepEqual(imports("collet_tool.rb", /^ *require "(\w+)"/gm), ["json"]);
    assert.deepEqual(imports("collet_tool.mjs", /^ *import\b(.*)/gm), []);
    assert.ok(listFiles(SOURCES).length >= 12);
  });
});
