import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "node:test";
import type { JsonObject } from "../../kernel/mod.ts";
import { answerOf, eventsOf, type Fetch, type Message, modern, post, RawSession } from "../support/raw.ts";
import { asking, serveApp, type ServedApp } from "../support/served.ts";
import { toolPlugin } from "../support/plugins.ts";
import { pause, soon, until } from "../support/wait.ts";
import { forged, forgings } from "./forging.ts";
import { announceSeed, check, FUZZ_RUNS } from "./settings.ts";

const ASK = { name: "ask", arguments: {} };
const CAPABILITIES = { elicitation: {} };
const ACCEPTED = { elicitation_1: { action: "accept", content: { name: "Eve" } } };
const INVALID_PARAMS = -32602;
const NAMES = ["ada", "bob"] as const;
type Name = typeof NAMES[number];

/** Serves two principals, named by a header. */
async function serveTwo(parking: { readonly ttlMs?: number; readonly maxParked?: number } = {}): Promise<ServedApp> {
  const authenticate = (request: Request) => ({ id: request.headers.get("x-name") ?? "nobody", scopes: [] });
  const chatty = toolPlugin("chatty", ({ text = "" }, call) => {
    for (let i = 0; i < 3; i++) call.log("error", `${text} ${i}`);
    return text;
  });
  return await serveApp([asking(), chatty], { app: { authenticate, parking: { maxParked: 100_000, ...parking } } });
}

function as(served: ServedApp, name: Name): Fetch {
  return (request) => {
    const headers = new Headers(request.headers);
    headers.set("x-name", name);
    return served.app.fetch(new Request(request, { headers }));
  };
}

async function callAs(served: ServedApp, name: Name, params: JsonObject): Promise<Message> {
  const { body, headers } = modern("tools/call", params, { capabilities: CAPABILITIES });
  return await answerOf(await post(as(served, name), body, { headers }));
}

async function stateFor(served: ServedApp, name: Name): Promise<string> {
  const { result } = await callAs(served, name, ASK);
  assert.equal(result.resultType, "input_required");
  return result.requestState;
}

function assertRefused({ result, error }: Message): void {
  assert.deepEqual([result, error?.code], [undefined, INVALID_PARAMS]);
}

describe("requestState", () => {
  test("that is forged is refused, and the real one stays good", async () => {
    announceSeed("forged requestState");
    await using served = await serveTwo();
    const [state, other] = [await stateFor(served, "ada"), await stateFor(served, "ada")];
    const property = fc.asyncProperty(forgings(), async (list) => {
      const requestState = forged(state, other, list);
      fc.pre(requestState !== state && requestState !== other);
      assertRefused(await callAs(served, "ada", { ...ASK, requestState, inputResponses: ACCEPTED }));
    });
    await check(property, FUZZ_RUNS);
    for (const requestState of [state, other]) {
      const { result } = await callAs(served, "ada", { ...ASK, requestState, inputResponses: ACCEPTED });
      assert.equal(result.content[0].text, "Eve");
    }
  });

  test("that is another principal's, for another request, or used already is refused", async () => {
    announceSeed("foreign requestState");
    await using served = await serveTwo();
    const foreign = fc.record({
      name: fc.constantFrom(...NAMES),
      params: fc.constantFrom<JsonObject[]>(
        ASK,
        { name: "echo", arguments: {} },
        { name: "ask", arguments: { x: 1 } },
        { name: "ask" },
        { ...ASK, extra: true },
      ),
      isUsed: fc.boolean(),
    });
    const property = fc.asyncProperty(foreign, async ({ name, params, isUsed }) => {
      const requestState = await stateFor(served, "ada");
      const retry = { inputResponses: ACCEPTED, requestState };
      const isRight = name === "ada" && params === ASK;
      if (isUsed) assert.equal((await callAs(served, "ada", { ...ASK, ...retry })).result.content[0].text, "Eve");
      const answer = await callAs(served, name, { ...params, ...retry });
      if (isUsed || !isRight) assertRefused(answer);
      else assert.equal(answer.result.content[0].text, "Eve");
    });
    await check(property, FUZZ_RUNS / 3);
  });

  test("is good for one of many retries at once", async () => {
    await using served = await serveTwo();
    for (let round = 0; round < 10; round++) {
      const requestState = await stateFor(served, "ada");
      const retry = { ...ASK, inputResponses: ACCEPTED, requestState };
      const answers = await Promise.all(Array.from({ length: 10 }, () => callAs(served, "ada", retry)));
      assert.equal(answers.filter((it) => it.result !== undefined).length, 1);
    }
  });

  test("that has expired is refused", async () => {
    await using served = await serveTwo({ ttlMs: 50 });
    const requestState = await stateFor(served, "ada");
    await pause(200);
    assertRefused(await callAs(served, "ada", { ...ASK, inputResponses: ACCEPTED, requestState }));
  });

  test("of another server is refused", async () => {
    await using served = await serveTwo();
    await using other = await serveTwo();
    const requestState = await stateFor(other, "ada");
    assertRefused(await callAs(served, "ada", { ...ASK, inputResponses: ACCEPTED, requestState }));
  });
});

// what a header can carry, and does not lose at its ends
const HEADER_REGEXP = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

describe("session ids", () => {
  const PING = { jsonrpc: "2.0", id: 5, method: "ping" };

  /** Gives the statuses that each way of using a session has. */
  async function statuses(served: ServedApp, name: Name, id: string): Promise<readonly number[]> {
    const fetch = as(served, name);
    const headers = { "mcp-session-id": id, accept: "text/event-stream" };
    const url = `http://localhost/message?sessionId=${encodeURIComponent(id)}`;
    const responses = [
      await post(fetch, PING, { headers: { "mcp-session-id": id } }),
      await fetch(new Request("http://localhost/mcp", { headers })),
      await post(fetch, PING, { url }),
      await fetch(new Request("http://localhost/mcp", { method: "DELETE", headers })),
    ];
    for (const { body } of responses) await body?.cancel();
    return responses.map(({ status }) => status);
  }

  async function openSse(served: ServedApp, name: Name) {
    const events = eventsOf(await as(served, name)(new Request("http://localhost/sse")));
    const { value } = await soon(events.next());
    const id = new URL(value!.data, "http://localhost").searchParams.get("sessionId")!;
    return { id, events };
  }

  test("that are forged, another's or over are unknown, whatever is asked", async () => {
    announceSeed("session ids");
    await using served = await serveTwo();
    const [ada, bob] = [await RawSession.open(as(served, "ada")), await RawSession.open(as(served, "bob"))];
    const [over, sse] = [await RawSession.open(as(served, "ada")), await openSse(served, "bob")];
    await over.bodyless("DELETE");
    const tried = fc.oneof(
      { weight: 8, arbitrary: forgings().map((list) => forged(ada.id, bob.id, list)) },
      { weight: 1, arbitrary: fc.constantFrom(bob.id, over.id, sse.id) },
    );
    const property = fc.asyncProperty(tried, async (id) => {
      fc.pre(id !== ada.id && HEADER_REGEXP.test(id));
      assert.deepEqual(await statuses(served, "ada", id), [404, 404, 404, 404]);
    });
    await check(property, FUZZ_RUNS);
    // none of it has ended or touched a session
    assert.equal((await ada.send(PING)).status, 200);
    assert.equal((await bob.send(PING)).status, 200);
    assert.deepEqual(await statuses(served, "ada", sse.id), [404, 404, 404, 404]);
    await sse.events.return();
  });

  test("of one transport are unknown to the other", async () => {
    await using served = await serveTwo();
    const [ada, sse] = [await RawSession.open(as(served, "ada")), await openSse(served, "ada")];
    const url = `http://localhost/message?sessionId=${ada.id}`;
    assert.equal((await post(as(served, "ada"), PING, { url })).status, 404);
    assert.equal((await post(as(served, "ada"), PING, { headers: { "mcp-session-id": sse.id } })).status, 404);
    await sse.events.return();
  });

  test("are unlike each other", async () => {
    await using served = await serveTwo();
    const ids = await Promise.all(
      Array.from({ length: 200 }, async () => (await RawSession.open(as(served, "ada"))).id),
    );
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("event ids", () => {
  /** Calls `chatty`, and gives the ids and messages of its stream. */
  async function chat(session: RawSession, text: string) {
    const ids: string[] = [];
    const messages: string[] = [];
    for await (
      const { id, data } of eventsOf(await session.start("tools/call", { name: "chatty", arguments: { text } }))
    ) {
      if (id !== undefined) ids.push(id);
      messages.push(data);
    }
    return { ids, messages };
  }

  test("that are forged or another session's are refused, and give nothing of another stream", async () => {
    announceSeed("event ids");
    await using served = await serveTwo();
    const [ada, bob] = [await RawSession.open(as(served, "ada")), await RawSession.open(as(served, "bob"))];
    const [one, two, secret] = [await chat(ada, "one"), await chat(ada, "two"), await chat(bob, "secret")];
    const real = [...one.ids, ...two.ids];
    const tried = fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...real) },
      { weight: 2, arbitrary: fc.constantFrom(...secret.ids) },
      {
        weight: 12,
        arbitrary: fc.tuple(fc.constantFrom(...real), fc.constantFrom(...real, ...secret.ids), forgings())
          .map(([id, other, list]) => forged(id, other, list)),
      },
    );
    const streams = new Map(
      [...one.ids.map((id) => [keyOf(id), "one"]), ...two.ids.map((id) => [keyOf(id), "two"])] as [string, string][],
    );
    const property = fc.asyncProperty(tried, async (id) => {
      fc.pre(HEADER_REGEXP.test(id));
      const response = await ada.bodyless("GET", { "last-event-id": id });
      const owner = /^\d+_/.test(id) ? streams.get(keyOf(id)) : undefined;
      if (owner === undefined) {
        await response.body?.cancel();
        assert.equal(response.status, 400, id);
        return;
      }
      // another number of an own stream is refused, or gives what that stream has after it
      if (response.status === 400 && !real.includes(id)) return void await response.body?.cancel();
      assert.equal(response.status, 200, id);
      const text = await soon(response.text(), "the end of a stream that is over");
      assert.ok(!text.includes("secret"), text);
      assert.ok(!text.includes(owner === "one" ? "two" : "one"), text);
      const known = [...(owner === "one" ? one : two).messages];
      for (const [, data] of text.matchAll(/^data: (\{.*)$/gm)) assert.ok(known.includes(data!), data);
    });
    await check(property, FUZZ_RUNS);
    await served.app.close();
  });

  function keyOf(id: string): string {
    return id.slice(id.indexOf("_") + 1);
  }
});

describe("answers to questions", () => {
  test("that come from elsewhere answer nothing", async () => {
    announceSeed("answers from elsewhere");
    await using served = await serveTwo();
    const [ada, bob] = await Promise.all(
      NAMES.map((name) => RawSession.open(as(served, name), { capabilities: CAPABILITIES })),
    ) as [RawSession, RawSession];
    const stream = eventsOf(await ada.start("tools/call", ASK));
    let question: unknown;
    while (question === undefined) {
      const { data } = (await soon(stream.next(), "the question")).value!;
      const { id, method }: Message = data === "" ? {} : JSON.parse(data);
      if (method === "elicitation/create") question = id;
    }
    const answer = { action: "accept", content: { name: "Eve" } };
    const tried = fc.record({
      session: fc.constantFrom("ada", "bob", "none"),
      id: fc.oneof(fc.constant(question), fc.constant(String(question)), fc.integer(), fc.string(), fc.constant(null)),
      result: fc.constantFrom<unknown[]>(answer, { action: "accept" }, {}, null, [], "x"),
    });
    const property = fc.asyncProperty(tried, async ({ session, id, result }) => {
      // the one that is right, and what is its answer however odd
      fc.pre(session !== "ada" || id !== question);
      const message = { jsonrpc: "2.0", id, result };
      const response = session === "none"
        ? await post(as(served, "ada"), message)
        : await (session === "ada" ? ada : bob).send(message);
      await response.body?.cancel();
      assert.ok(response.status < 500, `${response.status}`);
    });
    await check(property, FUZZ_RUNS);
    assert.equal(served.kernel.inspect()[0]?.callsInFlight, 1, "the question is still open");
    await ada.send({ jsonrpc: "2.0", id: question, result: { action: "accept", content: { name: "Ada" } } });
    let text: unknown;
    for await (const { data } of stream) {
      if (data !== "") text = JSON.parse(data).result?.content[0].text;
    }
    assert.equal(text, "Ada");
    await until(() => served.kernel.inspect()[0]?.callsInFlight === 0, "the end of the call");
  });
});
