import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";
import { connect, create, forEachDoor, pipeline, readCalls } from "./doors.ts";
import { goOf } from "./kernel.ts";

forEachDoor("a pipeline runs, tells its progress, asks the user and gives its value", async (home, field) => {
  const asked: string[] = [];
  await using connection = await connect(home.path, {
    ...field,
    prepare: (client) =>
      client.setRequestHandler("elicitation/create", ({ params }) => {
        asked.push(params.message);
        return { action: "accept", content: { name: "Ada" } };
      }),
  });
  const { client } = connection;
  // without the types that a client wants to be told
  const choices = { one: { enum: ["a", "b"] }, some: { type: "array", items: { enum: ["a", "b"] } } };
  const schema = { properties: { name: { type: "string" }, ...choices }, required: ["name"] };
  await create(client, "greet", [
    { name: "first", tool: "note", args: { line: "for $input.who" } },
    { name: "answer", wait_for_input: { message: "Who is $input.who?", schema } },
    { tool: "note", args: { line: "it is $answer.name" } },
  ]);
  assert.ok((await client.listTools()).tools.some((it) => it.name === "greet"));
  const seen: { progress: number; total?: number | undefined; message?: string | undefined }[] = [];
  const result = await client.callTool({ name: "greet", arguments: { who: "you" } }, {
    onprogress: (it) => void seen.push(it),
  });
  assert.deepEqual(result.structuredContent, { line: "it is Ada" });
  assert.deepEqual(asked, ["Who is you?"]);
  assert.deepEqual(await readCalls(home), ["for you", "it is Ada"]);
  const rising = seen.map((it) => it.progress);
  assert.ok(rising.length >= 2, JSON.stringify(seen));
  // in 2026-07-28 the request after the question is another one, which is told anew how far it is
  const distinct = field.era === "2025" ? rising : [...new Set(rising)];
  assert.deepEqual(distinct, [...new Set(rising)].sort((a, b) => a - b));
  assert.ok(seen.some((it) => it.message?.includes("of 3")), JSON.stringify(seen));
  const ran = await pipeline(client, { action: "run", name: "greet", arguments: { who: "me" } });
  assert.deepEqual([ran["status"], ran["output"]], ["completed", { line: "it is Ada" }]);
});

forEachDoor("a client that gives up ends the run and its step; it goes on later", async (home, field) => {
  await using connection = await connect(home.path, field);
  const { client } = connection;
  await create(client, "held", [{ tool: "note", args: { line: "before" } }, { name: "it", tool: "hold_again" }]);
  const giveUp = new AbortController();
  const call = client.callTool({ name: "held", arguments: {} }, { signal: giveUp.signal });
  await until(async () => (await readCalls(home)).includes("hold_again"), "the step");
  giveUp.abort(new Error("enough"));
  await assert.rejects(call, /enough|abort/i);
  await until(async () => (await readCalls(home)).includes("hold_again ended"), "the end of the step");
  let runs: { run_id: string }[] = [];
  await until(async () => {
    runs = (await pipeline(client, { action: "runs", status: "cancelled" }))["runs"] as typeof runs;
    return runs.length === 1;
  }, "the run that was cancelled");
  await writeFile(goOf(home.path), "");
  const resumed = await pipeline(client, { action: "resume", run_id: runs[0]!.run_id });
  assert.equal(resumed["output"], "held");
  assert.equal((await readCalls(home)).filter((it) => it === "before").length, 1);
});

test("a subscriber hears of a run while it runs, and reads its steps", async () => {
  await using home = await temporaryHome();
  const updated: string[] = [];
  await using connection = await connect(home.path, {
    door: "stdio",
    era: "2025",
    prepare: (client) =>
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => void updated.push(params.uri)),
  });
  const { client } = connection;
  await create(client, "held", [{ tool: "note", args: { line: "before" } }, { tool: "hold" }, {
    tool: "note",
    args: { line: "after" },
  }]);
  const running = client.callTool({ name: "held", arguments: {} });
  await until(async () => (await readCalls(home)).includes("hold"), "the step");
  const { runs } = await pipeline(client, { action: "runs", status: "running" }) as { runs: { uri: string }[] };
  const { uri } = runs[0]!;
  await client.subscribeResource({ uri });
  const before = updated.length;
  await writeFile(goOf(home.path), "");
  await running;
  await until(() => updated.length > before, "an update");
  assert.ok(updated.every((it) => it === uri));
  const { contents } = await client.readResource({ uri });
  const run = JSON.parse((contents[0] as { text: string }).text);
  assert.deepEqual([run.status, run.steps.length], ["completed", 3]);
});

test("a run whose server was killed is interrupted, and goes on where nothing is lost by that", async () => {
  await using home = await temporaryHome();
  {
    const connection = await connect(home.path, { door: "stdio", era: "2025" });
    const { client } = connection;
    await create(client, "inner", [{ tool: "note", args: { line: "inner" } }, { tool: "hold_again" }]);
    await create(client, "lost", [{ tool: "note", args: { line: "one" } }, { name: "held", tool: "hold" }]);
    await create(client, "safe", [{ tool: "note", args: { line: "two" } }, { tool: "inner" }, {
      tool: "note",
      args: { line: "three" },
    }]);
    for (const name of ["lost", "safe"]) client.callTool({ name, arguments: {} }).catch(() => {});
    await until(async () => (await readCalls(home)).filter((it) => it.startsWith("hold")).length === 2, "both steps");
    await connection.kill();
  }
  await writeFile(goOf(home.path), "");
  await using connection = await connect(home.path, { door: "stdio", era: "2025" });
  const { client } = connection;
  let runs: { run_id: string; pipeline: string }[] = [];
  await until(async () => {
    runs = (await pipeline(client, { action: "runs", status: "interrupted" }))["runs"] as typeof runs;
    return runs.length === 2;
  }, "both runs");
  const idOf = (name: string) => runs.find((it) => it.pipeline === name)!.run_id;
  const safe = await pipeline(client, { action: "resume", run_id: idOf("safe") });
  assert.deepEqual([safe["status"], safe["output"]], ["completed", { line: "three" }]);
  const lost = await client.callTool({ name: "pipeline", arguments: { action: "resume", run_id: idOf("lost") } });
  assert.equal(lost.isError, true);
  assert.match(JSON.stringify(lost.content), /\*\*interrupted\*\* held .*redo/s);
  const { steps } = lost.structuredContent as { steps: { status: string }[] };
  assert.deepEqual(steps.map((it) => it.status), ["completed", "interrupted"]);
  const again = await pipeline(client, { action: "resume", run_id: idOf("lost"), redo: true });
  assert.deepEqual([again["status"], again["output"]], ["completed", "held"]);
  const calls = await readCalls(home);
  for (const line of ["one", "two", "inner", "three"]) assert.equal(calls.filter((it) => it === line).length, 1, line);
});
