import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import type { AskOptions, Call, Plugin } from "../../kernel/mod.ts";
import { type TestEra, testPlugin } from "../../kernel/testing.ts";
import { small } from "../support/plugins.ts";
import { answerOf, modern, post } from "../support/raw.ts";
import { serveApp } from "../support/served.ts";
import { defer, soon } from "../support/wait.ts";

const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };

const QUESTIONS: Readonly<Record<string, (call: Call, options: AskOptions) => Promise<unknown>>> = {
  elicit: (call, options) =>
    call.elicit({ key: "q", message: "Name?", requestedSchema: { type: "object", properties: {} } }, options),
  sample: (call, options) => call.sample({ messages: [], maxTokens: 1 }, options),
  roots: (call, options) => call.roots(options),
};

/** A tool that asks, and goes on without an answer when it is told so. */
function impatient() {
  let controller = new AbortController();
  const plugin: Plugin<void> = small("impatient", {
    setup: ({ tool }) =>
      void tool({
        name: "ask",
        description: "Ask",
        input: v.object({ what: v.string() }),
        async run({ what }, call) {
          controller = new AbortController();
          const answer = await QUESTIONS[what]!(call, controller).catch((thrown: unknown) => thrown);
          return answer === "enough" ? "went on" : `answered ${JSON.stringify(answer)}`;
        },
      }),
  });
  return { plugin, giveUp: () => controller.abort("enough") };
}

describe("a question that its tool waits for no longer", () => {
  for (const what of Object.keys(QUESTIONS)) {
    it(`is withdrawn from a client of 2025 (${what})`, async () => {
      const { plugin, giveUp } = impatient();
      const withdrawn = defer();
      await using kit = await testPlugin(plugin, undefined, {
        client: { capabilities: CAPABILITIES },
        prepare(client) {
          const never = (_: unknown, { mcpReq: { signal } }: { readonly mcpReq: { readonly signal: AbortSignal } }) => {
            signal.addEventListener("abort", () => withdrawn.resolve());
            giveUp();
            return new Promise<never>(() => {});
          };
          client.setRequestHandler("elicitation/create", never);
          client.setRequestHandler("sampling/createMessage", never);
          client.setRequestHandler("roots/list", never);
        },
      });
      const { content } = await kit.client.callTool({ name: "ask", arguments: { what } });
      assert.deepEqual(content, [{ type: "text", text: "went on" }]);
      await soon(withdrawn.promise, "the cancellation");
    });
  }

  it("is not asked when nobody waited for it from the start, nor counted", async () => {
    for (const era of ["2025", "2026"] as TestEra[]) {
      const plugin = small("late", {
        setup: ({ tool }) =>
          void tool({
            name: "ask",
            description: "Ask",
            input: v.object({}),
            run: (_, call) =>
              QUESTIONS["elicit"]!(call, { signal: AbortSignal.abort("enough") }).catch((thrown) =>
                String(thrown)
              ) as Promise<
                string
              >,
          }),
      });
      await using kit = await testPlugin(plugin, undefined, { era, client: { capabilities: CAPABILITIES } });
      const { content } = await kit.client.callTool({ name: "ask", arguments: {} });
      assert.deepEqual(content, [{ type: "text", text: "enough" }]);
    }
  });

  it("is answered in vain by a client of 2026, whose retry gets what the call came to", async () => {
    const { plugin, giveUp } = impatient();
    await using served = await serveApp([plugin], { app: { parking: { maxParked: 1 } } });
    const params = { name: "ask", arguments: { what: "elicit" } };
    for (let i = 0; i < 2; i++) {
      const { result: asked } = await served.request("tools/call", params, CAPABILITIES);
      assert.deepEqual(Object.keys(asked.inputRequests), ["q"]);
      giveUp();
      const { body, headers } = modern("tools/call", {
        ...params,
        inputResponses: { q: { action: "decline" } },
        requestState: asked.requestState,
      }, { capabilities: CAPABILITIES });
      const { result } = await answerOf(await post(served.app.fetch, body, { headers }));
      assert.deepEqual(result.content, [{ type: "text", text: "went on" }]);
    }
  });

  it("is not sent to a client of 2026 when it is withdrawn before it goes out", async () => {
    const plugin = small("brief", {
      setup: ({ tool }) =>
        void tool({
          name: "ask",
          description: "Ask",
          input: v.object({}),
          async run(_, call) {
            const controller = new AbortController();
            const asking = QUESTIONS["elicit"]!(call, controller).catch((thrown: unknown) => thrown);
            controller.abort("enough");
            return String(await asking);
          },
        }),
    });
    await using served = await serveApp([plugin]);
    const { result } = await served.request("tools/call", { name: "ask", arguments: {} }, CAPABILITIES);
    assert.deepEqual([result.resultType, result.content], ["complete", [{ type: "text", text: "enough" }]]);
  });
});
