import type { Client } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type PluginUse, type TestEra, type TestKit, testPlugin } from "../../../kernel/testing.ts";
import guide from "../../../plugins/guide/mod.ts";
import type { ToolKind } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { pause, until } from "../../support/wait.ts";
import { answerTo, callOf, HANDSHAKE, send } from "../../command_line/messages.ts";
import { startProgram } from "../../command_line/program.ts";
import { answeringKind, kindPlugin, temporaryHome } from "./kit.ts";

const run = promisify(execFile);
/** Longer than changes are gathered, so that what has not happened by then will not happen. */
const QUIET_MS = 1_500;

/** What a client was told, and a server on a folder of tools. */
interface Hot extends AsyncDisposable {
  readonly kit: TestKit;
  readonly client: Client;
  /** Kinds of lists that changed, and URIs that were updated, in order. */
  readonly told: string[];
  /** Calls a tool, and gives its text. */
  say(tool: string, args?: Record<string, unknown>): Promise<string>;
}

interface HotOptions {
  readonly hot?: boolean;
  readonly era?: TestEra;
  readonly listen?: readonly string[];
  readonly plugins?: readonly PluginUse[];
}

/** Starts a server on a home, and a client that hears of all changes. */
async function start(home: string, options: HotOptions = {}): Promise<Hot> {
  const { hot = true, era = "2025", listen = [], plugins = [scripts, guide] } = options;
  const config = { hot_reload: hot, tools_dir: join(home, "tools") };
  const platform = await detectPlatform({ home });
  const told: string[] = [];
  const kit = await testPlugin(library, config, {
    with: plugins,
    platform,
    era,
    prepare(client) {
      for (const kind of ["tools", "resources"] as const) {
        client.setNotificationHandler(`notifications/${kind}/list_changed`, () => void told.push(kind));
      }
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => void told.push(params.uri));
    },
  });
  const { client } = kit;
  if (era === "2025") { for (const uri of listen) await client.subscribeResource({ uri }); }
  else await client.listen({ toolsListChanged: true, resourcesListChanged: true, resourceSubscriptions: [...listen] });
  await pause(300);
  told.length = 0;
  return {
    kit,
    client,
    told,
    async say(tool, args = {}) {
      const { content } = await client.callTool({ name: tool, arguments: args });
      const [block] = content as { type: string; text: string }[];
      return block?.text ?? "";
    },
    [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose](),
  };
}

/** Writes a tool as its author would, file by file. */
async function writeTool(home: string, name: string, facts: Record<string, unknown> = {}): Promise<string> {
  const folder = join(home, "tools", name);
  await mkdir(folder, { recursive: true });
  const { code = `echo "${name} one"`, ...more } = facts;
  await writeFile(join(folder, `${name}.sh`), `read -r request\n${code}\n`);
  await writeManifest(home, name, more);
  return folder;
}

async function writeManifest(home: string, name: string, more: Record<string, unknown> = {}): Promise<void> {
  const manifest = {
    ...{ name, version: "1.0.0", description: `Tool ${name}`, tool_type: "script", format: 1 },
    ...{ entry_file: `${name}.sh`, interpreter: "sh", input_schema: { type: "object" }, ...more },
  };
  await writeFile(join(home, "tools", name, "manifest.json"), JSON.stringify(manifest));
}

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
}

async function listed(hot: Hot, name: string): Promise<Listed | undefined> {
  const { structuredContent } = await hot.client.callTool({ name: "list_tools", arguments: {} });
  return (structuredContent as { tools: Listed[] }).tools.find((it) => it.name === name);
}

async function namesOf({ client }: Hot): Promise<string[]> {
  return (await client.listTools()).tools.map((it) => it.name);
}

/** Ways in which programs write a file. */
const EDITORS: Readonly<Record<string, (file: string, text: string) => Promise<void>>> = {
  "write it in place": (file, text) => writeFile(file, text),
  "write another and rename it over": async (file, text) => {
    await writeFile(`${file}.tmp1234`, text);
    await rename(`${file}.tmp1234`, file);
  },
  "move the old one away first": async (file, text) => {
    await rename(file, `${file}~`);
    await writeFile(file, text);
    await rm(`${file}~`);
  },
  "remove it and write it again": async (file, text) => {
    await rm(file);
    await writeFile(file, text);
  },
};

describe("hot reload", () => {
  for (const [how, write] of Object.entries(EDITORS)) {
    test(`sees manifests and code of editors that ${how}`, async () => {
      await using home = await temporaryHome();
      const folder = await writeTool(home.path, "greet");
      const uri = "collet://tools/greet";
      await using hot = await start(home.path, { listen: [uri, "skillz://tools/greet"] });
      assert.equal(await hot.say("greet"), "greet one");
      await write(join(folder, "greet.sh"), 'read -r request\necho "greet two"\n');
      await until(() => hot.told.length >= 2, "the change of the code");
      assert.deepEqual([...hot.told].sort(), [uri, "skillz://tools/greet"], "the list is what it was");
      assert.equal(await hot.say("greet"), "greet two");

      hot.told.length = 0;
      const manifest = await readFile(join(folder, "manifest.json"), "utf8");
      await write(join(folder, "manifest.json"), manifest.replace("Tool greet", "Greets"));
      await until(() => hot.told.length >= 4, "the change of the manifest");
      assert.deepEqual([...hot.told].sort(), [uri, "resources", "skillz://tools/greet", "tools"]);
      const { tools } = await hot.client.listTools();
      assert.equal(tools.find((it) => it.name === "greet")?.description, "Greets");
      assert.equal(hot.kit.log.take("warn").length, 0, "nothing was broken in between");
    });
  }

  for (const era of ["2025", "2026"] satisfies TestEra[]) {
    test(`offers a folder that is copied in, and takes away one that is removed, for clients of ${era}`, async () => {
      await using home = await temporaryHome();
      await using hot = await start(home.path, { era });
      await writeTool(`${home.path}/elsewhere`, "came");
      await cp(join(home.path, "elsewhere", "tools"), join(home.path, "tools"), { recursive: true });
      await until(async () => (await namesOf(hot)).includes("came"), "the tool");
      assert.equal(await hot.say("came"), "came one");
      await until(() => new Set(hot.told).size === 2, "both notices");
      assert.deepEqual([...new Set(hot.told)].sort(), ["resources", "tools"]);
      const { resources } = await hot.client.listResources();
      assert.ok(resources.some((it) => it.uri === "collet://tools/came"));

      hot.told.length = 0;
      await rm(join(home.path, "tools", "came"), { recursive: true });
      await until(() => new Set(hot.told).size === 2, "both notices");
      assert.ok(!(await namesOf(hot)).includes("came"));
      assert.equal(await listed(hot, "came"), undefined);
    });
  }

  test("follows git from one branch to another", async () => {
    await using home = await temporaryHome();
    const tools = join(home.path, "tools");
    const git = (...args: string[]) =>
      run("git", ["-C", tools, "-c", "user.name=t", "-c", "user.email=t@localhost", ...args]);
    await writeTool(home.path, "both");
    await writeTool(home.path, "old");
    await git("init", "--quiet", "--initial-branch", "first");
    await git("add", ".");
    await git("commit", "--quiet", "-m", "first");
    await git("checkout", "--quiet", "-b", "second");
    await rm(join(tools, "old"), { recursive: true });
    await writeTool(home.path, "both", { code: "echo second" });
    await writeTool(home.path, "new");
    await git("add", "--all", ".");
    await git("commit", "--quiet", "-m", "second");
    await git("checkout", "--quiet", "first");
    await using hot = await start(home.path);
    assert.equal(await hot.say("both"), "both one");
    for (
      const [branch, said, names] of [["second", "second", "both new"], ["first", "both one", "both old"]] as const
    ) {
      await git("checkout", "--quiet", branch);
      const made = async () => (await namesOf(hot)).filter((it) => ["both", "new", "old"].includes(it)).join(" ");
      await until(async () => await made() === names, `the tools of ${branch}`);
      assert.equal(await hot.say("both"), said);
    }
  });

  test("leaves alone what installers and the server write", async () => {
    await using home = await temporaryHome();
    const folder = await writeTool(home.path, "quiet");
    let loads = 0;
    const kind: ToolKind = answeringKind({
      load(manifest) {
        loads++;
        return { run: () => Promise.resolve({ value: manifest.name }) };
      },
    });
    await writeManifest(home.path, "quiet", { tool_type: "answering" });
    await using hot = await start(home.path, { plugins: [kindPlugin(kind), guide] });
    await until(() => loads > 0, "the first load");
    const before = loads;
    for (
      const place of ["env/lib/site-packages", "env/node_modules", "versions/1.0.0", "__pycache__", "node_modules"]
    ) {
      await mkdir(join(folder, place), { recursive: true });
      for (let i = 0; i < 200; i++) await writeFile(join(folder, place, `f${i}.py`), "x");
    }
    for (const place of [".staging/x", ".trash/y", "../other"]) {
      await mkdir(join(home.path, "tools", place), { recursive: true });
      await writeFile(join(home.path, "tools", place, "manifest.json"), "{}");
    }
    await writeFile(join(folder, ".quiet.sh.swp"), "x");
    await pause(QUIET_MS);
    assert.equal(loads, before);
    assert.deepEqual(hot.told, []);
    assert.deepEqual(hot.kit.log.entries.filter((it) => it.message.startsWith("Took over")), []);
  });

  test("loads what was registered through the server once", async () => {
    await using home = await temporaryHome();
    await using hot = await start(home.path);
    const code = 'read -r request; echo "made one"';
    const script = { name: "made", description: "x", interpreter: "sh", code };
    await hot.client.callTool({ name: "register_script", arguments: script });
    await until(() => hot.told.includes("tools"), "the notice of the registration");
    await pause(QUIET_MS);
    assert.deepEqual(hot.told.filter((it) => it === "tools"), ["tools"]);
    const changed = { ...script, code: code.replace("one", "two"), overwrite: true };
    await hot.client.callTool({ name: "register_script", arguments: changed });
    await hot.client.callTool({ name: "delete_tool", arguments: { tool_name: "made" } });
    await pause(QUIET_MS);
    assert.deepEqual(hot.kit.log.entries.filter((it) => it.message.startsWith("Took over")), []);
  });

  test("tells the clients of each server of what another did", async () => {
    await using home = await temporaryHome();
    await using one = await start(home.path);
    await using two = await start(home.path);
    const script = { name: "shared", description: "x", interpreter: "sh", code: "read -r x; echo first" };
    await one.client.callTool({ name: "register_script", arguments: script });
    await until(async () => (await namesOf(two)).includes("shared"), "the tool at the other server");
    await until(() => two.told.includes("tools"), "the notice");
    assert.equal(await two.say("shared"), "first");
    await one.client.callTool({ name: "delete_tool", arguments: { tool_name: "shared" } });
    await until(async () => !(await namesOf(two)).includes("shared"), "its end at the other server");
  });

  test("lets a call that runs end with the old code", async () => {
    await using home = await temporaryHome();
    const wait = (word: string) => `
import json, os, sys, time
request = json.loads(sys.stdin.readline())["params"]["arguments"]
open(request["file"], "w").write("x")
while os.path.exists(request["file"]): time.sleep(0.02)
print("${word}")
`;
    const folder = await writeTool(home.path, "slow");
    await writeFile(join(folder, "slow.py"), wait("old"));
    await writeManifest(home.path, "slow", { entry_file: "slow.py", interpreter: "python3" });
    await using hot = await start(home.path, { listen: ["collet://tools/slow"] });
    const file = join(home.path, "running");
    const running = hot.say("slow", { file });
    await until(() => readFile(file).then(() => true, () => false), "the call");
    await writeFile(join(folder, "slow.py"), wait("new"));
    await writeManifest(home.path, "slow", { entry_file: "slow.py", interpreter: "python3", description: "Other" });
    await until(() => hot.told.includes("collet://tools/slow"), "the change");
    await rm(file);
    assert.equal(await running, "old");
    const next = hot.say("slow", { file });
    await until(() => readFile(file).then(() => true, () => false), "the next call");
    await rm(file);
    assert.equal(await next, "new");
  });
});

describe("hot reload of a tool that becomes broken", () => {
  const TROUBLE: Readonly<Record<string, { readonly reason: RegExp; make(home: string): Promise<void> }>> = {
    "its manifest is no JSON": {
      reason: /its manifest is not JSON/,
      make: (home) => writeFile(join(home, "tools/greet/manifest.json"), '{"name": "greet",'),
    },
    "its schema is none": {
      reason: /input of tool "greet"/,
      make: (home) => writeManifest(home, "greet", { input_schema: { type: "object", required: 1 } }),
    },
    "its file is gone": {
      reason: /its file "greet.sh" is missing/,
      make: (home) => rm(join(home, "tools/greet/greet.sh")),
    },
    "its manifest is gone": {
      reason: /its manifest is gone/,
      make: (home) => rm(join(home, "tools/greet/manifest.json")),
    },
    "it names another file, which is not there": {
      reason: /its file "other.sh" is missing/,
      async make(home) {
        await writeManifest(home, "greet", { entry_file: "other.sh", description: "Never seen" });
        await writeFile(join(home, "tools/greet/greet.sh"), "echo half done");
      },
    },
  };

  for (const [what, { reason, make }] of Object.entries(TROUBLE)) {
    test(`goes on with the last good one, and says so: ${what}`, async () => {
      await using home = await temporaryHome();
      await writeTool(home.path, "greet");
      await using hot = await start(home.path);
      await make(home.path);
      await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the report");
      const message = hot.kit.log.take("warn")[0]!.message;
      assert.match(message, /^Tool "greet" is broken: /);
      assert.match(message, reason);
      const tool = await listed(hot, "greet");
      assert.equal(tool?.state, "broken");
      assert.match(tool?.reason ?? "", reason);
      assert.match(tool?.reason ?? "", /calls run it as it was before, until it is mended/);
      assert.equal(await hot.say("greet"), "greet one");
      assert.equal(await hot.say("call_tool", { tool_name: "greet" }), "greet one");
      const { tools } = await hot.client.listTools();
      assert.equal(tools.find((it) => it.name === "greet")?.description, "Tool greet");

      // still broken, in another way
      await writeFile(join(home.path, "tools/greet/manifest.json"), "[");
      await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the second report");
      assert.equal(await hot.say("greet"), "greet one");

      await writeTool(home.path, "greet", { code: "echo mended" });
      await until(async () => (await listed(hot, "greet"))?.state === "ready", "its mending");
      assert.equal(await hot.say("greet"), "mended");
      const copies = await readdir(join(home.path, "tools/.staging")).catch(() => []);
      assert.deepEqual(copies, [], "the copy of the last good one is gone");
    });
  }

  test("takes it away when it is removed, deleted or given another name", async () => {
    for (const end of ["removed", "deleted", "renamed"]) {
      await using home = await temporaryHome();
      const folder = await writeTool(home.path, "greet");
      await using hot = await start(home.path);
      await rm(join(folder, "greet.sh"));
      await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the report");
      if (end === "removed") await rm(folder, { recursive: true });
      if (end === "deleted") await hot.client.callTool({ name: "delete_tool", arguments: { tool_name: "greet" } });
      if (end === "renamed") {
        await writeFile(join(folder, "greet.sh"), "echo renamed");
        const manifest = await readFile(join(folder, "manifest.json"), "utf8");
        await writeFile(join(folder, "manifest.json"), manifest.replace('"greet"', '"other"'));
      }
      await until(async () => !(await namesOf(hot)).includes("greet"), `its end: ${end}`);
      if (end === "renamed") await until(async () => (await namesOf(hot)).includes("other"), "the new name");
    }
  });

  test("goes on with the packages in its folder", async () => {
    await using home = await temporaryHome();
    const folder = await writeTool(home.path, "packaged");
    await mkdir(join(folder, "env/node_modules/answer"), { recursive: true });
    await writeFile(join(folder, "env/node_modules/answer/index.js"), "module.exports = 42;");
    await writeFile(join(folder, "packaged.js"), 'console.log(require("answer"));');
    await writeManifest(home.path, "packaged", { entry_file: "packaged.js", interpreter: "node" });
    await using hot = await start(home.path);
    assert.equal(await hot.say("packaged"), "42");
    await rm(join(folder, "packaged.js"));
    await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the report");
    assert.equal(await hot.say("packaged"), "42");
  });

  test("leaves no copy behind when the server stops", async () => {
    await using home = await temporaryHome();
    const folder = await writeTool(home.path, "greet");
    {
      await using hot = await start(home.path);
      await rm(join(folder, "greet.sh"));
      await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the report");
      assert.equal((await readdir(join(home.path, "tools/.staging"))).length, 1);
    }
    assert.deepEqual(await readdir(join(home.path, "tools/.staging")), []);
  });
});

test("hot reload takes SKILLZ_* from a tool of skillz whose code is edited, and gives it back with the code", async (t) => {
  await using home = await temporaryHome();
  process.env["SKILLZ_TEST_TOKEN"] = "s3cret";
  t.after(() => void delete process.env["SKILLZ_TEST_TOKEN"]);
  const folder = await writeTool(home.path, "old", { format: undefined, code: 'echo "[$SKILLZ_TEST_TOKEN]"' });
  const code = await readFile(join(folder, "old.sh"), "utf8");
  await chmod(join(folder, "old.sh"), 0o755);
  await using hot = await start(home.path);
  assert.equal(await hot.say("old"), "[s3cret]");
  await writeFile(join(folder, "old.sh"), `${code}# edited\n`);
  await until(async () => await hot.say("old") === "[]", "its end as a tool of skillz");
  await writeFile(join(folder, "old.sh"), code);
  await until(async () => await hot.say("old") === "[s3cret]", "its return");
  await rm(join(folder, "old.sh"));
  await until(() => hot.kit.log.entries.some((it) => it.level === "warn"), "the report");
  assert.equal(await hot.say("old"), "[s3cret]", "the last good one is that of skillz");
});

describe("the program", () => {
  for (
    const [how, args, env] of [["flag", ["--hot-reload"], {}], ["variable", [], { COLLET_HOT_RELOAD: "1" }]] as const
  ) {
    test(`watches the tools with the ${how}`, async () => {
      await using home = await temporaryHome();
      await writeTool(home.path, "greet");
      await using running = await startProgram(args, { home: home.path, env });
      send(running, ...HANDSHAKE, callOf(1, "greet"));
      assert.match(JSON.stringify(await answerTo(running, 1)), /greet one/);
      await writeTool(home.path, "greet", { code: "echo edited", description: "Other" });
      // the list may have changed before, when the tool was first offered
      await running.seen("stderr", /Took over changes of the tools/);
      await running.seen("stdout", /notifications\/tools\/list_changed/);
      send(running, callOf(2, "greet"));
      assert.match(JSON.stringify(await answerTo(running, 2)), /edited/);
      await writeFile(join(home.path, "tools/greet/manifest.json"), "{");
      await running.seen("stderr", /warn .*Tool "greet" is broken/);
      send(running, callOf(3, "greet"));
      assert.match(JSON.stringify(await answerTo(running, 3)), /edited/);
      running.child.stdin?.end();
      assert.equal((await running.ended).code, 0);
      assert.deepEqual(await readdir(join(home.path, "tools/.staging")), []);
    });
  }
});

describe("without hot reload", () => {
  test("nothing is watched, and nothing is kept", async () => {
    await using home = await temporaryHome();
    const folder = await writeTool(home.path, "greet");
    await using hot = await start(home.path, { hot: false });
    await writeTool(home.path, "came");
    await writeFile(join(folder, "manifest.json"), "{");
    await pause(QUIET_MS);
    assert.deepEqual(hot.told, []);
    assert.ok(!(await namesOf(hot)).includes("came"));
    assert.equal((await listed(hot, "greet"))?.state, "broken");
    assert.deepEqual((await namesOf(hot)).filter((it) => ["came", "greet"].includes(it)), ["came"]);
  });

  for (const era of ["2025", "2026"] satisfies TestEra[]) {
    test(`clients of ${era} are told of tools and their pages that come and go through the server`, async () => {
      await using home = await temporaryHome();
      await using hot = await start(home.path, { hot: false, era });
      const script = { name: "made", description: "x", interpreter: "sh", code: "echo" };
      await hot.client.callTool({ name: "register_script", arguments: script });
      await until(() => new Set(hot.told).size === 2, "both notices");
      hot.told.length = 0;
      await pause(200);
      await hot.client.callTool({ name: "delete_tool", arguments: { tool_name: "made" } });
      await until(() => new Set(hot.told).size === 2, "both notices again");
    });
  }
});
