/**
 * `execute_python_code`: code runs with the modules and variables of skills, and its result says how it ended.
 */
import assert from "node:assert/strict";
import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { definePlugin, type JsonObject, textOf, ToolError } from "../../../../../kernel/mod.ts";
import { shipped } from "../../../../../plugins/mod.ts";
import { Sandbox } from "../../../../../plugins/sandbox/contract.ts";
import { Skills } from "../../../../../plugins/skills/contract.ts";
import { until } from "../../../../support/wait.ts";
import { type PythonKit, startPython, valueOf } from "./kit.ts";

const SKILLS = {
  weather: {
    "api_client.py": 'import os\ndef fetch(city): return f\'{city}: {os.environ.get("WEATHER_KEY", "no key")[:4]}\'\n',
    "lib/deep/shapes.py": "import sizes\nNAME = 'deep ' + sizes.NAME\n",
    "lib/deep/sizes.py": "NAME = 'sizes'\n",
    ".env": "WEATHER_KEY=sunny-sunny-sunny\nSHARED=the-same-value\n",
  },
  tides: {
    "tide_table.py": "def high(): return '06:10'\n",
    ".env": "TIDES_KEY=moony-moony-moony\nSHARED=the-same-value\n",
  },
  stormy: { "storms.py": "X = 1\n", ".env": "WEATHER_KEY=windy-windy-windy\nSHARED=another-value\n" },
  guarded: { "guarded_module.py": "X = 1\n" },
  broken: { "some_module.py": "X = 1\n" },
  "no-front-matter": { "SKILL.md": "no skill", "plain_module.py": "X = 'plain'\n" },
};

/** Lets no code of the skill `guarded` run. */
const guarding = definePlugin({
  name: "guarding",
  version: "1.0.0",
  requires: { skills: Skills },
  setup(ctx) {
    const guard = ctx.deps.skills.addGuard(({ name }) =>
      name === "guarded" ? Promise.reject(new ToolError("Nobody allowed it")) : Promise.resolve()
    );
    ctx.own("guard", guard);
  },
});

describe("execute_python_code", { timeout: 120_000 }, () => {
  let kit: PythonKit;
  before(async () => {
    kit = await startPython(SKILLS, { plugins: [...shipped, guarding] });
    await writeFile(join(kit.home, "outside.py"), "X = 1\n");
    await symlink(join(kit.home, "outside.py"), join(kit.home, "skills", "tides", "link.py"));
    await symlink(join(kit.home, "outside.py"), join(kit.home, "skills", "broken", ".env"));
  });
  after(() => kit[Symbol.asyncDispose]());

  test("says in its schema what it takes, and in its hints what it does", async () => {
    const { tools } = await kit.user.client.listTools();
    const tool = tools.find(({ name }) => name === "execute_python_code")!;
    assert.deepEqual(Object.keys(tool.inputSchema.properties!), ["code", "skill_references", "timeout"]);
    assert.deepEqual(tool.inputSchema.required, ["code"]);
    assert.deepEqual(tool.annotations, {
      title: "Execute Python code",
      ...{ readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    });
  });

  test("gives what was printed, in the words of skill-mcp and for programs", async () => {
    const result = await kit.execute("import sys\nprint('out é')\nprint('err', file=sys.stderr)");
    assert.equal(textOf(result), "Python Code Execution\nExit code: 0\n\nSTDOUT:\nout é\n\nSTDERR:\nerr\n\n");
    const { duration_ms: duration, ...value } = valueOf(result);
    assert.equal(typeof duration, "number");
    assert.deepEqual(value, {
      ...{ exit_code: 0, stdout: "out é\n", stderr: "err\n", success: true, timed_out: false },
      ...{ stdout_truncated: false, stderr_truncated: false, env_keys: [] },
    });
    assert.equal(textOf(await kit.execute("x = 1")), "Python Code Execution\nExit code: 0\n\n(No output)\n");
  });

  test("code that fails is an error with its traceback and exit code", async () => {
    const result = await kit.execute("print('before')\nimport sys\nsys.exit(3)");
    assert.equal(result.isError, true);
    assert.equal(textOf(result), "Python Code Execution\nExit code: 3\n\nSTDOUT:\nbefore\n\n");
    assert.equal((result.structuredContent as JsonObject)["exit_code"], 3);
    const raised = await kit.execute("x = 1\nraise ValueError('of mine')");
    assert.match(textOf(raised), /Exit code: 1\n[^]*line 2, in <module>[^]*ValueError: of mine/);
    const wrong = await kit.execute("def (");
    assert.match(textOf(wrong), /Exit code: 1\n[^]*SyntaxError/);
  });

  test("references bring modules of the skill, and of the folder of the file", async () => {
    const code = "import api_client, shapes, tide_table\nprint(shapes.NAME, tide_table.high(), shapes.sizes.NAME)";
    const references = [
      "weather:api_client.py",
      "weather:lib/deep/shapes.py",
      "tides:tide_table.py",
      "tides:tide_table.py",
    ];
    assert.equal(await kit.stdout(code, references), "deep sizes 06:10 sizes\n");
    assert.match(textOf(await kit.execute("import sizes", ["weather:api_client.py"])), /No module named 'sizes'/);
    assert.equal(await kit.stdout("import lib.deep.sizes as s; print(s.NAME)", ["weather:./api_client.py"]), "sizes\n");
    assert.equal(
      await kit.stdout("from plain_module import X; print(X)", ["no-front-matter:plain_module.py"]),
      "plain\n",
    );
    const none = await kit.execute("import api_client");
    assert.match(textOf(none), /No module named 'api_client'/);
  });

  test("the file of the code has no name that a module could have", async () => {
    const failed = await kit.execute("import code\nprint(code.__doc__)\nimport main");
    assert.match(textOf(failed), /Utilities needed to emulate Python[^]*No module named 'main'/);
  });

  test("references bring variables, whose names are told and whose values are not shown", async () => {
    const references = ["weather:api_client.py", "tides:tide_table.py"];
    const result = await kit.execute(
      "import api_client, os\nprint(api_client.fetch('Brest'), os.environ['TIDES_KEY'], os.environ['SHARED'])",
      references,
    );
    const { stdout, env_keys: names } = valueOf(result);
    assert.match(stdout as string, /^Brest: sunn \[.*TIDES_KEY.*\]/);
    assert.doesNotMatch(JSON.stringify(result), /moony-moony/);
    assert.deepEqual(names, ["SHARED", "TIDES_KEY", "WEATHER_KEY"]);
    assert.equal(await kit.stdout("import os; print(os.environ.get('TIDES_KEY'))"), "None\n");
  });

  test("variables that skills set to different values are a conflict that names both skills", async () => {
    const error = await kit.refusal("print('ran')", [
      "weather:api_client.py",
      "tides:tide_table.py",
      "stormy:storms.py",
    ]);
    assert.match(error, /"WEATHER_KEY" in "weather" and "stormy", "SHARED" in "weather" and "stormy"/);
    assert.doesNotMatch(error, /sunny|windy|another/);
    assert.match(await kit.refusal("", ["broken:some_module.py"]), /\.env/);
  });

  for (
    const [reference, expected] of [
      ["weather", /^Error: Invalid skill reference format: 'weather'\. Expected 'skill_name:path\/to\/file\.py'$/],
      [":api_client.py", /^Error: Invalid skill reference format/],
      ["weather:", /^Error: Invalid skill reference format/],
      ["wether:api_client.py", /^Error: Skill 'wether' does not exist.*weather/],
      ["weather:absent.py", /"weather" has no file "absent\.py"/],
      ["weather:lib", /"lib" is a folder/],
      ["weather:.", /"\." is a folder/],
      ["weather:../tides/tide_table.py", /leads out of skill "weather"/],
      ["weather:/etc/passwd", /leads out of skill "weather"/],
      ["tides:link.py", /leads out of skill "tides"/],
      ["..:outside.py", /^Error: Skill '\.\.' does not exist/],
      [".:weather/api_client.py", /^Error: Skill '\.' does not exist/],
      ["../skills/weather:api_client.py", /^Error: Skill '\.\.\/skills\/weather' does not exist/],
      ["guarded:guarded_module.py", /^Error: Nobody allowed it$/],
    ] as const
  ) {
    test(`reference ${JSON.stringify(reference)} is refused before anything runs`, async () => {
      assert.match(await kit.refusal("print('ran')", ["tides:tide_table.py", reference]), expected);
    });
  }

  test("code runs in a private folder, writes into no skill, and leaves nothing", async () => {
    const code = `import api_client, os
assert os.path.dirname(__file__) != os.path.dirname(api_client.__file__)
open("mine.txt", "w").write("x")
print(os.listdir("."), os.getcwd() == ${JSON.stringify(process.cwd())})`;
    assert.equal(await kit.stdout(code, ["weather:api_client.py"]), "['mine.txt'] False\n");
    assert.deepEqual((await readdir(join(kit.home, "skills", "weather"))).sort(), [
      ".env",
      "SKILL.md",
      "api_client.py",
      "lib",
    ]);
    await kit.execute("raise SystemExit(1)");
    await until(async () => (await kit.left()).length === 0, "the private folders to be gone");
  });

  test("what is in a folder of a skill cannot be changed where there is a sandbox", async (t) => {
    if (await kit.server.kernel.get(Sandbox)?.mechanism() !== "bubblewrap") return t.skip("bubblewrap is not there");
    const code = "import api_client, os\nopen(os.path.join(os.path.dirname(api_client.__file__), 'new.py'), 'w')";
    assert.match(textOf(await kit.execute(code, ["weather:api_client.py"])), /Read-only file system/);
  });
});
