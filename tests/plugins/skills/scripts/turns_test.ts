/** Runs of scripts that may write in the folder of their skill, and changes of that skill by tools, beside each other. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf, type ToolResult } from "../../../../kernel/mod.ts";
import { createFiles } from "../../../../kernel/platform/files.ts";
import grants from "../../../../plugins/grants/mod.ts";
import { Sandbox } from "../../../../plugins/sandbox/contract.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import skills from "../../../../plugins/skills/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import { pause, soon, until } from "../../../support/wait.ts";
import { type RunningKernel, startKernel, type TemporaryHome, temporaryHome } from "../../library/kit.ts";

const SKILL = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Runs scripts for a test\n${more}---\n# ${name}\n`;
const TOOL = "metadata:\n  dcc-mcp:\n    tools:\n      - name: write\n        source_file: write.sh\n";
const WAITING = "touch begun; while [ ! -e go ]; do sleep 0.05; done; rm go begun; echo ran";
const FILES: Readonly<Record<string, string>> = {
  "box/SKILL.md": SKILL("box"),
  "box/waiting.sh": WAITING,
  "other/SKILL.md": SKILL("other"),
  "tooled/SKILL.md": SKILL("tooled", TOOL),
  "tooled/write.sh": 'touch "$(dirname "$0")/made" 2>&1 || true; touch made-in-cwd 2>&1 || true; echo tried',
};

describe("changes of a skill and runs of its scripts", { timeout: 120_000 }, () => {
  let home: TemporaryHome;
  let kernel: RunningKernel;
  let root: string;
  before(async () => {
    home = await temporaryHome();
    root = join(home.path, "skills");
    for (const [path, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    kernel = await startKernel({
      home: home.path,
      plugins: [
        ...[grants, store, secrets, sandbox],
        [scripts, { warm: { per_key: 0 } }],
        [skills, { default_paths: false, paths: [root], watch: false, load: ["tooled"] }],
      ],
    });
  });
  after(async () => {
    await kernel?.[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  const call = (tool: string, args: JsonObject): Promise<ToolResult> => kernel.call(tool, args);
  const change = (skill_name: string): readonly Promise<ToolResult>[] => [
    call("skill_files_crud", { operation: "create", skill_name, file_path: `${crypto.randomUUID()}`, content: "1" }),
    call("skill_env_crud", { operation: "set", skill_name, variables: { A: "1" } }),
  ];
  /** Starts the script that waits; gives its end. */
  const begin = async (): Promise<Promise<ToolResult>[]> => {
    const ended = call("run_skill_script", { skill_name: "box", script_path: "waiting.sh" });
    await until(async () => (await readdir(join(root, "box"))).includes("begun"), "the script");
    return [ended];
  };
  const go = () => writeFile(join(root, "box/go"), "");

  test("a change waits until a script has ended, and others do not", async () => {
    const [ended] = await begin();
    let done = 0;
    const changes = change("box").map((it) => it.then((result) => (done++, result)));
    for (const result of await soon(Promise.all(change("other")))) assert.equal(result.isError, undefined);
    assert.equal(done, 0);
    await go();
    assert.match(textOf(await soon(ended!)), /ran/);
    for (const result of await soon(Promise.all(changes))) assert.notEqual(result.isError, true, textOf(result));
    assert.deepEqual(await readdir(join(root, ".running")), []);
  });

  test("a change is refused when a script does not end, and the script runs on", async () => {
    const [ended] = await begin();
    const refused = await soon(Promise.all([
      ...change("box"),
      call("skill_files_crud", { operation: "delete", skill_name: "box", file_path: "begun" }),
      call("skill_crud", { operation: "delete", skill_name: "box", confirm: true }),
    ]));
    for (const result of refused) {
      assert.equal(result.isError, true);
      assert.match(
        textOf(result),
        /^Error: Cannot change skill "box": a script of it is running, .* within 5 seconds;/,
      );
    }
    await go();
    assert.match(textOf(await soon(ended!)), /ran/);
    for (const result of await Promise.all(change("box"))) assert.notEqual(result.isError, true, textOf(result));
  });

  test("scripts of one skill run beside each other", async () => {
    const [first] = await begin();
    const listed = await call("run_skill_script", { skill_name: "box", script_path: "waiting.sh", timeout: 1 });
    assert.match(textOf(listed), /timed out/);
    await go();
    assert.match(textOf(await soon(first!)), /ran/);
  });

  test("a run waits for a change that is under way, in whichever server", async () => {
    const release = await createFiles(root).lock("skill-files");
    const run = call("run_skill_script", { skill_name: "box", script_path: "waiting.sh" });
    await pause(400);
    assert.ok(!(await readdir(join(root, "box"))).includes("begun"));
    await release();
    await go();
    assert.match(textOf(await soon(run)), /ran/);
  });

  test("a script may not write in its folder where nobody can say that it runs", async (context) => {
    if (await kernel.kernel.get(Sandbox)!.mechanism() === undefined) return context.skip("no sandbox on this machine");
    await rm(join(root, ".running"), { recursive: true });
    await writeFile(join(root, ".running"), "");
    const result = await call("run_skill_script", { skill_name: "tooled", script_path: "write.sh" });
    await rm(join(root, ".running"));
    assert.match(textOf(result), /Read-only file system|Permission denied/);
    await assert.rejects(readFile(join(root, "tooled/made")));
  });

  test("a tool of a skill does not write in its folder", async (context) => {
    if (await kernel.kernel.get(Sandbox)!.mechanism() === undefined) return context.skip("no sandbox on this machine");
    const result = await call("tooled__write", {});
    assert.match(textOf(result), /tried/);
    assert.deepEqual((await readdir(join(root, "tooled"))).sort(), ["SKILL.md", "write.sh"]);
    const run = await call("run_skill_script", { skill_name: "tooled", script_path: "write.sh" });
    assert.match(textOf(run), /tried/);
    assert.deepEqual((await readdir(join(root, "tooled"))).sort(), ["SKILL.md", "made", "made-in-cwd", "write.sh"]);
  });
});
