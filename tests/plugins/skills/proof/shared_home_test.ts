/**
 * Two programs over one home, and the program that is started again: what is active, and what is known.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, describe, test } from "node:test";
import { removeBundle } from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";
import { Machine } from "./kit.ts";

async function makeMachine(): Promise<Machine> {
  const machine = await Machine.make();
  for (const name of ["alpha", "beta"]) {
    await machine.skill(name, {
      "SKILL.md": `---\nname: ${name}\ndescription: Says ${name}\n---\n`,
      "scripts/say.sh": `cat > /dev/null; echo ${name}`,
    });
  }
  return machine;
}

after(removeBundle);

describe("a home", { timeout: 120_000 }, () => {
  test("of two programs has one state: what is active, edited, made and deleted is so for both", async () => {
    await using machine = await makeMachine();
    // the principal's own, not a session's copy
    const [one, other] = [await machine.pipe({ era: "2025" }), await machine.pipe({ era: "2026" })];
    await other.toldOf("tools", () => one.data("load_skill", { skill_name: "alpha" }));
    await until(async () => (await other.tools()).includes("alpha__say"), "the tool in the other program");
    assert.equal((await other.data("alpha__say")).message, "alpha");

    await one.toldOf("tools", () => other.data("activate_skill", { name: "beta" }));
    await until(async () => (await one.tools()).includes("beta__say"), "the tool in the first program");

    await machine.write("home/skills/alpha/scripts/more.sh", "cat > /dev/null; echo more");
    for (const talk of [one, other]) {
      await until(async () => (await talk.tools()).includes("alpha__more"), "the new tool");
      assert.equal((await talk.data("alpha__more")).message, "more");
    }
    await machine.remove("home/skills/alpha");
    for (const talk of [one, other]) {
      await until(async () => !(await talk.tools()).includes("alpha__say"), "the tools of the deleted skill to go");
      assert.deepEqual(await talk.skills(), ["beta"]);
    }
    await other.data("deactivate_skill", { name: "beta" });
    await until(async () => !(await one.tools()).includes("beta__say"), "the tool to be hidden");
    assert.equal((await one.data("beta__say")).message, "beta", "it is loaded all the same");
  });

  test("of two programs is used by both at once, whatever they do", async () => {
    await using machine = await makeMachine();
    const talks = [await machine.pipe(), await machine.pipe()];
    const rounds = Array.from({ length: 6 }, (_, index) => index);
    await Promise.all(talks.map(async (talk, which) => {
      for (const round of rounds) {
        await talk.data("load_skill", { skill_names: ["alpha", "beta"] });
        await machine.skill(`new-${which}-${round}`, {
          "SKILL.md": `---\nname: n${which}${round}\ndescription: x\n---\n`,
        });
        assert.equal((await talk.data("alpha__say")).message, "alpha");
        await talk.call(round % 2 === 0 ? "unload_skill" : "deactivate_skill", {
          ...(round % 2 === 0 ? { skill_name: "beta" } : { name: "beta" }),
        });
      }
    }));
    for (const talk of talks) {
      await until(async () => (await talk.skills()).length === 14, "all that both have made");
      await talk.data("load_skill", { skill_name: "beta" });
      assert.equal((await talk.data("beta__say")).message, "beta");
      assert.doesNotMatch(talk.stderr, /Z error |Unhandled|Uncaught/);
    }
  });

  test("keeps what is active for the next start, and an index of what was found", async () => {
    await using machine = await makeMachine();
    {
      await using talk = await machine.pipe();
      await talk.data("load_skill", { skill_name: "alpha" });
      await talk.data("activate_skill", { name: "dev" });
    }
    assert.ok((await readdir(machine.at("home/cache/skills"))).some((name) => name.endsWith(".index")));
    // what changes while nobody looks
    await machine.write("home/skills/alpha/scripts/say.sh", "cat > /dev/null; echo changed");
    await machine.write("home/skills/alpha/scripts/second.sh", "cat > /dev/null; echo second");
    await machine.remove("home/skills/beta");
    await using talk = await machine.pipe({ era: "2026" });
    await until(async () => (await talk.tools()).includes("alpha__second"), "the tools of what was active");
    assert.equal((await talk.data("alpha__say")).message, "changed");
    assert.ok((await talk.tools()).includes("delete_tool"), "virtual skills as well");
    await until(async () => (await talk.skills()).join() === "alpha", "what is gone to be forgotten");
    await talk.data("deactivate_skill", { name: "alpha" });
    await talk[Symbol.asyncDispose]();
    await using last = await machine.pipe();
    assert.equal((await last.tools()).includes("alpha__say"), false);
  });
});
