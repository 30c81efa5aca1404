import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ToolSummary } from "../../../../kernel/mod.ts";
import { ToolRegistry } from "../../../../plugins/skills/catalog/registry.ts";
import { AllowedTools, foreignTools } from "../../../../plugins/skills/running/allowed_tools.ts";

/** Tools of the kernel by name, with the skill that each is of. */
function allowed(allowedTools: readonly string[], kernel: Readonly<Record<string, string | undefined>> = {}) {
  const registry = new ToolRegistry();
  registry.register({ name: "mine__cut", skillName: "mine" });
  registry.register({ name: "other__cut", skillName: "other" });
  const toolbox = {
    get: (name: string) => {
      const skill = { mine__cut: "mine", other__cut: "other", ...kernel }[name];
      return (skill === undefined
        ? { name, meta: undefined }
        : { name, meta: { dcc: { skill } } }) as unknown as ToolSummary;
    },
  };
  return new AllowedTools({ skillName: "mine", metadata: { allowedTools: [...allowedTools] }, registry, toolbox });
}

describe("AllowedTools", () => {
  test("has the skill's own tools, and no others where it names none", () => {
    for (const entries of [[], ["Read", "Bash(git:*)"]]) {
      const tools = allowed(entries);
      assert.deepEqual(["mine__cut", "other__cut", "memory", "git"].map((it) => tools.has(it)), [
        true,
        false,
        false,
        false,
      ]);
    }
  });

  test("does not take a tool of the kernel for its own that has the name of one", () => {
    assert.equal(allowed([], { mine__cut: undefined }).has("mine__cut"), false);
    assert.equal(allowed([], { mine__cut: "other" }).has("mine__cut"), false);
  });

  test("has what allowed-tools names, by name, by pattern, and as clients write the tools of this server", () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ["memory", "memory", true],
      ["memory", "memory2", false],
      ["memory", "Memory", false],
      ["*", "anything", true],
      ["other__*", "other__cut", true],
      ["other__*", "another__cut", false],
      ["*__cut", "other__cut", true],
      ["a*b*c", "a-b-c", true],
      ["a*b*c", "acb", false],
      ["a*a", "a", false],
      ["**", "", true],
      ["mcp__x__*", "mcp__x__go", true],
      ["mcp__collet__search_tools", "search_tools", true],
      ["mcp__collet__*", "memory", true],
      ["execute_code(python:*)", "execute_code", false],
      [".*", "memory", false],
      ["mem?ry", "memory", false],
    ];
    for (const [entry, name, isThere] of cases) assert.equal(allowed([entry]).has(name), isThere, `${entry} ${name}`);
  });

  test("takes no time that grows faster than a hostile pattern", () => {
    const started = performance.now();
    assert.equal(allowed([`${"a*".repeat(5_000)}b`]).has("a".repeat(64)), false);
    assert.ok(performance.now() - started < 5_000);
  });

  test("says what would change a refusal", () => {
    assert.match(
      allowed([]).refusal("memory"),
      /"memory": scripts of skill "mine" reach .* add memory there in SKILL.md$/,
    );
  });
});

test("foreignTools() gives what names no tool here", () => {
  const names = ["memory", "mcp__x__go"];
  const entries = ["memory", "mcp__x__*", "mcp__collet__memory", "Bash(git:*)", "Read", "mcp__y__*"];
  assert.deepEqual(foreignTools({ allowedTools: entries }, names), ["Bash(git:*)", "Read", "mcp__y__*"]);
});
