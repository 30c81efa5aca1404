import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fromBase64, ToolError } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { conformance, testPlugin } from "../../../kernel/testing.ts";
import exposure from "../../../plugins/exposure/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import sharing from "../../../plugins/sharing/mod.ts";
import { answeringKind, kindPlugin, startKernel, temporaryHome } from "../library/kit.ts";
import { failed, toolFiles, within, writeTree } from "./kit.ts";

conformance(sharing, {}, { with: [library] });

for (const era of ["2025", "2026"] as const) {
  test(`a client of ${era} imports, calls and exports tools`, async () => {
    await using temporary = await temporaryHome();
    const platform = await detectPlatform({ home: join(temporary.path, "home") });
    await using kit = await testPlugin(sharing, {}, { platform, with: [library, scripts], era });
    const { client } = kit;
    const source = await writeTree(join(temporary.path, "tools"), {
      ...within("greet", toolFiles("greet")),
      ...within("lost", toolFiles("lost", { manifest: { entry_file: "absent" } })),
    });
    const call = (name: string, args: Record<string, unknown> = {}) => client.callTool({ name, arguments: args });
    const result = await call("import_tool", { source });
    assert.equal(result.isError ?? false, false, JSON.stringify(result));
    const { installed, skipped } = result.structuredContent as { installed: unknown[]; skipped: unknown[] };
    assert.deepEqual([installed.length, skipped.length], [1, 1]);
    assert.ok((await client.listTools()).tools.some((it) => it.name === "greet"));
    assert.deepEqual((await call("greet")).content, [{ type: "text", text: "greet" }]);

    const refused = await call("import_tool", { source, tools: ["greet"] });
    assert.equal(refused.isError, true);
    assert.equal((refused.structuredContent as { skipped: { name: string }[] }).skipped[0]?.name, "greet");

    const { content } = await call("export_tool", { tool_name: "greet" }) as {
      content: { resource?: { blob: string } }[];
    };
    const archive = join(temporary.path, "greet.zip");
    await writeFile(archive, fromBase64(content[1]!.resource!.blob)!);
    assert.equal((await call("import_tool", { source: archive, name: "salute" })).isError ?? false, false);
    assert.deepEqual((await call("salute")).content, [{ type: "text", text: "greet" }]);
    const ref = { type: "tool", name: "export_tool" } as const;
    assert.deepEqual(await kit.kernel.complete(ref, { argument: "tool_name", value: "gre" }), ["greet"]);
  });
}

test("import_tool and export_tool are listed where everything is, and called by name where little is", async () => {
  await using kit = await testPlugin(sharing, {}, { with: [library, exposure] });
  const { tools } = await kit.client.listTools();
  assert.deepEqual(tools.filter((it) => /import|export/.test(it.name)), []);
  const result = await kit.client.callTool({ name: "export_tool", arguments: { tool_name: "x" } });
  assert.match(JSON.stringify(result.content), /no tool of that name/);
});

test("a tool that cannot be prepared leaves nothing, and the others are imported", async () => {
  await using temporary = await temporaryHome();
  const picky = kindPlugin(answeringKind({
    prepare(manifest) {
      if (manifest.name === "bad") throw new ToolError("no such package");
      return Promise.resolve(manifest);
    },
  }));
  const home = join(temporary.path, "home");
  await using kit = await startKernel({ home, plugins: [picky, sharing] });
  const files = (name: string) => within(name, toolFiles(name, { manifest: { tool_type: "answering" } }));
  const source = await writeTree(join(temporary.path, "tools"), { ...files("bad"), ...files("good") });
  const { structuredContent } = await kit.call("import_tool", { source });
  const { installed, skipped } = structuredContent as { installed: { name: string }[]; skipped: { reason: string }[] };
  assert.deepEqual([installed.map((it) => it.name), skipped.map((it) => it.reason)], [["good"], ["no such package"]]);
  assert.deepEqual((await kit.kernel.get(ToolLibrary)!.list()).map((it) => it.name), ["good"]);
  failed(await kit.call("import_tool", { source, tools: ["bad"] }));
});
