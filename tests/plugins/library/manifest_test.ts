import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trashedAt, trashName } from "../../../plugins/library/layout.ts";
import { completeManifest, formatManifest, parseManifest, readAnnotations } from "../../../plugins/library/manifest.ts";

const FULL = {
  name: "full",
  version: "1.2.3",
  description: "has every field",
  tool_type: "script",
  entry_file: "full.py",
  interpreter: "python3",
  input_schema: { type: "object" },
  output_schema: { type: "string" },
  annotations: { title: "Full", readOnlyHint: true },
  dependencies: ["requests"],
  wasm_dependencies: ["serde@1"],
  pipeline_steps: [{ tool: "x" }],
  mcp_server: { command: "node", args: [], env: {} },
  author: "Ada",
  license: "MIT",
  repository: "r",
  tags: ["a"],
  created_at: "2025-01-01T00:00:00Z",
  updated_at: "2025-01-02T00:00:00Z",
  disabled: false,
  requires_services: ["db"],
  x_unknown: { kept: [1, null, "ü"] },
};

describe("manifests", () => {
  test("parseManifest() and formatManifest() keep every field of skillz and unknown ones", async () => {
    const parsed = await parseManifest(JSON.stringify(FULL));
    assert.deepEqual(JSON.parse(formatManifest(parsed)), FULL);
  });

  test("parseManifest() fills in the defaults of skillz, and takes null for nothing", async () => {
    const parsed = await parseManifest('{"name":"a","description":"d","entry_file":null,"tags":null,"x":null}');
    assert.deepEqual(parsed, { name: "a", description: "d", version: "1.0.0", tool_type: "wasm", x: null });
  });

  test("parseManifest() says why a manifest cannot be used", async () => {
    const reasons: readonly (readonly [string, RegExp])[] = [
      ["{", /not JSON/],
      ["[]", /not well formed/],
      ['{"name":"a"}', /"description": missing/],
      ['{"name":"a","description":"d","tags":"x"}', /"tags"/],
      ['{"name":"a b","description":"d"}', /its name "a b" is not 1 to 64/],
      ['{"name":"../a","description":"d"}', /its name "\.\.\/a"/],
      ['{"name":"","description":"d"}', /its name ""/],
      ['{"name":"a","description":"d","grants":{"timeout_ms":0}}', /"grants.timeout_ms"/],
    ];
    for (const [text, reason] of reasons) await assert.rejects(parseManifest(text), reason, text);
  });

  test("completeManifest() keeps of the manifest before who made the tool, and what it does not know", () => {
    const draft = { name: "full", description: "new", tool_type: "script", tags: ["b"] };
    const manifest = completeManifest(draft, { version: "1.2.4", digest: "00", replaced: FULL });
    assert.equal(manifest.author, "Ada");
    assert.equal(manifest.created_at, "2025-01-01T00:00:00Z");
    assert.deepEqual(manifest["x_unknown"], FULL.x_unknown);
    assert.equal(manifest.format, 1);
    assert.deepEqual(manifest.tags, ["b"]);
    assert.equal(manifest.interpreter, undefined, "what the new one does not say is not taken from the old one");
    const written = new Date(manifest.updated_at!);
    assert.ok(Math.abs(Date.now() - written.getTime()) < 60_000, `a real date: ${manifest.updated_at}`);
  });

  test("readAnnotations() takes well-formed hints only", () => {
    assert.deepEqual(readAnnotations({ title: "T", readOnlyHint: true, destructiveHint: "no", other: 1 }), {
      title: "T",
      readOnlyHint: true,
    });
    for (const none of [undefined, null, "x", [], { other: 1 }]) assert.equal(readAnnotations(none), undefined);
  });

  test("trashName() and trashedAt() agree", () => {
    const now = new Date("2026-07-28T10:15:00.123Z");
    assert.equal(trashName("my-tool_1", now), "my-tool_1-20260728T101500123Z");
    assert.deepEqual(trashedAt("my-tool_1-20260728T101500123Z"), now);
    for (const name of ["my-tool", "my-tool-20261399T101500123Z", ""]) assert.equal(trashedAt(name), undefined, name);
  });
});
