/**
 * Starts what was built, as a user's client would: `dist/mod.js` in Node, over stdio, asked for its tools and
 * for calls.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findNode } from "./lib/nodes.ts";
import { hasPath, inRepository } from "./lib/repository.ts";
import { run } from "./lib/run.ts";

const REQUESTS: readonly object[] = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "smoke", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 2, method: "tools/list" },
];

/** Calls that load what comes from packages and is loaded when it is first used, and a part of what they answer. */
const CALLS: readonly (readonly [tool: string, args: object, answer: string])[] = [
  ["execute_code", { language: "typescript", code: "const n: number = 40;\nreturn { n: n + 2 };" }, '{"n":42}'],
  ["pipeline", { action: "validate", steps: [{ tool: "list_tools", condition: "1 < 2" }] }, "is valid"],
];

/** Imports a file of `dist/` in Node and fails unless it loads in silence and gives a name. */
async function importBuilt(node: string, file: string, name: string): Promise<void> {
  const address = pathToFileURL(inRepository("dist", file)).href;
  const script = `const built = await import(${JSON.stringify(address)});
    if (built[${JSON.stringify(name)}] === undefined) throw new Error("no ${name}");`;
  const { code, output } = await run([node, "--input-type=module", "--eval", script], { timeoutMs: 60_000 });
  if (code !== 0 || output !== "") throw new Error(`Cannot import dist/${file} in Node: exit code ${code}\n${output}`);
}

/**
 * Imports each built entry, lists tools over stdio, and calls some.
 *
 * @returns one line about what was seen.
 * @throws {Error} when an entry does not load, prints something while loading, lists no tool, or a call fails.
 */
export async function smokeTest(): Promise<string> {
  const found = await findNode("path");
  if ("missing" in found) return `smoke test not run: ${found.missing}`;
  const node = found.binary;
  await importBuilt(node, "mod.js", "Kernel");
  if (hasPath("dist/testing.js")) await importBuilt(node, "testing.js", "testPlugin");
  if (hasPath("dist/edge.js")) await importBuilt(node, "edge.js", "Kernel");
  if (hasPath("dist/skills.js")) await importBuilt(node, "skills.js", "SkillCatalog");

  const home = await mkdtemp(join(tmpdir(), "collet-smoke-"));
  try {
    const { code, output, stdout } = await run([node, inRepository("dist", "mod.js")], {
      cwd: home,
      env: { COLLET_HOME: home },
      input: REQUESTS.map((request) => `${JSON.stringify(request)}\n`).join(""),
      timeoutMs: 60_000,
    });
    const answer = stdout.split("\n").find((line) => line.includes('"id":2'));
    const tools = answer === undefined ? [] : JSON.parse(answer).result?.tools ?? [];
    if (code !== 0 || tools.length === 0) throw new Error(`dist/mod.js lists no tools: exit code ${code}\n${output}`);
    for (const [tool, args, answer] of CALLS) {
      const called = await run([node, inRepository("dist", "mod.js"), "call", tool, JSON.stringify(args)], {
        cwd: home,
        env: { COLLET_HOME: home },
        timeoutMs: 60_000,
      });
      if (called.code !== 0 || !called.stdout.includes(answer)) {
        throw new Error(`dist/mod.js cannot call "${tool}": exit code ${called.code}\n${called.output}`);
      }
    }
    return `dist/mod.js lists ${tools.length} tools over stdio, and calls ${CALLS.length} of them`;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
