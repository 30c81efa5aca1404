import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { type JsonObject, ProtocolError } from "../../../../kernel/mod.ts";
import { serveApp, type ServedApp } from "../../../support/served.ts";
import { until } from "../../../support/wait.ts";
import { type Answer, FakeUpstream, listedTool, offering } from "./fake_upstream.ts";
import type { Wire } from "./kit.ts";

/** A client in a session of its own, and the visits of which it heard that they are over. */
async function connect({ app }: ServedApp) {
  const client = new Client({ name: "visitor", version: "1.0.0" }, {
    capabilities: { elicitation: { url: {} } },
    versionNegotiation: { mode: "legacy" },
  });
  const heard: string[] = [];
  client.setRequestHandler("elicitation/create", () => ({ action: "accept" }));
  client.setNotificationHandler("notifications/elicitation/complete", ({ params }: Wire) => {
    heard.push(params.elicitationId);
  });
  const fetch = (url: string | URL, init?: RequestInit) => Promise.resolve(app.fetch(new Request(url, init)));
  await client.connect(new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch }));
  const visit = (elicitationId: string, how: "asked" | "failed") =>
    client.callTool({ name: "ev_visit", arguments: { elicitationId, how } });
  return { heard, visit, [Symbol.asyncDispose]: () => client.close() };
}

const answer: Answer = async ({ arguments: args }, { asker }) => {
  const { elicitationId, how } = args as { readonly elicitationId: string; readonly how: string };
  const page: JsonObject = { mode: "url", message: "Sign in", url: "https://pages.example/", elicitationId };
  if (how === "failed") throw new ProtocolError(-32042, "Sign in first", { elicitations: [page] });
  return { content: [], structuredContent: await asker!.ask("elicitation/create", page) };
};

describe("the end of a visit to a page", () => {
  it("is told to the client that was asked or whose call failed for it, and to no other session", async () => {
    const upstream = new FakeUpstream({
      definition: { name: "ev" },
      listed: { tools: [listedTool("visit")] },
      answers: { "tools/call": answer },
    });
    await using served = await serveApp([offering(upstream).plugin]);
    await using ada = await connect(served);
    await using bob = await connect(served);
    await ada.visit("a1", "asked");
    await assert.rejects(bob.visit("b1", "failed"), { code: -32042 });
    for (const id of ["unknown", "a1", "b1", "a1"]) upstream.says.visited(id);
    await assert.rejects(ada.visit("a2", "failed"), { code: -32042 });
    await bob.visit("b2", "asked");
    for (const id of ["b2", "a2"]) upstream.says.visited(id);
    await until(() => ada.heard.length + bob.heard.length >= 4, "the ends of the visits");
    assert.deepEqual([ada.heard, bob.heard], [["a1", "a2"], ["b1", "b2"]]);
  });
});
