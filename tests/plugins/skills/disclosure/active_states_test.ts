import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../../kernel/mod.ts";
import { idOf, type SkillId } from "../../../../plugins/skills/disclosure/active_set.ts";
import { ActiveStates } from "../../../../plugins/skills/disclosure/active_states.ts";
import type { Namespace } from "../../../../plugins/store/contract.ts";
import { memoryStore } from "../../../../plugins/store/mod.ts";
import { until } from "../../../support/wait.ts";

const LOCAL = { principal: LOCAL_PRINCIPAL, sessionId: undefined };
const NOBODY = { principal: undefined, sessionId: undefined };
const DEV = idOf("virtual", "dev");

async function opened(namespace?: Namespace) {
  const told: unknown[] = [];
  const states = new ActiveStates({ namespace, onChange: (change, added) => void told.push([change, added]) });
  return { states, told, close: await states.open() };
}

const idsOf = (states: ActiveStates, holder: Parameters<ActiveStates["of"]>[0] = LOCAL) => [...states.of(holder).ids()];
const adding = (...ids: SkillId[]) => (causes: Map<SkillId, "asked" | "dependency">) => {
  for (const id of ids) causes.set(id, "asked");
};

describe("ActiveStates", () => {
  test("keeps the state of a caller without a principal apart, with and without a store", async () => {
    const store = memoryStore();
    for (const namespace of [undefined, store.namespace("skills/activation")]) {
      const { states, told, close } = await opened(namespace);
      await states.change(NOBODY, adding(DEV));
      assert.deepEqual([idsOf(states, NOBODY), idsOf(states)], [[DEV], []]);
      assert.deepEqual(told, [[{ principalId: undefined }, [DEV]]]);
      await close();
    }
    await store.close();
  });

  test("loses no change of two writers, and none of two calls at once", async () => {
    const store = memoryStore();
    const namespace = store.namespace("skills/activation");
    const [a, b] = [await opened(namespace), await opened(namespace)];
    const names = Array.from({ length: 20 }, (_, i) => idOf("tool", `t${i}`));
    await Promise.all(names.map((id, i) => (i % 2 === 0 ? a : b).states.change(LOCAL, adding(id))));
    for (const { states } of [a, b]) await until(() => idsOf(states).length === 20, "all twenty");
    assert.equal(a.states.of(LOCAL).key, b.states.of(LOCAL).key);
    const session = { ...LOCAL, sessionId: "one" };
    await Promise.all(names.map((id) => a.states.change(session, (causes) => void causes.delete(id))));
    assert.deepEqual(idsOf(a.states, session), []);
    assert.equal(idsOf(a.states).length, 20);
    await a.close();
    await b.close();
    await store.close();
  });

  test("reads of the store what it can, and follows what is deleted there", async () => {
    const store = memoryStore();
    const namespace = store.namespace("skills/activation");
    await namespace.set("1", { principal: "local", active: ["virtual:dev", 7, "odd", "skill:", null, "tool:x"] });
    await namespace.set("2", "nonsense");
    await namespace.set("3", { principal: { id: "x" }, active: "virtual:sys", dependencies: [["skill:a"]] });
    const { states, close } = await opened(namespace);
    assert.deepEqual(idsOf(states), [DEV, "tool:x"]);
    assert.deepEqual(idsOf(states, NOBODY), []);
    await namespace.delete("1");
    await until(() => idsOf(states).length === 0, "what is deleted is active no more");
    await close();
    await store.close();
  });

  test("tells of a change of the set, and not of how a skill came to be in it", async () => {
    const { states, told } = await opened();
    await states.change(LOCAL, (causes) => void causes.set(idOf("skill", "a"), "dependency"));
    const { key } = states.of(LOCAL);
    await states.change(LOCAL, adding(idOf("skill", "a")));
    assert.deepEqual([states.of(LOCAL).key, told.length], [key, 1]);
    await states.change(LOCAL, (causes) => causes.clear());
    assert.deepEqual([states.of(LOCAL).key, told.length], ["", 2]);
  });
});
