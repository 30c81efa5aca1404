/**
 * The whole way of a skill over each door: found, read, loaded, used, its groups switched, unloaded.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { answerOf, modern, post, RawSession } from "../../../support/raw.ts";
import { until } from "../../../support/wait.ts";
import { HARBOUR } from "./harbour.ts";
import { ERAS, type HttpServer, Machine, type Talk } from "./kit.ts";

const HIGH_WATER = "harbour_tides__high_water";
const DEPTH = "harbour_tides__depth";
const CHART = "harbour_tides__chart";

async function makeMachine(): Promise<Machine> {
  const machine = await Machine.make();
  await machine.skill("harbour-tides", HARBOUR);
  await machine.skill("knots", { "skill.md": "---\nname: knots\ndescription: Ties knots\n---\n# Knots\n" });
  return machine;
}

/** Goes the whole way. */
async function goThrough(talk: Talk): Promise<void> {
  await find(talk);
  await talk.toldOf("tools", () => load(talk));
  await use(talk);
  await switchGroup(talk);
  await talk.toldOf("tools", () => unload(talk));
}

async function find(talk: Talk): Promise<void> {
  const found = await talk.data("search_skills", { query: "harbor depht", reasons: true });
  assert.equal(found.skills[0].name, "harbour-tides", "by a typo in the name and in the hint");
  const { skill_candidates: candidates } = await talk.data("search_tools", { query: "high water" });
  assert.equal(candidates[0].skill_name, "harbour-tides");
  assert.deepEqual(candidates[0].load_hint, { tool: "activate_skill", arguments: { name: "harbour-tides" } });
  assert.deepEqual(await talk.skills(), ["harbour-tides", "knots"]);
  const info = await talk.data("get_skill_info", { skill_name: "harbour-tides" });
  assert.equal(info.state, "discovered");
  assert.equal(info.tools.length, 4);
  const { contents } = await talk.client.readResource({ uri: "skill://harbour-tides/references/moon.md" });
  assert.match(JSON.stringify(contents), /It pulls/);
  const { messages } = await talk.client.getPrompt({ name: "harbour-tides" });
  assert.match(JSON.stringify(messages), /Ask for the harbour first/);
  const knots = await talk.client.readResource({ uri: "skill://knots/SKILL.md" });
  assert.match(JSON.stringify(knots.contents), /# Knots/, "though its file is called skill.md");
  assert.match(JSON.stringify(await talk.client.getPrompt({ name: "knots" })), /# Knots/);
  assert.equal((await talk.tools()).includes(HIGH_WATER), false);
  assert.match(
    await talk.refused(HIGH_WATER, { harbour: "Brest" }),
    /is not loaded\. Call activate_skill with "harbour/,
  );
}

async function load(talk: Talk): Promise<void> {
  const result = await talk.call("load_skill", { skill_name: "harbour-tides" });
  const loaded = result.structuredContent as JsonObject;
  assert.deepEqual(loaded["newly_loaded"], ["harbour-tides"]);
  assert.deepEqual(loaded["registered_tools"], [HIGH_WATER, DEPTH, "harbour_tides__survey"]);
  assert.match(JSON.stringify(result.content), /Ask for the harbour first, then measure\./);
  const { tools } = await talk.client.listTools();
  const listed = tools.find(({ name }) => name === HIGH_WATER);
  assert.equal(listed?.annotations?.title, "High water");
  assert.equal(listed?.annotations?.readOnlyHint, true);
  assert.deepEqual(listed?.inputSchema.required, ["harbour"]);
}

async function use(talk: Talk): Promise<void> {
  const brest = await talk.call(HIGH_WATER, { harbour: "Brest", metres: 5 });
  assert.deepEqual(brest.structuredContent, {
    success: true,
    message: "High water",
    prompt: "Measure the depth now",
    context: { harbour: "Brest", metres: 6.5 },
  });
  assert.deepEqual(brest._meta?.["dcc.next_tools"], { on_success: [DEPTH] });
  const atlantis = await talk.call(HIGH_WATER, { harbour: "Atlantis" });
  assert.equal(atlantis.isError, true);
  assert.deepEqual(atlantis._meta?.["dcc.next_tools"], { on_failure: ["list_skills"] });
  assert.match(await talk.refused(HIGH_WATER, { harbour: 7 }), /expected string/);
  const { given, words } = await talk.data(DEPTH, { at_noon: true, metres: 3, note: "by; the `pier`", deep: { a: 1 } });
  assert.deepEqual(given, { at_noon: true, metres: 3, note: "by; the `pier`", deep: { a: 1 } });
  assert.deepEqual(words, ["--at-noon", "true", "--metres", "3", "--note", "by; the `pier`"]);
}

async function switchGroup(talk: Talk): Promise<void> {
  assert.match(await talk.refused(CHART), /activate_tool_group with the group "harbour-tides:charts"/);
  await talk.toldOf("tools", () => talk.data("activate_tool_group", { group: "charts" }));
  assert.ok((await talk.tools()).includes(CHART));
  assert.deepEqual(await talk.data(CHART), { success: true, message: "a line of text" });
  const { changed } = await talk.data("deactivate_tool_group", { group: "harbour-tides:charts" });
  assert.equal(changed, 1);
  assert.match(await talk.refused(CHART), /is not active/);
}

async function unload(talk: Talk): Promise<void> {
  // the tool of the group that is not active counts as well
  assert.equal((await talk.data("unload_skill", { skill_name: "harbour-tides" })).tools_removed, 4);
  assert.equal((await talk.tools()).some((name) => name.startsWith("harbour_tides")), false);
  assert.match(await talk.refused(DEPTH), /is not loaded/);
}

after(removeBundle);

describe("a skill is found, read, loaded, used and unloaded", { timeout: 120_000 }, () => {
  for (const era of ERAS) {
    test(`over stdio by a client of ${era}`, async () => {
      await using machine = await makeMachine();
      await using talk = await machine.pipe({ era });
      await goThrough(talk);
    });
  }

  describe("over HTTP", () => {
    let machine: Machine;
    let server: HttpServer;
    before(async () => {
      machine = await makeMachine();
      server = await machine.serve();
    });
    after(() => machine[Symbol.asyncDispose]());

    for (const era of ERAS) {
      test(`by a client of ${era}`, async () => {
        await using talk = await server.connect({ era });
        await goThrough(talk);
      });
    }

    test("by several clients at a time, each with what it has active", async () => {
      await using one = await server.connect({ era: "2025" });
      await using other = await server.connect({ era: "2025" });
      await one.data("load_skill", { skill_name: "harbour-tides" });
      assert.ok((await one.tools()).includes(DEPTH));
      assert.equal((await other.tools()).includes(DEPTH), false, "it is the session's");
      assert.equal((await other.data(DEPTH)).success, true, "it is loaded for all");
      const calls = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? one : other).data(DEPTH, { index }));
      assert.deepEqual((await Promise.all(calls)).map(({ given }) => given.index), [0, 1, 2, 3, 4, 5, 6, 7]);
    });

    test("and a tool that takes its time goes on as a task of either revision", async () => {
      await using talk = await server.connect();
      await talk.data("load_skill", { skill_name: "harbour-tides" });
      const fetchFrom = (request: Request) => fetch(new Request(server.url, request));
      const call = { name: "harbour_tides__survey", arguments: {} };
      const surveyed = { success: true, surveyed: 12 };

      const session = await RawSession.open(fetchFrom);
      const { task } = (await session.request("tools/call", { ...call, task: {} })).result;
      const legacyStatus = async () => (await session.request("tasks/get", { taskId: task.taskId })).result.status;
      await until(async () => await legacyStatus() === "completed", "the task of 2025-11-25");
      const { result } = await session.request("tasks/result", { taskId: task.taskId });
      assert.deepEqual(result.structuredContent, surveyed);

      const ask = async (method: string, params: JsonObject) => {
        const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
        const { body, headers } = modern(method, params, { capabilities });
        return (await answerOf(await post(fetchFrom, body, { headers }))).result;
      };
      const begun = await ask("tools/call", call);
      assert.equal(begun.resultType, "task");
      const get = () => ask("tasks/get", { taskId: begun.taskId });
      await until(async () => (await get()).status === "completed", "the task of 2026-07-28");
      assert.deepEqual((await get()).result.structuredContent, surveyed);
    });

    test("and a tool that takes its time goes on as a job", async () => {
      await using talk = await server.connect();
      await talk.data("load_skill", { skill_name: "harbour-tides" });
      const begun = await talk.call("harbour_tides__survey", {}, { dcc: { async: true } });
      const { job_id: id, status } = begun.structuredContent as JsonObject;
      assert.equal(status, "pending");
      const state = async () => (await talk.data("jobs_get_status", { job_id: id })).status;
      await until(async () => await state() === "completed", "the job to end");
      assert.deepEqual((await talk.data("jobs_get_status", { job_id: id })).result, { success: true, surveyed: 12 });
    });
  });
});
