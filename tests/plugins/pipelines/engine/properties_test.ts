import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ToolError } from "../../../../kernel/mod.ts";
import type { PipelinePlan } from "../../../../plugins/pipelines/engine/engine.ts";
import { CUT, MemoryJournal, planOf, runPlan, type Tool } from "./kit.ts";
import { INPUT, pipelines } from "./random_pipelines.ts";
import { FAILED, interpret } from "./reference.ts";

/** The tools of random pipelines, which fail by the key of their step alone, so that every schedule gives the same. */
function toolsFor(journal: MemoryJournal, calls: string[]): Record<string, Tool> {
  const around = (tool: Tool): Tool => async (args, options) => {
    calls.push(options.key);
    for (let turn = Number(args["turns"]); turn > 0; turn--) await undefined;
    return tool(args, options);
  };
  const fail = () => {
    throw new ToolError("no");
  };
  return {
    echo: around(({ value }) => value),
    fail: around(fail),
    flaky: around(({ failures }, { key }) => {
      const before = journal.finished(key);
      const attempt = before?.isRetried ? before.attempts + 1 : 1;
      return attempt <= Number(failures) ? fail() : attempt;
    }),
    again: around((_, { key }) => key.includes("~") ? "again" : fail()),
  };
}

async function outcomeOf(plan: PipelinePlan, journal: MemoryJournal, calls: string[] = []): Promise<unknown> {
  try {
    return await runPlan(plan, { input: INPUT, journal, tools: toolsFor(journal, calls) });
  } catch (thrown) {
    if ((thrown as Error).name === "PipelineFailure") return FAILED;
    throw thrown;
  }
}

/** Keys of steps that are done, and never run again. */
function settled({ records }: MemoryJournal): readonly string[] {
  return [...records.values()].filter(({ status }) => status !== "failed").map(({ key }) => key).toSorted();
}

/** Keys of steps that failed for good; where the run did not, something handled each of them. */
function handled({ records }: MemoryJournal): readonly string[] {
  const failed = [...records.values()].filter(({ status }) => status === "failed");
  return failed.filter(({ isRetried, isEnded }) => !isRetried && !isEnded).map(({ key }) => key);
}

/** Runs until the cut; tells whether it came: where steps fail, how many others have written by then is a matter of time. */
async function isCut(
  plan: PipelinePlan,
  journal: MemoryJournal,
  { expected, cutAt }: { readonly expected: unknown; readonly cutAt: number },
): Promise<boolean> {
  const outcome = await outcomeOf(plan, journal).catch((thrown) => thrown);
  if (outcome === CUT) return true;
  assert.deepEqual(outcome, expected);
  assert.ok(journal.writes < cutAt, "a write that failed was passed over");
  return false;
}

describe("random pipelines", () => {
  test("come to what an interpreter says that knows nothing of time", async () => {
    const seen = { failed: 0, done: 0 };
    await fc.assert(
      fc.asyncProperty(pipelines, async (steps) => {
        const journal = new MemoryJournal();
        const outcome = await outcomeOf(await planOf(steps), journal);
        seen[outcome === FAILED ? "failed" : "done"]++;
        assert.deepEqual(outcome, interpret(steps, INPUT));
        assert.deepEqual([...journal.inFlight], []);
      }),
      { numRuns: 400 },
    );
    // the test is worth something only if both are common
    assert(seen.failed > 30 && seen.done > 30, JSON.stringify(seen));
  });

  test("cut at any write go on to the same, and run nothing again that is done", async () => {
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(pipelines, async (steps) => {
        const plan = await planOf(steps);
        const whole = new MemoryJournal();
        const expected = await outcomeOf(plan, whole);
        // of long runs some of the writes
        const stride = Math.ceil(whole.writes / 20);
        for (let cutAt = 1; cutAt <= whole.writes; cutAt += stride) {
          for (const isLastWritten of [false, true]) {
            const cut = new MemoryJournal([], { cutAt, isLastWritten });
            if (!await isCut(plan, cut, { expected, cutAt })) continue;
            cuts++;
            const calls: string[] = [];
            const again = new MemoryJournal(cut.records);
            assert.deepEqual(await outcomeOf(plan, again, calls), expected);
            const done = new Set([...settled(cut), ...expected === FAILED ? [] : handled(cut)]);
            assert.deepEqual(calls.filter((key) => done.has(key)), []);
            assert.deepEqual([...again.inFlight], []);
            // how far the others came when one failed is a matter of time
            const isSmooth = [...whole.records.values()].every(({ status }) => status !== "failed");
            if (isSmooth) assert.deepEqual(settled(again), settled(whole));
          }
        }
      }),
      // whoever looks for a smaller one finds that time has changed
      { numRuns: 60, endOnFailure: true },
    );
    assert.ok(cuts > 200, `${cuts} cuts`);
  });

  test("cut again and again go on to the same", async () => {
    await fc.assert(
      fc.asyncProperty(pipelines, fc.integer({ min: 1, max: 5 }), fc.boolean(), async (steps, cutAt, isLastWritten) => {
        const plan = await planOf(steps);
        const expected = await outcomeOf(plan, new MemoryJournal());
        let records: MemoryJournal["records"] = new Map();
        for (let attempt = 0;; attempt++) {
          // an attempt comes further than the last one only if it may write once more than it needs to get there
          const journal = new MemoryJournal(records, { cutAt: cutAt + Math.floor(attempt / 2), isLastWritten });
          try {
            assert.deepEqual(await outcomeOf(plan, journal), expected);
            break;
          } catch (thrown) {
            if (thrown !== CUT) throw thrown;
            records = journal.records;
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
