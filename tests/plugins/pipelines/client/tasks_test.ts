import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { createApp } from "../../../../kernel/transports/mod.ts";
import { answerOf, type Message, modern, post } from "../../../support/raw.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { KNOWS_TASKS } from "../../tasks/kit.ts";
import { connect, create } from "./doors.ts";
import { startOnHome } from "./kernel.ts";

const STEPS = [
  { name: "first", tool: "note", args: { line: "first" } },
  {
    name: "answer",
    wait_for_input: {
      message: "Who?",
      schema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    },
  },
];

for (const tool of ["asking", "pipeline"]) {
  test(`a call of ${tool} is a task of 2026-07-28, which the user is asked through`, async () => {
    await using home = await temporaryHome();
    const kernel = await startOnHome(home.path, fakeLog());
    const app = createApp(kernel, { name: "tasks", version: "1.0.0" });
    const ask = async (method: string, params: JsonObject): Promise<Message> => {
      const { body, headers } = modern(method, params, { capabilities: { ...KNOWS_TASKS, elicitation: {} } });
      return await answerOf(await post(app.fetch, body, { headers }));
    };
    try {
      const args = tool === "asking" ? {} : { action: "run", name: "asking" };
      const made = await kernel.call("pipeline", { action: "create", name: "asking", steps: STEPS });
      assert.equal(made.isError, undefined, JSON.stringify(made));
      const { taskId } = (await ask("tools/call", { name: tool, arguments: args })).result;
      assert.equal(typeof taskId, "string");
      let task: JsonObject = {};
      const is = async (status: string) => {
        await until(async () => (task = (await ask("tasks/get", { taskId })).result)["status"] === status, status);
      };
      await is("input_required");
      const [key] = Object.keys(task["inputRequests"] as JsonObject);
      await ask("tasks/update", { taskId, inputResponses: { [key!]: { action: "accept", content: { name: "Ada" } } } });
      await is("completed");
      const { structuredContent } = task["result"] as { structuredContent: JsonObject };
      assert.deepEqual(tool === "asking" ? structuredContent : structuredContent["output"], { name: "Ada" });
    } finally {
      await app.close();
      await kernel.stop();
    }
  });
}

test("a pipeline is a job for a client that knows no tasks", async () => {
  await using home = await temporaryHome();
  await using connection = await connect(home.path, { door: "http", era: "2025" });
  const { client } = connection;
  await create(client, "quick", [{ tool: "note", args: { line: "$input.line" } }]);
  const ask = async (name: string, args: JsonObject, _meta: JsonObject = {}) =>
    (await client.callTool({ name, arguments: { ...args }, _meta })).structuredContent as JsonObject;
  let job = await ask("quick", { line: "x" }, { dcc: { async: true } });
  await until(async () => {
    job = await ask("jobs_get_status", { job_id: job["job_id"] });
    return job["status"] === "completed";
  }, "the job");
  assert.deepEqual(job["result"], { line: "x" });
});
