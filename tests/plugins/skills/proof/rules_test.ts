/**
 * What a skill asks of the place that it is used at, enforced by the program: each refusal names its rule, where it is
 * written, and what to do.
 */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { ERAS, type HttpServer, Machine } from "./kit.ts";

const OTHER_OS = process.platform === "darwin" ? "linux" : "darwin";

/** Front matter after the description, by skill; what is refused stands on line 6 of all. */
const RULES: Readonly<Record<string, string>> = {
  "for-maya": `metadata:\n  dcc-mcp:\n    products: [maya, houdini]\n`,
  "wants-key": `metadata:\n  openclaw:\n    requires: { env: [COLLET_PROOF_KEY], bins: [] }\n`,
  "wants-bin": `metadata:\n  openclaw:\n    requires: { bins: [collet-proof-program] }\n`,
  "wants-any": `metadata:\n  openclaw:\n    requires: { anyBins: [collet-proof-a, collet-proof-b] }\n`,
  "other-os": `metadata:\n  openclaw:\n    os: [${OTHER_OS}]\n`,
  "wants-server": `metadata:\n  dcc-mcp:\n    external-deps: [{ type: mcp, value: usd-tools, command: uvx usd }]\n`,
  "wants-var": `metadata:\n  dcc-mcp:\n    external-deps: [{ type: env_var, value: COLLET_PROOF_KEY }]\n`,
  "wants-tool": `metadata:\n  dcc-mcp:\n    external-deps: [{ type: bin, value: collet-proof-program }]\n`,
};
/** What each is told: rule, message, remedy. */
const REFUSALS: Readonly<Record<string, readonly [rule: string, message: RegExp, remedy: RegExp]>> = {
  "for-maya": [
    "products",
    /is for "maya", "houdini", and this server is for "collet"/,
    /among those of the server|among the "products" of the server/,
  ],
  "wants-key": ["env", /needs the variable "COLLET_PROOF_KEY", which is not set/, /Set it in the environment/],
  "wants-bin": ["bin", /needs the program "collet-proof-program", which is not in PATH/, /Install it/],
  "wants-any": ["bin", /needs one of the programs "collet-proof-a", "collet-proof-b"/, /Install it/],
  "other-os": ["os", new RegExp(`is for "${OTHER_OS}", and this is "`), /Use it on such/],
  "wants-server": ["external-dep", /needs the tool or MCP server "usd-tools"/, /Add an MCP server .*uvx usd/],
  "wants-var": ["external-dep", /needs the variable "COLLET_PROOF_KEY"/, /Set it in the environment/],
  "wants-tool": ["external-dep", /needs the program "collet-proof-program"/, /Install it/],
};
const SPEAKER = `import collet_tool
def main(arguments):
    try:
        return {"said": collet_tool.call_tool(arguments["tool"], {})}
    except Exception as error:
        return {"refused": str(error)}
collet_tool.run(main)
`;

after(removeBundle);

describe("a rule of a skill", { timeout: 120_000 }, () => {
  let machine: Machine;
  let server: HttpServer;
  before(async () => {
    machine = await Machine.make();
    const files = { "scripts/say.sh": "cat > /dev/null; echo done" };
    for (const [name, rule] of Object.entries(RULES)) {
      await machine.skill(name, { ...files, "SKILL.md": `---\nname: ${name}\ndescription: Tests rules\n${rule}---\n` });
    }
    const person = "---\nname: by-hand\ndescription: Tests rules\ndisable-model-invocation: true\n---\n# By hand\n";
    await machine.skill("by-hand", { ...files, "SKILL.md": person });
    await machine.skill("needs-rules", {
      "SKILL.md": "---\nname: needs-rules\ndescription: x\nmetadata: { dcc-mcp: { depends: [wants-key] } }\n---\n",
    });
    await machine.skill("caller", {
      "SKILL.md": "---\nname: caller\ndescription: Calls others\nallowed-tools: list_roots Bash(git:*)\n---\n",
      "scripts/call.py": SPEAKER,
      ...files,
    });
    await machine.write("bin/collet-proof-later", "#!/bin/sh\n", { mode: 0o755 });
    await machine.skill("loses-bin", {
      "SKILL.md":
        "---\nname: loses-bin\ndescription: x\nmetadata: { openclaw: { requires: { bins: [collet-proof-later] } } }\n---\n",
      ...files,
    });
    server = await machine.serve([], { env: { PATH: `${machine.at("bin")}:${process.env["PATH"]}` } });
  });
  after(() => machine[Symbol.asyncDispose]());

  for (const era of ERAS) {
    test(`refuses loading and activating, in words and as data (${era})`, async () => {
      await using talk = await server.connect({ era });
      for (const [name, [rule, message, remedy]] of Object.entries(REFUSALS)) {
        const result = await talk.call("load_skill", { skill_name: name });
        assert.equal(result.isError, true, name);
        const { errors: [error] } = result.structuredContent as { readonly errors: readonly [JsonObject] };
        const [refusal] = error["refusals"] as readonly [Record<string, unknown>];
        assert.deepEqual([refusal["rule"], refusal["file"], refusal["line"]], [rule, "SKILL.md", 6], name);
        assert.match(String(refusal["message"]), message);
        assert.match(String(refusal["remedy"]), remedy);
        for (
          const text of [
            JSON.stringify(result.content),
            await talk.refused("activate_skill", { name }),
            await talk.text("get_skill_info", { skill_name: name }),
          ]
        ) {
          assert.match(text.replaceAll('\\"', '"'), message, name);
          assert.match(text.replaceAll('\\"', '"'), remedy, name);
          assert.match(text, /SKILL\.md:6/, name);
        }
        assert.equal((await talk.tools()).some((tool) => tool.startsWith(name.replaceAll("-", "_"))), false);
      }
    });
  }

  test("counts for what depends on the skill, and for nothing else that is loaded in the same call", async () => {
    await using talk = await server.connect();
    const names = ["needs-rules", "caller"];
    const { loaded, partial, errors } = await talk.data("load_skill", { skill_names: names });
    assert.deepEqual([loaded, partial], [true, true]);
    assert.match(errors[0].error, /"needs-rules", which depends on "wants-key".*\n.*COLLET_PROOF_KEY/);
    assert.equal((await talk.data("caller__say")).message, "done");
  });

  test("keeps a skill that only a person starts from models: it is asked for, and its prompt works", async () => {
    await using silent = await server.connect();
    assert.equal((await silent.data("search_skills", { query: "by hand" })).total, 0);
    for (const [tool, args] of [["load_skill", { skill_name: "by-hand" }], ["activate_skill", { name: "by-hand" }]]) {
      const text = await silent.refused(tool as string, args as JsonObject);
      assert.match(text, /may be used only when a person asks for it .*SKILL\.md:4.*Let the person confirm it/s);
    }
    assert.match(await silent.refused("by_hand__say"), /not loaded/);
    const { messages } = await silent.client.getPrompt({ name: "by-hand" });
    assert.match(JSON.stringify(messages), /# By hand/);

    await using refusing = await server.connect({ era: "2026", answer: "no" });
    assert.match(await refusing.refused("load_skill", { skill_name: "by-hand" }), /only when a person asks/);
    assert.match(refusing.questions[0]!, /wants to use the skill "by-hand"/);
    await using willing = await server.connect({ era: "2026", answer: "yes" });
    await willing.data("load_skill", { skill_name: "by-hand" });
    assert.equal((await willing.data("by_hand__say")).message, "done");
    await willing.data("unload_skill", { skill_name: "by-hand" });
  });

  test("limits what its scripts call to its own tools and to allowed-tools", async () => {
    await using talk = await server.connect();
    await talk.data("load_skill", { skill_name: "caller" });
    const call = (tool: string) => talk.data("caller__call", { tool });
    assert.deepEqual(await call("caller__say"), { said: { success: true, message: "done" } });
    assert.equal((await call("list_roots")).said.count, 0);
    for (const tool of ["list_skills", "call_tool", "load_skill", "no_such_tool"]) {
      const { refused } = await call(tool);
      assert.match(refused, new RegExp(`"${tool}".*skill "caller".*"allowed-tools".*add ${tool} there in SKILL\\.md`));
    }
  });

  test("is looked at again when its file changes", async () => {
    await using talk = await server.connect();
    await talk.data("load_skill", { skill_name: "loses-bin" });
    assert.equal((await talk.data("loses_bin__say")).message, "done");
    const text = (rule: string) => `---\nname: loses-bin\ndescription: x\n${rule}---\n`;
    await machine.write("home/skills/loses-bin/SKILL.md", text(RULES["wants-key"]!));
    await until(async () => !(await talk.tools()).includes("loses_bin__say"), "the tool to go");
    assert.match(await talk.refused("load_skill", { skill_name: "loses-bin" }), /COLLET_PROOF_KEY/);
    await machine.write("home/skills/loses-bin/SKILL.md", text(""));
    await until(async () => (await talk.tools()).includes("loses_bin__say"), "the tool to be back");
    await rm(machine.at("bin"), { recursive: true });
    await machine.write("home/skills/loses-bin/SKILL.md", text(RULES["wants-any"]!));
    await until(async () => !(await talk.tools()).includes("loses_bin__say"), "the tool to go again");
  });

  test("is kept where the operator gives what it asks for", async () => {
    await machine.write("given/collet-proof-program", "#!/bin/sh\n", { mode: 0o755 });
    await machine.write("given/collet-proof-b", "#!/bin/sh\n", { mode: 0o755 });
    const env = { PATH: `${machine.at("given")}:${process.env["PATH"]}`, COLLET_PROOF_KEY: "given" };
    await using talk = await machine.pipe({ args: ["--app", "Maya"], env });
    const names = ["for-maya", "wants-key", "wants-bin", "wants-any", "wants-var", "wants-tool", "needs-rules"];
    const { errors = [] } = await talk.data("load_skill", { skill_names: names });
    assert.deepEqual(errors, []);
    assert.equal((await talk.data("for_maya__say")).message, "done");
  });
});
