import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { Kernel } from "../../../kernel/mod.ts";
import { fakeLog, provide } from "../../../kernel/testing.ts";
import { Store } from "../../../plugins/store/contract.ts";
import memory from "../../../plugins/memory/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { ENGINES, openStore } from "../store/homes.ts";
import { pause, until } from "../../support/wait.ts";
import { answered, dataOf, startMemory } from "./kit.ts";

for (const sql of ENGINES) {
  describe(`memory with times, over ${sql.engine}`, () => {
    test("what has expired is not seen, not counted, and deleted from the file", async () => {
      await using folder = await temporaryFolder();
      let now = Date.now();
      await using open = openStore(folder.path, { sql, now: () => now });
      await using kernel = await new Kernel({ log: fakeLog() }).use(provide(Store, open.store)).use(memory, {
        max_entries: 3,
      }).start();
      const ask = async (args: object) => {
        const call = { principal: LOCAL_PRINCIPAL };
        return answered(await kernel.call("memory", { tool_name: "notes", ...args }, call));
      };
      const rows = async () => {
        const db = await sql.open(join(folder.path, "state.db"));
        try {
          return Number(db.prepare("SELECT count(*) AS count FROM entries").get()?.["count"]);
        } finally {
          db.close();
        }
      };
      await ask({ action: "store", key: "stays", value: 1 });
      await ask({ action: "bulk_store", entries: { a: "x".repeat(100), b: { c: 1 } }, ttl: 10 });
      const before = (await ask({ action: "stats" })).data;
      assert.deepEqual([before.total_entries, await rows()], [3, 3]);
      now += 9_999;
      assert.equal((await ask({ action: "list" })).text, "a, b, stays");

      now += 1;
      assert.equal((await ask({ action: "get", key: "a" })).text, "null");
      assert.equal((await ask({ action: "list" })).text, "stays");
      assert.equal((await ask({ action: "search", query: "x" })).data.searched, 1);
      assert.equal((await ask({ action: "export" })).data.entries.length, 1);
      const after = (await ask({ action: "stats" })).data;
      assert.deepEqual(after.tool, { tool_name: "notes", entries: 1, bytes: 6 });
      assert.equal(after.total_bytes, 6);
      assert.equal(await rows(), 3, "the rows are there until the purge");
      // there is room again, though the rows are there
      assert.equal((await ask({ action: "bulk_store", entries: { d: 1, e: 1 }, ttl: 10 })).isError, false);

      assert.equal(await open.store.purge(100), 2);
      assert.equal(await rows(), 3);
      now += 10_000;
      await open.store.purge(100);
      assert.equal(await rows(), 1, "expired rows are deleted");
      assert.deepEqual((await ask({ action: "stats" })).data.tool, after.tool);
      assert.equal((await ask({ action: "delete" })).data.deleted, 1);
      assert.equal((await ask({ action: "stats" })).data.namespaces, 0);
    });
  });
}

describe("ttl of memory", () => {
  test("is in seconds, with fractions; 0 and a store without it keep for good", async () => {
    await using kit = await startMemory();
    await kit.ask({ action: "store", key: "short", value: 1, ttl: 0.05 });
    await kit.ask({ action: "store", key: "renewed", value: 1, ttl: 0.05 });
    await kit.ask({ action: "store", key: "renewed", value: 2 });
    await kit.ask({ action: "store", key: "zero", value: 1, ttl: 0 });
    await until(async () => !(await dataOf(kit.ask({ action: "get", key: "short" }))).found, "the end of an entry");
    assert.deepEqual((await dataOf(kit.ask({ action: "list" }))).keys, ["renewed", "zero"]);
  });

  test("update does not put off the end of an entry", async () => {
    await using kit = await startMemory();
    const end = async () => Date.parse((await dataOf(kit.ask({ action: "get", key: "k" }))).expires_at);
    await kit.ask({ action: "store", key: "k", value: {}, ttl: 3600 });
    const before = await end();
    for (let i = 0; i < 20; i++) {
      await pause(5);
      await kit.ask({ action: "update", key: "k", value: { i } });
    }
    assert.ok(Math.abs(await end() - before) < 50, `${await end() - before} ms later`);
  });
});
