/**
 * What is left behind by imports, calls, crashes and removals: nothing. As many rounds as `COLLET_TEST_IMPORTS` says, 40 by
 * default.
 */
import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import process from "node:process";
import { after, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { inRepository } from "../../../../scripts/lib/repository.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { processesWith } from "../../../support/process_list.ts";
import { until } from "../../../support/wait.ts";
import { Machine, type Talk } from "../../skills/proof/kit.ts";

after(removeBundle);

const ROUNDS = Number(process.env["COLLET_TEST_IMPORTS"] ?? 40);
const AT_ONCE = 4;
const SERVER = inRepository("tests/plugins/upstream/client/hostile_server.mjs");

/** Imports a server, calls it, has it end in one of the ways there are, and removes it. */
async function round(talk: Talk, { name, mark, url }: { name: string; mark: string; url: string }): Promise<void> {
  const turn = Number(name.slice(1)) % 5;
  if (turn === 4) {
    await talk.text("import_mcp", { name, url });
    await talk.text(`${name}_echo`, { text: name });
    // the same address again by another name
    await talk.refused("import_mcp", { name: `${name}b`, url });
  } else if (turn === 3) {
    assert.match(
      await talk.refused("import_mcp", { name, command: "node", args: [SERVER, "dies", mark, name] }),
      /code 3/,
    );
    return;
  } else {
    await talk.text("import_mcp", { name, command: "node", args: [SERVER, "good", mark, name] });
    assert.equal(await talk.text(`${name}_echo`, { text: name }), name);
    if (turn === 1) {
      assert.match(await talk.refused(`${name}_crash`), /exit code 7/);
      assert.equal(await talk.text(`${name}_echo`, { text: "again" }), "again");
    }
    // what hangs when it is removed, and what was never waited for
    if (turn === 2) talk.call(`${name}_hang`).catch(() => {});
  }
  await talk.text("mcp_servers", { action: "remove", name });
}

test("imports, calls, crashes and removals leave no process, descriptor or socket", async () => {
  await using machine = await Machine.make();
  const mark = `leak-${machine.path.split("-").at(-1)}`;
  await machine.configure({ plugins: { upstream: { allow: ["*"] } } });
  const server = await machine.serve();
  await using other = await Machine.make();
  await other.configure({ mcpServers: {} });
  const far = await other.serve();
  // what is imported by its address has a tool that answers
  await using farTalk = await far.connect();
  await farTalk.text("register_script", {
    name: "echo",
    description: "Answer",
    interpreter: "python3",
    code: 'import sys, json\nrequest = json.loads(sys.stdin.readline())\nprint(json.dumps({"jsonrpc": "2.0", "id": ' +
      'request["id"], "result": {"text": request["params"]["arguments"]["text"]}}))\n',
    input_schema: { type: "object", properties: { text: { type: "string" } } },
  });
  const pid = server.running.child.pid!;
  await using talk = await server.connect({ answer: "trust" });
  const run = async (from: number, to: number) => {
    let next = from;
    const worker = async () => {
      while (next < to) {
        const turn = next++;
        // an address can be imported once at a time
        const url = `${far.url.href}?turn=${turn}`;
        await round(talk, { name: `s${turn}`, mark, url });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  // what is made once and kept, such as pools and connections, is there after these
  await run(0, 10);
  const isQuiet = async () => (await processesWith(mark)).length === 0;
  await until(isQuiet, "the first servers to end");
  const before = await descriptors(pid);
  await run(10, 10 + ROUNDS);
  await until(isQuiet, "all servers to end");
  // connections that are kept for a next request come and go; what a program leaves is three for each that was started
  const isClosed = async () => (await descriptors(pid)).length < before.length + 16;
  await until(isClosed, "descriptors to be closed").catch(async () => {
    assert.fail(`${before.join("\n")}\nbecame\n${(await descriptors(pid)).join("\n")}`);
  });
  const { servers } = await talk.data("mcp_servers", { action: "list" });
  assert.deepEqual(servers.map((it: JsonObject) => it["name"]), []);
  assert.deepEqual((await talk.tools()).filter((name) => /^s\d+/.test(name)), []);
  await server.stop();
  await far.stop();
  assert.deepEqual(await processesWith(machine.path), []);
});

/** Lists what a process has open, where that can be seen. */
async function descriptors(pid: number): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  const names = await readdir(`/proc/${pid}/fd`);
  return await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => name)));
}
