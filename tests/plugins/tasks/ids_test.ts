import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ErrorCode, type JsonObject, type Principal } from "../../../kernel/mod.ts";
import { newTaskId, TASK_ID_REGEXP } from "../../../plugins/tasks/record.ts";
import type { Message, RawSession } from "../../support/raw.ts";
import { freshSeed } from "../../support/random.ts";
import { aborted, pause } from "../../support/wait.ts";
import { callTask, ENDED, principalOf, startServer, taskIn, type TaskServer } from "./kit.ts";

const SEED = freshSeed();
const NOT_FOUND = { code: ErrorCode.invalidParams, message: "Task not found" };
const NAMES = ["ada", "eve", "local"] as const;
type Name = typeof NAMES[number];

/** Every way to name a task; each gives what it is refused with, or `undefined`. */
const WAYS: Readonly<Record<string, (door: Door, taskId: unknown) => Promise<unknown>>> = {
  "tasks/get": (door, taskId) => door.modern("tasks/get", { taskId }),
  "tasks/update": (door, taskId) => door.modern("tasks/update", { taskId, inputResponses: {} }),
  "tasks/get of 2025": (door, taskId) => door.legacy("tasks/get", { taskId }),
  "tasks/result of 2025": (door, taskId) => door.legacy("tasks/result", { taskId }),
  "tasks/cancel": (door, taskId) => door.modern("tasks/cancel", { taskId }),
  "jobs_get_status": (door, id) => door.job("jobs_get_status", id),
  "jobs_cancel": (door, id) => door.job("jobs_cancel", id),
};

/** One principal's way in. */
interface Door {
  modern(method: string, params: JsonObject): Promise<unknown>;
  legacy(method: string, params: JsonObject): Promise<unknown>;
  /** Calls a tool, whose failed result stands for the error. */
  job(name: string, id: unknown): Promise<unknown>;
}

function doorOf(server: TaskServer, session: RawSession, principal: Principal): Door {
  const failureOf = ({ error }: Message) => error && { code: error.code, message: error.message };
  return {
    modern: async (method, params) => failureOf(await server.modern(method, params, { principal })),
    legacy: async (method, params) => failureOf(await session.request(method, params)),
    async job(name, job_id) {
      const { result } = await session.request("tools/call", { name, arguments: { job_id } });
      const isRefused = result.isError === true && result.content[0].text.startsWith("No job has the id ");
      return isRefused ? NOT_FOUND : result;
    },
  };
}

/** Ids that nobody was given: made like ours, made of ours, or anything. */
function forgedIds(real: readonly string[]): fc.Arbitrary<string> {
  const changed = fc.tuple(fc.constantFrom(...real), fc.nat({ max: 41 }), fc.constantFrom(..."0123456789abcdefxZ/ "))
    .map(
      ([id, at, digit]) => id.slice(0, at) + digit + id.slice(at + 1),
    );
  const bent = fc.tuple(fc.constantFrom(...real), fc.constantFrom(...BENDS)).map(([id, bend]) => bend(id));
  const made = fc.nat({ max: 2 ** 31 - 1 }).map((time) => newTaskId(time));
  const anything = fc.string({ unit: "binary", maxLength: 60 });
  return fc.oneof(changed, bent, made, anything).filter((id) => !real.includes(id));
}

const BENDS: readonly ((id: string) => string)[] = [
  (id) => id.toUpperCase(),
  (id) => ` ${id}`,
  (id) => `${id}\n`,
  (id) => id.slice(1),
  (id) => id + id,
  (id) => `../${id}`,
  (id) => `-/${id}`,
  (id) => `${id}\0`,
];

describe(`ids of tasks (seed ${SEED})`, () => {
  test("an id that is forged, over, forgotten or another's is refused, always alike, and changes nothing", async () => {
    await using server = await startServer({
      tools: {
        wait: { execution: "async", run: (_, call) => aborted(call.signal) },
        run: { execution: "async", run: () => "ran" },
      },
    });
    const doors = new Map<Name, Door>();
    const living: { readonly owner: Name; readonly id: string; readonly name: "wait" | "run" }[] = [];
    const over: string[] = [];
    for (const owner of NAMES) {
      const principal = principalOf(owner);
      const session = await server.session({ principal });
      doors.set(owner, doorOf(server, session, principal));
      const short = await session.request("tools/call", { name: "run", arguments: {}, task: { ttl: 1 } });
      over.push(short.result.task.taskId, await callTask(server, "run", { principal }));
      await taskIn(server, over.at(-1)!, { is: ENDED, principal });
      await server.modern("tools/call", { name: "jobs_cleanup", arguments: { older_than_hours: 0 } }, { principal });
      for (const name of ["wait", "run"] as const) {
        const id = await callTask(server, name, { principal });
        living.push({ owner, id, name });
        if (name === "run") await taskIn(server, id, { is: ENDED, principal });
      }
    }
    await pause(10);
    const real = [...living.map((it) => it.id), ...over];
    const named = fc.oneof(
      forgedIds(real).map((id) => ({ id, owner: undefined })),
      fc.constantFrom(...over).map((id) => ({ id, owner: undefined })),
      fc.constantFrom(...living),
    );
    const strangers = fc.tuple(named, fc.constantFrom(...NAMES)).filter(([{ owner }, caller]) => owner !== caller);
    await fc.assert(
      fc.asyncProperty(strangers, fc.constantFrom(...Object.keys(WAYS)), async ([{ id }, caller], way) => {
        assert.deepEqual(await WAYS[way]!(doors.get(caller)!, id), NOT_FOUND, `${way} by ${caller}`);
      }),
      { numRuns: 300, seed: SEED },
    );
    for (const { owner, id, name } of living) {
      const { status } = await taskIn(server, id, { is: ["working", ...ENDED], principal: principalOf(owner) });
      assert.equal(status, name === "wait" ? "working" : "completed");
    }
  });

  test("what is no id at all is refused like one", async () => {
    await using server = await startServer({});
    const door = doorOf(server, await server.session(), principalOf("local"));
    for (const id of [undefined, null, 7, {}, ["a"], ""]) {
      for (const way of ["tasks/get of 2025", "tasks/result of 2025"]) {
        assert.deepEqual(await WAYS[way]!(door, id), NOT_FOUND, `${way} ${JSON.stringify(id)}`);
      }
    }
  });

  test("newTaskId() makes ids that sort by age and never meet", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 2 ** 40 }), (step, time) => {
        const [first, second] = [newTaskId(time), newTaskId(time + step + 1)];
        assert.match(first, TASK_ID_REGEXP);
        assert.ok(first < second);
        assert.notEqual(newTaskId(time).slice(10), first.slice(10));
      }),
      { numRuns: 300, seed: SEED },
    );
  });

  test("an answer that is sent again changes nothing", async () => {
    const heard: unknown[] = [];
    await using server = await startServer({
      tools: {
        ask: {
          execution: "async",
          async run(_, call) {
            for (const key of ["a", "b"]) {
              const { content } = await call.elicit({ key, message: key, requestedSchema: { type: "object" } });
              heard.push(content?.["n"]);
            }
            return "asked";
          },
        },
      },
    });
    const taskId = await callTask(server, "ask");
    const answer = (key: string, n: number) =>
      server.modern("tasks/update", { taskId, inputResponses: { [key]: { action: "accept", content: { n } } } });
    await taskIn(server, taskId, { is: ["input_required"] });
    await answer("b", 0);
    await Promise.all([answer("a", 1), answer("a", 2)]);
    await answer("a", 3);
    await taskIn(server, taskId, { is: ["input_required"] });
    await answer("b", 4);
    await answer("b", 5);
    await taskIn(server, taskId, { is: ENDED });
    assert.equal(heard.length, 2);
    assert.ok(heard[0] === 1 || heard[0] === 2);
    assert.equal(heard[1], 4);
  });
});
