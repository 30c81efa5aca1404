/**
 * Files of skills that are edited, broken, mended, deleted and made while the program runs, and what its clients see.
 */
import assert from "node:assert/strict";
import { mkdir, rename, symlink } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { IS_DENO, removeBundle } from "../../../command_line/program.ts";
import { pause, until } from "../../../support/wait.ts";
import { type HttpServer, Machine, type Talk } from "./kit.ts";

const SKILL = (more = "") =>
  `---\nname: weather\ndescription: Tells the weather${more}\nmetadata:\n  dcc-mcp:\n    tools: tools.yaml\n---\n# Weather\n`;
const TOOLS = (schema: string) =>
  `tools:\n  - name: now\n    description: Tells what it is like now\n    source_file: scripts/now.sh\n    input_schema: ${schema}\n`;
const NOW = "weather__now";

after(removeBundle);

describe("a skill that changes while the program runs", { timeout: 120_000 }, () => {
  let machine: Machine;
  let server: HttpServer;
  let old: Talk;
  let modern: Talk;
  before(async () => {
    machine = await Machine.make();
    await machine.skill("weather", {
      "SKILL.md": SKILL(),
      "tools.yaml": TOOLS("{ type: object }"),
      "scripts/now.sh": "cat > /dev/null; echo sunny",
    });
    server = await machine.serve();
    [old, modern] = [await server.connect({ era: "2025" }), await server.connect({ era: "2026" })];
    for (const talk of [old, modern]) await talk.data("load_skill", { skill_name: "weather" });
  });
  after(async () => {
    await old?.[Symbol.asyncDispose]();
    await modern?.[Symbol.asyncDispose]();
    await machine[Symbol.asyncDispose]();
  });

  const edit = (path: string, text: string) => machine.write(`home/skills/weather/${path}`, text);
  const describeOf = async (talk: Talk, tool: string) =>
    (await talk.client.listTools()).tools.find(({ name }) => name === tool);
  const rulesOf = async (talk: Talk): Promise<readonly string[]> =>
    (await talk.data("get_skill_info", { skill_name: "weather" })).diagnostics
      .map(({ rule }: { readonly rule: string }) => rule);
  const diagnosticsOf = async (folder: string): Promise<readonly { rule: string; file: string; line?: number }[]> => {
    const { skipped = [] } = await old.data("list_skills");
    return skipped.find(({ path }: { path: string }) => path.endsWith(`/${folder}`))?.diagnostics ?? [];
  };

  test("has the new text of its script at the next call", async () => {
    assert.equal((await old.data(NOW)).message, "sunny");
    await edit("scripts/now.sh", "cat > /dev/null; echo rainy");
    assert.equal((await old.data(NOW)).message, "rainy");
    assert.equal((await modern.data(NOW)).message, "rainy");
  });

  test("has the new text of what its script imports as well", async () => {
    for (const word of ["first", "other"]) {
      await machine.skill("importer", {
        "SKILL.md": "---\nname: importer\ndescription: Imports\n---\n",
        "scripts/tell.py": "from words import WORD\nprint(WORD)",
        "scripts/words.py": `WORD = "${word}"`,
        "scripts/show.mjs": `import { word } from "../lib/word.mjs";\nconsole.log(word);`,
        "lib/word.mjs": `export const word = "${word}";`,
      });
      await until(async () => (await old.skills()).includes("importer"), "the skill");
      await old.data("load_skill", { skill_name: "importer" });
      // it may have been found while its files were being written
      const hasTools = async () => {
        const tools = await old.tools();
        return ["importer__tell", "importer__show"].every((name) => tools.includes(name));
      };
      await until(hasTools, "the tools of the skill");
      for (let i = 0; i < 2; i++) {
        assert.equal((await old.data("importer__tell")).message, word);
        assert.equal((await old.data("importer__show")).message, word);
      }
    }
    await machine.remove("home/skills/importer");
  });

  test("has the new schemas of its sidecar, and all clients are told", async () => {
    const schema = "{ type: object, properties: { place: { type: string } }, required: [place] }";
    await old.toldOf("tools", () => modern.toldOf("tools", () => edit("tools.yaml", TOOLS(schema))));
    for (const talk of [old, modern]) {
      assert.deepEqual((await describeOf(talk, NOW))?.inputSchema.required, ["place"]);
      assert.match(await talk.refused(NOW), /place/);
    }
    assert.equal((await old.data(NOW, { place: "Brest" })).message, "rainy");
  });

  test("has the new description of its SKILL.md where it is searched, listed and prompted", async () => {
    assert.equal((await old.data("search_skills", { query: "monsoon" })).total, 0);
    await old.toldOf("prompts", () => edit("SKILL.md", SKILL(" and the monsoon")));
    assert.equal((await old.data("search_skills", { query: "monsoon" })).skills[0].name, "weather");
    const { prompts } = await modern.client.listPrompts();
    assert.match(prompts.find(({ name }) => name === "weather")?.description ?? "", /and the monsoon/);
    assert.equal((await old.data(NOW, { place: "x" })).message, "rainy", "it is loaded all the while");
  });

  test("gets the tool of a script that is added to its sidecar", async () => {
    await edit("scripts/later.sh", "cat > /dev/null; echo snow");
    const tools = `${TOOLS("{ type: object }")}  - name: later\n    source_file: scripts/later.sh\n`;
    await old.toldOf("tools", () => edit("tools.yaml", tools));
    await until(async () => (await old.tools()).includes("weather__later"), "the new tool");
    assert.equal((await modern.data("weather__later")).message, "snow");
  });

  test("answers every call while it is edited again and again", async () => {
    let isEditing = true;
    const editing = (async () => {
      for (let i = 0; isEditing; i++) {
        // as editors save: at once
        await machine.write("project/next.yaml", TOOLS(`{ type: object, description: Edit ${i} }`));
        await rename(machine.at("project/next.yaml"), machine.at("home/skills/weather/tools.yaml"));
        await pause(60);
      }
    })();
    try {
      for (const end = Date.now() + 1_500; Date.now() < end;) {
        const answers = await Promise.all([old.data(NOW), modern.data(NOW), old.tools(), modern.tools()]);
        assert.deepEqual(answers.slice(0, 2).map(({ message }) => message), ["rainy", "rainy"]);
        for (const names of answers.slice(2)) assert.ok(names.includes(NOW));
      }
    } finally {
      isEditing = false;
      await editing;
    }
  });

  test("that is broken for a moment is told with file, line and rule, and comes back when it is mended", async () => {
    await edit("SKILL.md", "---\nname: weather\ndescription: [unclosed\n---\n");
    // a file that is being written is empty for a moment, which has a diagnostic of its own
    await until(async () => {
      const [first] = await diagnosticsOf("weather");
      return first?.file === "SKILL.md" && (first.line ?? 0) >= 3;
    }, "the diagnostic, with its line");
    assert.match(
      await old.refused("load_skill", { skill_name: "weather" }),
      /weather was skipped: .*\(SKILL\.md:\d+\)/,
    );
    await edit("SKILL.md", SKILL(" again"));
    await until(async () => (await old.skills()).includes("weather"), "the skill");
    await until(async () => (await old.tools()).includes(NOW), "its tools: it was and is active");
    assert.equal((await modern.data(NOW, { place: "x" })).message, "rainy");
  });

  test("keeps its other tools when one of its declarations breaks", async () => {
    const broken = '  - name: "no name!"\n  - { name: later, source_file: ../x.sh }\n';
    await edit("tools.yaml", TOOLS("{ type: object }") + broken);
    const isTold = (rules: readonly string[]) =>
      ["tool-name-invalid", "source-file-escapes"].every((rule) => rules.includes(rule));
    await until(async () => isTold(await rulesOf(old)), "what is broken to be told");
    assert.ok((await old.tools()).includes(NOW));
    assert.equal((await old.tools()).includes("weather__later"), false);
  });

  test("has the tool of a script that was missing when it is there, and the skill is loaded once more", async () => {
    const later = "  - { name: later, source_file: lib/later.sh }\n";
    await edit("tools.yaml", TOOLS("{ type: object }") + later);
    await until(async () => (await rulesOf(old)).join() === "source-file-missing", "the missing file to be told");
    await edit("lib/later.sh", "cat > /dev/null; echo at last");
    await old.data("load_skill", { skill_name: "weather" });
    assert.equal((await modern.data("weather__later")).message, "at last");
    assert.deepEqual(await rulesOf(old), []);
  });

  test("that is new is found, and gone once it is deleted", async () => {
    const skill = (name: string) => `---\nname: ${name}\ndescription: Comes and goes\n---\n`;
    await machine.skill("guest", { "SKILL.md": skill("guest") });
    await until(async () => (await old.skills()).includes("guest"), "the new skill");
    await modern.data("load_skill", { skill_name: "guest" });
    await old.toldOf("prompts", () => machine.remove("home/skills/guest"));
    await until(async () => !(await modern.skills()).includes("guest"), "the skill to go");
    assert.match(await old.refused("load_skill", { skill_name: "guest" }), /there is no skill of that name/);
    // in one step, as a package manager puts it there
    await machine.write("project/staged/SKILL.md", skill("moved"));
    await rename(machine.at("project/staged"), machine.at("home/skills/moved"));
    await until(async () => (await old.skills()).includes("moved"), "the skill that was moved here");
    await rename(machine.at("home/skills/moved"), machine.at("home/skills/again"));
    await until(
      async () =>
        (await old.data("list_skills", { fields: ["path"] })).skills
          .some(({ name, path }: Record<string, string>) => name === "moved" && path!.endsWith("/again")),
      "its new place",
    );
  });

  test("is found in folders that were not there at the start", async () => {
    const text = "---\nname: late\ndescription: Is late\n---\n";
    await machine.write("user/.agents/skills/late/SKILL.md", text);
    await until(async () => (await old.skills()).includes("late"), "a skill of the user's folder");
  });

  // the watcher of Deno says nothing of a link to a folder that is made
  test(
    "is told of and not followed behind a link that leads out",
    { skip: IS_DENO && "Deno tells of no new links" },
    async () => {
      await mkdir(machine.at("project/kept"));
      await machine.write("project/kept/SKILL.md", "---\nname: linked\ndescription: Is elsewhere\n---\n");
      await symlink(machine.at("project/kept"), machine.at("home/skills/linked"));
      await until(
        async () => (await diagnosticsOf("linked")).some(({ rule }) => rule === "link-outside"),
        "the link out to be told",
      );
      assert.equal((await old.skills()).includes("linked"), false);
    },
  );

  test("goes with its tools when its folder vanishes, and the program ends well", async () => {
    await old.toldOf("tools", () => modern.toldOf("tools", () => machine.remove("home/skills")));
    assert.equal((await old.tools()).includes(NOW), false);
    assert.match(await modern.refused("call_tool", { tool_name: NOW, arguments: {} }), /weather__now/);
    await machine.skill("weather", { "SKILL.md": SKILL(), "tools.yaml": TOOLS("{}"), "scripts/now.sh": "echo back" });
    await until(async () => (await old.tools()).includes(NOW), "the tools to be back");
    await old[Symbol.asyncDispose]();
    await modern[Symbol.asyncDispose]();
    await server.stop();
    assert.doesNotMatch(server.running.stderr(), /Z error |Unhandled|Uncaught/);
  });
});
