import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import guide from "../../../plugins/guide/mod.ts";
import grants from "../../../plugins/grants/mod.ts";
import { dataOf, printing, startWasm, type WasmKit } from "./kit.ts";

async function page(kit: WasmKit, uri: string): Promise<string> {
  const { contents: [content] } = await kit.kernel.read(uri);
  if (content === undefined || !("text" in content)) throw new Error(`expected a text at ${uri}`);
  return String(content.text);
}

test("collet://tools/{name} tells of a WASM tool what it was built from, by what and to what", async () => {
  await using kit = await startWasm({ before: [grants], plugins: [guide] });
  const code = `${printing("one")};; \`\`\`\n`;
  const limits = { timeout_ms: 2_000, memory_mb: 32, grants: { env: ["LANG"] } };
  const { digest, size } = dataOf(await kit.build({ name: "say", code, ...limits }));
  const text = await page(kit, "collet://tools/say");
  assert.equal(await page(kit, "skillz://tools/say"), text);
  for (
    const fact of [
      "- Kind: wasm",
      "- Language: wat",
      "- Compiler: wabt 1.0.39, target wasm32-wasip1",
      `- Artifact: \`say.wasm\`, WebAssembly module, ${size} bytes`,
      `- SHA-256: \`${digest}\``,
      "- Imports: `wasi_snapshot_preview1.fd_write`",
      "- Limits: 2 s and 32 MiB a call",
      '- Grants that it asks for: `{"env":["LANG"]}`',
      "`src.wat`:\n\n```wat\n",
      code.trimEnd(),
    ]
  ) assert.ok(text.includes(fact), `${fact}\n\nin\n\n${text}`);
});

test("collet://tools/{name} shows all files of a bundle, its engine, and that the source was edited", async () => {
  await using kit = await startWasm({ plugins: [guide] });
  const files = { "deep/two.ts": "export const two: string = 'two';" };
  const code = 'import { two } from "./deep/two.ts";\nexport default (): string => two;\n';
  await kit.build({ name: "say", code, files });
  const text = await page(kit, "collet://tools/say");
  assert.match(text, /- Artifact: `say\.js`, JavaScript for an engine that is WebAssembly/);
  assert.match(text, /- Engine: .*quickjs.*, SHA-256 `[0-9a-f]{64}`/i);
  assert.ok(text.includes(`\`src/deep/two.ts\`:\n\n\`\`\`typescript\n${files["deep/two.ts"]}\n`), text);
  assert.equal(text.includes("was changed since"), false);
  await writeFile(join(kit.home, "tools/say/src.ts"), `${code}// more\n`);
  assert.match(await page(kit, "collet://tools/say"), /The source was changed since/);
});

test("collet://tools/{name} says why a tool cannot be run, and that a finished module has no source", async () => {
  await using kit = await startWasm({ plugins: [guide] });
  const base64 = "AGFzbQEAAAABBAFgAAADAgEABQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAAKBAECAAs=";
  await kit.build({ name: "empty", code: base64 });
  const text = await page(kit, "collet://tools/empty");
  assert.match(text, /- Imports: none/);
  assert.match(text, /None is kept: the tool is a finished module/);
  await writeFile(join(kit.home, "tools/empty/empty.wasm"), "nothing");
  assert.match(await page(kit, "collet://tools/empty"), /- Cannot be run: its file "empty\.wasm" cannot be run/);
});

test("collet://tools/{name} of other tools is what it was", async () => {
  await using kit = await startWasm({ plugins: [guide] });
  assert.equal((await page(kit, "collet://tools/build_tool")).includes("## Source"), false);
});
