import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall } from "../../../../kernel/mod.ts";
import { aborted, until } from "../../../support/wait.ts";
import { CUT, echo, MemoryJournal, run, type Tool } from "./kit.ts";

describe("a run that goes on", () => {
  test("takes what is finished, with the names within it", async () => {
    const inner = { parallel: [echo(2, { name: "b" }), echo(9, { name: "s", condition: "false" })] };
    const steps = [
      { name: "g", steps: [echo(1, { name: "a" }), inner, { name: "f", tool: "fail", continue_on_error: true }] },
      echo(["$a", "$b", "$f", "$g", "$prev"]),
      echo("$s", { on_error: [echo(["$prev", "$error.message"])] }),
    ];
    const first = new MemoryJournal();
    const result = await run(steps, { journal: first });
    const second = new MemoryJournal(first.records);
    assert.deepEqual(await run(steps, { journal: second }), result);
    assert.equal(second.writes, 0);
    first.records.delete("1");
    first.records.delete("2");
    first.records.delete("2.on_error.0");
    const third = new MemoryJournal(first.records);
    assert.deepEqual(await run(steps, { journal: third }), result);
    assert.deepEqual(third.begun, ["1", "2.on_error.0"]);
  });

  test("has no names of what was made good, as before", async () => {
    const steps = [{ steps: [echo(1, { name: "a" }), { tool: "fail" }], on_error: [echo(2)] }, echo("$a")];
    const first = new MemoryJournal();
    await assert.rejects(run(steps, { journal: first }), /nothing named "a"/);
    await assert.rejects(run(steps, { journal: new MemoryJournal(first.records) }), /nothing named "a"/);
  });

  test("names of the attempt that went well are there", async () => {
    const late: Tool = (_, { key }) => key.includes("~2") ? "late" : Promise.reject(new Error("early"));
    const steps = [
      { retry: { delay_ms: 0 }, steps: [{ steps: [echo("a", { name: "a" })] }, { name: "l", tool: "late" }] },
      echo("$a $l"),
    ];
    const first = new MemoryJournal();
    assert.equal(await run(steps, { journal: first, tools: { late } }), "a late");
    first.records.delete("1");
    const second = new MemoryJournal(first.records);
    assert.equal(await run(steps, { journal: second, tools: { late } }), "a late");
    assert.deepEqual(second.begun, ["1"]);
  });

  test("a failed run runs the failed step again, and only that", async () => {
    let isBroken = true;
    const tools: Record<string, Tool> = { odd: ({ n }) => isBroken && n === 2 ? Promise.reject(new Error("no")) : n };
    const steps = [
      echo(0),
      {
        retry: { max_attempts: 2, delay_ms: 0 },
        for_each: {
          items: [1, 2, 3],
          steps: [echo(1), { tool: "odd", args: { n: "$item" }, retry: { max_attempts: 2, delay_ms: 0 } }],
        },
      },
    ];
    const first = new MemoryJournal();
    await assert.rejects(run(steps, { journal: first, tools }), { key: "1~2.for_each[1].1" });
    // what failed for good in the first attempt of the loop is not tried again
    const second = new MemoryJournal(first.records);
    await assert.rejects(run(steps, { journal: second, tools }), { key: "1~2.for_each[1].1" });
    assert.deepEqual(second.begun, ["1~2.for_each[1].1", "1~2.for_each[1].1"]);
    isBroken = false;
    const third = new MemoryJournal(second.records);
    assert.deepEqual(await run(steps, { journal: third, tools }), [1, 2, 3]);
    assert.deepEqual(third.begun, ["1~2.for_each[1].1", "1~2.for_each[2].0", "1~2.for_each[2].1"]);
  });

  test("a cancelled run runs what was ended again, though its failure would be handled", async () => {
    const controller = new AbortController();
    const first = new MemoryJournal();
    const steps = [{ parallel: [echo(1), { tool: "wait", on_error: [echo(2)] }] }];
    const wait: Tool = (_, { call: { signal } }) => aborted(signal);
    const running = run(steps, { journal: first, tools: { wait }, call: createCall({ signal: controller.signal }) });
    await until(() => first.finished("0.parallel.0"));
    controller.abort(new Error("enough"));
    await assert.rejects(running, { message: "enough" });
    const second = new MemoryJournal(first.records);
    assert.deepEqual(await run(steps, { journal: second, tools: { wait: () => 3 } }), [1, 3]);
    assert.deepEqual(second.begun, ["0.parallel.1"]);
  });

  test("an attempt that failed counts, and nobody waits for the next one again", async () => {
    const first = new MemoryJournal([], { cutAt: 2, isLastWritten: true });
    const steps = [{ tool: "fail", retry: { max_attempts: 2, delay_ms: 86_400_000, max_delay_ms: 86_400_000 } }];
    await assert.rejects(run(steps, { journal: first }), CUT);
    const second = new MemoryJournal(first.records);
    await assert.rejects(run(steps, { journal: second }), { reason: "no" });
    assert.equal(second.finished("0")!.attempts, 2);
    assert.deepEqual(second.begun, ["0"]);
  });

  test("a failure from which another attempt goes on is taken as well", async () => {
    const late: Tool = (_, { key }) => key.includes("~2") ? "late" : Promise.reject(new Error("early"));
    const steps = [{ retry: { delay_ms: 0 }, steps: [{ tool: "late" }] }];
    const first = new MemoryJournal([], { cutAt: 2, isLastWritten: true });
    await assert.rejects(run(steps, { journal: first, tools: { late } }), CUT);
    const second = new MemoryJournal(first.records);
    assert.equal(await run(steps, { journal: second, tools: { late } }), "late");
    assert.deepEqual(second.begun, ["0~2.steps.0"]);
  });

  test("a loop of ten thousand items goes on where it was", async () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index);
    const steps = [{ for_each: { items: "$input.items", steps: [echo("$item")] } }];
    const first = new MemoryJournal([], { cutAt: 19_990 });
    await assert.rejects(run(steps, { journal: first, input: { items } }), CUT);
    const second = new MemoryJournal(first.records);
    assert.deepEqual(await run(steps, { journal: second, input: { items } }), items);
    assert.equal(second.begun.length, 10_000 - first.records.size);
    assert(second.begun.length < 10);
  });
});
