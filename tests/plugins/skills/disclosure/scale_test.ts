import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FoundSkill } from "../../../../plugins/skills/discovery/found.ts";
import { SkillMetadata } from "../../../../plugins/skills/format/metadata.ts";
import { temporaryHome } from "../../library/kit.ts";
import { LOCAL, say, startSkills } from "./kit.ts";

/** Skills that count how often what their files say is asked for. */
function countedSkills(length: number) {
  const reads = { count: 0 };
  const found = Array.from({ length }, (_, i): FoundSkill => {
    const name = `skill-${i}`;
    const path = `/nowhere/${name}`;
    return {
      name,
      path,
      get metadata() {
        reads.count++;
        return new SkillMetadata({ name, description: `Does ${i}`, tools: ["run"], skillPath: path });
      },
      scope: "user",
      origin: "test",
      order: i,
      diagnostics: [],
      fingerprint: name,
    };
  });
  return { found, reads };
}

describe("many skills", () => {
  test("lists and activation look at those that they are about alone", async () => {
    await using home = await temporaryHome();
    const { found, reads } = countedSkills(10_000);
    await using server = await startSkills({ home: home.path, found });
    const readsOf = async (work: () => unknown) => {
      reads.count = 0;
      await work();
      return reads.count;
    };
    assert.equal(await readsOf(() => server.seen()), 0);
    const few = 40;
    assert.ok(await readsOf(() => say(server, "activate_skill", { name: "skill-5000" })) < few);
    assert.ok(await readsOf(() => say(server, "activate_skill", { name: "dev" })) < few);
    assert.ok(await readsOf(() => say(server, "deactivate_skill", { name: "skill-5000" })) < few);
    assert.equal(await readsOf(() => server.seen()), 0);
    assert.equal(await readsOf(() => server.catalog.find("skill-77")), 0);
  });

  test("all active at once: a lookup costs the same, and the key stays short", async () => {
    await using home = await temporaryHome();
    const { found } = countedSkills(300);
    await using server = await startSkills({ home: home.path, found });
    const names = found.map(({ name }) => name);
    await server.activation.load(
      names,
      { ...LOCAL, signal: new AbortController().signal, client: { capabilities: {} } } as never,
      {
        activateGroups: false,
      },
    );
    assert.equal(server.seen().filter((it) => it.startsWith("skill_")).length, names.length);
    const view = server.kernel.view({
      sessionId: undefined,
      client: undefined,
      principal: { id: "local", scopes: [] },
    });
    assert.ok(view.key.length < 200, view.key);
    const began = performance.now();
    for (let i = 0; i < names.length; i++) assert.ok(view.has("tool", `skill_${i}__run`, "skills"));
    assert.ok(performance.now() - began < 2_000);
  });

  test("have their stubs in a moment", async () => {
    await using home = await temporaryHome();
    const { found } = countedSkills(1_000);
    const began = performance.now();
    await using server = await startSkills({ home: home.path, found, stubs: true });
    assert.ok(performance.now() - began < 10_000);
    assert.equal(server.seen().filter((it) => it.startsWith("__skill__")).length, 1_000);
  });
});
