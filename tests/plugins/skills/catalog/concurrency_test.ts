import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { CatalogChange } from "../../../../plugins/skills/catalog/catalog_skill.ts";
import { isSkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import type { Discovery } from "../../../../plugins/skills/discovery/found.ts";
import { freshSeed } from "../../../support/random.ts";
import { discovery, type MadeCatalog, makeCatalog } from "./kit.ts";

const NAMES = ["a", "b", "c", "d"] as const;

type Step =
  | { readonly kind: "load" | "unload"; readonly name: string }
  | { readonly kind: "group"; readonly name: string; readonly isActive: boolean }
  | { readonly kind: "accept"; readonly discovery: Discovery }
  | { readonly kind: "wait"; readonly turns: number };

const skill = fc.record({
  name: fc.constantFrom(...NAMES),
  scope: fc.constantFrom("user" as const, "repo" as const),
  depends: fc.subarray([...NAMES], { maxLength: 2 }),
  tools: fc.subarray(["one", "two", "three"]),
  fingerprint: fc.constantFrom("1", "2"),
}).map(({ tools, ...fields }) => ({
  ...fields,
  fingerprint: `${fields.fingerprint} ${fields.depends} ${tools}`,
  tools: tools.map((name) => ({ name, group: name === "three" ? "extra" : "" })),
}));
const name = fc.constantFrom(...NAMES, "repo:a", "user:b");
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constantFrom("load" as const, "unload" as const), name }), weight: 6 },
  {
    arbitrary: fc.record({ kind: fc.constant("group" as const), name, isActive: fc.boolean() }),
    weight: 2,
  },
  {
    arbitrary: fc.uniqueArray(skill, { selector: (it) => `${it.scope} ${it.name}`, maxLength: 6 })
      .map((skills) => ({ kind: "accept" as const, discovery: discovery(...skills) })),
    weight: 2,
  },
  { arbitrary: fc.record({ kind: fc.constant("wait" as const), turns: fc.nat(8) }), weight: 2 },
);

/** Begins a step; gives what ends it. */
async function take(step: Step, { catalog }: MadeCatalog): Promise<void> {
  switch (step.kind) {
    case "load":
      return void await catalog.loadSkill(step.name);
    case "unload":
      return void await catalog.unloadSkill(step.name);
    case "accept":
      return void await catalog.accept(step.discovery);
    case "group":
      if (step.isActive) catalog.activateGroup(`${step.name}:extra`);
      else catalog.deactivateGroup(`${step.name}:extra`);
      return;
    case "wait":
      for (let turn = 0; turn < step.turns; turn++) await Promise.resolve();
  }
}

/** Fails unless catalog and registry tell the same. */
function checkConsistent({ catalog, registry }: MadeCatalog): void {
  const skills = [...catalog.skills(), ...catalog.shadowed()];
  const loaded = skills.filter((it) => it.state === "loaded");
  assert.equal(catalog.loadedCount(), loaded.length);
  assert.equal(new Set(loaded.map((it) => it.found.name)).size, loaded.length, "two of one name are loaded");
  const registered = new Map(loaded.flatMap((it) => it.registered.map((tool) => [tool, it] as const)));
  assert.deepEqual([...registered.keys()].sort(), registry.list().map((tool) => tool.name));
  for (const tool of registry.list()) {
    const owner = registered.get(tool.name)!;
    assert.equal(tool.skillName, owner.name);
    assert.equal(tool.enabled, tool.group === "" || owner.activeGroups.includes(tool.group), tool.name);
    assert.ok(owner.metadata.tools.includes(tool.declaration), "a tool of files that are not there any more");
  }
}

/** Follows what is told, and fails where it does not fit. */
function follow({ catalog, registry }: MadeCatalog): () => void {
  const tools = new Set<string>();
  const loaded = new Set<string>();
  registry.onChange(({ added, removed, changed }) => {
    for (const it of added) assert.ok(!tools.has(it) && tools.add(it), `${it} was added twice`);
    for (const it of changed) assert.ok(tools.has(it), `${it} changed and is not there`);
    for (const it of removed) assert.ok(tools.delete(it), `${it} was removed twice`);
  });
  catalog.onChange((change: CatalogChange) => {
    for (const it of change.loaded) assert.ok(!loaded.has(it) && loaded.add(it), `${it} was loaded twice`);
    for (const it of change.unloaded) assert.ok(loaded.delete(it), `${it} was unloaded twice`);
  });
  return () => {
    assert.deepEqual([...tools].sort(), registry.list().map((tool) => tool.name));
    const names = [...catalog.skills(), ...catalog.shadowed()].filter((it) => it.state === "loaded").map((it) =>
      it.name
    );
    assert.deepEqual([...loaded].sort(), names.sort());
  };
}

test("catalog and registry agree after any loads, unloads, group switches and changes of files at once", async () => {
  const seed = freshSeed() | 0;
  const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const made = makeCatalog();
    const checkFollowed = follow(made);
    const ends: Promise<void>[] = [];
    for (const each of steps) {
      const end = take(each, made).catch((thrown) => assert.ok(isSkillValueError(thrown), String(thrown)));
      if (each.kind === "wait") await end;
      ends.push(end);
      // what is read in between is one state as well
      checkConsistent(made);
    }
    await Promise.all(ends);
    checkConsistent(made);
    checkFollowed();
  });
  await fc.assert(property, { seed, numRuns: 150 });
});

test("one skill loaded many times at once is registered once, and all are told the same", async () => {
  const made = makeCatalog();
  await made.catalog.accept(discovery({ name: "a", tools: ["t"], depends: ["b"] }, { name: "b", tools: ["t"] }));
  const answers = await Promise.all(Array.from({ length: 50 }, () => made.catalog.loadSkill("a")));
  assert.ok(answers.every((names) => names.join() === "a__t"));
  assert.equal(made.registryChanges.length, 1);
  const unloads = await Promise.allSettled(Array.from({ length: 50 }, () => made.catalog.unloadSkill("a")));
  assert.equal(unloads.filter(({ status }) => status === "fulfilled").length, 1);
  assert.equal(made.registry.size, 1);
});
