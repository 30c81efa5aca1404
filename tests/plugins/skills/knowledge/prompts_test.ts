import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type SkillsKit, skillText, startSkills } from "./kit.ts";

const TREE = {
  "review/SKILL.md": skillText("review", {
    more: "argument-hint: PATH\narguments: [path, level]\n",
    body: "Review $path at $level, all of: $ARGUMENTS. It is now !`date`.\n",
  }),
  "review/references/style.md": "# Style\n",
  "review/assets/logo.png": new Uint8Array([0x89, 0xff]),
  "plain/SKILL.md": skillText("plain", { body: "Do it.\n" }),
  "shop/SKILL.md": skillText("shop", { more: "metadata:\n  dcc-mcp:\n    prompts: prompts.yaml\n", body: "Sell.\n" }),
  "shop/prompts.yaml": `prompts:
  - name: greet-customer
    description: Greet someone
    arguments:
      - name: who
        description: Name of the customer
        required: true
      - name: mood
    template: "Say hello to {{ who }}{{mood}}."
`,
  "secret/SKILL.md": skillText("secret", { more: "user-invocable: false\n" }),
};

async function listed({ client }: SkillsKit): Promise<readonly string[]> {
  return (await client.listPrompts()).prompts.map(({ name }) => name);
}

async function text({ client }: SkillsKit, name: string, args: Record<string, string> = {}): Promise<string> {
  const { messages } = await client.getPrompt({ name, arguments: args });
  return messages.map(({ content }) => content.type === "text" ? content.text : `[${JSON.stringify(content)}]`).join(
    "\n",
  );
}

describe("Prompts of skills", () => {
  for (const era of ["2025", "2026"] as const) {
    test(`are listed while their skills are loaded, and answer by name at any time (${era})`, async () => {
      await using kit = await startSkills(TREE, { era });
      assert.deepEqual(await listed(kit), []);
      assert.equal(await text(kit, "plain"), "Do it.");
      await kit.use("load_skill", { skill_names: ["plain", "shop"] });
      assert.deepEqual(await listed(kit), ["plain", "shop", "shop__greet_customer"]);
      await kit.use("unload_skill", { skill_name: "shop" });
      assert.deepEqual(await listed(kit), ["plain"]);
      assert.equal(await text(kit, "shop"), "Sell.\n\nFiles of this skill: skill://shop/prompts.yaml");
    });
  }

  test("take arguments by name, and all as one text; commands are shown and not run", async () => {
    await using kit = await startSkills(TREE);
    const answer = await text(kit, "review", { arguments: '"src/a b.ts" deep', level: "high" });
    assert.match(answer, /^Review src\/a b\.ts at high, all of: "src\/a b\.ts" deep\. It is now !`date`\./);
    assert.match(answer, /not run/);
    assert.match(await text(kit, "plain", { arguments: "twice" }), /^Do it\.\n\nARGUMENTS: twice/);
  });

  test("bring the files that are asked for, as resources", async () => {
    await using kit = await startSkills(TREE);
    assert.match(
      await text(kit, "review"),
      /Files of this skill: skill:\/\/review\/assets\/logo.png skill:\/\/review\/references\/style.md$/,
    );
    for (const files of ["all", "references/", "references/style.md", "none.md references"]) {
      const { messages } = await kit.client.getPrompt({ name: "review", arguments: { files } });
      assert.deepEqual(messages.slice(1).map(({ content }) => content), [{
        type: "resource",
        resource: { uri: "skill://review/references/style.md", mimeType: "text/markdown", text: "# Style\n" },
      }], files);
    }
    assert.match(
      await text(kit, "review", { files: "none.md references nothing/" }),
      /No file of this skill is "none.md" or "nothing\/"\n/,
    );
  });

  test("of a skill's own are filled in, and say what is missing", async () => {
    await using kit = await startSkills(TREE);
    await kit.use("load_skill", { skill_name: "shop" });
    assert.equal(await text(kit, "shop__greet_customer", { who: "Ada" }), "Say hello to Ada.");
    await assert.rejects(text(kit, "shop__greet_customer"), /who/);
  });

  test("are none for skills that users do not call", async () => {
    await using kit = await startSkills(TREE);
    await assert.rejects(text(kit, "secret"), /secret/);
  });
});

describe("Resources of skills", () => {
  test("are listed for loaded skills, and read for all; the older manifest has every file with its digest", async () => {
    await using kit = await startSkills(TREE);
    const uris = async () => (await kit.client.listResources()).resources.map(({ uri }) => uri);
    assert.deepEqual(await uris(), []);
    await kit.use("load_skill", { skill_name: "review" });
    assert.deepEqual(await uris(), ["skill://review/SKILL.md"]);
    const { contents: [manifest] } = await kit.client.readResource({ uri: "skill://plain/_manifest" });
    assert.ok(manifest !== undefined && "text" in manifest);
    const { skill, files } = JSON.parse(manifest.text);
    assert.equal(skill, "plain");
    assert.equal(files[0].path, "SKILL.md");
    assert.match(files[0].hash, /^sha256:[0-9a-f]{64}$/);
    const { contents: [picture] } = await kit.client.readResource({ uri: "skill://review/assets/logo.png" });
    assert.deepEqual(picture, { uri: "skill://review/assets/logo.png", mimeType: "image/png", blob: "if8=" });
  });
});

describe("Prompts that a skill declares badly", () => {
  test("have names made for them, or none, and take nothing from the prompts of others", async () => {
    await using kit = await startSkills({
      ...TREE,
      "bad/SKILL.md": skillText("bad", { more: "metadata:\n  dcc-mcp:\n    prompts: prompts.yaml\n" }),
      "bad/prompts.yaml": `prompts:
  - { name: my.prompt, template: "One {{ a }}" }
  - { name: ${"x".repeat(80)}, template: Two }
  - { name: other__prompt, template: Three }
`,
    });
    await kit.use("load_skill", { skill_names: ["bad", "plain"] });
    assert.deepEqual(await listed(kit), ["bad", "bad__my_prompt", "plain"]);
    assert.equal(await text(kit, "bad__my_prompt"), "One ");
  });

  test("are listed with descriptions of a bounded length", async () => {
    const long = "long ".repeat(1_000);
    await using kit = await startSkills({ "long/SKILL.md": skillText("long").replace("What long is for", long) });
    await kit.use("load_skill", { skill_name: "long" });
    const [prompt] = (await kit.client.listPrompts()).prompts;
    assert.equal(prompt?.description?.length, 1_024);
    assert.equal((await kit.client.listResources()).resources[0]?.description?.length, 1_024);
  });
});
