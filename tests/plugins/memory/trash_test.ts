import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createCall, LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import library from "../../../plugins/library/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { Store } from "../../../plugins/store/contract.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { answeringKind, kindPlugin } from "../library/kit.ts";
import { type HomeKit, startHome } from "./kit.ts";

const local = { principal: LOCAL_PRINCIPAL };
const eve = { principal: { id: "eve", scopes: [] } };
const DAY_MS = 86_400_000;

interface Kit extends HomeKit {
  save(name: string): Promise<void>;
  remove(name: string): Promise<void>;
}

async function start(
  home: string,
  { config = {}, trashDays = 30 }: { readonly config?: object; readonly trashDays?: number } = {},
): Promise<Kit> {
  const kit = await startHome(home, {
    config,
    plugins: [[library, { trash_days: trashDays, tools_dir: join(home, "tools") }], kindPlugin(answeringKind())],
  });
  const tools = kit.kernel.get(ToolLibrary)!;
  return {
    ...kit,
    async save(name) {
      await tools.save({ name, description: "x", tool_type: "answering" }, {}, { call: createCall() });
    },
    async remove(name) {
      const result = await kit.kernel.call("delete_tool", { tool_name: name });
      assert.equal(result.isError, undefined, JSON.stringify(result));
    },
  };
}

const dataOf = async (asked: ReturnType<HomeKit["ask"]>) => {
  const { data, isError, text } = await asked;
  assert.equal(isError, false, text);
  return data;
};

describe("memory of a tool that is deleted", () => {
  test("goes to the trash for every principal, so that the name starts empty, and comes back by restore", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path);
    await kit.save("adder");
    const adder = { tool_name: "adder" };
    await kit.ask({ ...adder, action: "bulk_store", entries: { a: { x: 1 }, "b/😀": [2] } }, local);
    await kit.ask({ ...adder, action: "store", key: "soon", value: 1, ttl: 3600 }, local);
    const { expires_at: end } = await dataOf(kit.ask({ ...adder, action: "get", key: "soon" }, local));
    await kit.ask({ ...adder, action: "store", key: "e", value: "of eve" }, eve);
    await kit.ask({ tool_name: "adder2", action: "store", key: "a", value: "another tool" }, local);

    await kit.remove("adder");
    for (const call of [local, eve]) {
      assert.deepEqual((await dataOf(kit.ask({ ...adder, action: "list" }, call))).keys, []);
    }
    assert.equal((await dataOf(kit.ask({ action: "stats" }, local))).namespaces, 1, "the trash is not counted");
    const trash = (await kit.kernel.get(Store)!.namespaces({ prefix: "memory-trash/" })).items;
    assert.deepEqual(trash.map((it) => [it.name.split("/")[1], it.entries]), [["eve", 1], ["local", 3]]);
    const [row] = (await kit.kernel.get(Store)!.namespace(trash[0]!.name).scan()).items;
    const days = (row!.expiresAt! - Date.now()) / DAY_MS;
    assert.ok(days > 29.9 && days <= 30, `kept for ${days} days`);

    await kit.save("adder");
    await kit.ask({ ...adder, action: "store", key: "a", value: "new" }, local);
    const restored = await kit.ask({ ...adder, action: "restore" }, local);
    assert.equal(restored.text, "Restored 2 entries, kept 1 that exist, left out 0 that have expired");
    assert.deepEqual(restored.data, { restored: 2, kept: ["a"], expired: 0 });
    const { entries } = await dataOf(kit.ask({ ...adder, action: "entries" }, local));
    assert.deepEqual(entries.map((it: { key: string; value: unknown }) => [it.key, it.value]), [
      ["a", "new"],
      ["b/😀", [2]],
      ["soon", 1],
    ]);
    assert.ok(Math.abs(Date.parse(entries[2].expires_at) - Date.parse(end)) < 1000);
    assert.deepEqual((await dataOf(kit.ask({ ...adder, action: "list" }, eve))).keys, [], "each restores its own");

    await kit.ask({ ...adder, action: "delete", key: "a" }, local);
    assert.equal((await dataOf(kit.ask({ ...adder, action: "restore" }, local))).restored, 1, "what was kept back");
    assert.equal((await kit.ask({ ...adder, action: "restore" }, local)).isError, true);
    assert.equal((await dataOf(kit.ask({ ...adder, action: "restore" }, eve))).restored, 1);
  });

  test("restore takes what was deleted last", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path);
    for (const value of [1, 2]) {
      await kit.save("adder");
      await kit.ask({ tool_name: "adder", action: "store", key: "k", value }, local);
      await kit.remove("adder");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const value of [2, 1]) {
      await dataOf(kit.ask({ tool_name: "adder", action: "restore" }, local));
      assert.equal((await dataOf(kit.ask({ tool_name: "adder", action: "get", key: "k" }, local))).value, value);
      await kit.ask({ tool_name: "adder", action: "clear" }, local);
    }
  });

  test("of many entries goes as a whole, and is not kept where the trash keeps nothing", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path, { trashDays: 0 });
    const memory = kit.memory.open("adder", LOCAL_PRINCIPAL);
    const writes = Array.from({ length: 1000 }, (_, i) => ({ key: `k${i}`, value: i }));
    await memory.setAll(writes);
    await memory.setAll(writes.map((it) => ({ ...it, key: `l${it.key}` })));
    const trashed = await kit.memory.trash("adder", new Date(Date.now() + DAY_MS));
    assert.equal(trashed.entries, 2000);
    assert.deepEqual(await memory.usage(), { entries: 0, bytes: 0 });
    await trashed.restore();
    assert.equal((await memory.usage()).entries, 2000);
    await kit.save("adder");
    await kit.remove("adder");
    assert.equal((await memory.usage()).entries, 0);
    assert.deepEqual((await kit.kernel.get(Store)!.namespaces({ prefix: "memory" })).items, []);
  });

  test("the trash is bounded: the oldest makes room", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path, { config: { max_namespaces: 3 } });
    for (let i = 0; i < 5; i++) {
      await kit.memory.open(`t${i}`, LOCAL_PRINCIPAL).set("k", i);
      await kit.memory.trash(`t${i}`, new Date(Date.now() + DAY_MS));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const { items } = await kit.kernel.get(Store)!.namespaces({ prefix: "memory-trash/" });
    assert.deepEqual(items.map((it) => it.name.split("/").at(-1)), ["t2", "t3", "t4"]);
  });

  test("stays where the tool cannot be moved", async () => {
    await using home = await temporaryFolder();
    await using kit = await start(home.path);
    await kit.save("adder");
    await kit.ask({ tool_name: "adder", action: "store", key: "k", value: 1 }, local);
    await writeFile(join(home.path, "tools", ".trash"), "in the way of the folder");
    const result = await kit.kernel.call("delete_tool", { tool_name: "adder" });
    assert.equal(result.isError, true, JSON.stringify(result));
    kit.log.take("error");
    assert.equal((await dataOf(kit.ask({ tool_name: "adder", action: "get", key: "k" }, local))).value, 1);
    assert.ok((await readdir(join(home.path, "tools"))).includes("adder"));
  });
});
