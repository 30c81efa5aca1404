import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { inspect, installInspector } from "../support/inspector.ts";
import { listen } from "../support/listen.ts";
import { startApp, starter } from "../support/transports.ts";

const missing = await installInspector();
const options = missing === undefined ? {} : { skip: missing };

// deno-lint-ignore no-explicit-any -- tests look into it freely
async function answer(args: readonly string[]): Promise<any> {
  const { code, stdout, stderr } = await inspect(args);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}

test("the Inspector lists, calls, reads and renders over HTTP, behind the token", options, async () => {
  await using started = await startApp({}, { token: "s3cret" });
  await using server = await listen((request) => started.app.fetch(request));
  const target = [`${server.url}/mcp`, "--transport", "http", "--header", "Authorization: Bearer s3cret"];
  const { tools } = await answer([...target, "--method", "tools/list", "--strict"]);
  assert.ok(tools.some((it: { name: string }) => it.name === "add"), "and finds no schema that is not portable");
  const sum = await answer([...target, "--method", "tools/call", "--tool-name", "add", "--tool-arg", "a=1", "b=2"]);
  assert.deepEqual(sum.structuredContent, { sum: 3 });
  const { contents } = await answer([...target, "--method", "resources/read", "--uri", "item://7"]);
  assert.equal(contents[0].text, '{"id":"7"}');
  const prompt = ["--method", "prompts/get", "--prompt-name", "greet", "--prompt-args", "name=Ada"];
  assert.equal((await answer([...target, ...prompt])).messages[0].content.text, "Greet Ada");
  const { code } = await inspect([
    `${server.url}/mcp`,
    "--transport",
    "http",
    "--stored-auth-only",
    "--method",
    "tools/list",
  ]);
  assert.notEqual(code, 0, "it is refused without the token");
});

test("the Inspector calls over the older transport", options, async () => {
  await using started = await startApp();
  await using server = await listen((request) => started.app.fetch(request));
  const target = [`${server.url}/sse`, "--transport", "sse"];
  const said = await answer([...target, "--method", "tools/call", "--tool-name", "echo", "--tool-arg", "text=hi"]);
  assert.equal(said.content[0].text, "hi");
});

test("the Inspector calls over stdio", options, async () => {
  const folder = await mkdtemp(join(tmpdir(), "collet-inspector-"));
  try {
    const config = join(folder, "mcp.json");
    // the Inspector has a home of its own here; the runtime that it starts keeps its packages in the real one
    const env = { HOME: process.env["HOME"] };
    await writeFile(config, JSON.stringify({ mcpServers: { everything: { type: "stdio", ...starter(), env } } }));
    const target = ["--config", config, "--server", "everything"];
    const said = await answer([...target, "--method", "tools/call", "--tool-name", "echo", "--tool-arg", "text=hi"]);
    assert.equal(said.content[0].text, "hi");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
