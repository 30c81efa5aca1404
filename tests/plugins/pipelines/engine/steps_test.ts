import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, ToolError } from "../../../../kernel/mod.ts";
import { pause } from "../../../support/wait.ts";
import { echo, MemoryJournal, run } from "./kit.ts";

describe("runPipeline", () => {
  test("gives what the last step gave, and values keep their types", async () => {
    const input = { n: 3, list: [{ x: null }, true] };
    assert.deepEqual(await run([echo("$input")], { input }), input);
    assert.equal(await run([echo("$input.n"), echo("$prev")], { input }), 3);
    assert.equal(await run([echo("$input.list[0].x")], { input }), null);
  });

  test("fills in the world clock of skillz", async () => {
    const text = await run([
      { name: "ny", tool: "time", args: { timezone: "America/New_York" } },
      { name: "london", tool: "time", args: { timezone: "Europe/London" } },
      { tool: "echo", args: { value: "NY: $ny.datetime, London: $london.datetime" } },
    ], { tools: { time: ({ timezone }) => ({ datetime: `now in ${timezone}` }) } });
    assert.equal(text, "NY: now in America/New_York, London: now in Europe/London");
  });

  test("maps the output with every name that is left", async () => {
    const steps = [echo(1, { name: "a" }), { steps: [echo(2, { name: "b" })] }];
    assert.deepEqual(await run(steps, { output: { a: "$a", b: "$b", prev: "$prev" } }), { a: 1, b: 2, prev: 2 });
    await assert.rejects(run(steps, { output: "$c" }), {
      name: "PipelineFailure",
      key: "output",
      message: /^The output of the pipeline failed: Cannot read \$c: nothing named "c"/,
    });
  });

  test("takes results as JSON", async () => {
    const tools = { odd: () => ({ date: new Date(0), none: undefined, nan: NaN }), none: () => undefined };
    assert.deepEqual(await run([{ tool: "odd" }], { tools }), { date: "1970-01-01T00:00:00.000Z", nan: null });
    assert.equal(await run([{ tool: "none" }], { tools }), null);
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    await assert.rejects(run([{ tool: "circle" }], { tools: { circle: () => circle } }), /it is no JSON/);
  });

  test("a failure names step, place and items, and what follows does not run", async () => {
    const ran: unknown[] = [];
    const tools = { note: ({ value }: Record<string, unknown>) => ran.push(value) };
    const fail = { name: "f", tool: "fail", args: { message: "no luck" } };
    await assert.rejects(run([echo(1), fail, { tool: "note" }], { tools }), {
      name: "PipelineFailure",
      step: "f",
      key: "1",
      reason: "no luck",
      message: 'Step "f" (steps[1]) failed: no luck',
    });
    assert.deepEqual(ran, []);
    const inner = { for_each: { items: [1], steps: [{ switch: [{ steps: [{ tool: "fail" }] }] }] } };
    await assert.rejects(run([{ for_each: { items: [0, 1], steps: [echo(1), { parallel: [inner] }] } }]), {
      step: "steps[0].for_each.steps[1].parallel[0].for_each.steps[0].switch[0].steps[0]",
      key: "0.for_each[0].1.parallel.0.for_each[0].0.switch[0].0",
      message: /^Step steps\[0\].*\.steps\[0\] \(items 0 and 0\) failed: no$/,
    });
    await assert.rejects(run([{ steps: [{ tool: "nowhere" }] }]), {
      message: 'Step steps[0].steps[0] failed: Unknown tool "nowhere"',
    });
    await assert.rejects(run([echo("$input.x", { name: "e" })]), {
      message: /^Step "e" \(steps\[0\]\) failed: Cannot read \$input\.x: \$input is an empty object/,
    });
  });
});

describe("scope of names and $prev", () => {
  test("names in steps and parallel are read afterwards; $prev begins as before and is the result after", async () => {
    const both = { a: "$a", b: "$b", c: "$c" };
    const group = { name: "g", steps: [echo("$prev", { name: "a" }), echo("$g0", { name: "b" })] };
    const steps = [echo(7, { name: "g0" }), group, { parallel: [echo("$prev", { name: "c" })] }, echo([both, "$prev"])];
    assert.deepEqual(await run(steps), [{ a: 7, b: 7, c: 7 }, [7]]);
  });

  test("what is in for_each, switch and on_error can be read only there", async () => {
    const hidden = echo(1, { name: "h" });
    const read = echo("$h");
    for (
      const around of [
        { for_each: { items: [1], steps: [hidden, read] } },
        { switch: [{ steps: [hidden, read] }] },
        { tool: "fail", on_error: [hidden, read] },
      ]
    ) {
      await run([around]);
      await assert.rejects(run([around, read]), /nothing named "h" has a value here/);
    }
  });

  test("a group that failed leaves no names", async () => {
    const group = { steps: [echo(1, { name: "a" }), { tool: "fail" }], continue_on_error: true };
    await assert.rejects(run([group, echo("$a")]), /nothing named "a"/);
  });

  test("branches of parallel read nothing of each other", async () => {
    await assert.rejects(run([{ parallel: [echo(1, { name: "a" }), { steps: [echo(0), echo("$a")] }] }]), /named "a"/);
  });

  test("items and their numbers are read by their names, the inner ones before the outer ones", async () => {
    const inner = { for_each: { items: "$row.cells", as: "cell", steps: [echo("$row_index.$cell_index=$cell")] } };
    const steps = [{ for_each: { items: "$input.rows", as: "row", steps: [inner] } }];
    const input = { rows: [{ cells: ["a", "b"] }, { cells: [] }] };
    assert.deepEqual(await run(steps, { input }), [["0.0=a", "0.1=b"], []]);
  });

  test("output has the result as $prev and by its own name, and what is within", async () => {
    const output = { own: "$a", prev: "$prev.x", before: "$b" };
    const steps = [echo(0, { name: "b" }), echo({ x: 1 }, { name: "a", output }), echo(["$a", "$prev"])];
    const shaped = { own: { x: 1 }, prev: 1, before: 0 };
    assert.deepEqual(await run(steps), [shaped, shaped]);
    assert.deepEqual(await run([{ steps: [echo(4, { name: "i" })], output: { i: "$i" } }]), { i: 4 });
  });

  test("a skipped step changes nothing: it has no value, $prev stays, and the last result counts", async () => {
    const skipped = echo(9, { name: "s", condition: "false" });
    assert.equal(await run([echo(1), skipped]), 1);
    assert.equal(await run([skipped]), null);
    assert.deepEqual(await run([echo(1), skipped, echo(["$prev"])]), [1]);
    await assert.rejects(run([skipped, echo("$s")]), /"s" has no value, since its step was skipped/);
    const items = { for_each: { items: [1, 2], steps: [{ ...skipped, condition: "$item == 2" }] } };
    assert.deepEqual(await run([items]), [null, 9]);
    const after = { for_each: { items: [1, 2], steps: [echo("$item"), { ...skipped, condition: "$item == 2" }] } };
    assert.deepEqual(await run([after]), [1, 9]);
    assert.deepEqual(await run([{ parallel: [skipped, echo(2)] }]), [null, 2]);
    const journal = new MemoryJournal();
    await run([skipped], { journal });
    const { status, output, attempts } = journal.finished("0")!;
    assert.deepEqual({ status, output, attempts }, {
      status: "skipped",
      output: { skipped: true, reason: "Condition not met: false" },
      attempts: 0,
    });
  });
});

describe("switch", () => {
  test("runs the first case that holds, and is null without one", async () => {
    const steps = [{
      switch: [{ condition: "$input.n > 2", steps: [echo("many")] }, {
        condition: "$input.n > 1",
        steps: [echo("two")],
      }],
    }];
    for (const [n, result] of [[3, "many"], [2, "two"], [1, null]] as const) {
      assert.equal(await run(steps, { input: { n } }), result);
    }
    assert.equal(await run([{ switch: [{ condition: "false", steps: [echo(1)] }, { steps: [echo(2)] }] }]), 2);
  });
});

describe("parallel", () => {
  test("gives what the branches gave in their order, whichever is first", async () => {
    const tools = { slow: ({ ms }: Record<string, unknown>) => pause(Number(ms)).then(() => ms) };
    const slow = (ms: number) => ({ tool: "slow", args: { ms } });
    assert.deepEqual(await run([{ parallel: [slow(30), slow(1), slow(10)] }], { tools }), [30, 1, 10]);
  });

  test("the failure of one branch ends the others, and waits until they have ended", async () => {
    const ended: string[] = [];
    const journal = new MemoryJournal();
    const tools = {
      stubborn: (_: unknown, { call: { signal }, key }: { call: { signal: AbortSignal }; key: string }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => void setTimeout(() => reject(ended.push(key)), 20))
        ),
      soon: () => pause(5).then(() => Promise.reject(new ToolError("broken"))),
    };
    const inner = { for_each: { items: [1, 2], concurrency: 2, steps: [{ tool: "stubborn" }] } };
    const never = echo(1);
    await assert.rejects(
      run([{
        parallel: [inner, { tool: "stubborn", retry: {}, on_error: [never], continue_on_error: true }, {
          tool: "soon",
        }],
      }], {
        tools,
        journal,
      }),
      { message: "Step steps[0].parallel[2] failed: broken" },
    );
    const stubborn = ["0.parallel.0.for_each[0].0", "0.parallel.0.for_each[1].0", "0.parallel.1"];
    assert.deepEqual(ended.toSorted(), stubborn);
    for (const key of stubborn) {
      const { status, isEnded, error } = journal.finished(key)!;
      assert.deepEqual({ status, isEnded }, { status: "failed", isEnded: true });
      assert.equal(error, "Ended: another step that ran at the same time failed");
    }
    assert.deepEqual([...journal.inFlight], []);
    assert.equal(journal.finished("0.parallel.1.on_error.0"), undefined);
  });
});

describe("for_each", () => {
  test("runs as many items at the same time as it may, and gives their results in order", async () => {
    let [now, most] = [0, 0];
    const tools = {
      async work({ item }: Record<string, unknown>) {
        most = Math.max(most, ++now);
        await pause(Number(item) % 3);
        now--;
        return item;
      },
    };
    const items = Array.from({ length: 40 }, (_, index) => index);
    for (const concurrency of [1, 7]) {
      most = 0;
      const steps = [{
        for_each: { items: "$input.items", concurrency, steps: [{ tool: "work", args: { item: "$item" } }] },
      }];
      assert.deepEqual(await run(steps, { input: { items }, tools }), items);
      assert.equal(most, concurrency);
    }
  });

  test("all loops of a run together call no more tools at the same time than there may be", async () => {
    let [now, most] = [0, 0];
    const tools = {
      async work() {
        most = Math.max(most, ++now);
        await pause(1);
        now--;
      },
    };
    const items = Array.from({ length: 8 }, (_, index) => index);
    const loop = { for_each: { items, concurrency: 3, steps: [{ tool: "work" }] } };
    await run([{ for_each: { items, concurrency: 8, steps: [loop] } }], { tools, limits: { concurrency: 5 } });
    assert.equal(most, 5);
  });

  test("says what it found in place of a list", async () => {
    const steps = [{ for_each: { items: "$input", steps: [echo(1)] } }];
    await assert.rejects(
      run(steps),
      /Step steps\[0\] failed: Cannot loop: expected a list as the items, found an object/,
    );
  });

  test("ten thousand items are cheap", async () => {
    const items = Array.from({ length: 10_000 }, (_, index) => index);
    const begun = performance.now();
    const steps = [{ for_each: { items: "$input.items", concurrency: 8, steps: [echo("$item")] } }];
    assert.deepEqual(await run(steps, { input: { items } }), items);
    // some 200 ms; a run that is quadratic takes minutes
    assert(performance.now() - begun < 10_000);
  });
});

describe("cache", () => {
  test("a result that is known is used in place of a call, and one that is not is kept", async () => {
    const kept = new Map<string, unknown>();
    const cache = {
      get: (tool: string, args: unknown) => {
        const key = JSON.stringify([tool, args]);
        return Promise.resolve(kept.has(key) ? { value: kept.get(key) } : undefined);
      },
      set: (tool: string, args: unknown, value: unknown, ttlMs: number) => {
        assert.equal(ttlMs, 500);
        kept.set(JSON.stringify([tool, args]), value);
        return Promise.resolve();
      },
    };
    let calls = 0;
    const tools = { count: () => ({ calls: ++calls }) };
    const count = (x: number) => ({ tool: "count", args: { x }, cache: { ttl_ms: 500 }, output: "$prev.calls" });
    const journal = new MemoryJournal();
    assert.deepEqual(await run([{ steps: [count(1), count(1), count(2)] }], { cache, tools, journal }), 2);
    assert.deepEqual(await run([count(2)], { cache, tools }), 2);
    assert.deepEqual(journal.begun, ["0.steps.0", "0.steps.2"]);
    assert.equal(journal.finished("0.steps.1")!.isCached, true);
    assert.equal(journal.finished("0.steps.2")!.isCached, undefined);
  });

  test("a cache that is broken is done without", async () => {
    const broken = () => Promise.reject(new Error("disk full"));
    const logged: string[] = [];
    const call = createCall({ log: (_level, message) => void logged.push(message) });
    const steps = [echo(1, { cache: { ttl_ms: 1 } })];
    assert.equal(await run(steps, { cache: { get: broken, set: broken }, call }), 1);
    assert.equal(logged.length, 2);
  });
});

describe("wait_for_input", () => {
  const steps = [{ name: "q", wait_for_input: { message: "Delete $input.n files?" } }, echo(["$q"])];
  const answering = (action: "accept" | "decline" | "cancel", content?: Record<string, string>) =>
    createCall({
      elicit: ({ message }) => {
        assert.equal(message, "Delete 3 files?");
        return Promise.resolve({ action, ...content !== undefined && { content } });
      },
    });
  const input = { n: 3 };

  test("gives the answer, and fails without one", async () => {
    assert.deepEqual(await run(steps, { input, call: answering("accept", { why: "old" }) }), [{ why: "old" }]);
    assert.deepEqual(await run(steps, { input, call: answering("accept") }), [{}]);
    await assert.rejects(
      run(steps, { input, call: answering("decline") }),
      /Step "q" \(steps\[0\]\) failed: .* declined$/,
    );
    await assert.rejects(run(steps, { input, call: answering("cancel") }), /the user closed the question$/);
    await assert.rejects(run(steps, { input }), /Cannot ask the user/);
    const long = { n: "x".repeat(100_001) };
    await assert.rejects(run(steps, { input: long, call: answering("accept") }), /Cannot ask: the question has 100015/);
  });

  test("asks with the schema of the definition, and is a step that may be repeated", async () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const asked: unknown[] = [];
    const call = createCall({
      elicit: (request) => {
        asked.push(request);
        return Promise.resolve({ action: "accept", content: { a: "x" } });
      },
    });
    const begun: unknown[] = [];
    const journal = new MemoryJournal();
    const begin = journal.begin.bind(journal);
    journal.begin = (step) => {
      begun.push(step);
      return begin(step);
    };
    await run([{ wait_for_input: { message: "$$1?", schema } }], { call, journal });
    assert.deepEqual(asked, [{ key: "0", message: "$1?", requestedSchema: schema }]);
    assert.deepEqual(begun, [{ key: "0", isRepeatable: true }]);
  });

  test("asks for forms whose types are written out, since clients refuse others", async () => {
    const asked: unknown[] = [];
    const call = createCall({
      elicit: (request) => {
        asked.push((request as { requestedSchema?: unknown }).requestedSchema);
        return Promise.resolve({ action: "accept", content: {} });
      },
    });
    const properties = { one: { enum: ["a"] }, some: { type: "array", items: { enum: ["a"] } }, n: { type: "number" } };
    await run([{ wait_for_input: { message: "?", schema: { properties } } }, { wait_for_input: { message: "?" } }], {
      call,
    });
    assert.deepEqual(asked, [
      {
        type: "object",
        properties: {
          one: { type: "string", enum: ["a"] },
          some: { type: "array", items: { type: "string", enum: ["a"] } },
          n: { type: "number" },
        },
      },
      { type: "object", properties: {} },
    ]);
  });

  test("takes no answer that does not fit what was asked for", async () => {
    const schema = {
      type: "object",
      properties: { who: { type: "string" }, n: { type: "integer", minimum: 1 } },
      required: ["who"],
    };
    const answer = (content: Record<string, string | number>) =>
      run([{ wait_for_input: { message: "?", schema } }], {
        call: createCall({ elicit: () => Promise.resolve({ action: "accept", content }) }),
      });
    assert.deepEqual(await answer({ who: "Ada", n: 1 }), { who: "Ada", n: 1 });
    await assert.rejects(answer({ who: 5 }), /failed: Cannot take the answer: "who": expected string, found 5$/);
    await assert.rejects(answer({ who: "Ada", n: 0 }), /failed: Cannot take the answer: "n": /);
    await assert.rejects(answer({}), /failed: Cannot take the answer: .*who/);
  });

  test("ends with its time limit though nobody answers", async () => {
    const call = createCall({ elicit: () => new Promise(() => {}) });
    const steps = [{ wait_for_input: { message: "?" }, timeout_ms: 20, on_error: [echo("$error.message")] }];
    assert.equal(await run(steps, { call }), "Timed out after 20 ms");
  });
});
