/**
 * What of a skill counts as what runs.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryFiles } from "../../../kernel/testing.ts";
import { canRun, readSurface, Surfaces } from "../../../plugins/repos/surface.ts";
import { skillText } from "./skill_repository.ts";

const SKILL = { "SKILL.md": skillText("tides"), "scripts/read.py": "print(1)", "notes.md": "# Notes" };

async function surfaceOf(files: Readonly<Record<string, string>>) {
  return await readSurface(memoryFiles(files));
}

describe("readSurface()", () => {
  test("leaves out documents, and what people read of the front matter", async () => {
    const { digest, files, documents } = await surfaceOf(SKILL);
    assert.deepEqual(files.map(({ path }) => path), ["scripts/read.py"]);
    assert.deepEqual(documents.map(({ path }) => path), ["SKILL.md", "notes.md"]);
    const others = {
      ...SKILL,
      "notes.md": "# Other",
      "more.md": "# More",
      "SKILL.md": skillText("tides", { front: "license: MIT\nmetadata:\n  version: '2'\n", body: "# Other" }),
    };
    assert.equal((await surfaceOf(others)).digest, digest);
  });

  for (
    const [what, files] of Object.entries({
      "a script": { "scripts/read.py": "print(2)" },
      "a file that scripts read": { "data.json": "{}" },
      "a Markdown file among the scripts": { "scripts/run.md": "x" },
      "a Markdown file that says what runs it": { "run.md": "#!/bin/sh\n" },
      "the dependencies on other skills": { "metadata/depends.md": "- other" },
      "the tools it may use": { "SKILL.md": skillText("tides", { front: "allowed-tools: Bash\n" }) },
      "what it asks for": { "SKILL.md": skillText("tides", { front: "metadata:\n  collet.grants: '{}'\n" }) },
      "a sidecar": { "tools.yaml": "tools: []" },
    })
  ) {
    test(`counts ${what}`, async () => {
      const before = await surfaceOf(SKILL);
      assert.notEqual((await surfaceOf({ ...SKILL, ...files })).digest, before.digest);
    });
  }

  test("counts a document that a script names", async () => {
    const naming = { ...SKILL, "scripts/read.py": 'exec(open("notes.md").read())' };
    const before = await surfaceOf(naming);
    assert.deepEqual(before.files.map(({ path }) => path), ["notes.md", "scripts/read.py"]);
    assert.notEqual((await surfaceOf({ ...naming, "notes.md": "evil()" })).digest, before.digest);
  });

  const named: readonly (readonly [what: string, doc: string, files: Readonly<Record<string, string>>])[] = [
    ["a name with a space", "my notes.md", { "a.py": "open('my notes.md')" }],
    ["a name in other letters", "donn\u00e9es.md", { "a.py": "open('donn\u00e9es.md')" }],
    ["a pattern, as it has no plain end", "\u65e5\u672c.md", { "a.py": "glob('*.md')" }],
    ["the end of a long file", "notes.md", { "a.py": `${"#".repeat(2 ** 21)}\nopen("notes.md")` }],
    ["the settings of a package", "run.md", { "package.json": '{"main": "./run.md"}' }],
  ];
  for (const [what, doc, files] of named) {
    test(`counts a document that is named by ${what}`, async () => {
      const naming = { "SKILL.md": skillText("tides"), ...files };
      const before = await surfaceOf({ ...naming, [doc]: "x", "other.md": "x" });
      assert.ok(before.files.some(({ path }) => path === doc));
      assert.ok(before.documents.some(({ path }) => path === "other.md"));
      assert.notEqual((await surfaceOf({ ...naming, [doc]: "evil()", "other.md": "x" })).digest, before.digest);
    });
  }

  test("looks through long words and many names in a moment", async () => {
    const started = Date.now();
    await surfaceOf({
      ...SKILL,
      "a.py": "a".repeat(2 ** 20),
      "b.py": "a.md".repeat(2 ** 16),
      "c.py": "-.".repeat(2 ** 18),
    });
    // what goes through a text once for each of its characters takes minutes
    assert.ok(Date.now() - started < 10_000);
  });

  test("tells packages, grants and tools", async () => {
    const read = new Surfaces((source) => Promise.resolve(source.includes("httpx") ? ["httpx>=0.27"] : []));
    const { packages, grants, tools } = await read.read(memoryFiles({
      ...SKILL,
      "scripts/read.py": "import httpx",
      "requirements.txt": "# none\nrich==13.0  # pretty\n",
      "package.json": '{"dependencies": {"left-pad": "^1.3.0"}, "devDependencies": {"x": "1"}}',
      "SKILL.md": skillText("tides", {
        front: "allowed-tools: Read\nmetadata:\n  collet.grants: '{\"network\": true}'\n",
      }),
    }));
    assert.deepEqual(packages, ["httpx>=0.27", "left-pad@^1.3.0", "rich==13.0"]);
    assert.deepEqual(grants, ["network: true", "tool: Read"]);
    assert.deepEqual(tools, ["read"]);
  });
});

describe("canRun()", () => {
  test("is false for documents, data and pictures alone", async () => {
    assert.equal(
      canRun(await surfaceOf({ "SKILL.md": skillText("a"), LICENSE: "", "a.png": "", "a.json": "" })),
      false,
    );
    assert.equal(canRun(await surfaceOf(SKILL)), true);
    const front = "metadata:\n  dcc-mcp:\n    tools:\n      - name: x\n        source_file: run.txt\n";
    const declared = { "SKILL.md": skillText("a", { front }), "run.txt": "#!/bin/sh\n" };
    assert.equal(canRun(await surfaceOf(declared)), true);
  });
});
