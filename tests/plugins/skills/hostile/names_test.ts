/**
 * Wars about names: skills that take those of others, of tools, of bundles and of what ships, and dependencies that never
 * end.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { ERAS, type HttpServer, Machine, type Talk } from "../proof/kit.ts";

const SCOPES = ["repo", "team", "user", "system", "admin"] as const;
const FORGED = [
  "healthy__say",
  "healthy_say",
  "load_skill",
  "call_tool",
  "__proto__",
  "constructor",
  "a__b",
  "say",
  "x",
];

function skill(name: string, more = ""): string {
  return `---\nname: ${name}\ndescription: Says who it is\n${more}---\n# ${name}\n`;
}

function depends(name: string, ...names: readonly string[]): string {
  return skill(name, `metadata:\n  dcc-mcp:\n    depends: [${names.join(", ")}]\n`);
}

const say = (text: string) => `cat > /dev/null; echo '${text}'`;
const declared = (...names: readonly string[]) =>
  `metadata:\n  dcc-mcp:\n    tools: [${
    names.map((name) => `{ name: "${name}", source_file: scripts/say.sh }`).join(", ")
  }]\n`;

after(removeBundle);

describe("names of skills and tools", { timeout: 120_000 }, () => {
  let machine: Machine;
  let server: HttpServer;
  let talk: Talk;
  before(async () => {
    machine = await Machine.make();
    const scripts = (text: string) => ({ "scripts/say.sh": say(text) });
    await machine.skill("healthy", { "SKILL.md": skill("healthy"), ...scripts("healthy") });
    await machine.skill("evil", { "SKILL.md": skill("evil", declared(...FORGED)), ...scripts("evil") });
    await machine.skill("war", { "SKILL.md": skill("war", declared("-x", "y")), ...scripts("war") });
    await machine.skill("war-", { "SKILL.md": skill("war-", declared("x", "y")), ...scripts("war-") });
    await machine.skill("stub", { "SKILL.md": skill("__skill", declared("healthy", "other")), ...scripts("stub") });
    await machine.skill("clash", { "SKILL.md": skill("clash"), ...scripts("clash") });
    for (const name of ["dev", "memory", "constructor", "toString", "__proto__"]) {
      await machine.skill(`as-${name}`, { "SKILL.md": skill(name), ...scripts(name) });
    }
    await machine.skill("ring-a", { "SKILL.md": depends("ring-a", "ring-b"), ...scripts("a") });
    await machine.skill("ring-b", { "SKILL.md": depends("ring-b", "ring-c"), ...scripts("b") });
    await machine.skill("ring-c", { "SKILL.md": depends("ring-c", "ring-a", "healthy"), ...scripts("c") });
    await machine.skill("own-tail", { "SKILL.md": depends("own-tail", "own-tail") });
    await machine.skill("wanting", { "SKILL.md": depends("wanting", "healthy", "nobody", "../outside", "__proto__") });
    for (const scope of SCOPES) {
      await machine.skill("same", { "SKILL.md": skill("same"), ...scripts(scope) }, `scopes/${scope}`);
    }
    const paths = [
      machine.at("home/skills"),
      ...SCOPES.map((scope) => ({ path: machine.at("scopes", scope), scope })),
    ];
    await machine.configure({ plugins: { skills: { default_paths: false, paths } } });
    server = await machine.serve(["--stubs"]);
    talk = await server.connect();
  });
  after(async () => {
    await talk?.[Symbol.asyncDispose]();
    await machine?.[Symbol.asyncDispose]();
  });

  const rulesOf = async (name: string): Promise<readonly string[]> =>
    (await talk.data("get_skill_info", { skill_name: name })).diagnostics
      .map(({ rule, message }: Record<string, string>) => `${rule} ${message}`);

  test("a skill has no tools of the names of another's, or of the server's", async () => {
    const { registered_tools: tools } = await talk.data("load_skill", { skill_name: "evil" });
    for (const name of tools) assert.ok(name.startsWith("evil__"), name);
    assert.equal((await rulesOf("evil")).filter((it) => /^tool-name-invalid .*is that of this one/.test(it)).length, 3);
    await talk.data("load_skill", { skill_name: "healthy" });
    assert.equal((await talk.data("healthy__say")).message, "healthy");
    assert.equal((await talk.data("evil__load_skill")).message, "evil");
    assert.equal((await talk.data("load_skill", { skill_name: "healthy" })).already_loaded[0], "healthy");
  });

  test("of two skills whose tools would have one name, the first that is loaded has it, and the other is told", async () => {
    await talk.data("load_skill", { skill_names: ["war", "war-"] });
    assert.equal((await talk.data("war___x")).message, "war");
    assert.match((await rulesOf("war-")).join("\n"), /tool-name-taken .*a tool of skill "war" has the name "war___x"/);
    assert.equal((await talk.data("war___y")).message, "war-");
  });

  test("a skill cannot pass for a stub, which everybody is shown", async () => {
    assert.ok((await talk.tools()).includes("__skill__clash"));
    await talk.call("load_skill", { skill_name: "__skill" });
    assert.match((await rulesOf("__skill")).join("\n"), /tool-name-invalid/);
    assert.equal((await talk.tools()).includes("__skill__other"), false);
  });

  test("a tool that is there already keeps its name, and the skill's is offered once it is free", async () => {
    const made = { name: "clash__say", description: "Made", interpreter: "bash", code: "echo '{\"made\":true}'" };
    await talk.text("register_script", made);
    const loaded = await talk.text("load_skill", { skill_name: "clash" });
    assert.match(loaded, /"clash" is loaded, with 0 tools.*"clash__say".*the name is taken by/s);
    assert.match((await rulesOf("clash")).join("\n"), /tool-not-offered .*clash__say/);
    assert.match(JSON.stringify((await talk.call("clash__say")).content), /made/);
    await talk.text("delete_tool", { tool_name: "clash__say" });
    // between the two there is none
    const answer = async () => JSON.stringify((await talk.call("clash__say").catch(() => undefined))?.content);
    await until(async () => /clash/.test(await answer()), "the skill's tool");
    assert.deepEqual(await rulesOf("clash"), []);
  });

  test("names of what ships, and of what every object has, are names like any other", async () => {
    assert.match(await talk.text("activate_skill", { name: "dev" }), /^Activated: "dev" \(virtual skill, \d+ tools\)/);
    assert.equal((await talk.tools()).includes("dev__say"), false);
    assert.match(await talk.text("activate_skill", { name: "skill:dev" }), /^Activated: "dev" \(skill, 1 tool\)/);
    assert.equal((await talk.data("dev__say")).message, "dev");
    assert.match(await talk.text("activate_skill", { name: "memory" }), /virtual skill/);
    for (const name of ["constructor", "toString", "__proto__"]) {
      assert.match(await talk.text("activate_skill", { name }), new RegExp(`^Activated: "${name}" \\(skill`));
      const { messages } = await talk.client.getPrompt({ name });
      assert.match(JSON.stringify(messages), new RegExp(`# ${name}`));
      await talk.text("deactivate_skill", { name });
    }
    assert.equal((await talk.data("constructor__say")).message, "constructor");
    for (
      const name of [
        "hasOwnProperty",
        "valueOf",
        "prototype",
        "",
        "..",
        "/",
        "user:",
        "@",
        "a:b",
        "\0",
        "x".repeat(9_999),
      ]
    ) {
      for (const tool of ["get_skill_info", "load_skill", "unload_skill"]) {
        assert.match(await talk.refused(tool, { skill_name: name }), /there is no skill of that name/);
      }
      await talk.refused("activate_tool_group", { group: name });
      await talk.refused("activate_skill", { name });
    }
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  test("dependencies in a circle, on itself and on nobody are named, and load nothing", async () => {
    for (const name of ["ring-a", "ring-b", "ring-c"]) {
      assert.match(
        await talk.refused("load_skill", { skill_name: name }),
        /circle.*ring-a.*ring-b.*ring-c|circle.*ring/s,
      );
    }
    assert.match(await talk.refused("load_skill", { skill_name: "own-tail" }), /own-tail.*own-tail/);
    const wanting = await talk.refused("load_skill", { skill_name: "wanting" });
    assert.match(wanting, /nobody/);
    const { skills } = await talk.data("list_skills", { status: "pending_deps" });
    assert.deepEqual(skills.map(({ name }: { name: string }) => name), ["wanting"]);
    assert.ok(skills[0].missing_dependencies.includes("nobody"));
    assert.equal((await talk.tools()).some((name) => name.startsWith("ring_")), false);
  });

  for (const era of ERAS) {
    test(`of one name in all scopes, the highest has it, the others answer to theirs (${era})`, async () => {
      await using other = await server.connect({ era });
      const { skills } = await other.data("list_skills", { fields: ["scope", "shadowed_by"] });
      const same = skills.filter(({ name }: { readonly name: string }) => /(^|:)same$/.test(name));
      const shadowedBy = machine.at("scopes/admin/same");
      const expected = SCOPES.map((scope) =>
        scope === "admin" ? { name: "same", scope } : { name: `${scope}:same`, scope, shadowed_by: shadowedBy }
      );
      const byScope = (a: { scope: string }, b: { scope: string }) => a.scope < b.scope ? -1 : 1;
      assert.deepEqual(same.sort(byScope), expected.sort(byScope));
      await other.data("load_skill", { skill_name: "same" });
      assert.equal((await other.data("same__say")).message, "admin");
      await other.data("unload_skill", { skill_name: "same" });
      await other.data("load_skill", { skill_name: "team:same" });
      assert.equal((await other.data("same__say")).message, "team");
      await other.data("unload_skill", { skill_name: "team:same" });
    });
  }

  test("pass on to the next when the highest goes, and back when it comes", async () => {
    await talk.data("load_skill", { skill_name: "same" });
    await machine.remove("scopes/admin/same");
    const said = async () =>
      (await talk.call("same__say")).structuredContent as { readonly message?: string } | undefined;
    await until(async () => (await said())?.message === "system", "the next");
    await machine.skill("same", { "SKILL.md": skill("same"), "scripts/say.sh": say("admin") }, "scopes/admin");
    await until(async () => (await said())?.message === "admin", "the highest");
  });
});
