import type { Client, ClientOptions } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { forEachTransport } from "../support/transports.ts";

interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const CAPABILITIES: ClientOptions = {
  capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} },
};

/** Answers whatever is asked, and notes it. */
function answering(asked: Asked[]): (client: Client) => void {
  return (client) => {
    client.setRequestHandler("elicitation/create", ({ method, params }) => {
      asked.push({ method, params: params as unknown as Record<string, unknown> });
      if (params.message.startsWith("Decline")) return { action: "decline" };
      return params.mode === "url"
        ? { action: "accept" }
        : { action: "accept", content: { name: params.message.slice(0, -1) } };
    });
    client.setRequestHandler("sampling/createMessage", ({ method, params }) => {
      asked.push({ method, params: params as unknown as Record<string, unknown> });
      return { role: "assistant", model: "test-model", content: { type: "text", text: "hi" } };
    });
    client.setRequestHandler("roots/list", ({ method }) => {
      asked.push({ method, params: {} });
      return { roots: [{ uri: "file:///work", name: "work" }] };
    });
  };
}

function textOf({ content }: { content: unknown }): string {
  return (content as { text: string }[])[0]?.text ?? "";
}

forEachTransport("a tool asks the user by a form", async ({ connect }) => {
  const asked: Asked[] = [];
  await using connection = await connect({ client: CAPABILITIES, prepare: answering(asked) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask", arguments: {} })), "Name");
  const [{ params }] = asked as [Asked];
  assert.equal(params["message"], "Name?");
  assert.deepEqual(params["requestedSchema"], {
    type: "object",
    properties: { name: { type: "string", title: "Name", minLength: 1 } },
    required: ["name"],
  });
});

forEachTransport("a tool asks the user to visit a page", async ({ era, connect }) => {
  const asked: Asked[] = [];
  await using connection = await connect({ client: CAPABILITIES, prepare: answering(asked) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask_page", arguments: {} })), "accept");
  const [{ params }] = asked as [Asked];
  assert.deepEqual([params["mode"], params["url"], params["message"]], ["url", "https://pay.example/1", "Pay?"]);
  assert.equal(typeof params["elicitationId"], era === "2025" ? "string" : "undefined");
});

forEachTransport("a tool asks the client's model", async ({ connect }) => {
  const asked: Asked[] = [];
  await using connection = await connect({ client: CAPABILITIES, prepare: answering(asked) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask_model", arguments: {} })), "test-model: hi");
  const [{ params }] = asked as [Asked];
  assert.deepEqual([params["maxTokens"], params["systemPrompt"]], [10, "Be brief"]);
});

forEachTransport("a tool asks for roots", async ({ connect }) => {
  await using connection = await connect({ client: CAPABILITIES, prepare: answering([]) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask_roots", arguments: {} })), "work=file:///work");
});

forEachTransport("a tool asks several things at once", async ({ connect }) => {
  const asked: Asked[] = [];
  await using connection = await connect({ client: CAPABILITIES, prepare: answering(asked) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask_all", arguments: {} })), "One, Two, 1 roots");
  assert.deepEqual(asked.map((it) => it.method).sort(), ["elicitation/create", "elicitation/create", "roots/list"]);
});

forEachTransport("a tool asks again after an answer", async ({ connect }) => {
  const asked: Asked[] = [];
  await using connection = await connect({ client: CAPABILITIES, prepare: answering(asked) });
  assert.equal(textOf(await connection.client.callTool({ name: "ask_twice", arguments: {} })), "First, Second");
  assert.deepEqual(asked.map((it) => it.params["message"]), ["First?", "Second?"]);
});

forEachTransport("prompts and resources ask as well", async ({ connect }) => {
  await using connection = await connect({ client: CAPABILITIES, prepare: answering([]) });
  const { client } = connection;
  const { messages } = await client.getPrompt({ name: "ask" });
  assert.deepEqual(messages[0]?.content, { type: "text", text: "Prompt" });
  const { contents } = await client.readResource({ uri: "ask://name" });
  assert.equal((contents[0] as { text: string }).text, "Resource");
});

forEachTransport("a user may decline", async ({ connect }) => {
  await using connection = await connect({
    client: CAPABILITIES,
    prepare: (client) => client.setRequestHandler("elicitation/create", () => ({ action: "decline" })),
  });
  assert.equal(textOf(await connection.client.callTool({ name: "ask", arguments: {} })), "decline");
});

forEachTransport("what a client did not declare is refused by name", async ({ era, connect }) => {
  await using connection = await connect({ client: { capabilities: { elicitation: { form: {} } } } });
  const { client } = connection;
  for (
    const [name, what] of [["ask_page", /ask the user to visit a page/], [
      "ask_model",
      /ask the client's model/,
    ]] as const
  ) {
    const call = client.callTool({ name, arguments: {} });
    if (era === "2025") {
      const result = await call;
      assert.equal(result.isError, true);
      assert.match(textOf(result), what);
    } else {
      await assert.rejects(call, { code: -32021, message: what });
    }
  }
  assert.equal(textOf(await client.callTool({ name: "ask_roots", arguments: {} })), "", "no roots are none");
});
