import assert from "node:assert/strict";
import { test } from "node:test";
import { SessionTable } from "../../kernel/transports/sessions.ts";

test("SessionTable makes room among the sessions of whoever holds most", async () => {
  const table = new SessionTable<{ isBusy(): boolean; close(): Promise<void> }>({ maxSessions: 4 });
  const closed: string[] = [];
  const add = (id: string, owner: string) =>
    table.add(id, { isBusy: () => false, close: () => Promise.resolve(void closed.push(id)) }, {
      id: owner,
      scopes: [],
    });
  add("ada 1", "ada");
  for (const i of [1, 2, 3]) add(`eve ${i}`, "eve");
  add("eve 4", "eve");
  assert.deepEqual(closed, ["eve 1"]);
  add("bob 1", "bob");
  assert.deepEqual(closed, ["eve 1", "eve 2"]);
  assert.notEqual(table.use("ada 1", { id: "ada", scopes: [] }), undefined);
  await table.close();
});
