import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, ProtocolError as ClientError } from "@modelcontextprotocol/client";
import { ProtocolError, ToolError } from "../../../../kernel/mod.ts";
import type { TestEra } from "../../../../kernel/testing.ts";
import { deferred } from "./deferred.ts";
import { type Answer, type FakeOptions, listedTool } from "./fake_upstream.ts";
import { kitOf, type Wire } from "./kit.ts";

const RESULT = {
  content: [
    { type: "text", text: "one", annotations: { priority: 1 }, _meta: { "example.com/b": 2 } },
    { type: "image", data: "aGk=", mimeType: "image/png" },
    { type: "resource", resource: { uri: "demo://a", text: "x" } },
  ],
  structuredContent: { a: [1, { b: null }] },
  isError: true,
  _meta: { "example.com/c": { d: true } },
};

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`a call of a client of ${era}`, () => {
    it("gets the result as the server sent it", async () => {
      await using it = await kitOf(() => ({ ...RESULT }), { era });
      const result = await it.client.callTool({ name: "ev_t", arguments: { x: 1 } }) as Wire;
      const { _meta: meta, resultType: _type, ...rest } = result;
      const { _meta: sentMeta, ...sent } = RESULT;
      assert.deepEqual(rest, sent);
      assert.deepEqual(meta["example.com/c"], sentMeta["example.com/c"]);
      const { method, params } = it.upstream.requests.at(-1)!;
      assert.deepEqual([method, params["name"], params["arguments"]], ["tools/call", "t", { x: 1 }]);
    });

    it("gets what a server of 2026 answers without what it says of itself", async () => {
      const answer = {
        resultType: "complete",
        content: [],
        _meta: { "io.modelcontextprotocol/serverInfo": { name: "theirs", version: "1" } },
      };
      await using it = await kitOf(() => answer, { era });
      const { _meta: meta } = await it.client.callTool({ name: "ev_t" }) as Wire;
      assert.notEqual(meta?.["io.modelcontextprotocol/serverInfo"]?.name, "theirs");
    });

    it("passes on its own `_meta`, and nothing of its connection", async () => {
      await using it = await kitOf(() => ({ content: [] }), { era });
      await it.client.callTool(
        { name: "ev_t", arguments: {}, _meta: { traceparent: "00-1" } },
        { onprogress: () => {} },
      );
      assert.deepEqual(it.upstream.requests.at(-1)!.params["_meta"], { traceparent: "00-1" });
    });

    it("hears progress and log messages of its own", async () => {
      const heard: unknown[] = [];
      const logged = deferred();
      const prepare = (client: Client) => {
        client.setNotificationHandler("notifications/message", ({ params }: Wire) => {
          heard.push([params.level, params.logger, params.data]);
          logged.resolve();
        });
      };
      const answer: Answer = async (_params, { onProgress, onLog }) => {
        onProgress?.({ progress: 1, total: 2, message: "half" });
        onLog?.({ level: "error", logger: "disk", data: { message: "full", used: 1 } });
        await logged.promise;
        return { content: [] };
      };
      await using it = await kitOf(answer, { era, prepare });
      const options = { onprogress: (it: unknown) => void heard.push(it) };
      const level = era === "2026" ? { _meta: { "io.modelcontextprotocol/logLevel": "warning" } } : {};
      await it.client.callTool({ name: "ev_t", arguments: {}, ...level }, options);
      assert.deepEqual(heard, [
        { progress: 1, total: 2, message: "half" },
        ["error", "ev/disk", { message: "full", used: 1 }],
      ]);
    });

    it("is asked what the server asks, and answers", async () => {
      const questions: unknown[] = [];
      const prepare = (client: Client) => {
        client.setRequestHandler("elicitation/create", ({ params }: Wire) => {
          questions.push(params.message);
          return { action: "accept", content: { name: "Ada" } };
        });
        client.setRequestHandler("sampling/createMessage", ({ params }: Wire) => {
          questions.push(params.messages[0].content.text);
          return { role: "assistant", model: "m", content: { type: "text", text: "yes" }, stopReason: "endTurn" };
        });
        client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///work", name: "Work" }] }));
      };
      const answer: Answer = async (_params, { asker }) => {
        const elicited = await asker!.ask("elicitation/create", {
          message: "Name?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } } },
          _meta: { progressToken: 7 },
        });
        const sampled = await asker!.ask("sampling/createMessage", {
          messages: [{ role: "user", content: { type: "text", text: "Well?" } }],
          maxTokens: 5,
        });
        const roots = await asker!.ask("roots/list", {});
        return { content: [], structuredContent: { elicited, sampled, roots } };
      };
      const client = { capabilities: { elicitation: {}, sampling: {}, roots: {} } };
      await using it = await kitOf(answer, { era, prepare, client });
      const { structuredContent } = await it.client.callTool({ name: "ev_t", arguments: {} }) as Wire;
      assert.deepEqual(questions, ["Name?", "Well?"]);
      assert.deepEqual(structuredContent.elicited, { action: "accept", content: { name: "Ada" } });
      assert.deepEqual(structuredContent.sampled.content, { type: "text", text: "yes" });
      assert.deepEqual(structuredContent.roots.roots, [{ uri: "file:///work", name: "Work" }]);
    });

    it("lets the server hear that its client cannot be asked", async () => {
      const answer: Answer = async (_params, { asker, capabilities }) => {
        const why = await asker!.ask("roots/list", {}).catch((thrown) => [thrown.code, thrown.message]);
        return { content: [], structuredContent: { why, capabilities } };
      };
      await using it = await kitOf(answer, { era });
      const { structuredContent } = await it.client.callTool({ name: "ev_t", arguments: {} }) as Wire;
      assert.equal(structuredContent.why[0], -32601);
      assert.match(structuredContent.why[1], /has not declared/);
      assert.deepEqual(structuredContent.capabilities, {});
    });

    it("is cancelled at the server when its client gives up", async () => {
      const started = deferred();
      const cancelled = deferred();
      const answer: Answer = (_params, { signal }) => {
        started.resolve();
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            cancelled.resolve();
            reject(signal.reason);
          });
        });
      };
      await using it = await kitOf(answer, { era });
      const giving = new AbortController();
      const calling = it.client.callTool({ name: "ev_t", arguments: {} }, { signal: giving.signal });
      await started.promise;
      giving.abort();
      await assert.rejects(calling);
      await cancelled.promise;
    });

    it("fails as the server fails, or says that it cannot be reached", async () => {
      const answers: (() => never)[] = [
        () => {
          throw new ProtocolError(-32602, "No such thing", { a: 1 });
        },
        () => {
          throw new ToolError('Server "ev" cannot be started: no such program');
        },
      ];
      await using it = await kitOf(() => answers.shift()!(), { era });
      await assert.rejects(it.client.callTool({ name: "ev_t", arguments: {} }), (thrown: unknown) => {
        assert.ok(thrown instanceof ClientError);
        assert.deepEqual([thrown.code, thrown.data], [-32602, { a: 1 }]);
        return true;
      });
      const result = await it.client.callTool({ name: "ev_t", arguments: {} }) as Wire;
      assert.deepEqual([result.isError, result.content[0].text], [
        true,
        'Server "ev" cannot be started: no such program',
      ]);
    });
  });
}

describe("a tool that runs as a task only", () => {
  const fake = (result: Answer, cancel: Answer = () => ({})): FakeOptions => ({
    listed: { tools: [listedTool("t", { execution: { taskSupport: "required" } })] },
    answers: { "tasks/result": result, "tasks/cancel": cancel },
  });

  it("is called as one, and its result waited for", async () => {
    const answer: Answer = (params) => ({ task: { taskId: "1", status: "working", asked: params["task"] } });
    await using it = await kitOf(answer, {
      fake: fake(({ taskId }) => ({ content: [], structuredContent: { taskId } })),
    });
    const { structuredContent } = await it.client.callTool({ name: "ev_t", arguments: {} }) as Wire;
    assert.deepEqual(structuredContent, { taskId: "1" });
    assert.deepEqual(it.upstream.requests[0]!.params["task"], {});
  });

  it("is cancelled with its call", async () => {
    const [started, cancelled] = [deferred(), deferred<unknown>()];
    const result: Answer = (_params, { signal }) => {
      started.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const cancel: Answer = ({ taskId }) => {
      cancelled.resolve(taskId);
      return {};
    };
    await using it = await kitOf(() => ({ task: { taskId: "1" } }), { fake: fake(result, cancel) });
    const giving = new AbortController();
    const calling = it.client.callTool({ name: "ev_t", arguments: {} }, { signal: giving.signal });
    await started.promise;
    giving.abort();
    await assert.rejects(calling);
    assert.equal(await cancelled.promise, "1");
  });
});

describe("a question that a server withdraws", () => {
  it("is withdrawn from a client of 2025, and its call goes on", async () => {
    const withdrawn = deferred();
    const giving = new AbortController();
    const prepare = (client: Client) => {
      client.setRequestHandler("elicitation/create", (_, { mcpReq: { signal } }: Wire) => {
        signal.addEventListener("abort", () => withdrawn.resolve());
        giving.abort(new ToolError("enough"));
        return new Promise<never>(() => {});
      });
    };
    const question = { message: "Name?", requestedSchema: { type: "object", properties: {} } };
    const answer: Answer = async (_params, { asker }) => {
      const why = await asker!.ask("elicitation/create", question, giving).catch(({ message }) => message);
      return { content: [], structuredContent: { why } };
    };
    await using it = await kitOf(answer, { prepare, client: { capabilities: { elicitation: {} } } });
    const { structuredContent } = await it.client.callTool({ name: "ev_t", arguments: {} }) as Wire;
    assert.deepEqual(structuredContent, { why: "enough" });
    await withdrawn.promise;
  });
});

describe("what belongs to no certain call", () => {
  it("is logged to the only client that has calls in flight, at the level it wants", async () => {
    const heard: unknown[] = [];
    const logged = deferred();
    const prepare = (client: Client) => {
      client.setNotificationHandler("notifications/message", ({ params }: Wire) => {
        heard.push(params.data);
        logged.resolve();
      });
    };
    const answer: Answer = async () => {
      it.upstream.says.logged({ level: "debug", data: "too little" });
      it.upstream.says.logged({ level: "error", data: "much" });
      await logged.promise;
      return { content: [] };
    };
    await using it = await kitOf(answer, { prepare, fake: { capabilities: { logging: {} } } });
    await it.client.callTool({ name: "ev_t", arguments: {} });
    it.upstream.says.logged({ level: "error", data: "to nobody" });
    assert.deepEqual(heard, ["much"]);
    assert.deepEqual(it.upstream.requests[0], {
      method: "logging/setLevel",
      params: { level: "debug" },
      options: it.upstream.requests[0]!.options,
    });
  });
});
