import assert from "node:assert/strict";
import { test } from "node:test";
import { createHttpHandler, type HttpOptions } from "../../kernel/transports/mod.ts";
import { Kernel } from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import everything, { INFO } from "../fixtures/everything/mod.ts";
import { answerOf, type Message, modern, post } from "../support/raw.ts";
import { pause, soon, until } from "../support/wait.ts";

const CAPABILITIES = { elicitation: {}, roots: {}, sampling: {} };
const ACCEPTED = { action: "accept", content: { name: "Ada" } };

/** A client of 2026-07-28 by hand, over a handler of its own. */
async function start(options: HttpOptions = {}, maxCalls = 256) {
  const kernel = await new Kernel({ log: fakeLog(), maxCalls }).use(everything).start();
  const http = createHttpHandler(kernel, INFO, options);
  const call = async (
    name: string,
    { answers, state, principal = "ada", method = "tools/call", args = {}, signal }: {
      readonly answers?: unknown;
      readonly state?: string;
      readonly principal?: string;
      readonly method?: string;
      readonly args?: object;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Message> => {
    const { body, headers } = modern(method, {
      name,
      arguments: args,
      ...(answers !== undefined && { inputResponses: answers }),
      ...(state !== undefined && { requestState: state }),
    }, { capabilities: CAPABILITIES });
    const as = { principal: { id: principal, scopes: [] } };
    const fetch = (request: Request) => http.fetch(request, as);
    return await answerOf(await post(fetch, body, { headers, ...(signal && { signal }) }));
  };
  return {
    kernel,
    call,
    async [Symbol.asyncDispose]() {
      await http.close();
      await kernel.stop();
    },
  };
}

const REFUSED = { code: -32602, message: "Invalid or expired requestState", data: { reason: "invalid_request_state" } };

function onlyKey({ result }: Message): string {
  const [key, ...more] = Object.keys(result.inputRequests);
  assert.equal(more.length, 0);
  return key!;
}

test("a question is an input_required answer with its request and a state; the retry has the result", async () => {
  await using client = await start();
  const asked = await client.call("ask");
  assert.equal(asked.result.resultType, "input_required");
  const key = onlyKey(asked);
  assert.equal(asked.result.inputRequests[key].method, "elicitation/create");
  assert.equal(asked.result.inputRequests[key].params.message, "Name?");
  assert.equal(typeof asked.result.requestState, "string");
  const { result } = await client.call("ask", { answers: { [key]: ACCEPTED }, state: asked.result.requestState });
  assert.deepEqual([result.resultType, result.content], ["complete", [{ type: "text", text: "Ada" }]]);
});

test("a state is good once", async () => {
  await using client = await start();
  const asked = await client.call("ask");
  const retry = { answers: { [onlyKey(asked)]: ACCEPTED }, state: asked.result.requestState };
  const answers = await Promise.all([client.call("ask", retry), client.call("ask", retry)]);
  assert.deepEqual(answers.map((it) => it.error?.code).sort(), [-32602, undefined]);
  assert.deepEqual((await client.call("ask", retry)).error, REFUSED);
});

test("a state of an earlier round is refused in a later one", async () => {
  await using client = await start();
  const first = await client.call("ask_twice");
  const second = await client.call("ask_twice", {
    answers: { [onlyKey(first)]: ACCEPTED },
    state: first.result.requestState,
  });
  assert.equal(second.result.inputRequests[onlyKey(second)].params.message, "Second?");
  const stale = await client.call("ask_twice", {
    answers: { [onlyKey(second)]: ACCEPTED },
    state: first.result.requestState,
  });
  assert.deepEqual(stale.error, REFUSED);
  const done = await client.call("ask_twice", {
    answers: { [onlyKey(second)]: ACCEPTED },
    state: second.result.requestState,
  });
  assert.equal(done.result.content[0].text, "Ada, Ada");
});

test("a state that is forged, of another principal, or of another request is refused, and stays good for its own", async () => {
  await using client = await start();
  const asked = await client.call("ask");
  const state: string = asked.result.requestState;
  const answers = { [onlyKey(asked)]: ACCEPTED };
  const middle = Math.floor(state.length / 2);
  const flipped = state.slice(0, middle) + (state[middle] === "A" ? "B" : "A") + state.slice(middle + 1);
  for (const forged of ["", "x", "a.b.c", flipped, state.slice(0, -2), `${state}x`]) {
    assert.deepEqual((await client.call("ask", { answers, state: forged })).error, REFUSED, forged);
  }
  assert.deepEqual((await client.call("ask", { answers, state, principal: "bob" })).error, REFUSED);
  assert.deepEqual((await client.call("ask_twice", { answers, state })).error, REFUSED);
  assert.deepEqual((await client.call("ask", { answers, state, args: { other: 1 } })).error, REFUSED);
  assert.deepEqual((await client.call("ask", { answers, state, method: "prompts/get" })).error, REFUSED);
  assert.equal((await client.call("ask", { answers, state })).result.content[0].text, "Ada");
});

test("a state of another server is refused", async () => {
  await using one = await start();
  await using other = await start();
  const asked = await one.call("ask");
  assert.deepEqual((await other.call("ask", { answers: {}, state: asked.result.requestState })).error, REFUSED);
});

test("a state that is too old is refused, and its call has ended", async () => {
  await using client = await start({ parking: { ttlMs: 100 } });
  const asked = await client.call("ask");
  await until(() => client.kernel.inspect()[0]?.callsInFlight === 0, "the end of the parked call");
  const answers = { [onlyKey(asked)]: ACCEPTED };
  assert.deepEqual((await client.call("ask", { answers, state: asked.result.requestState })).error, REFUSED);
});

test("missing and malformed answers are asked again, under a new state", async () => {
  await using client = await start();
  let asked = await client.call("ask");
  for (
    const answers of [{}, undefined, { [onlyKey(asked)]: { action: "nonsense" } }, { [onlyKey(asked)]: "text" }, {
      other: ACCEPTED,
    }]
  ) {
    const again = await client.call("ask", {
      state: asked.result.requestState,
      ...(answers !== undefined && { answers }),
    });
    assert.equal(again.result?.resultType, "input_required", JSON.stringify([answers, again]));
    assert.notEqual(again.result.requestState, asked.result.requestState);
    assert.deepEqual(again.result.inputRequests, asked.result.inputRequests);
    asked = again;
  }
  const { result } = await client.call("ask", {
    answers: { [onlyKey(asked)]: ACCEPTED },
    state: asked.result.requestState,
  });
  assert.equal(result.content[0].text, "Ada");
});

test("questions asked at once go out together, and may be answered in parts", async () => {
  await using client = await start();
  const asked = await client.call("ask_all");
  const keys = Object.keys(asked.result.inputRequests);
  assert.deepEqual(Object.values(asked.result.inputRequests).map((it) => (it as { method: string }).method).sort(), [
    "elicitation/create",
    "elicitation/create",
    "roots/list",
  ]);
  const elicitations = keys.filter((key) => asked.result.inputRequests[key].method === "elicitation/create");
  const part = await client.call("ask_all", {
    state: asked.result.requestState,
    answers: { [elicitations[0]!]: ACCEPTED, roots: { roots: [{ uri: "file:///a" }] } },
  });
  assert.deepEqual(Object.keys(part.result.inputRequests), [elicitations[1]]);
  const { result } = await client.call("ask_all", {
    state: part.result.requestState,
    answers: { [elicitations[1]!]: { action: "decline" } },
  });
  assert.equal(result.content[0].text, "Ada, decline, 1 roots");
});

test("calls that wait for their clients are bounded, and do not keep others from being served", async () => {
  await using client = await start({ parking: { maxParked: 2 } });
  const [one] = [await client.call("ask"), await client.call("ask")];
  const refused = await client.call("ask");
  assert.equal(refused.result.isError, true);
  assert.match(refused.result.content[0].text, /too many calls wait for theirs/);
  const done = await client.call("ask", { answers: { [onlyKey(one!)]: ACCEPTED }, state: one!.result.requestState });
  assert.equal(done.result.content[0].text, "Ada");
  assert.equal((await client.call("ask")).result.resultType, "input_required");
});

test("by default, calls that wait for clients who never return leave room for others", async () => {
  await using client = await start();
  for (let i = 0; i < 300; i++) await client.call("ask");
  assert.equal((await client.call("echo", { args: { text: "still here" } })).result.content[0].text, "still here");
});

test("a client that never returns leaves nothing behind when the server stops", async () => {
  const client = await start();
  await client.call("ask");
  await client.call("ask_all");
  await soon(client[Symbol.asyncDispose]());
  assert.deepEqual(client.kernel.inspect(), []);
});

test("a client that leaves a request ends its call, also in a later round", async () => {
  await using client = await start();
  const asked = await client.call("ask_twice");
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(
    client.call("ask_twice", { state: asked.result.requestState, answers: {}, signal: controller.signal }),
  );
  await pause(50);
  const { result } = await client.call("ask_twice", {
    state: asked.result.requestState,
    answers: { [onlyKey(asked)]: ACCEPTED },
  });
  assert.equal(result?.resultType, "input_required", "a request that never arrived has not used the state up");
});
