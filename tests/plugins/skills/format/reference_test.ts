import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { validateSkill } from "../../../../plugins/skills/format/validate.ts";
import { skillIn } from "./kit.ts";
import { CORPUS } from "./reference_corpus.ts";

test("validateSkill() agrees with the reference validator, but where it says why not", async () => {
  for (const { title, folder, files, isValid, differs } of CORPUS) {
    const { hasErrors, issues } = await validateSkill(skillIn(files, folder));
    assert.equal(!hasErrors, differs === undefined ? isValid : !isValid, `${title}: ${JSON.stringify(issues)}`);
  }
  assert.equal(new Set(CORPUS.map(({ title }) => title)).size, CORPUS.length);
});

// reads the cases as JSON, files as lists of bytes, and answers with one list of errors each
const PROGRAM = `
import json, pathlib, sys, tempfile
from skills_ref.validator import validate
found = []
with tempfile.TemporaryDirectory() as folder:
    for index, case in enumerate(json.load(sys.stdin)):
        skill = pathlib.Path(folder) / str(index) / case["folder"]
        skill.mkdir(parents=True)
        for name, data in case["files"].items():
            (skill / name).write_bytes(bytes(data))
        try:
            found.append(validate(skill))
        except Exception as error:
            found.append([repr(error)])
json.dump(found, sys.stdout)
`;

test("The reference validator says of the corpus what the corpus says", (t) => {
  const python = process.env["SKILLS_REF_PYTHON"] ?? "python3";
  const probe = spawnSync(python, ["-c", "import skills_ref"], { encoding: "utf8", timeout: 20_000 });
  if (probe.status !== 0) {
    t.skip(`"${python}" cannot import skills_ref (pip install skills-ref==0.1.1 and set SKILLS_REF_PYTHON)`);
    return;
  }
  const encode = (data: string | Uint8Array) => [...typeof data === "string" ? new TextEncoder().encode(data) : data];
  const input = CORPUS.map(({ folder, files }) => ({
    folder,
    files: Object.fromEntries(Object.entries(files).map(([name, data]) => [name, encode(data)])),
  }));
  const run = spawnSync(python, ["-c", PROGRAM], { input: JSON.stringify(input), encoding: "utf8", timeout: 60_000 });
  assert.equal(run.status, 0, run.stderr);
  const found = JSON.parse(run.stdout) as string[][];
  for (const [index, { title, isValid }] of CORPUS.entries()) {
    assert.equal(found[index]!.length === 0, isValid, `${title}: ${found[index]!.join("; ")}`);
  }
});
