/**
 * Runs whose servers die at any of their writes, before it is done and after: once, and again while they are resumed.
 */
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { memoryStore } from "../../../../plugins/store/mod.ts";
import { type Death, LOCAL, MortalStore, never, type TestPipeline, TestServer, type TestTool } from "./kit.ts";

/** What the tools of all servers were asked, and how often. */
class Counts {
  readonly #counts = new Map<string, number>();

  tools(isDead: () => boolean): Record<string, TestTool> {
    const tool = (name: string): TestTool => async ({ label, value }) => {
      if (isDead()) return await never();
      const key = `${name} ${label} ${JSON.stringify(value)}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      // a moment, in which the server may die
      await Promise.resolve();
      return { label, value };
    };
    return { once: tool("once"), again: tool("again") };
  }

  /** Calls of a tool that were made more often than so. */
  above(tool: string, most: number): string[] {
    return [...this.#counts].filter(([key, count]) => key.startsWith(tool) && count > most).map(([key]) => key);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get calls(): string[] {
    return [...this.#counts.keys()].sort();
  }
}

/** What became of a run. */
interface Life {
  readonly output: unknown;
  readonly calls: readonly string[];
  /** Writes of the server that ended it. */
  readonly writes: number;
}

/** Runs `pipe_main` on one server after the other, until one lives long enough. */
async function live(pipelines: Record<string, TestPipeline>, deaths: readonly Death[]): Promise<Life> {
  const shared = memoryStore({ log: fakeLog() });
  const counts = new Counts();
  let redos = 0;
  const proceed = async (server: TestServer): Promise<unknown> => {
    const known = (await server.runs.list({}, LOCAL)).items[0];
    if (known?.status === "completed") return await server.runs.output(known.id, { call: LOCAL });
    if (known === undefined) assert.equal(counts.total, 0, "nothing is called before the run is kept");
    const before = counts.total;
    let finished = known === undefined ? await server.start("pipe_main") : await server.resume(known.id);
    if (finished.run.status === "interrupted") {
      assert.match(finished.run.error!, /^steps? ".*in flight/);
      assert.equal(counts.total, before, "nothing is called before somebody decides");
      redos++;
      finished = await server.resume(finished.run.id, { redo: true });
    }
    assert.equal(finished.run.status, "completed", String(finished.failure));
    return finished.output;
  };
  try {
    for (const death of [...deaths, undefined]) {
      const store = new MortalStore(shared, death);
      const server = new TestServer({ store, pipelines, tools: counts.tools(() => store.isDead) });
      const output = await Promise.race([store.died, proceed(server)]);
      assert.deepEqual(counts.above("once", 1 + redos), []);
      assert.deepEqual(counts.above("again", 1 + deaths.length), []);
      if (output === undefined) continue;
      return { output, calls: counts.calls, writes: store.writes };
    }
    throw new Error("it never ended");
  } finally {
    await shared.close();
  }
}

type Shape =
  | { readonly tool: string }
  | { readonly steps: readonly Shape[] }
  | { readonly parallel: readonly Shape[] }
  | { readonly each: readonly Shape[] };

const { shape } = fc.letrec<{ shape: Shape }>((tie) => {
  const inner = fc.array(tie("shape"), { minLength: 1, maxLength: 2 });
  return {
    shape: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      { weight: 4, arbitrary: fc.record({ tool: fc.constantFrom("once", "again", "pipe_child") }) },
      { weight: 1, arbitrary: fc.record({ steps: inner }) },
      { weight: 1, arbitrary: fc.record({ parallel: inner }) },
      { weight: 1, arbitrary: fc.record({ each: inner }) },
    ),
  };
});

/** Where steps stand. */
interface Around {
  readonly at: string;
  /** References to the items that they run for. */
  readonly items: readonly string[];
  /** Takes in the names that can be read after all of them. */
  readonly names: string[];
}

/** Makes steps of shapes. */
function stepsOf(shapes: readonly Shape[], { at, items, names }: Around): JsonObject[] {
  return shapes.map((it, index): JsonObject => {
    const label = `${at}${index}`;
    const inner = { at: `${label}_`, items, names };
    if ("steps" in it) return { steps: stepsOf(it.steps, inner) };
    if ("parallel" in it) return { parallel: stepsOf(it.parallel, inner) };
    if ("each" in it) {
      const [as, concurrency] = [`i${label}`, 2];
      const steps = stepsOf(it.each, { ...inner, items: [...items, `$${as}`], names: [] });
      return { for_each: { items: ["a", "b"], as, concurrency, steps } };
    }
    names.push(`s${label}`);
    return { tool: it.tool, name: `s${label}`, args: { label, value: items } };
  });
}

function pipelinesOf(shapes: readonly Shape[]): Record<string, TestPipeline> {
  const names: string[] = [];
  const steps = stepsOf(shapes, { at: "", items: [], names });
  const value = Object.fromEntries(names.map((name) => [name, `$${name}`]));
  return {
    pipe_main: { steps: [...steps, { tool: "again", args: { label: "end", value } }] },
    pipe_child: {
      steps: [
        { tool: "once", args: { label: "child $input.label", value: "$input.value" } },
        { tool: "again", args: { label: "child end", value: "$prev" } },
      ],
    },
  };
}

describe("a run whose servers die", { timeout: 60_000 }, () => {
  test("comes to the same, and does nothing twice that may not be done twice", async () => {
    const death = fc.tuple(fc.nat(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 1, maxLength: 3 }),
        fc.array(death, { minLength: 1, maxLength: 3 }),
        async (shapes, deaths) => {
          const pipelines = pipelinesOf(shapes);
          const whole = await live(pipelines, []);
          const at = deaths.map(([write, isDone]): Death => ({ write: 1 + write % whole.writes, isDone }));
          const { output, calls } = await live(pipelines, at);
          assert.deepEqual([output, calls], [whole.output, whole.calls]);
        },
      ),
      { numRuns: 120 },
    );
  });

  test("does so at every single write of a run with parts of all kinds", async () => {
    const pipelines = pipelinesOf([
      { tool: "once" },
      { parallel: [{ tool: "once" }, { tool: "pipe_child" }] },
      { each: [{ tool: "pipe_child" }, { tool: "once" }] },
      { tool: "pipe_child" },
    ]);
    const whole = await live(pipelines, []);
    assert.ok(whole.writes > 15);
    for (let write = 1; write <= whole.writes; write++) {
      for (const isDone of [false, true]) {
        const { output, calls } = await live(pipelines, [{ write, isDone }]);
        assert.deepEqual([output, calls], [whole.output, whole.calls]);
      }
    }
  });
});
