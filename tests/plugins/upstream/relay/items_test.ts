import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Client } from "@modelcontextprotocol/client";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { deferred } from "./deferred.ts";
import type { FakeOptions } from "./fake_upstream.ts";
import { kitOf, type Wire } from "./kit.ts";

describe("prompts, completion and resources of a server", () => {
  it("are passed on", async () => {
    const fake: FakeOptions = {
      listed: {
        prompts: [{
          name: "p",
          description: "Listed",
          arguments: [{ name: "who", description: "Whom", required: true }],
        }],
        templates: [{ uriTemplate: "demo://{id}", name: "Demo" }],
      },
      answers: {
        "prompts/get": ({ arguments: args }) => ({
          description: "Rendered",
          messages: [{ role: "user", content: { type: "text", text: JSON.stringify(args) } }],
          _meta: { "example.com/p": 1 },
        }),
        "completion/complete": ({ ref, argument }: Wire) => ({ completion: { values: [ref.type, argument.value] } }),
        "resources/read": ({ uri }) => ({
          contents: [{ uri, blob: "aGk=", _meta: { a: 1 } }] as Wire,
          _meta: { "example.com/r": 1 },
        }),
      },
    };
    await using it = await kitOf(() => ({ content: [] }), { fake });
    const { prompts } = await it.client.listPrompts() as Wire;
    assert.deepEqual(prompts, [{
      name: "ev_p",
      description: "Listed",
      arguments: [{ name: "who", description: "Whom", required: true }],
    }]);
    const rendered = await it.client.getPrompt({ name: "ev_p", arguments: { who: "Ada" } }) as Wire;
    assert.equal(rendered.messages[0].content.text, '{"who":"Ada"}');
    assert.deepEqual([rendered.description, rendered._meta], ["Rendered", { "example.com/p": 1 }]);
    const ref = { type: "ref/prompt", name: "ev_p" } as const;
    const completed = await it.client.complete({ ref, argument: { name: "who", value: "A" } }) as Wire;
    assert.deepEqual(completed.completion.values, ["ref/prompt", "A"]);
    const template = { type: "ref/resource", uri: "demo://{id}" } as const;
    const ids = await it.client.complete({ ref: template, argument: { name: "id", value: "1" } }) as Wire;
    assert.deepEqual(ids.completion.values, ["ref/resource", "1"]);
    assert.deepEqual(it.upstream.requests.at(-1)!.params["ref"], template);
    const last = () => it.upstream.requests.at(-1)!.params["context"];
    assert.equal(last(), undefined, "nothing was chosen before");
    const context = { arguments: { other: "x" } };
    await it.client.complete({ ref: template, argument: { name: "id", value: "1" }, context });
    assert.deepEqual(last(), context);
    const { contents, _meta: meta } = await it.client.readResource({ uri: "demo://1" }) as Wire;
    assert.deepEqual(contents, [{ uri: "demo://1", blob: "aGk=", _meta: { a: 1 } }]);
    assert.deepEqual(meta, { "example.com/r": 1 });
  });

  it("are not completed by a server that completes nothing", async () => {
    await using it = await kitOf(() => ({ content: [] }), { fake: { listed: { prompts: [{ name: "p" }] } } });
    const ref = { type: "ref/prompt", name: "ev_p" } as const;
    const { completion } = await it.client.complete({ ref, argument: { name: "who", value: "A" } }) as Wire;
    assert.deepEqual(completion.values, []);
  });

  it("are watched once, anew when the server was started anew, and no longer than somebody listens", async () => {
    const updates: string[] = [];
    let heard = deferred();
    const prepare = (client: Client) => {
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => {
        updates.push(params.uri);
        heard.resolve();
      });
    };
    const fake: FakeOptions = {
      capabilities: { resources: { subscribe: true } },
      listed: { resources: [{ uri: "demo://a", name: "A" }] },
      answers: { "resources/subscribe": () => ({}), "resources/unsubscribe": () => ({}) },
    };
    await using it = await kitOf(() => ({ content: [] }), { prepare, fake });
    const subscriptions = () =>
      it.upstream.requests.filter(({ method }) => method.startsWith("resources/")).map((
        { method, params }: { method: string; params: JsonObject },
      ) => [method.slice("resources/".length), params["uri"]]);
    await it.client.subscribeResource({ uri: "demo://a" });
    assert.equal(it.upstream.keepers, 1);
    await it.client.callTool({ name: "ev_t", arguments: {} });
    assert.deepEqual(subscriptions(), [["subscribe", "demo://a"]]);
    it.upstream.says.updated("demo://a");
    await heard.promise;
    heard = deferred();
    it.upstream.disconnect();
    await it.client.callTool({ name: "ev_t", arguments: {} });
    await heard.promise;
    await it.client.unsubscribeResource({ uri: "demo://a" });
    assert.deepEqual(updates, ["demo://a", "demo://a"]);
    assert.deepEqual(subscriptions().map(([method]) => method), ["subscribe", "subscribe", "unsubscribe"]);
    assert.equal(it.upstream.keepers, 0);
  });
});
