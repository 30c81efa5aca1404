import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./set_timeline.ts", import.meta.url));
const FLAGS = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];

/** Runs the script as a process of this runtime. */
async function run(input: string, { args = [], isOpen = false }: { args?: readonly string[]; isOpen?: boolean } = {}) {
  const child = spawn(process.execPath, [...FLAGS, SCRIPT, ...args], { stdio: "pipe" });
  if (isOpen) child.stdin.write(input);
  else child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]);
  child.stdin.destroy();
  assert.match(stdout, /^[^\n]+\n$/, stderr);
  return { code, result: JSON.parse(stdout), stderr };
}

describe("a script that calls runMain()", () => {
  test("prints its result alone, and exits with 0", async () => {
    const { code, result, stderr } = await run('{"start_frame": 5}', { args: ["--end-frame", "24"] });
    assert.deepEqual([code, result], [0, {
      success: true,
      message: "Timeline set to 5–24",
      prompt: "Inspect the timeline slider to verify.",
      context: { start_frame: 5, end_frame: 24 },
    }]);
    assert.match(stderr, /setting \{ start_frame: 5 \}[^]*half a line/);
  });

  test("exits with 1 when a module is not there", async () => {
    const { code, result } = await run("", { args: ["--module", "maya"] });
    assert.deepEqual([code, result.success, result.message], [1, false, "Maya is not available in this environment"]);
  });

  test("answers the script protocol while stdin stays open", async () => {
    const params = { arguments: { end_frame: 3 } };
    const request = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "execute", params })}\n`;
    const { code, result } = await run(request, { isOpen: true });
    assert.deepEqual([code, result.id, result.result.context], [0, 1, { start_frame: 1, end_frame: 3 }]);
  });
});
