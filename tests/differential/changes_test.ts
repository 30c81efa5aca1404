import assert from "node:assert/strict";
import fc, { type Arbitrary } from "fast-check";
import { test } from "node:test";
import { eventsOf, type Message } from "../support/raw.ts";
import { until } from "../support/wait.ts";
import { sessionHeaders, statelessHeaders } from "./http_requests.ts";
import { LinePair } from "./line_sides.ts";
import { opening } from "./line_requests.ts";
import { type Loose, MODERN_REVISION, modernMessage, type Request } from "./messages.ts";
import { startCompared } from "./plugin.ts";
import { check } from "./runs.ts";
import { openDoors, Side } from "./sides.ts";

const uris = fc.constantFrom("item://1", "item://2", "a://text", "none://x");
const changes: Arbitrary<Request> = fc.oneof(
  uris.map((uri) => ({ method: "tools/call", params: { name: "touch", arguments: { uri } } })),
  fc.constantFrom("grow", "shrink").map((name) => ({ method: "tools/call", params: { name, arguments: {} } })),
);
const sessionSteps = fc.array(
  fc.oneof(
    changes,
    fc.tuple(fc.constantFrom("resources/subscribe", "resources/unsubscribe"), uris)
      .map(([method, uri]) => ({ method, params: { uri } })),
  ),
  { minLength: 1, maxLength: 6 },
);
const listens: Arbitrary<Request> = fc.record({
  toolsListChanged: fc.boolean(),
  promptsListChanged: fc.boolean(),
  resourceSubscriptions: fc.uniqueArray(uris, { maxLength: 3 }),
}, { requiredKeys: ["toolsListChanged"] }).map((notifications) => ({
  method: "subscriptions/listen",
  params: { notifications },
}));
const statelessSteps = fc.tuple(listens, fc.array(changes, { minLength: 1, maxLength: 6 }));

/** What a client was told: each update, and which lists changed; those that follow closely may be told together. */
function told(messages: readonly Message[]): Loose {
  const notifications = messages.filter(({ method }) => method !== undefined);
  const isList = ({ method }: Message) => method!.endsWith("list_changed");
  return {
    rest: notifications.filter((it) => !isList(it)).map(({ method, params }) => ({ method, params })),
    lists: [...new Set(notifications.filter(isList).map((it) => JSON.stringify([it.method, it.params?._meta])))].sort(),
  };
}

async function assertTold(ours: readonly Message[], theirs: readonly Message[]): Promise<void> {
  const isSame = () => JSON.stringify(told(ours)) === JSON.stringify(told(theirs));
  await until(isSame, "the same changes on both sides").catch(() => {});
  assert.deepEqual(told(ours), told(theirs));
}

/** Collects the messages of a stream as they come, until the door closes. */
function follow(response: Response): readonly Message[] {
  assert.equal(response.status, 200);
  const messages: Message[] = [];
  void (async () => {
    for await (const { data } of eventsOf(response)) if (data !== "") messages.push(JSON.parse(data));
  })();
  return messages;
}

test("sessions are told of the changes that the SDK tells of", async (context) => {
  const property = fc.asyncProperty(sessionSteps, async (steps) => {
    await using doors = await openDoors();
    const sides = [new Side(doors.collet), new Side(doors.sdk)] as const;
    const headers = sessionHeaders("2025-11-25");
    const streams = await Promise.all(sides.map(async (side) => {
      await side.open("2025-11-25");
      const stream = follow(await side.start({ method: "GET", headers: { ...headers, accept: "text/event-stream" } }));
      for (const [id, step] of steps.entries()) {
        await side.send({ method: "POST", headers, body: { jsonrpc: "2.0", id: id + 2, ...step } });
      }
      return stream;
    }));
    await assertTold(streams[0]!, streams[1]!);
  });
  await check(context, property, { share: 0.1 });
});

test("those who listen are told of the changes that the SDK tells of", async (context) => {
  const property = fc.asyncProperty(statelessSteps, async ([listen, steps]) => {
    await using doors = await openDoors();
    const sides = [new Side(doors.collet), new Side(doors.sdk)] as const;
    const streams = await Promise.all(sides.map(async (side) => {
      const start = async (request: Request, id: number) => {
        const body = modernMessage(request, id);
        return await side.start({ method: "POST", headers: statelessHeaders(body), body });
      };
      const stream = follow(await start(listen, 1));
      await until(() => stream.length > 0, "the acknowledgement");
      for (const [id, step] of steps.entries()) await (await start(step, id + 2)).text();
      return stream;
    }));
    await assertTold(streams[0]!, streams[1]!);
  });
  await check(context, property, { share: 0.1 });
});

for (const revision of ["2025-06-18", MODERN_REVISION]) {
  test(`connections of ${revision} over stdio are told of the changes that the SDK tells of`, async (context) => {
    const isModern = revision === MODERN_REVISION;
    const steps = isModern ? statelessSteps.map(([listen, list]) => [listen, ...list]) : sessionSteps;
    const property = fc.asyncProperty(steps, async (list) => {
      await using ours = await startCompared();
      await using theirs = await startCompared();
      await using pair = new LinePair([ours, theirs]);
      await pair.open(opening(revision));
      for (const [id, step] of list.entries()) {
        await pair.ask(isModern ? modernMessage(step, id) : { jsonrpc: "2.0", id, ...step });
      }
      await assertTold(...pair.received);
    });
    await check(context, property, { share: 0.1 });
  });
}
