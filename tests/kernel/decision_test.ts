import assert from "node:assert/strict";
import { test } from "node:test";
import { askDecision, canDecide, createCall, type ElicitRequest, ToolError } from "../../kernel/mod.ts";

const REQUEST = { key: "stay", message: "Stay?", choices: { yes: "Stay here", no: "Leave" } } as const;

test("askDecision() asks by a form, and gives the choice that was made", async () => {
  const asked: ElicitRequest[] = [];
  const answering = (answer: { action: "accept" | "decline" | "cancel"; content?: Record<string, string> }) =>
    createCall({
      elicit(request) {
        asked.push(request);
        return Promise.resolve(answer);
      },
    });
  const accepted = answering({ action: "accept", content: { decision: "no" } });
  assert.deepEqual(await askDecision(accepted, REQUEST), { choice: "no" });
  assert.deepEqual(asked, [{
    key: "stay",
    message: "Stay?",
    requestedSchema: {
      type: "object",
      properties: {
        decision: { type: "string", title: "Decision", enum: ["yes", "no"], enumNames: ["Stay here", "Leave"] },
      },
      required: ["decision"],
    },
  }]);
  for (
    const answer of [
      { action: "decline", content: { decision: "yes" } },
      { action: "cancel" },
      { action: "accept" },
      { action: "accept", content: { decision: "toString" } },
    ] as const
  ) {
    assert.deepEqual(await askDecision(answering(answer), REQUEST), { choice: undefined }, answer.action);
  }
});

test("askDecision() tells why nobody could be asked, and passes on a cancellation and defects", async () => {
  const failing = (thrown: unknown, signal?: AbortSignal) =>
    createCall({ elicit: () => Promise.reject(thrown), ...(signal !== undefined && { signal }) });
  const refused = new ToolError("Cannot ask the user: nobody is there");
  assert.deepEqual(await askDecision(failing(refused), REQUEST), { failure: refused.message });
  await assert.rejects(askDecision(failing(refused, AbortSignal.abort()), REQUEST), refused);
  const defect = new TypeError("a defect");
  await assert.rejects(askDecision(failing(defect), REQUEST), defect);
});

test("canDecide() is told by what the client has declared", () => {
  const declaring = (capabilities: Record<string, unknown>) =>
    canDecide({ client: { ...createCall().client, capabilities } });
  assert.equal(declaring({}), false);
  assert.equal(declaring({ elicitation: { url: {} } }), false);
  assert.equal(declaring({ elicitation: {} }), true);
  assert.equal(declaring({ elicitation: { form: {}, url: {} } }), true);
});
