import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import type { Folder } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { fakeLog, type TestEra, testPlugin } from "../../../kernel/testing.ts";
import library from "../../../plugins/library/mod.ts";
import { migrateOldLayout } from "../../../plugins/library/old_layout.ts";
import { ToolStorage } from "../../../plugins/library/storage.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { temporaryHome } from "./kit.ts";

const HELLO = `
import json, os, sys
request = json.loads(sys.stdin.readline())
name = request["params"]["arguments"].get("name", "world")
result = {"said": f"hello {name}", "token": os.environ.get("SKILLZ_OLD_TOKEN")}
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
`;

/** Entries as the one manifest of the older layout holds them. */
const ENTRIES = {
  hello: {
    description: "Say hello",
    tool_type: "script",
    interpreter: "python3",
    script_path: "scripts/hello.py",
    input_schema: { type: "object", properties: { name: { type: "string" } } },
    house: "kept",
  },
  "by-name": { name: "by-name", description: "Found by its name", tool_type: "script", interpreter: "sh" },
  moved: { description: "Path of another machine", interpreter: "sh", script_path: "/home/ada/tools/scripts/moved.sh" },
  sums: { description: "Compiled", tool_type: "wasm", wasm_path: "sums.wasm" },
  lost: { description: "Its file is gone", tool_type: "script", interpreter: "sh", script_path: "scripts/lost.sh" },
  "../evil": { description: "No name", tool_type: "script", script_path: "scripts/hello.py" },
};

const FILES = {
  "scripts/hello.py": HELLO,
  "scripts/by-name.sh": "read -r x; echo found",
  "scripts/moved.sh": "read -r x; echo moved",
  "sums.wasm": "\0asm",
};

async function writeOldLayout(tools: string, manifest: unknown = ENTRIES): Promise<string> {
  await mkdir(join(tools, "scripts"), { recursive: true });
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(tools, path), text);
  for (const name of await readdir(join(tools, "scripts"))) await chmod(join(tools, "scripts", name), 0o755);
  const text = JSON.stringify(manifest, null, 2);
  await writeFile(join(tools, "manifest.json"), text);
  return text;
}

async function migrate(path: string) {
  const log = fakeLog();
  await migrateOldLayout(new ToolStorage(createFiles(path)), log);
  return log;
}

for (const era of ["2025", "2026"] satisfies TestEra[]) {
  test(`the older layout of skillz is taken over at the first start, for clients of ${era}`, async (t) => {
    await using home = await temporaryHome();
    const tools = join(home.path, "tools");
    const old = await writeOldLayout(tools);
    process.env["SKILLZ_OLD_TOKEN"] = "s3cret";
    t.after(() => void delete process.env["SKILLZ_OLD_TOKEN"]);
    const options = { with: [scripts], platform: await detectPlatform({ home: home.path }), era };
    {
      await using kit = await testPlugin(library, undefined, options);
      const said = await kit.client.callTool({ name: "hello", arguments: { name: "Ada" } });
      assert.deepEqual(said.structuredContent, { said: "hello Ada", token: "s3cret" });
      for (const [name, text] of [["by-name", "found"], ["moved", "moved"]] as const) {
        assert.deepEqual((await kit.client.callTool({ name })).content, [{ type: "text", text }]);
      }
      const { structuredContent } = await kit.client.callTool({ name: "list_tools" });
      const listed = (structuredContent as { tools: { name: string; state: string; reason?: string }[] }).tools;
      assert.deepEqual(listed.map((it) => `${it.name}: ${it.state}`), [
        "by-name: ready",
        "hello: ready",
        "lost: broken",
        "moved: ready",
        "sums: unavailable",
      ]);
      const told = kit.log.entries.filter((it) => it.message.includes("older layout"));
      assert.deepEqual(told.map((it) => [it.level, it.message, it.data?.["tools"], it.data?.["backup"]]), [
        [
          "info",
          "Took over 5 tools of skillz's older layout, each into a folder of its own",
          "hello by-name moved sums lost",
          "manifest.json.bak",
        ],
        [
          "warn",
          'Not taken over of skillz\'s older layout: "../evil": a name has 1 to 64 of A-Z a-z 0-9 _ -',
          undefined,
          "manifest.json.bak",
        ],
      ]);
    }
    assert.equal(await readFile(join(tools, "manifest.json.bak"), "utf8"), old);
    assert.equal(await readFile(join(tools, "scripts/hello.py"), "utf8"), HELLO, "the old files stay");
    await using again = await testPlugin(library, undefined, options);
    assert.deepEqual(again.log.entries.filter((it) => it.message.includes("older layout")), [], "once");
    const said = await again.client.callTool({ name: "hello" });
    assert.deepEqual(said.structuredContent, { said: "hello world", token: "s3cret" });
  });
}

describe("migrateOldLayout()", () => {
  test("keeps every field, and gives each tool its file", async () => {
    await using home = await temporaryHome();
    await writeOldLayout(home.path);
    await migrate(home.path);
    const read = async (path: string) => await readFile(join(home.path, path), "utf8");
    const { script_path: _, ...entry } = ENTRIES.hello;
    assert.deepEqual(JSON.parse(await read("hello/manifest.json")), {
      ...entry,
      name: "hello",
      entry_file: "hello.py",
    });
    assert.equal(await read("hello/hello.py"), HELLO);
    assert.ok(((await stat(join(home.path, "hello/hello.py"))).mode & 0o111) !== 0, "it can be run itself");
    assert.equal(await read("sums/sums.wasm"), "\0asm");
    assert.deepEqual(await readdir(join(home.path, ".staging")), []);
  });

  for (
    const [what, manifest] of [
      ["a map under tools", { version: "1", tools: { hello: ENTRIES.hello } }],
      ["a list under tools", { tools: [{ name: "hello", ...ENTRIES.hello }] }],
    ] as const
  ) {
    test(`reads ${what}`, async () => {
      await using home = await temporaryHome();
      await writeOldLayout(home.path, manifest);
      const log = await migrate(home.path);
      assert.equal(log.entries.length, 1);
      assert.equal(log.entries[0]?.data?.["tools"], "hello");
      assert.equal(await readFile(join(home.path, "hello/hello.py"), "utf8"), HELLO);
    });
  }

  test("never overwrites a backup", async () => {
    await using home = await temporaryHome();
    await writeFile(join(home.path, "manifest.json.bak"), "precious");
    for (let i = 1; i <= 2; i++) {
      const old = await writeOldLayout(home.path, { hello: { ...ENTRIES.hello, description: `time ${i}` } });
      await migrate(home.path);
      assert.equal(await readFile(join(home.path, `manifest.json.bak.${i}`), "utf8"), old);
    }
    assert.equal(await readFile(join(home.path, "manifest.json.bak"), "utf8"), "precious");
  });

  test("leaves a tool of that name as it is", async () => {
    await using home = await temporaryHome();
    await writeOldLayout(home.path);
    await mkdir(join(home.path, "hello"));
    await writeFile(join(home.path, "hello/manifest.json"), "mine");
    const log = await migrate(home.path);
    assert.equal(await readFile(join(home.path, "hello/manifest.json"), "utf8"), "mine");
    assert.equal(log.entries[0]?.data?.["there"], "hello");
  });

  test("leaves alone, with a warning, what is no map of tools", async () => {
    const one = { name: "x", description: "x", tool_type: "script", input_schema: { type: "object" } };
    for (const text of ["{", "[]", "3", JSON.stringify(one), JSON.stringify({ a: {}, b: 1 })]) {
      await using home = await temporaryHome();
      await writeFile(join(home.path, "manifest.json"), text);
      const log = await migrate(home.path);
      assert.deepEqual(log.entries.map((it) => it.level), ["warn"], text);
      assert.deepEqual((await readdir(home.path)).filter((it) => !it.startsWith(".")), ["manifest.json"], text);
      assert.equal(await readFile(join(home.path, "manifest.json"), "utf8"), text);
    }
  });

  test("reads nothing outside the folder", async () => {
    await using home = await temporaryHome();
    const tools = join(home.path, "tools");
    await writeFile(join(home.path, "secret.py"), "secret");
    const paths = ["../secret.py", join(home.path, "secret.py")];
    await writeOldLayout(tools, Object.fromEntries(paths.map((path, i) => [`t${i}`, { script_path: path }])));
    await migrate(tools);
    for (const i of [0, 1]) assert.deepEqual(await readdir(join(tools, `t${i}`)), ["manifest.json"]);
  });

  test("goes on where it was interrupted, whenever that is", async () => {
    for (let step = 0;; step++) {
      await using home = await temporaryHome();
      const old = await writeOldLayout(home.path);
      const log = fakeLog();
      const dying = dieAfter(step, createFiles(home.path));
      await Promise.race([migrateOldLayout(new ToolStorage(dying.folder), log), dying.died]);
      await dying.release();
      const backup = await readFile(join(home.path, "manifest.json.bak"), "utf8").catch(() => undefined);
      const current = await readFile(join(home.path, "manifest.json"), "utf8").catch(() => undefined);
      assert.equal(backup ?? current, old, `after ${step} steps`);
      await migrate(home.path);
      for (const [name, file] of [["hello", "hello.py"], ["moved", "moved.sh"]] as const) {
        const text = await readFile(join(home.path, name, file), "utf8");
        assert.equal(text, FILES[`scripts/${file}`], `after ${step} steps`);
        JSON.parse(await readFile(join(home.path, name, "manifest.json"), "utf8"));
      }
      assert.equal(await readFile(join(home.path, "manifest.json.bak"), "utf8"), old);
      assert.deepEqual((await readdir(home.path)).filter((it) => it.includes(".bak.")), []);
      if (!dying.hasDied()) {
        assert.ok(step > 15, `${step} steps`);
        break;
      }
    }
  });

  test("is done once by two servers that start at the same time", async () => {
    await using home = await temporaryHome();
    const old = await writeOldLayout(home.path);
    const logs = await Promise.all([migrate(home.path), migrate(home.path)]);
    assert.equal(logs.flatMap((it) => it.entries).filter((it) => it.level === "info").length, 1);
    assert.equal(await readFile(join(home.path, "manifest.json.bak"), "utf8"), old);
    assert.deepEqual((await readdir(home.path)).filter((it) => it.startsWith("manifest.json")), ["manifest.json.bak"]);
  });
});

/** A folder whose owner dies at a step that changes the disk: that step and all later ones never come back. */
function dieAfter(steps: number, folder: Folder) {
  let left = steps;
  let hasDied = false;
  const releases: (() => unknown)[] = [];
  let die = () => {};
  const died = new Promise<void>((resolve) => die = resolve);
  const dead = new Promise<never>(() => {});
  const changing = new Set(["writeAtomic", "makeFolder", "move", "copy", "remove"]);
  const wrap = (inner: Folder): Folder =>
    new Proxy(inner, {
      get(target, key) {
        const value = Reflect.get(target, key) as unknown;
        if (typeof value !== "function") return value;
        if (key === "at") return (path: string) => wrap(target.at(path));
        return async (...args: unknown[]) => {
          if (changing.has(String(key)) && left-- <= 0) {
            hasDied = true;
            die();
          }
          if (hasDied) return await dead;
          const result = await (value as (...args: unknown[]) => unknown).apply(target, args);
          if (key === "lock") releases.push(result as () => unknown);
          return result;
        };
      },
    });
  return {
    folder: wrap(folder),
    died,
    hasDied: () => hasDied,
    /** What a process that died holds is taken over; this one lives on. */
    async release() {
      for (const release of releases) await release();
    },
  };
}
