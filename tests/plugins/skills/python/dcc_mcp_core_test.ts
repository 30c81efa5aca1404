import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { findRealPackage, type Python, pythonIsMissing, readResult, startPython } from "./kit.ts";

const run = promisify(execFile);
const SKIP = await pythonIsMissing();
const REAL = SKIP ? undefined : await findRealPackage();
const REAL_SKIP = REAL === undefined &&
  "no Python here has the package dcc-mcp-core; name one in COLLET_TEST_DCC_PYTHON";

const NAMES = [
  ...["SerializeFormat", "ToolResult", "deserialize_result", "error_result", "from_exception", "serialize_result"],
  ...["success_result", "validate_action_result"],
];
const HELPERS = ["run_main", "skill_entry", "skill_error", "skill_exception", "skill_success", "skill_warning"];
const WHERE = `
import json
import dcc_mcp_core
from dcc_mcp_core import ${NAMES.join(", ")}
from dcc_mcp_core.skill import ${HELPERS.join(", ")}
import dcc_mcp_core.skill as skill
def main(a=1):
    result = validate_action_result(skill_success("m", a=a))
    again = deserialize_result(serialize_result(result, SerializeFormat.Json))
    return skill_success("m", a=again.context["a"], places=[dcc_mcp_core.__file__, skill.__file__])
run_main(main)
`;

let python: Python;
before(async () => {
  if (!SKIP) python = await startPython();
});
after(async () => {
  if (!SKIP) await python[Symbol.asyncDispose]();
});

/** Makes an environment with a package that is called as the real one. */
async function makeEnvironment(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(python.path, name);
  await mkdir(python.path, { recursive: true });
  await run("python3", ["-m", "venv", "--without-pip", folder]);
  const program = join(folder, "bin", "python3");
  const { stdout } = await run(program, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(stdout.trim(), "dcc_mcp_core"), { recursive: true });
    await writeFile(join(stdout.trim(), "dcc_mcp_core", path), text);
  }
  return program;
}

describe("dcc_mcp_core", { skip: SKIP }, () => {
  test("is collet_skill where the package is not installed", async () => {
    const program = await makeEnvironment("empty", {});
    const ran = await python.run(WHERE, { python: program, input: '{"a": 3}' });
    const folder = join(python.modules, "dcc_mcp_core");
    assert.deepEqual([ran.stderr, readResult(ran).context], ["", {
      a: 3,
      places: [join(folder, "__init__.py"), join(folder, "skill.py")],
    }]);
  });

  test("gives way to a package that is installed, whichever module is imported first", async () => {
    const program = await makeEnvironment("full", {
      "__init__.py": "from dcc_mcp_core.skill import NAME\n",
      "skill.py": 'NAME = "the real one"\n',
    });
    for (
      const line of [
        "from dcc_mcp_core.skill import NAME",
        "import dcc_mcp_core\nNAME = dcc_mcp_core.skill.NAME",
        "import collet_skill\nfrom dcc_mcp_core import NAME",
      ]
    ) {
      const { stdout, stderr } = await python.run(`${line}\nprint(NAME)\n`, { python: program });
      assert.deepEqual([stdout, stderr], ["the real one\n", ""]);
    }
  });

  test("takes the place of a package that cannot be loaded, and says so", async () => {
    const program = await makeEnvironment("broken", {
      "__init__.py": "import dcc_mcp_core.skill\nimport dcc_mcp_core._core\n",
      "skill.py": "skill_success = None\n",
    });
    const ran = await python.run(WHERE, { python: program });
    assert.equal(readResult(ran).context.a, 1);
    assert.match(ran.stderr, /Cannot load the package dcc-mcp-core.*No module named 'dcc_mcp_core\._core'/);
  });

  test("does not take a folder of that name for the package", async () => {
    await python.write("folders/dcc_mcp_core/notes.txt", "no package");
    const program = join(python.path, "empty", "bin", "python3");
    const ran = await python.run(WHERE, { python: program, env: { PYTHONPATH: join(python.path, "folders") } });
    assert.deepEqual([ran.stderr, ran.code], ["", 0]);
  });

  test("is the real package where that is installed", { skip: REAL_SKIP }, async () => {
    const ran = await python.run(WHERE, { python: REAL!, input: '{"a": 3}' });
    const { a, places } = readResult(ran).context;
    assert.equal(a, 3);
    for (const place of places) assert.ok(!place.startsWith(python.modules), place);
  });
});
