/**
 * `skill_crud` through a client: each operation with its text, what programs read beside it, and its refusals.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { skillFile, startManaged } from "./kit.ts";

const OPERATIONS = ["create", "list", "search", "get", "validate", "delete", "restore", "list_templates"];

describe("skill_crud", { timeout: 60_000 }, () => {
  for (const era of ["2025", "2026"] as const) {
    test(`is listed with enums, an output schema and annotations, and names the true folder (${era})`, async () => {
      await using server = await startManaged({ era });
      const { tools } = await server.kit.client.listTools();
      const tool = tools.find(({ name }) => name === "skill_crud");
      assert.ok(tool !== undefined);
      assert.ok(tool.description?.includes(server.root), tool.description);
      assert.doesNotMatch(tool.description!, /\.skill-mcp/);
      assert.deepEqual(
        (tool.inputSchema.properties as Record<string, { enum?: string[] }>)["operation"]?.enum,
        OPERATIONS,
      );
      assert.deepEqual(tool.inputSchema.required, ["operation"]);
      assert.equal(tool.annotations?.destructiveHint, true);
      assert.equal(tool.outputSchema?.type, "object");
    });
  }

  test("makes, finds, shows, checks, deletes and restores a skill in the texts of old", async () => {
    await using server = await startManaged();
    const { crud, root } = server;
    assert.equal((await crud({ operation: "list" })).text, `No skills found in ${root}`);
    const created = await crud({ operation: "create", skill_name: "weather", description: "Tells the weather" });
    assert.equal(created.text, "Successfully created skill 'weather' with 1 files:\n  - SKILL.md");
    assert.deepEqual(created.data.files_created, ["SKILL.md"]);
    const listed = await crud({ operation: "list" });
    assert.equal(listed.text, "Found 1 skill(s):\n\n✓ weather\n   Description: Tells the weather");
    // other tools know it at once as well
    assert.match((await server.ask("get_skill_info", { skill_name: "weather" })).text, /Tells the weather/);
    const got = await crud({ operation: "get", skill_name: "weather", include_content: true });
    const content = await readFile(join(root, "weather", "SKILL.md"), "utf8");
    const today = (await stat(join(root, "weather", "SKILL.md"))).mtime.toISOString().slice(0, 10);
    assert.equal(
      got.text,
      `Skill: weather\nDescription: Tells the weather\n\n=== SKILL.md Content ===\n${content}\n\n` +
        `Files (1):\n  - weather:SKILL.md (${content.length} bytes, modified: ${today})\n\n` +
        "Environment Variables:\n  (none)\n\n.env file exists: No\n",
    );
    const valid = await crud({ operation: "validate", skill_name: "weather" });
    assert.equal(valid.text, "Validation for skill 'weather':\nStatus: ✓ Valid\n\n\nSkill is valid and ready to use.");
    const unconfirmed = await crud({ operation: "delete", skill_name: "weather" });
    assert.equal(unconfirmed.text, "Error: confirm=true is required to delete skill 'weather'");
    assert.equal(unconfirmed.isError, true);
    const deleted = await crud({ operation: "delete", skill_name: "weather", confirm: true });
    assert.match(deleted.text, /^Successfully deleted skill 'weather'\n.*30 days/);
    assert.equal((await crud({ operation: "list" })).text, `No skills found in ${root}`);
    assert.match((await server.ask("get_skill_info", { skill_name: "weather" })).text, /no skill of that name/);
    const restored = await crud({ operation: "restore", skill_name: "weather" });
    assert.equal(restored.text, "Successfully restored skill 'weather'");
    assert.equal(await readFile(join(root, "weather", "SKILL.md"), "utf8"), content);
    assert.match((await server.ask("get_skill_info", { skill_name: "weather" })).text, /Tells the weather/);
  });

  test("takes null for what is left out, and tells each mistake as an error", async () => {
    await using server = await startManaged();
    const nulls = { skill_name: null, description: null, template: null, search: null, include_content: null };
    assert.equal((await server.crud({ operation: "list", ...nulls, confirm: null })).isError, false);
    await server.crud({ operation: "create", skill_name: "here", ...{ template: null, description: null } });
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ operation: "get" }, /^Error: skill_name is required for 'get' operation$/],
      [{ operation: "validate", skill_name: "" }, /^Error: skill_name is required for 'validate' operation$/],
      [{ operation: "search" }, /^Error: search pattern is required for 'search' operation$/],
      [{ operation: "search", search: "^(" }, /^Error: Cannot search by pattern "\^\(": .*missing closing \)/],
      [{ operation: "list", search: "(?=a)*" }, /^Error: Cannot search by pattern .*without look-around/],
      [{ operation: "get", skill_name: "her" }, /^Error: Skill 'her' does not exist; did you mean "here"\?$/],
      [{ operation: "delete", skill_name: "gone", confirm: true }, /^Error: Skill 'gone' does not exist/],
      [{ operation: "restore", skill_name: "gone" }, /^Error: Deleted skill 'gone' does not exist/],
      [{ operation: "create", skill_name: "here" }, /^Error: Skill 'here' already exists$/],
      [{ operation: "restart" }, /Unknown operation: "restart"\. Valid operations: create, list, /],
      [
        { operation: "create", skill_name: "new", template: "cobol" },
        /Invalid template "cobol"\. Available templates: basic, python, bash, nodejs, typescript/,
      ],
    ];
    for (const [args, expected] of cases) {
      const { text, isError } = await server.crud(args);
      assert.match(text, expected);
      assert.equal(isError, true, text);
    }
  });

  test("escapes what it is given in front matter, so that it reads back as it was", async () => {
    await using server = await startManaged();
    const description = 'Reads: "tides" # not\nname: evil\n---\n- {a: b} \u2028 \u{e0041} \x7f \\ é';
    await server.crud({ operation: "create", skill_name: "quoted", description, template: "nodejs" });
    const { data } = await server.crud({ operation: "get", skill_name: "quoted" });
    assert.equal(data.description, description);
    for (const name of ["true", "null", "no", "007", "1.5", "1e3", "con-"]) {
      const created = await server.crud({ operation: "create", skill_name: name });
      assert.equal(created.isError, false, created.text);
      assert.equal(created.data.skill, name);
    }
    const packaged = JSON.parse(await readFile(join(server.root, "quoted", "package.json"), "utf8"));
    assert.equal(packaged.description, description);
  });

  test("refuses names that are paths, options, hidden or devices, and changes nothing", async () => {
    await using server = await startManaged();
    await server.write({ "outside/SKILL.md": skillFile("outside"), "skills/inside/SKILL.md": skillFile("inside") });
    const names = [
      ...[".", "..", "../outside", "a/../../outside", join(server.home, "outside"), "inside/", "inside/.", ".trash"],
      ...["-rf", "a b", "con", "NUL.txt", "com1", "x".repeat(65), "ends.", "a\\b", "a:b", "a\u0000b", "ä", "~"],
    ];
    for (const skill_name of names) {
      for (const operation of ["create", "get", "validate", "delete", "restore"]) {
        const { isError, text } = await server.crud({ operation, skill_name, confirm: true });
        assert.equal(isError, true, `${operation} ${JSON.stringify(skill_name)}: ${text}`);
      }
    }
    assert.deepEqual((await readdir(server.home)).filter((it) => !it.startsWith(".")).sort(), ["outside", "skills"]);
    assert.deepEqual(await readdir(join(server.root, "inside")), ["SKILL.md"]);
  });

  test("reports broken YAML with its line, and what is only unusual as a warning", async () => {
    await using server = await startManaged();
    await server.write({
      "skills/broken/SKILL.md": "---\nname: broken\ndescription: [unclosed\n---\n",
      "skills/plain/SKILL.md": "# No front matter\n",
      "skills/empty/notes.txt": "",
      "skills/silent/SKILL.md": "---\nname: silent\n---\n# Silent\n",
      "skills/Odd_Name/SKILL.md": skillFile("Odd_Name"),
      "skills/marked/SKILL.md": "\ufeff" + skillFile("marked").replaceAll("\n", "\r\n"),
    });
    const broken = await server.crud({ operation: "validate", skill_name: "broken" });
    assert.equal(broken.isError, false);
    assert.equal(broken.data.is_valid, false);
    assert.match(broken.text, /Status: ✗ Invalid\n\nErrors:\n {2}- .*SKILL\.md:\d/);
    assert.ok(broken.data.errors.every((it: { readonly line?: number }) => it.line !== undefined), broken.text);
    const plain = await server.crud({ operation: "validate", skill_name: "plain" });
    assert.match(plain.text, /SKILL\.md has no YAML frontmatter/);
    const empty = await server.crud({ operation: "validate", skill_name: "empty" });
    assert.match(empty.text, /Errors:\n {2}- SKILL\.md file is missing/);
    const silent = await server.crud({ operation: "validate", skill_name: "silent" });
    assert.match(silent.text, /✓ Valid\n\n\nWarnings:\n {2}- SKILL\.md missing description in frontmatter/);
    const odd = await server.crud({ operation: "validate", skill_name: "Odd_Name" });
    assert.equal(odd.data.is_valid, true, odd.text);
    assert.ok(odd.data.warnings.length > 0);
    // a byte order mark is against the standard, and read all the same
    const marked = await server.crud({ operation: "validate", skill_name: "marked" });
    assert.equal(marked.data.is_valid, true, marked.text);
    assert.match(marked.text, /Warnings:\n {2}- .*byte order mark/i);
  });

  test("makes a skill whole or not at all, also when two calls make the same one", async () => {
    await using server = await startManaged();
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        (_, index) =>
          server.crud({ operation: "create", skill_name: "race", template: index % 2 === 0 ? "python" : "nodejs" }),
      ),
    );
    const made = answers.filter(({ isError }) => !isError);
    assert.equal(made.length, 1);
    assert.ok(
      answers.filter(({ isError }) => isError).every(({ text }) => text === "Error: Skill 'race' already exists"),
    );
    assert.deepEqual((await readdir(join(server.root, "race"))).sort(), [...made[0]!.data.files_created].sort());
    assert.deepEqual(await readdir(join(server.root, ".staging")), []);
  });

  test(
    "marks scripts of templates as executable",
    { skip: process.platform === "win32" && "no such bits" },
    async () => {
      await using server = await startManaged();
      const main = { python: "main.py", bash: "main.sh", nodejs: "main.js", typescript: "main.ts" };
      for (const [template, file] of Object.entries(main)) {
        await server.crud({ operation: "create", skill_name: template, template });
        assert.equal((await stat(join(server.root, template, file))).mode & 0o777, 0o755, file);
      }
      const { text, data } = await server.crud({ operation: "list_templates" });
      assert.match(text, /^Available templates \(5\):\n\n\*\*basic\*\*\n {2}Description: /);
      assert.deepEqual(data.templates[3].files, ["SKILL.md", "main.js", "package.json"]);
    },
  );
});
