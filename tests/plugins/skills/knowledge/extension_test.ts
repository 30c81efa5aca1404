import { SkillsClient } from "@modelcontextprotocol/client/ext/skills";
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { skillText, type SkillTree, startSkills } from "./kit.ts";

const TREE: SkillTree = {
  "tides/SKILL.md": skillText("tides", {
    more:
      'license: MIT\ncompatibility: Any\nmetadata: { version: "1.0", yes: "no" }\nx: { list: [1.0, two, null, true] }\n',
    body: "# Tides\n\nSee references/table.md.\n",
  }),
  "tides/references/table.md": "\uFEFF| hour | metres |\r\n| ---- | ------ |\r\n| 1 | 2.5 ≈ |\r\n",
  "tides/assets/chart.png": new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00]),
  "tides/.env": "TOKEN=secret\n",
  "tides/.git/config": "secret\n",
  "tides/node_modules/x/index.js": "secret\n",
  "charts/SKILL.md": skillText("charts"),
};

describe("The skills extension, read by the SDK's host, which verifies digests and front matter", () => {
  for (const era of ["2025", "2026"] as const) {
    test(`lists and reads every file of every skill (${era})`, async () => {
      await using kit = await startSkills(TREE, { era });
      const host = new SkillsClient(kit.client);
      assert.deepEqual([host.supported, host.directoryRead], [true, true]);
      const { skills } = await host.list();
      assert.deepEqual(skills.map(({ uri }) => uri), ["skill://charts/SKILL.md", "skill://tides/SKILL.md"]);
      const tides = skills[1]!;
      assert.deepEqual(tides.frontmatter["metadata"], { version: "1.0", yes: "no" });
      assert.deepEqual(tides.frontmatter["x"], { list: [1, "two", null, true] });
      const { skill } = await host.get(tides.uri);
      assert.deepEqual(skill, tides);
      assert.ok(Array.isArray(skill.resources));
      assert.deepEqual(skill.resources.map(({ uri }) => uri), [
        "skill://tides/SKILL.md",
        "skill://tides/assets/chart.png",
        "skill://tides/references/table.md",
      ]);
      const read = await Promise.all(skill.resources.map(({ uri }) => host.read(skill, uri)));
      assert.deepEqual(read.map(({ verified }) => verified), [true, true, true]);
      assert.deepEqual(read.map(({ mimeType }) => mimeType), ["text/markdown", "image/png", "text/markdown"]);
      assert.equal(read[0]?.body?.trim(), "# Tides\n\nSee references/table.md.");
    });
  }

  test("lists folders, and nothing that is hidden", async () => {
    await using kit = await startSkills(TREE, { era: "2026" });
    const host = new SkillsClient(kit.client);
    const { resources } = await host.readDirectory("skill://tides");
    assert.deepEqual(resources.map(({ uri, mimeType }) => [uri, mimeType]), [
      ["skill://tides/SKILL.md", "text/markdown"],
      ["skill://tides/assets", "inode/directory"],
      ["skill://tides/references", "inode/directory"],
    ]);
    const deeper = await host.readDirectory("skill://tides/references");
    assert.deepEqual(deeper.resources.map(({ name }) => name), ["table.md"]);
    for (
      const uri of ["skill://tides/.git", "skill://tides/SKILL.md", "skill://none", "skill://tides/..", "other://x"]
    ) {
      await assert.rejects(host.readDirectory(uri), { code: -32602 }, uri);
    }
  });

  test("gives nothing that is hidden, or led to by a link, by any way to it", async () => {
    await using kit = await startSkills(TREE);
    await writeFile(join(kit.folder, "outside.md"), "secret");
    await mkdir(join(kit.folder, "tides", "links"));
    await symlink(join(kit.folder, "outside.md"), join(kit.folder, "tides", "links", "out.md"));
    await symlink(join(kit.folder, "charts"), join(kit.folder, "tides", "links", "charts"));
    const paths = [
      ".env",
      ".git/config",
      "node_modules/x/index.js",
      "../outside.md",
      "%2e%2e/outside.md",
      "links/out.md",
    ];
    for (const path of [...paths, "links/charts/SKILL.md", "references/../.env", "./.env", "/etc/passwd", ""]) {
      await assert.rejects(kit.client.readResource({ uri: `skill://tides/${path}` }), /not found/i, path);
    }
    const { skill } = await new SkillsClient(kit.client).get("skill://tides/SKILL.md");
    assert.equal(skill.resources.length, 3);
  });

  test("an edited file has another digest at once, which the old entry does not verify", async () => {
    await using kit = await startSkills(TREE);
    const host = new SkillsClient(kit.client);
    const { skill } = await host.get("skill://tides/SKILL.md");
    await kit.write({ "tides/references/table.md": "other" });
    await assert.rejects(host.read(skill, "references/table.md"), { reason: "size" });
    assert.equal((await host.read((await host.get(skill.uri)).skill, "references/table.md")).text, "other");
  });

  test("skills that the specification does not allow are not published, and those with too many files without a list", async () => {
    const many = Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`many/references/${i}.md`, `${i}`]));
    await using kit = await startSkills({
      ...many,
      "many/SKILL.md": skillText("many"),
      "Upper/SKILL.md": skillText("Upper"),
      "ünïcode/SKILL.md": skillText("ünïcode"),
      "numbers/SKILL.md": skillText("numbers", { more: "metadata: { version: 1.0 }\n" }),
      "deep/SKILL.md": skillText("deep", { more: "metadata: { dcc-mcp: { tags: a } }\n" }),
      "silent/SKILL.md": skillText("silent", { more: 'compatibility: ""\n' }),
      "long/SKILL.md": skillText("long", { more: "" }).replace("What long is for", "x".repeat(1_025)),
    });
    const { skills, invalid } = await new SkillsClient(kit.client).list();
    assert.deepEqual(invalid, []);
    assert.deepEqual(skills.map(({ uri, resources }) => [uri, resources]), [["skill://many/SKILL.md", "dynamic"]]);
  });

  test("pages are whole, in order, and a cursor of another list is refused", async () => {
    const tree = Object.fromEntries(
      Array.from({ length: 250 }, (_, i) => [`s${i}/SKILL.md`, skillText(`s${i}`)] as const),
    );
    await using kit = await startSkills(tree);
    const host = new SkillsClient(kit.client);
    const { skills } = await host.list();
    assert.deepEqual(
      skills.map(({ frontmatter }) => frontmatter.name),
      Object.keys(tree).map((it) => it.split("/")[0]).sort(),
    );
    for (const cursor of ["x", btoa("after:s1"), ""]) await assert.rejects(host.list({ cursor }), { code: -32602 });
  });
});
