import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pause, until } from "../support/wait.ts";
import { assertNoGrowth, measured } from "./growth.ts";
import { assertLineServed, LineClient, lineHoldings } from "./line_client.ts";
import { type Server, startStdio } from "./served_program.ts";
import { CANNOT_MEASURE, rssOf } from "./vitals.ts";

const MEGABYTE = 1_000_000;
const CALLS = 1_000;
const MAX_CALLS = 256;
const LETTERS = 1_000;
/** Most that a server may grow by for a client that reads nothing: what may wait twice over, and as much for garbage. */
const MOST_GROWN = 100;

interface Unread {
  readonly server: Server;
  readonly client: LineClient;
}

/** Opens a connection, and reads nothing more of it until `client.read()`. */
async function openUnread(server: Server): Promise<Unread> {
  const client = new LineClient(server);
  await client.open();
  for (let i = 0; i < 20; i++) await assertLineServed(client, "2025");
  client.take();
  client.pause();
  return { server, client };
}

/** Gives the most that a server grows by while something goes on. */
async function growthDuring(server: Server, ms: number): Promise<number> {
  const before = rssOf(server.pid);
  let most = before;
  for (const end = Date.now() + ms; Date.now() < end;) {
    most = Math.max(most, rssOf(server.pid));
    await pause(20);
  }
  return (most - before) / MEGABYTE;
}

const flood = (progress: boolean) => ({
  name: "chatty",
  arguments: { count: 10_000, bytes: 5_000, progress },
  ...(progress && { _meta: { progressToken: "p" } }),
});

describe("a client over stdio that reads nothing", { skip: CANNOT_MEASURE }, () => {
  test("misses notifications beyond a bound, and no answer", async () => {
    await using server = await startStdio();
    const { client } = await openUnread(server);
    const id = client.start("tools/call", flood(false));
    const grown = await growthDuring(server, 1_500);
    assert.ok(grown < MOST_GROWN, `the server grew by ${grown} MB`);
    client.resume();
    assert.equal((await client.answer(id)).result.content[0].text, "said");
    const said = client.take().filter((it) => it.method === "notifications/message").length;
    assert.ok(said < 10_000, `${said} notifications came`);
    await assertLineServed(client, "2025");
    await server.stop();
  });

  test("slows whoever reports progress, and all of it comes in order", async () => {
    await using server = await startStdio();
    const { client } = await openUnread(server);
    const id = client.start("tools/call", flood(true));
    const grown = await growthDuring(server, 1_000);
    assert.ok(grown < 50, `the server grew by ${grown} MB`);
    client.resume();
    assert.equal((await client.answer(id)).result.content[0].text, "said");
    const told = client.take().filter((it) => it.method === "notifications/progress").map((it) => it.params.progress);
    assert.deepEqual(told, Array.from({ length: 10_000 }, (_, i) => i + 1));
    await server.stop();
  });

  test("is read no more once its answers wait, and gets all of them", async () => {
    await using server = await startStdio();
    const { client } = await openUnread(server);
    const value = "x".repeat(100_000);
    const ids = Array.from({ length: CALLS }, () => client.start("tools/call", { name: "echo", arguments: { value } }));
    const grown = await growthDuring(server, 3_000);
    assert.ok(grown < MOST_GROWN, `the server grew by ${grown} MB for 100 MB of requests`);
    client.resume();
    const isAll = await client.wait((messages) => messages.length >= ids.length, 60_000);
    const answers = client.take();
    assert.ok(isAll, `${answers.length} of ${ids.length} answers came`);
    assert.deepEqual(new Set(answers.map((it) => it.id)), new Set(ids));
    await server.stop();
  });

  test("ends the server by leaving, whatever waits for it", async () => {
    await using server = await startStdio();
    const { client } = await openUnread(server);
    client.start("tools/call", flood(true));
    client.start("tools/call", { name: "child", arguments: {} });
    await pause(500);
    server.child.stdout!.destroy();
    server.child.stdin!.end();
    await until(() => !server.isAlive(), "the end of the server");
    assert.equal(server.child.exitCode, 0, server.stderr());
  });
});

describe("a client over stdio", () => {
  test("whose line comes letter by letter holds no more than the line", async () => {
    await using server = await startStdio();
    const client = new LineClient(server);
    await client.open();
    const before = await lineHoldings(client, "2025");
    const line = JSON.stringify({ jsonrpc: "2.0", id: "slow", method: "ping", params: { x: "x".repeat(LETTERS) } });
    const measured = client.start("tools/call", { name: "holdings", arguments: { after_ms: LETTERS } });
    for (const letter of line) {
      client.write(new TextEncoder().encode(letter));
      await pause(1);
    }
    const { heap, external } = (await client.answer(measured)).result.structuredContent;
    client.write(new TextEncoder().encode("\n"));
    assert.ok((await client.answer("slow")).result);
    const grown = (heap + external - before.heap - before.external) / MEGABYTE;
    assert.ok(grown < 5, `${LETTERS} letters hold ${grown} MB`);
    await server.stop();
  });

  test("with 1,000 calls at once has those beyond the bound refused clearly, and cancels the rest", async () => {
    await using server = await startStdio();
    const client = new LineClient(server);
    await client.open();
    const measure = () => measured(server.pid, () => lineHoldings(client, "2025"));
    const before = await measure();
    client.take();
    const ids = Array.from({ length: CALLS }, () => client.start("tools/call", { name: "slow", arguments: {} }));
    await client.wait((messages) => messages.length >= CALLS - MAX_CALLS);
    await pause(200);
    const refused = client.take();
    assert.equal(refused.length, CALLS - MAX_CALLS);
    for (const { error } of refused) {
      assert.match(error?.message ?? "", /256 are in flight, which is the limit; try again later/);
    }
    assert.ok((await client.request("tools/list")).result.tools.length > 0);
    for (const requestId of ids) {
      client.write({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } });
    }
    await assertNoGrowth(before, measure, { rss: 400 });
    await assertLineServed(client, "2025");
    await server.stop();
  });

  for (const [title, turns, most] of [["at once", 1, 2], ["spread over a second", 1_000, 100]] as const) {
    test(`has few notices of 10,000 list changes ${title}`, async () => {
      await using server = await startStdio();
      const client = new LineClient(server);
      await client.open();
      const { result } = await client.request("tools/call", {
        name: "burst",
        arguments: { changes: 10_000, turns },
      });
      await pause(500);
      const notices = client.take().filter((it) => it.method === "notifications/tools/list_changed").length;
      const { ms } = result.structuredContent;
      assert.ok(notices >= 1 && notices <= most, `${notices} notices in ${ms} ms`);
      await server.stop();
    });
  }
});
