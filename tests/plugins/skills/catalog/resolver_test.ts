import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { findProblems, partMissing } from "../../../../plugins/skills/catalog/problems.ts";
import {
  expandTransitiveDependencies,
  resolveDependencies,
  validateDependencies,
} from "../../../../plugins/skills/catalog/resolver.ts";
import type { Diagnostic } from "../../../../plugins/skills/format/diagnostics.ts";
import { SkillMetadata } from "../../../../plugins/skills/format/metadata.ts";
import { freshSeed } from "../../../support/random.ts";

/** Makes skills of lines such as `a: b c`. */
function skills(...lines: readonly string[]): SkillMetadata[] {
  return lines.map((line) => {
    const [name = "", depends = ""] = line.split(":");
    return new SkillMetadata({ name: name.trim(), depends: depends.split(" ").filter((it) => it !== "") });
  });
}

function namesOf(list: readonly SkillMetadata[]): string {
  return list.map((skill) => skill.name).join(" ");
}

function failure(run: () => unknown): SkillValueError {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof SkillValueError);
    return thrown;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

describe("resolveDependencies()", () => {
  const orders: readonly [what: string, given: readonly string[], order: string][] = [
    ["nothing", [], ""],
    ["a chain", ["a: b", "b: c", "c"], "c b a"],
    ["a diamond", ["top: left right", "left: base", "right: base", "base"], "base left right top"],
    ["what has no dependencies as it comes", ["c", "a", "b"], "c a b"],
    ["first what waits for nothing, then what waited longest", ["x: a", "a", "y: a", "b"], "a b x y"],
    ["a dependency that is named twice", ["a: b b", "b"], "b a"],
    ["after all skills of one name", ["a: b", "b", "b"], "b b a"],
  ];
  for (const [what, given, order] of orders) {
    test(`orders ${what}`, () => assert.equal(namesOf(resolveDependencies(skills(...given))), order));
  }

  test("throws for a missing dependency, naming the first", () => {
    const thrown = failure(() => resolveDependencies(skills("a: b", "b: c d")));
    assert.deepEqual([thrown.code, thrown.skill, thrown.dependency], ["DEPENDENCY_MISSING", "b", "c"]);
    assert.match(thrown.message, /^Cannot order the skills: skill "b" depends on "c", which was not found; add /);
  });

  const cycles: readonly [what: string, given: readonly string[], cycle: string][] = [
    ["itself", ["a: a"], "a → a"],
    ["two", ["a: b", "b: a"], "a → b → a"],
    ["three, from the one that comes first", ["x: c", "b: c", "c: a", "a: b"], "b → c → a → b"],
    ["two of one name", ["a: a", "a"], "a → a"],
  ];
  for (const [what, given, cycle] of cycles) {
    test(`throws for a cycle of ${what}`, () => {
      const thrown = failure(() => resolveDependencies(skills(...given)));
      assert.equal(thrown.code, "DEPENDENCY_CYCLE");
      assert.equal(thrown.cycle?.join(" → "), cycle);
      assert.ok(thrown.message.startsWith("Cannot order the skills: skills depend on each other"), thrown.message);
      assert.ok(thrown.message.includes(cycle), thrown.message);
    });
  }

  test("tells of two skills of one name", () => {
    const told: Diagnostic[] = [];
    resolveDependencies(skills("a", "a", "b"), { onDiagnostic: (it) => told.push(it) });
    assert.deepEqual(told.map((it) => it.rule), ["name-duplicate"]);
  });

  test("orders a chain of 20,000, and names a cycle of as many in a short message", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => `s${i}: s${i + 1}`);
    assert.equal(resolveDependencies(skills(...chain, "s20000")).length, 20_001);
    const thrown = failure(() => resolveDependencies(skills(...chain, "s20000: s0")));
    assert.equal(thrown.cycle?.length, 20_002);
    assert.ok(thrown.message.length < 300, thrown.message);
    assert.match(thrown.message, /s0 → s1 → .* → … \(19993 more\) → s0/);
  });

  test("of any skills gives an order that fits, or names what is missing or a true cycle", () => {
    const seed = freshSeed() | 0;
    const names = ["a", "b", "c", "d", "e", "f"];
    const graph = fc.array(
      fc.record({ name: fc.constantFrom(...names), depends: fc.subarray([...names, "missing"]) }),
      { maxLength: 7 },
    );
    const check = fc.property(graph, (given) => {
      const known = new Set(given.map((it) => it.name));
      let order: readonly { name: string; depends: string[] }[];
      try {
        order = resolveDependencies(given);
      } catch (thrown) {
        assert.ok(thrown instanceof SkillValueError);
        if (thrown.code === "DEPENDENCY_MISSING") return assert.ok(!known.has(thrown.dependency!));
        const cycle = thrown.cycle!;
        assert.equal(cycle[0], cycle.at(-1));
        for (let i = 1; i < cycle.length; i++) {
          assert.ok(given.some((it) => it.name === cycle[i - 1] && it.depends.includes(cycle[i]!)), String(cycle));
        }
        return;
      }
      assert.equal(new Set(order).size, given.length);
      order.forEach(({ depends }, place) => {
        const later = new Set(order.slice(place).map((it) => it.name));
        assert.deepEqual(depends.filter((name) => later.has(name)), []);
      });
    });
    fc.assert(check, { seed, numRuns: 300 });
  });
});

test("validateDependencies() lists a message for each that is missing, and no cycle", () => {
  assert.deepEqual(validateDependencies(skills("a: b", "b: a")), []);
  assert.deepEqual(validateDependencies(skills("a: x y x", "b: x")), [
    'Skill "a" depends on "x", which was not found',
    'Skill "a" depends on "y", which was not found',
    'Skill "b" depends on "x", which was not found',
  ]);
});

describe("expandTransitiveDependencies()", () => {
  test("lists each once, those first that others need, without the skill itself", () => {
    const given = skills("top: left right", "left: base", "right: base", "base: deep", "deep", "other");
    assert.deepEqual(expandTransitiveDependencies(given, "top"), ["deep", "base", "left", "right"]);
    assert.deepEqual(expandTransitiveDependencies(given, "deep"), []);
  });

  test("gives nothing for a name that no skill has", () => {
    assert.deepEqual(expandTransitiveDependencies(skills("a"), "none"), []);
  });

  test("throws for what is missing and for cycles, and for nothing that the skill does not need", () => {
    const given = skills("a: b", "b: c", "c: b", "d: none", "e: d", "fine: leaf", "leaf", "self: self");
    assert.equal(failure(() => expandTransitiveDependencies(given, "a")).cycle?.join(" "), "b c b");
    assert.equal(failure(() => expandTransitiveDependencies(given, "self")).cycle?.join(" "), "self self");
    const missing = failure(() => expandTransitiveDependencies(given, "e"));
    assert.equal(missing.dependency, "none");
    assert.match(missing.message, /^Cannot list what skill "e" depends on: skill "d" depends on "none", which was not/);
    assert.deepEqual(expandTransitiveDependencies(given, "fine"), ["leaf"]);
  });
});

describe("findProblems()", () => {
  function problemsOf(...lines: readonly string[]): Record<string, unknown> {
    const given = skills(...lines);
    const problems = findProblems(given, (name) => given.find((it) => it.name === name));
    return Object.fromEntries(
      [...problems].map(([{ name }, { missing, cycle }]) => [name, cycle?.join(" ") ?? missing]),
    );
  }

  test("tells of a missing skill to all that need it by others", () => {
    assert.deepEqual(problemsOf("a: b", "b: c x", "c: y", "fine"), { a: ["x", "y"], b: ["x", "y"], c: ["y"] });
  });

  test("tells of a cycle to all that are part of it or need it", () => {
    assert.deepEqual(problemsOf("a: b", "b: c", "c: b", "self: self", "fine: leaf", "leaf", "late: a"), {
      a: "b c b",
      b: "b c b",
      c: "b c b",
      self: "self self",
      late: "b c b",
    });
  });

  test("takes no more than seconds where each of 5,000 skills misses one of its own", () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `s${i}: s${i + 1} missing${i}`);
    const given = skills(...lines, "s5000");
    const byName = new Map(given.map((skill) => [skill.name, skill]));
    const problems = findProblems(given, (name) => byName.get(name));
    assert.equal(problems.size, 5_000);
    assert.ok([...problems.values()].every(({ missing }) => missing.length <= 20));
  });
});

test("partMissing() leaves out what misses a skill, directly or by others", () => {
  const { complete, incomplete } = partMissing(skills("a: b", "b: none", "c", "d: c"));
  assert.equal(namesOf(complete), "c d");
  assert.deepEqual([...incomplete].map(([{ name }, missing]) => [name, ...missing]), [["b", "none"], ["a", "none"]]);
});
