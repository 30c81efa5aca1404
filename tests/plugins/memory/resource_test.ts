import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import type { TestEra } from "../../../kernel/testing.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import { Memory } from "../../../plugins/memory/contract.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { eventsOf, type Message, modern, post } from "../../support/raw.ts";
import { soon, until } from "../../support/wait.ts";
import { askBy, startHome, startMemory, startUsers } from "./kit.ts";

/** Keys that a URI has to escape. */
const KEYS = ["plain", "a/b/c", "?q=1&r#s", "100%", "sp ace", "ü😀", "..", "%2F", "{key}", "'()*!"];

function uriOf(namespace: string, key: string): string {
  return `collet://memory/${encodeURIComponent(namespace)}/${encodeURIComponent(key)}`;
}

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`resources of memory, clients of ${era}`, () => {
    test("entries are read as JSON under any key, percent-encoded", async () => {
      await using kit = await startMemory({}, era);
      for (const namespace of ["notes", "a/b %"]) {
        for (const key of KEYS) {
          await kit.ask({ action: "store", tool_name: namespace, key, value: { key } });
          const uri = uriOf(namespace, key);
          const { contents } = await kit.client.readResource({ uri });
          assert.deepEqual(contents, [{ uri, mimeType: "application/json", text: JSON.stringify({ key }, null, 2) }]);
        }
      }
      await assert.rejects(kit.client.readResource({ uri: uriOf("notes", "absent") }), /Resource not found/);
    });

    test("entries are listed under the URIs by which they are read", async () => {
      await using kit = await startMemory({}, era);
      for (const key of KEYS) await kit.ask({ action: "store", key, value: key });
      const { resources } = await kit.client.listResources();
      assert.deepEqual(resources.map((it) => it.name).sort(), KEYS.map((key) => `notes/${key}`).sort());
      for (const { uri, name } of resources) {
        const [content] = (await kit.client.readResource({ uri })).contents;
        assert.equal(`notes/${JSON.parse((content as { text: string }).text)}`, name);
      }
      const { resourceTemplates: [template] } = await kit.client.listResourceTemplates();
      assert.equal(template?.uriTemplate, "collet://memory/{namespace}/{key}");
    });

    test("no more than a thousand are listed", async () => {
      await using kit = await startMemory({}, era);
      const memory = kit.kernel.get(Memory)!;
      for (const tool of ["a", "b"]) {
        await memory.open(tool, LOCAL_PRINCIPAL).setAll(
          Array.from({ length: 700 }, (_, i) => ({ key: `k${i}`, value: i })),
        );
      }
      let count = 0;
      let cursor: string | undefined;
      do {
        const page = await kit.client.listResources(cursor === undefined ? {} : { cursor });
        count += page.resources.length;
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      assert.equal(count, 1000);
    });

    test("namespaces and keys are completed", async () => {
      await using kit = await startMemory({}, era);
      await kit.ask({ action: "bulk_store", entries: { "user/ada": 1, "user/bob": 2, log: 3 } });
      await kit.ask({ action: "bulk_store", tool_name: "news", entries: { "user/eve": 1 } });
      const ref = { type: "ref/resource" as const, uri: "collet://memory/{namespace}/{key}" };
      const complete = async (name: string, value: string) =>
        (await kit.client.complete({ ref, argument: { name, value } })).completion.values;
      assert.deepEqual((await complete("namespace", "n")).sort(), ["news", "notes"]);
      assert.deepEqual(await complete("namespace", "not"), ["notes"]);
      assert.deepEqual((await complete("key", "user/")).sort(), ["user/ada", "user/bob", "user/eve"]);
      assert.deepEqual(await complete("key", "zz"), []);
    });
  });
}

describe("listeners of entries", () => {
  test("of 2025 hear when their entry is written, changed or deleted, and of no other", async () => {
    await using kit = await startMemory();
    const updated: string[] = [];
    kit.client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    const uri = uriOf("notes", "a/b");
    await kit.client.subscribeResource({ uri });
    const expect = async (args: object, count: number) => {
      await kit.ask({ action: "store", key: "a/bc", value: "a longer key with the same beginning" });
      await kit.ask({ action: "store", tool_name: "other", key: "a/b", value: 1 });
      const { isError, text } = await kit.ask({ key: "a/b", ...args });
      assert.equal(isError, false, text);
      await until(() => updated.length >= count, JSON.stringify(args));
      assert.deepEqual(updated, Array(count).fill(uri));
    };
    await expect({ action: "store", value: {} }, 1);
    await expect({ action: "update", value: { x: 1 } }, 2);
    await expect({ action: "delete" }, 3);
    await expect({ action: "increment" }, 4);
    await expect({ action: "clear", key: undefined }, 5);
    await kit.client.unsubscribeResource({ uri });
    await kit.ask({ action: "store", key: "a/b", value: 1 });
    await kit.client.subscribeResource({ uri: uriOf("notes", "end") });
    await kit.ask({ action: "store", key: "end", value: 1 });
    await until(() => updated.length >= 6);
    assert.equal(updated[5], uriOf("notes", "end"), "nothing was told after the end");
  });

  test("of 2026 hear what another server with the same home writes", async () => {
    await using home = await temporaryFolder();
    await using one = await startHome(home.path);
    await using two = await startHome(home.path);
    for (const server of [one, two]) await server.ask({ action: "stats" });
    const app = createApp(one.kernel, { name: "listened", version: "1.0.0" });
    const uri = uriOf("notes", "k");
    const { body, headers } = modern("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } });
    const ending = new AbortController();
    const response = await post(app.fetch, body, { headers, signal: ending.signal });
    const events = eventsOf(response);
    const next = async (method: string): Promise<Message> => {
      while (true) {
        const { value } = await soon(events.next(), method);
        const message: Message = value?.data ? JSON.parse(value.data) : {};
        if (message.method === method) return message;
      }
    };
    await next("notifications/subscriptions/acknowledged");
    const call = { principal: LOCAL_PRINCIPAL };
    await two.ask({ action: "store", key: "other", value: 1 }, call);
    await two.ask({ action: "store", key: "k", value: 1 }, call);
    assert.equal((await next("notifications/resources/updated")).params.uri, uri);
    ending.abort();
    await events.return().catch(() => {});
    await app.close();
  });

  test("do not hear what another principal writes under the same name", async () => {
    await using users = await startUsers();
    const [ada, eve] = [await users.connect("ada"), await users.connect("eve")];
    const updated: string[] = [];
    ada.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri));
    for (const key of ["k", "last"]) await ada.subscribeResource({ uri: uriOf("notes", key) });
    await askBy(eve)({ action: "store", key: "k", value: 1 });
    await askBy(ada)({ action: "store", key: "last", value: 1 });
    await until(() => updated.length > 0);
    assert.deepEqual(updated, [uriOf("notes", "last")]);
  });

  test("hear their own changes, however many principals listen to the same name", async () => {
    await using users = await startUsers();
    const uri = uriOf("notes", "k");
    const heard = { ada: 0, eve: 0 };
    const [ada, eve] = [await users.connect("ada"), await users.connect("eve")];
    ada.setNotificationHandler("notifications/resources/updated", () => void heard.ada++);
    eve.setNotificationHandler("notifications/resources/updated", () => void heard.eve++);
    for (const client of [ada, eve]) await client.subscribeResource({ uri });
    await askBy(eve)({ action: "store", key: "k", value: 1 });
    await until(() => heard.eve === 1, "eve's change");
    assert.deepEqual(heard, { ada: 0, eve: 1 });
    await askBy(ada)({ action: "store", key: "k", value: 1 });
    await until(() => heard.ada === 1, "ada's change");
    assert.deepEqual(heard, { ada: 1, eve: 1 });
  });
});
