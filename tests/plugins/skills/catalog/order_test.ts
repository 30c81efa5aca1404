import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OrderedSkills, orderLeniently, orderStrictly } from "../../../../plugins/skills/catalog/order.ts";
import type { Discovery } from "../../../../plugins/skills/discovery/found.ts";
import type { Diagnostic } from "../../../../plugins/skills/format/diagnostics.ts";
import { discovery } from "./kit.ts";

const BROKEN: Diagnostic = { severity: "error", file: "SKILL.md", rule: "yaml-invalid", message: "No YAML" };

function withBroken(found: Discovery): Discovery {
  const folder = { scope: "user", origin: "user", order: 0, diagnostics: [BROKEN] } as const;
  return {
    ...found,
    skipped: [{ path: "/broken", isSkill: true, ...folder }, { path: "/none", isSkill: false, ...folder }],
  };
}

function show([ordered, skipped]: OrderedSkills): [string, string[]] {
  return [ordered.map((skill) => skill.name).join(" "), skipped];
}

describe("orderStrictly()", () => {
  test("gives skills after those that they need, and the folders that hold none that can be used", () => {
    const found = withBroken(discovery({ name: "a", depends: ["b"] }, { name: "b" }));
    assert.deepEqual(show(orderStrictly(found)), ["b a", ["/broken"]]);
  });

  test("throws for what is missing and for cycles", () => {
    assert.throws(() => orderStrictly(discovery({ name: "a", depends: ["none"] })), /depends on "none"/);
    assert.throws(() => orderStrictly(discovery({ name: "a", depends: ["a"] })), /a → a/);
  });
});

describe("orderLeniently()", () => {
  test("skips what misses a skill, directly or by others, and tells of it", () => {
    const told: string[] = [];
    const found = withBroken(discovery(
      { name: "top", depends: ["middle"] },
      { name: "middle", depends: ["none"] },
      { name: "fine", depends: ["base"] },
      { name: "base" },
    ));
    const ordered = orderLeniently(found, { onDiagnostic: ({ rule, message }) => told.push(`${rule} ${message}`) });
    assert.deepEqual(show(ordered), ["base fine", ["/broken", "/user/middle", "/user/top"]]);
    assert.deepEqual(told, [
      "yaml-invalid No YAML",
      "yaml-invalid No YAML",
      'dependency-missing Skill "middle" in /user/middle is left out: it needs "none"',
      'dependency-missing Skill "top" in /user/top is left out: it needs "none"',
    ]);
  });

  test("throws for a cycle, though not of what is left out anyway", () => {
    assert.throws(
      () => orderLeniently(discovery({ name: "a", depends: ["b"] }, { name: "b", depends: ["a"] })),
      /a → b → a/,
    );
    const left = discovery({ name: "a", depends: ["b", "none"] }, { name: "b", depends: ["a"] }, { name: "c" });
    assert.deepEqual(show(orderLeniently(left)), ["c", ["/user/a", "/user/b"]]);
  });
});
