import assert from "node:assert/strict";
import { test } from "node:test";
import { small } from "../support/plugins.ts";
import { initialize, modern, post, RawSession } from "../support/raw.ts";
import { serveApp, servePipes, watched } from "../support/served.ts";
import { soon, until } from "../support/wait.ts";

const MOST = 1_000;

function uris(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `watched://${i}`);
}

test("subscriptions to one resource at the same time are one, and ended by one unsubscription", async () => {
  const { plugin, counts } = watched();
  await using served = await serveApp([plugin]);
  const session = await RawSession.open(served.app.fetch);
  const uri = "watched://1";
  await Promise.all([1, 2, 3].map(() => session.request("resources/subscribe", { uri })));
  assert.equal(counts.started - counts.stopped, 1);
  await session.request("resources/unsubscribe", { uri });
  assert.equal(counts.started, counts.stopped);
});

test("a session subscribes to so many resources, and no more; those it has it may subscribe to again", async () => {
  const { plugin, counts } = watched();
  await using served = await servePipes([plugin]);
  served.read();
  served.write(initialize());
  await served.answer(1);
  const subscribe = (id: number, uri: string) =>
    served.write({ jsonrpc: "2.0", id, method: "resources/subscribe", params: { uri } });
  uris(MOST).forEach((uri, i) => subscribe(i + 2, uri));
  subscribe(5_000, "watched://more");
  const { error } = await served.answer(5_000);
  assert.deepEqual(error, { code: -32602, message: `Cannot subscribe to more than ${MOST} resources` });
  subscribe(5_001, "watched://7");
  assert.deepEqual((await served.answer(5_001)).result, {});
  assert.equal(counts.started - counts.stopped, MOST);
  await served.connection.close();
  assert.equal(counts.started, counts.stopped);
});

test("plugins watch so many resources of one subscriptions/listen, and no more, until its stream ends", async () => {
  const { plugin, counts } = watched();
  await using served = await serveApp([plugin]);
  const notifications = { resourceSubscriptions: uris(MOST + 500) };
  const stream = await served.start("subscriptions/listen", { notifications });
  assert.equal(stream.status, 200);
  assert.equal(counts.started, MOST);
  await stream.body!.cancel();
  await until(() => counts.stopped === MOST, "the end of the watching");
});

test("a second subscriptions/listen of the same id over stdio takes the place of the first", async () => {
  const { plugin, counts } = watched();
  await using served = await servePipes([plugin]);
  served.read();
  const listen = (id: string) =>
    modern("subscriptions/listen", { notifications: { resourceSubscriptions: [`watched://${id}`] } }, { id: 7 });
  served.write(listen("1").body);
  served.write(listen("2").body);
  await until(() => counts.started === 2 && counts.stopped === 1, "the end of the first");
  served.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } });
  await until(() => counts.stopped === 2, "the end of the second");
});

test("a watcher that fails to end is logged: unsubscribing, ending a session, and leaving a stream go on", async () => {
  const plugin = small("failing", {
    setup: (ctx) =>
      void ctx.resource({
        uri: "failing://1",
        name: "failing",
        read: () => "",
        subscribe: () => () => Promise.reject(new Error("cannot unwatch")),
      }),
  });
  await using served = await serveApp([plugin]);
  const logged = () =>
    served.log.entries.filter((it) => it.level === "error" && it.message.includes("cannot unwatch")).length;
  const uri = "failing://1";
  const session = await RawSession.open(served.app.fetch);
  await session.request("resources/subscribe", { uri });
  assert.deepEqual((await session.request("resources/unsubscribe", { uri })).result, {});
  assert.equal(logged(), 1);
  await session.request("resources/subscribe", { uri });
  await session.bodyless("DELETE");
  await until(() => logged() === 2, "the end of the session's watcher");
  const { body, headers } = modern("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } });
  const stream = await post(served.app.fetch, body, { headers });
  await soon(stream.body!.cancel());
  await until(() => logged() === 3, "the end of the stream's watcher");
});
