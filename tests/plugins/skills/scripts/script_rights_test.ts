/** What decides whether scripts of skills run, and what those that run reach. */
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type Call,
  definePlugin,
  type JsonObject,
  type Plugin,
  textOf,
  ToolError,
  type ToolResult,
} from "../../../../kernel/mod.ts";
import dependencies from "../../../../plugins/dependencies/mod.ts";
import grants from "../../../../plugins/grants/mod.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import { type KnownSkill, Skills } from "../../../../plugins/skills/contract.ts";
import skills from "../../../../plugins/skills/mod.ts";
import { type RunningKernel, startKernel, type TemporaryHome, temporaryHome } from "../../library/kit.ts";

const SKILL = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Runs scripts for a test\n${more}---\n# ${name}\n`;
const FILES: Readonly<Record<string, string>> = {
  "guarded/SKILL.md": SKILL("guarded"),
  "guarded/touch.sh": "touch touched; ls",
  "bare/run.sh": "echo bare",
  "caller/SKILL.md": SKILL("caller", "allowed-tools: list_skills\n"),
  "caller/call.py": "from collet_tool import call_tool, log\nprint('begun')\nlog('info', 'working')\n" +
    "print(type(call_tool('list_skills', {})).__name__)\n" +
    "try:\n    call_tool('get_skill_info', {'skill_name': 'caller'})\n" +
    "except Exception as error:\n    print(error)\nprint('done')\n",
  "caller/handler.mjs": "import { callTool, run } from 'collet_tool';\n" +
    "await run(async () => {\n  console.log('begun');\n  return typeof await callTool('list_skills', {});\n});\n",
  "needy/SKILL.md": SKILL("needy", "metadata:\n  openclaw:\n    requires:\n      env: [NEEDED_BY_THE_TEST]\n"),
  "needy/show.sh": 'echo "$NEEDED_BY_THE_TEST"',
  "asking/SKILL.md": SKILL("asking", "metadata:\n  collet.grants: '{\"network\": true}'\n"),
  "asking/run.sh": "echo ran",
  "wrong/SKILL.md": SKILL("wrong", "metadata:\n  collet.grants: '{\"everything\": true}'\n"),
  "wrong/run.sh": "echo ran",
};

describe("scripts of skills", { timeout: 120_000 }, () => {
  let home: TemporaryHome;
  let kernel: RunningKernel;
  const asked: KnownSkill[] = [];
  let guard: ((skill: KnownSkill, call: Call) => void) | undefined;
  const guarding: Plugin<void> = definePlugin({
    name: "guarding",
    version: "1.0.0",
    requires: { skills: Skills },
    setup(ctx) {
      ctx.own(
        "guard",
        ctx.deps.skills.addGuard((skill, call) => {
          asked.push(skill);
          guard?.(skill, call);
          return Promise.resolve();
        }),
      );
    },
  });
  before(async () => {
    home = await temporaryHome();
    for (const [path, text] of Object.entries(FILES)) {
      const file = join(home.path, "skills", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    kernel = await startKernel({
      home: home.path,
      plugins: [
        grants,
        store,
        secrets,
        sandbox,
        dependencies,
        [scripts, { warm: { per_key: 0 } }],
        [skills, { default_paths: false, paths: [join(home.path, "skills")], watch: false }],
        guarding,
      ],
    });
  });
  after(async () => {
    await kernel?.[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });
  const run = (name: string, path: string, more: JsonObject = {}): Promise<ToolResult> =>
    kernel.call("run_skill_script", { skill_name: name, script_path: path, ...more });
  const outcomeOf = async (name: string, path: string): Promise<JsonObject> => {
    const result = await run(name, path);
    assert.ok(result.structuredContent !== undefined, textOf(result));
    return result.structuredContent as JsonObject;
  };

  test("do not run when a guard refuses, which is asked each time", async () => {
    guard = ({ name }) => {
      throw new ToolError(`Cannot run scripts of skill "${name}": nobody has allowed them`);
    };
    for (let i = 0; i < 2; i++) {
      const refused = await run("guarded", "touch.sh");
      assert.equal(refused.isError, true);
      assert.equal(textOf(refused), 'Error: Cannot run scripts of skill "guarded": nobody has allowed them');
    }
    assert.equal(
      textOf(await run("bare", "run.sh")),
      'Error: Cannot run scripts of skill "bare": nobody has allowed them',
    );
    guard = undefined;
    const { stdout } = await outcomeOf("guarded", "touch.sh");
    assert.equal(stdout, "SKILL.md\ntouch.sh\ntouched\n");
    assert.deepEqual(asked.map(({ name, scope }) => `${name} ${scope}`), [
      ...["guarded user", "guarded user", "bare user", "guarded user"],
    ]);
    assert.equal(asked[0]?.path, join(home.path, "skills/guarded"));
  });

  test("reach the tools that their skill names, and no others", async () => {
    const { stdout, success, stderr: text } = await outcomeOf("caller", "call.py");
    assert.equal(success, true, String(text));
    const [begun, answer, refusal, done] = String(stdout).split("\n");
    assert.deepEqual([begun, answer, done], ["begun", "dict", "done"]);
    assert.match(String(refusal), /Cannot call tool "get_skill_info": scripts of skill "caller" reach/);
  });

  test("reach tools in the handler of a script for tools, in JavaScript too", async () => {
    const { stdout, success, stderr } = await outcomeOf("caller", "handler.mjs");
    assert.equal(success, true, String(stderr));
    assert.match(String(stdout), /object/);
  });

  test("run once what their skill requires is here, in its .env too", async () => {
    const refused = await run("needy", "show.sh");
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /needs the variable "NEEDED_BY_THE_TEST", which is not set/);
    await writeFile(join(home.path, "skills/needy/.env"), "NEEDED_BY_THE_TEST=short\n");
    assert.equal((await outcomeOf("needy", "show.sh"))["stdout"], "short\n");
  });

  test("do not run with grants that nobody gives", async () => {
    const refused = await run("asking", "run.sh");
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /network/);
    assert.match(textOf(await run("wrong", "run.sh")), /everything/);
  });

  test("do not run when their .env cannot be read", async () => {
    await symlink("/etc/hostname", join(home.path, "skills/bare/.env"));
    const refused = await run("bare", "run.sh");
    assert.equal(refused.isError, true);
    assert.match(textOf(refused), /\.env/);
  });
});
