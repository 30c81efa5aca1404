import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, ToolError } from "../../../../kernel/mod.ts";
import { RunStopped } from "../../../../plugins/pipelines/engine/engine.ts";
import { pause, until } from "../../../support/wait.ts";
import { CUT, type Draft, echo, MemoryJournal, run, type Tool } from "./kit.ts";

/** A tool that fails a number of times. */
function flaky(failures: number): Tool & { calls: number[] } {
  const calls: number[] = [];
  return Object.assign(() => {
    calls.push(performance.now());
    if (calls.length <= failures) throw new ToolError(`failure ${calls.length}`);
    return calls.length;
  }, { calls });
}

describe("retry", () => {
  test("tries again after waits that grow up to the longest", async () => {
    const tool = flaky(4);
    const retry = { max_attempts: 5, delay_ms: 10, backoff_rate: 3, max_delay_ms: 50 };
    const journal = new MemoryJournal();
    assert.equal(await run([{ name: "f", tool: "flaky", retry }], { tools: { flaky: tool }, journal }), 5);
    const waits = tool.calls.slice(1).map((at, index) => at - tool.calls[index]!);
    // timers may fire a little early
    for (const [index, least] of [10, 30, 50, 50].entries()) assert(waits[index]! > least - 3, String(waits));
    assert.equal(journal.finished("0")!.attempts, 5);
    assert.deepEqual(journal.begun, ["0", "0", "0", "0", "0"]);
  });

  test("fails as the last attempt did", async () => {
    const tool = flaky(9);
    const retry = { max_attempts: 3, delay_ms: 0 };
    await assert.rejects(run([{ tool: "flaky", retry }], { tools: { flaky: tool } }), { reason: "failure 3" });
    assert.equal(tool.calls.length, 3);
  });

  test("runs all steps within a step again, whose names are those of the last attempt", async () => {
    const tool = flaky(1);
    const steps = [
      { retry: { delay_ms: 0 }, steps: [echo("a", { name: "a" }), { name: "f", tool: "flaky" }] },
      echo(["$a", "$f"]),
    ];
    const journal = new MemoryJournal();
    assert.deepEqual(await run(steps, { tools: { flaky: tool }, journal }), ["a", 2]);
    assert.deepEqual(journal.begun, ["0.steps.0", "0.steps.1", "0~2.steps.0", "0~2.steps.1", "1"]);
  });

  test("is not for what fails the same way again: arguments, conditions, and output", async () => {
    const calls: unknown[] = [];
    const tools = { note: () => calls.push(0) };
    const retry = { max_attempts: 3, delay_ms: 0 };
    for (const more of [{ args: { a: "$input.x" } }, { condition: "$input.x" }, { output: "$prev.x" }]) {
      calls.length = 0;
      await assert.rejects(run([{ tool: "note", retry, ...more }], { tools }), /Cannot read/);
      assert.equal(calls.length, "output" in more ? 1 : 0);
    }
  });

  test("cancellation ends the wait", async () => {
    const controller = new AbortController();
    const journal = new MemoryJournal();
    const retry = { delay_ms: 86_400_000, max_delay_ms: 86_400_000 };
    const running = run([{ tool: "fail", retry }], { call: createCall({ signal: controller.signal }), journal });
    await until(() => journal.finished("0")?.isRetried);
    controller.abort(new Error("enough"));
    await assert.rejects(running, { message: "enough" });
    assert.equal(journal.finished("0")!.isEnded, undefined);
  });
});

describe("timeout", () => {
  test("ends the tool by the signal of its call, for each attempt", async () => {
    let ended = 0;
    const tools: Record<string, Tool> = {
      slow: (_, { call: { signal } }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => {
            ended++;
            reject(signal.reason);
          })
        ),
    };
    const step = { name: "s", tool: "slow", timeout_ms: 10, retry: { max_attempts: 2, delay_ms: 0 } };
    await assert.rejects(run([step], { tools }), { message: 'Step "s" (steps[0]) failed: Timed out after 10 ms' });
    assert.equal(ended, 2);
  });

  test("of a step around others ends them, and names itself", async () => {
    const journal = new MemoryJournal();
    const inner = { parallel: [{ tool: "hang" }, { steps: [echo(1), { tool: "hang", on_error: [echo(1)] }] }] };
    const steps = [{ steps: [inner], timeout_ms: 10, on_error: [echo(["$error"])] }];
    assert.deepEqual(await run(steps, { journal }), [{ message: "Timed out after 10 ms", step: "steps[0]" }]);
    assert.equal(journal.finished("0.steps.0.parallel.0")!.error, "Ended: its time was over");
    assert.deepEqual([...journal.inFlight], []);
  });

  test("what is done in time is not touched by it", async () => {
    assert.equal(
      await run([echo(1, { timeout_ms: 1 }), { tool: "wait" }, echo("$prev")], { tools: { wait: () => pause(5) } }),
      null,
    );
  });
});

describe("on_error and continue_on_error", () => {
  test("the last step of on_error gives the result, and reads what went wrong", async () => {
    const fail = { name: "f", tool: "fail", args: { message: "no luck" } };
    const handled = {
      name: "h",
      steps: [fail],
      on_error: [echo("$error"), echo({ e: "$prev", before: "$b" })],
      output: 9,
    };
    const journal = new MemoryJournal();
    const result = { e: { message: "no luck", step: "f" }, before: 1 };
    assert.deepEqual(await run([echo(1, { name: "b" }), handled, echo(["$h", "$prev"])], { journal }), [
      result,
      result,
    ]);
    const { status, error, failedAt } = journal.finished("1")!;
    assert.deepEqual([status, error, failedAt], ["completed", "no luck", { step: "f", key: "1.steps.0" }]);
  });

  test("$prev in on_error is what it was before the step", async () => {
    const step = { steps: [echo(2), { tool: "fail" }], on_error: [echo(["$prev"])] };
    assert.deepEqual(await run([echo(1), step]), [1]);
  });

  test("a failure of on_error is that of the step", async () => {
    const step = { tool: "fail", on_error: [{ tool: "fail", args: { message: "worse: $error.message" } }] };
    await assert.rejects(run([step]), { key: "0.on_error.0", reason: "worse: no" });
    assert.equal(await run([{ ...step, continue_on_error: true }]), null);
  });

  test("with continue_on_error the result is null, and what follows runs", async () => {
    const journal = new MemoryJournal();
    const step = { name: "f", tool: "fail", continue_on_error: true };
    assert.deepEqual(await run([echo(1), step, echo(["$f", "$prev"])], { journal }), [null, null]);
    const { status, output, error } = journal.finished("1")!;
    assert.deepEqual([status, output, error], ["failed", null, "no"]);
  });

  test("handle what an item comes to, and the others go on", async () => {
    const loop = { items: [1, 2, 3], steps: [{ tool: "odd", args: { n: "$item" }, on_error: [echo("$error.step")] }] };
    const tools: Record<string, Tool> = {
      odd: ({ n }) => {
        if (Number(n) % 2 === 0) throw new ToolError("even");
        return n;
      },
    };
    assert.deepEqual(await run([{ for_each: loop }], { tools }), [1, "steps[0].for_each.steps[0]", 3]);
  });
});

describe("cancellation", () => {
  test("ends what runs, waits for it, and rejects with its reason", async () => {
    const controller = new AbortController();
    const journal = new MemoryJournal();
    let ended = false;
    const tools: Record<string, Tool> = {
      stubborn: (_, { call: { signal } }) =>
        new Promise((resolve) => signal.addEventListener("abort", () => setTimeout(() => resolve(ended = true), 20))),
    };
    const steps = [
      { parallel: [{ tool: "stubborn" }, { tool: "hang", on_error: [echo(1)], continue_on_error: true }] },
      echo(2),
    ];
    const running = run(steps, { tools, journal, call: createCall({ signal: controller.signal }) });
    await until(() => journal.begun.length === 2);
    controller.abort(new Error("enough"));
    await assert.rejects(running, { message: "enough" });
    assert(ended);
    // one came to its end nevertheless
    assert.equal(journal.finished("0.parallel.0")!.status, "completed");
    assert.equal(journal.finished("0.parallel.1")!.isEnded, true);
    assert.equal(journal.finished("0.parallel.1")!.error, "Ended: the run was cancelled");
    assert.deepEqual([...journal.inFlight], []);
    assert.equal(journal.begun.length, 2);
  });

  test("a run whose call is cancelled already does nothing", async () => {
    const journal = new MemoryJournal();
    const call = createCall({ signal: AbortSignal.abort(new Error("late")) });
    await assert.rejects(run([echo(1)], { journal, call }), { message: "late" });
    assert.equal(journal.writes, 0);
  });

  test("ends steps that wait for their turn, and questions", async () => {
    const controller = new AbortController();
    const call = createCall({ signal: controller.signal, elicit: () => new Promise(() => {}) });
    const journal = new MemoryJournal();
    const hang = { tool: "hang" };
    const running = run([{ parallel: [hang, hang, hang, { wait_for_input: { message: "?" } }] }], {
      call,
      journal,
      limits: { concurrency: 1 },
    });
    await until(() => journal.begun.length === 2);
    controller.abort(new Error("enough"));
    await assert.rejects(running, { message: "enough" });
    assert.deepEqual(journal.begun.toSorted(), ["0.parallel.0", "0.parallel.3"]);
  });

  test("reaches a run whose steps never wait", async () => {
    const controller = new AbortController();
    const items = Array.from({ length: 90_000 }, () => 0);
    const running = run([{ for_each: { items: "$input.items", steps: [echo(1)] } }], {
      input: { items },
      call: createCall({ signal: controller.signal }),
    });
    setTimeout(() => controller.abort(new Error("enough")), 10);
    await assert.rejects(running, { message: "enough" });
  });
});

describe("the journal", () => {
  test("ends the run by what it throws, whatever the steps have against failures", async () => {
    const refusing = (journal: MemoryJournal) => {
      journal.begin = ({ key }) => Promise.reject(new RunStopped(`"${key}" was in flight`));
      return journal;
    };
    const step = echo(1, { continue_on_error: true, on_error: [echo(2)], retry: {} });
    await assert.rejects(run([{ parallel: [step] }], { journal: refusing(new MemoryJournal()) }), {
      name: "RunStopped",
      message: '"0.parallel.0" was in flight',
    });
    const journal = new MemoryJournal([], { cutAt: 2 });
    await assert.rejects(run([step], { journal }), CUT);
  });

  test("calls no tool of which it noted too late that it begins", async () => {
    const journal = new MemoryJournal();
    const begin = journal.begin.bind(journal);
    journal.begin = async (step) => {
      await begin(step);
      if (step.tool === "note") await pause(20);
    };
    let calls = 0;
    const steps = [{ parallel: [{ tool: "note" }, { tool: "fail" }] }];
    await assert.rejects(run(steps, { journal, tools: { note: () => ++calls } }), { key: "0.parallel.1" });
    assert.equal(calls, 0);
    assert.equal(journal.finished("0.parallel.0")!.isEnded, true);
  });

  test("a tool may stop the run as well, and its step stays in flight", async () => {
    const journal = new MemoryJournal();
    const stop = () => {
      throw new RunStopped("its own run was interrupted");
    };
    const step = { tool: "stop", continue_on_error: true };
    await assert.rejects(run([step], { journal, tools: { stop } }), { name: "RunStopped" });
    assert.deepEqual([...journal.inFlight], ["0"]);
  });
});

describe("limits", () => {
  test("of what a step gives", async () => {
    const limits = { outputBytes: 1_000 };
    const input = { text: "x".repeat(300), wide: "é".repeat(600), items: [1, 2, 3, 4, 5] };
    const three = { parallel: [echo("$input.text"), echo("$input.text"), echo("$input.text")] };
    assert.equal((await run([three], { input, limits }) as unknown[]).length, 3);
    for (
      const [steps, output] of [
        [[echo("$input.text$input.text$input.text$input.text")]],
        [[echo("$input.wide")]],
        [[echo({ a: "$input.text", b: { c: ["$input.text", "$input.text", "$input.text"] } })]],
        [[{ parallel: [three, three] }]],
        [[{ for_each: { items: "$input.items", steps: [echo("$input.text")] } }]],
        [[echo(1, { output: ["$input.wide", "$input.text"] })]],
        [[echo(1)], ["$input.wide", "$input.text"]],
      ] as const
    ) {
      const options = { input, limits, output };
      await assert.rejects(run(steps, options), /failed: Cannot take the result: it has more than \d+ bytes/);
    }
  });

  test("of a result before its output, which may be larger than what is kept of it", async () => {
    const limits = { outputBytes: 1_000 };
    const input = { text: "x".repeat(600) };
    const both = [echo("$input.text"), echo("$input.text")];
    const loop = { items: [1, 2, 3], steps: [echo("$input.text")] };
    for (
      const [step, kept] of [
        [echo("$input.text$input.text", { output: { all: 1 } }), { all: 1 }],
        [{ parallel: both, output: "$prev[1]" }, input.text],
        [{ for_each: loop, output: ["$prev[2]"] }, [input.text]],
      ] as const
    ) assert.deepEqual(await run([step], { input, limits }), kept);
    const huge = { text: "x".repeat(9_000_000) };
    await assert.rejects(
      run([echo(["$input.text", "$input.text"], { output: 1 })], { input: huge }),
      /more than 16777216 bytes/,
    );
  });

  test("of arguments, which values that are shared make large in no time", async () => {
    const input = { text: "x".repeat(1_000_000) };
    const all = Array.from({ length: 20 }, () => "$input.text");
    await assert.rejects(run([{ tool: "echo", args: { all } }], { input }), /more than 16777216 bytes/);
  });

  test("of the steps of a run, which nothing in it handles", async () => {
    const limits = { steps: 20 };
    const around = (steps: Draft[]) => ({ continue_on_error: true, for_each: { items: [1, 2, 3, 4, 5], steps } });
    const kinds = [echo(1), echo(1, { condition: "false" }), { switch: [{ condition: "false", steps: [echo(1)] }] }, {
      for_each: { items: [], steps: [echo(1)] },
    }];
    for (const step of kinds) {
      await run([around([step, step, step, step])], { limits });
      await assert.rejects(run([around([around([step])])], { limits }), /the run comes to more than 20 steps$/);
    }
    const steps = [{ for_each: { items: "$input.items", steps: [echo(1)] } }];
    const input = { items: Array.from({ length: 21 }, () => 0) };
    await assert.rejects(run(steps, { limits, input }), /found 21 items, expected at most 20$/);
    const begun: string[] = [];
    const tools: Record<string, Tool> = { echo: ({ value }) => void begun.push(String(value)) };
    const late = [echo("before"), { ...steps[0]!, continue_on_error: true }];
    const most = { items: input.items.slice(1) };
    await assert.rejects(run(late, { limits, input: most, tools }), /the run comes to more than 20 steps$/);
    assert.deepEqual(begun, ["before"]);
  });
});

describe("progress", () => {
  test("rises by steps and by fractions for what is within them, also when attempts repeat it", async () => {
    const seen: [number, number | undefined, string | undefined][] = [];
    const call = createCall({ progress: (...it) => Promise.resolve(void seen.push(it as typeof seen[number])) });
    const tools = { flaky: flaky(1) };
    const steps = [
      echo(1, { name: "ny" }),
      { for_each: { items: [1, 2, 3, 4], steps: [echo(1), { steps: [echo(2), echo(3)] }] } },
      { retry: { delay_ms: 0 }, steps: [echo(1), { tool: "flaky" }], on_error: [echo(1)] },
      echo(1),
    ];
    await run(steps, { call, tools });
    assert(seen.every(([done], index) => index === 0 || done > seen[index - 1]![0]));
    assert.deepEqual([seen[0], seen[1]], [[0, 4, "Step 1 of 4: ny"], [1, 4, "Step 2 of 4: for_each"]]);
    assert.deepEqual(seen.at(-1), [4, 4, "Step 4 of 4: echo"]);
    const fractions = seen.filter(([done]) => done > 1 && done < 2).map(([done]) => Math.round(done * 1000));
    assert.deepEqual(fractions, [1125, 1188, 1250, 1375, 1438, 1500, 1625, 1688, 1750, 1875, 1938]);
    assert.deepEqual(seen.filter(([done]) => done >= 2).map(([done]) => done), [2, 2.5, 3, 4]);
  });

  test("many items tell no more than one can follow, and a client that is gone is no failure", async () => {
    let told = 0;
    const call = createCall({
      progress: () => {
        told++;
        return Promise.reject(new Error("gone"));
      },
    });
    const items = Array.from({ length: 2_000 }, () => 0);
    await run([{ for_each: { items, steps: [echo(1)] } }], { call });
    assert(told > 50 && told < 120, String(told));
  });
});
