import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { listExportNames } from "../../scripts/lib/export_names.ts";
import { hasPath, inRepository, readDenoManifest, readText } from "../../scripts/lib/repository.ts";

const SNAPSHOT = "tests/repo/public_names.txt";
const entries = Object.entries(readDenoManifest().exports).filter(([, source]) => hasPath(source));

test("the public names are those of the snapshot", () => {
  const text = entries.map(([name, source]) => `${name}\n${listExportNames(source).map((at) => `  ${at}\n`).join("")}`)
    .join("\n");
  if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(inRepository(SNAPSHOT), text);
  const hint = `if the change is meant, run this test with UPDATE_SNAPSHOTS=1 and say it in CHANGELOG.md`;
  assert.deepEqual(text.split("\n"), readText(SNAPSHOT).split("\n"), hint);
});

test("the names with a value are those that a program sees", async () => {
  const modules = {
    ".": () => import("../../mod.ts"),
    "./edge": () => import("../../kernel/edge.ts"),
    "./skills": () => import("../../plugins/skills/embed.ts"),
    "./testing": () => import("../../kernel/testing.ts"),
  };
  for (const [name, source] of entries) {
    assert.ok(name in modules, `this test imports "${name}" as well`);
    const actual = Object.keys(await modules[name as keyof typeof modules]()).filter((at) => at !== "default").sort();
    assert.deepEqual(listExportNames(source).filter((at) => !at.startsWith("type ")), actual, source);
  }
});
