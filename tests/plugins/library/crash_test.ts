import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { randomFrom } from "../../kernel/random.ts";
import { answeringKind, kindPlugin, startKernel, temporaryHome } from "./kit.ts";

const WORKER = fileURLToPath(new URL("./crash_worker.ts", import.meta.url));
const TRIALS = 3;

/** Starts a server that changes a tool, and gathers what it says it wrote: contents by version. */
function startServer(home: string, word: string, saved: Map<string, string>): ChildProcess {
  const before = "Deno" in globalThis ? ["run", "-A", "--quiet", "--no-check"] : [];
  const server = spawn(process.execPath, [...before, WORKER, home, word], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  server.stdout.setEncoding("utf8").on("data", (piece: string) => {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      const [version, ...content] = line.split(" ");
      if (content.length > 0) {
        assert.ok(!saved.has(version!), `version ${version} was given out twice`);
        saved.set(version!, content.join(" "));
      }
    }
  });
  return server;
}

/** Reads the code of pruned versions, by their numbers. */
async function prunedCodes(home: string): Promise<Map<string, string>> {
  const trash = join(home, "tools/.trash");
  const codes = new Map<string, string>();
  for (const folder of await readdir(trash).catch(() => [])) {
    for (const version of await readdir(join(trash, folder))) {
      codes.set(version, await readFile(join(trash, folder, version, "code.txt"), "utf8"));
    }
  }
  return codes;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(condition(), "the server did not get so far in time");
}

describe("servers that are killed while they save, roll back and prune", { timeout: 120_000 }, () => {
  test("two servers on one home, killed at any moment, lose no version and leave a whole tool", async (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    await using home = await temporaryHome();
    const saved = new Map<string, string>();
    for (let trial = 0; trial < TRIALS; trial++) {
      const servers = ["one", "two"].map((word) => startServer(home.path, `${word}-${trial}`, saved));
      const ends = servers.map((it) => new Promise<void>((resolve) => void it.once("close", () => resolve())));
      const enough = saved.size + 10;
      await until(() => saved.size >= enough);
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 60)));
      for (const server of servers) server.kill("SIGKILL");
      await Promise.all(ends);

      await using kit = await startKernel({ home: home.path, plugins: [kindPlugin(answeringKind())] });
      const library = kit.kernel.get(ToolLibrary)!;
      const [tool, ...others] = await library.list();
      assert.deepEqual(others, []);
      assert.equal(tool?.state, "ready", tool?.reason);
      const pruned = await prunedCodes(home.path);
      const kept = new Set((await library.versions("a")).map((it) => it.version));
      for (const [version, content] of saved) {
        const code = kept.has(version)
          ? await (await library.files("a", version)).readText("code.txt")
          : pruned.get(version);
        assert.equal(code, content, `version ${version}`);
      }
      const current = await (await library.files("a")).readText("code.txt");
      assert.equal(current, tool?.manifest?.["answer"], "code and manifest belong together");
      const staging = await readdir(join(home.path, "tools/.staging"));
      assert.ok(!staging.some((name) => name.includes(".old-")), `nothing is left aside: ${staging}`);
    }
  });
});
