import assert from "node:assert/strict";
import { test } from "node:test";
import { connectLines } from "../support/lines.ts";
import { addTool, small } from "../support/plugins.ts";
import { eventsOf, initialize, type Message, messagesOf, modern, post, RawSession } from "../support/raw.ts";
import { serveApp, servePipes, toolCall } from "../support/served.ts";
import { pause, soon, until } from "../support/wait.ts";

const MEGABYTE = "x".repeat(1_000_000);
// more than the 16 MiB that a client may leave unread
const FLOOD = 20;

/** A tool that logs more than a client may leave unread, ends when it is cancelled, and notes how far it came. */
function flooding() {
  const seen = { logged: 0, isAborted: false, isDone: false };
  const plugin = small("flooding", {
    setup(ctx) {
      addTool(ctx, "flood", async (_, call) => {
        for (let i = 0; i < FLOOD && !call.signal.aborted; i++) {
          call.log("error", MEGABYTE);
          seen.logged++;
          await pause(0);
        }
        await pause(10);
        seen.isAborted = call.signal.aborted;
        seen.isDone = true;
        return "flooded";
      });
      addTool(ctx, "burst", (_, call) => {
        for (let i = 0; i < FLOOD; i++) call.log("error", MEGABYTE);
        return "burst";
      });
      addTool(ctx, "count", async (_, call) => {
        for (let i = 1; i <= FLOOD; i++) {
          await call.progress(i, FLOOD, "m".repeat(100_000));
          seen.logged++;
        }
        return "counted";
      });
    },
  });
  return { plugin, seen };
}

function textOf(message: Message | undefined): string | undefined {
  return message?.result?.content[0].text;
}

test("a stream of a session that is not read ends at a bound; Last-Event-ID gives the rest", async () => {
  const { plugin, seen } = flooding();
  await using served = await serveApp([plugin]);
  const session = await RawSession.open(served.app.fetch);
  const stream = await session.start("tools/call", { name: "flood", arguments: {} });
  await until(() => seen.isDone, "the end of the flood");
  await pause(20);
  let lastId: string | undefined;
  const messages: Message[] = [];
  for await (const { id, data } of eventsOf(stream)) {
    lastId = id;
    if (data !== "") messages.push(JSON.parse(data));
  }
  assert.ok(messages.length > 10 && messages.length < FLOOD, `${messages.length} messages were kept`);
  assert.ok(messages.every((it) => it.method === "notifications/message"));
  const resumed = await soon(messagesOf(await session.bodyless("GET", { "last-event-id": lastId! })));
  assert.equal(textOf(resumed.at(-1)), "flooded");
  assert.deepEqual([seen.logged, seen.isAborted], [FLOOD, false], "the call went on");
});

test("a stream of 2026-07-28 that is not read ends at a bound, and its call with it", async () => {
  const { plugin, seen } = flooding();
  await using served = await serveApp([plugin]);
  const meta = { "io.modelcontextprotocol/logLevel": "debug" };
  const { body, headers } = modern("tools/call", { name: "flood", arguments: {} }, { meta });
  const stream = await post(served.app.fetch, body, { headers });
  await until(() => seen.isDone, "the end of the flood");
  assert.equal(seen.isAborted, true);
  assert.equal((await messagesOf(stream)).some((it) => it.result !== undefined), false);
});

test("a stream of the older transport that is not read ends at a bound, and its session with it", async () => {
  const { plugin, seen } = flooding();
  await using served = await serveApp([plugin]);
  const events = eventsOf(await served.app.request("http://localhost/sse"));
  const { value: endpoint } = await soon(events.next());
  const url = `http://localhost${endpoint!.data}`;
  await post(served.app.fetch, initialize("2024-11-05"), { url });
  await post(served.app.fetch, toolCall(2, "flood"), { url });
  await until(() => seen.isDone, "the end of the flood");
  assert.equal((await post(served.app.fetch, toolCall(3, "burst"), { url })).status, 404);
  await events.return();
});

/** Opens a connection over pipes that reads nothing. */
async function openUnread() {
  const flood = flooding();
  const served = await servePipes([flood.plugin]);
  served.write(initialize());
  served.write({ jsonrpc: "2.0", method: "notifications/initialized" });
  await pause(10);
  return { served, seen: flood.seen };
}

test("progress waits while a pipe is full, and all of it arrives", async () => {
  const { served, seen } = await openUnread();
  await using _ = served;
  served.write(toolCall(2, "count", { meta: { progressToken: "t" } }));
  await pause(50);
  assert.ok(seen.logged < 3, `${seen.logged} of ${FLOOD} went into a full pipe`);
  served.read();
  assert.equal(textOf(await served.answer(2)), "counted");
  const progress = served.messages.filter((it) => it.method === "notifications/progress").map((it) =>
    it.params.progress
  );
  assert.deepEqual(progress, Array.from({ length: FLOOD }, (_, i) => i + 1));
});

test("a full pipe has one listener, however many messages wait for it; closing lets them go", async () => {
  const { served } = await openUnread();
  await using _ = served;
  const before = served.output.listenerCount("drain");
  for (let id = 2; id < 32; id++) served.write(toolCall(id, "count", { meta: { progressToken: id } }));
  await pause(50);
  assert.ok(served.output.writableNeedDrain, "the pipe is full");
  assert.ok(served.output.listenerCount("drain") <= before + 1, `${served.output.listenerCount("drain")} listeners`);
  await soon(served.connection.close(), "the end of the connection");
  await soon(served.kernel.stop(), "the end of the calls");
  assert.deepEqual(served.log.take("warn"), [], "no call was abandoned");
});

test("a client over stdio that reads nothing misses notifications beyond a bound, and no answer", async () => {
  const { served } = await openUnread();
  await using _ = served;
  // in one line: nothing more is read once the first has filled the pipe
  served.write([toolCall(2, "burst"), toolCall(3, "burst")]);
  await pause(50);
  served.read();
  assert.deepEqual([textOf(await served.answer(2)), textOf(await served.answer(3))], ["burst", "burst"]);
  const logs = served.messages.filter((it) => it.method === "notifications/message").length;
  assert.ok(logs > 10 && logs < FLOOD, `${logs} notifications were kept`);
});

/** A plugin that says what has changed, and much else. */
const touching = small("touching", {
  setup(ctx) {
    addTool(ctx, "touch", ({ text = "" }) => ctx.updated(text));
    addTool(ctx, "large", () => MEGABYTE);
  },
});

test("closing does not wait for who listens in 2026-07-28 and reads nothing", async () => {
  await using served = await serveApp([touching]);
  // twenty updates are more than a stream takes without being read
  const uri = `long://${"x".repeat(100_000)}`;
  const stream = await served.start("subscriptions/listen", { notifications: { resourceSubscriptions: [uri] } });
  for (let i = 0; i < FLOOD; i++) await served.kernel.call("touch", { text: uri });
  await soon(served.app.close(), "the end of the app");
  const messages = await soon(messagesOf(stream), "the end of the stream");
  assert.equal(messages.filter((it) => it.method === "notifications/resources/updated").length, FLOOD);
  assert.ok(messages.at(-1)?.result, "the stream ends with its answer");
});

test("closing does not wait for who listens over stdio and reads nothing", async () => {
  await using served = await servePipes([touching]);
  served.write(modern("subscriptions/listen", { notifications: { toolsListChanged: true } }, { id: 2 }).body);
  served.write(modern("tools/call", { name: "large", arguments: {} }, { id: 3 }).body);
  await until(() => served.output.writableNeedDrain, "a full pipe");
  await soon(served.connection.close(), "the end of the connection");
});

test("a client over stdio that reads none of its answers is not read either, until it reads", async () => {
  await using wire = await connectLines();
  await wire.open();
  wire.output.pause();
  const ids = Array.from({ length: FLOOD + 10 }, (_, i) => i + 2);
  for (const id of ids) {
    const params = { name: "echo", arguments: { text: MEGABYTE } };
    wire.write({ jsonrpc: "2.0", id, method: "tools/call", params });
    await pause(1);
  }
  await until(() => wire.input.isPaused(), "the pause of the input");
  wire.write({ jsonrpc: "2.0", id: "late", method: "tools/call", params: { name: "wait", arguments: { ms: 1 } } });
  await pause(50);
  const { structuredContent } = await wire.kernel.call("waits", {});
  assert.deepEqual(structuredContent, { started: 0, aborted: 0 }, "what came then was read");
  wire.output.resume();
  for (const id of ids) assert.equal(textOf(await wire.answer(id)), MEGABYTE);
  assert.equal(textOf(await wire.answer("late")), "waited 1 ms");
  assert.equal(wire.input.isPaused(), false);
});
