import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { checkPipeline, type KnownTools } from "../../../../plugins/pipelines/check/check.ts";
import { STEP_FIELDS } from "../../../../plugins/pipelines/definition.ts";
import { toMermaid } from "../../../../plugins/pipelines/mermaid.ts";
import { formatProblem, type Path } from "../../../../plugins/pipelines/problems.ts";

const TOOLS: KnownTools = { get: () => ({}), names: () => ["t"], stepsOf: () => undefined };

type Draft = Record<string, unknown>;

// fewer levels than a pipeline may have
const depthIdentifier = fc.createDepthIdentifier();

const { drafts } = fc.letrec<{ drafts: Draft; lists: Draft[] }>((tie) => ({
  lists: fc.array(tie("drafts") as fc.Arbitrary<Draft>, { minLength: 1, maxLength: 3 }),
  drafts: fc.tuple(
    fc.oneof(
      { maxDepth: 2, depthIdentifier, withCrossShrink: true },
      fc.constant({ tool: "t" }),
      tie("lists").map((steps) => ({ steps })),
      tie("lists").map((parallel) => ({ parallel })),
      tie("lists").map((steps) => ({ for_each: { items: [1], steps } })),
      fc.tuple(tie("lists"), tie("lists")).map(([steps, others]) => ({
        switch: [{ condition: "$input.a", steps }, { steps: others }],
      })),
    ) as fc.Arbitrary<Draft>,
    fc.option(tie("lists") as fc.Arbitrary<Draft[]>, {
      maxDepth: 2,
      depthIdentifier,
      freq: 5,
      nil: undefined,
    }),
  ).map(([draft, handler]) => handler === undefined ? draft : { ...draft, on_error: handler }),
}));

interface Placed {
  readonly path: Path;
  readonly draft: Draft;
}

// every object that is an item of a list is a step, but for the cases of a switch
function stepsIn(value: unknown, path: Path): Placed[] {
  if (Array.isArray(value)) {
    const isOfSteps = path.at(-1) !== "switch";
    return value.flatMap((draft, index) => {
      const at = [...path, index];
      return typeof draft !== "object" ? [] : [...(isOfSteps ? [{ path: at, draft }] : []), ...stepsIn(draft, at)];
    });
  }
  return Object.entries(value as object).flatMap(([key, item]) =>
    typeof item === "object" && key !== "items" ? stepsIn(item, [...path, key]) : []
  );
}

/** Tells from where two steps stand whether one has always run before the other. */
function hasRun(target: Path, from: Path): boolean {
  const split = target.findIndex((it, index) => it !== from[index]);
  if (split === -1 || typeof target[split] !== "number" || typeof from[split] !== "number") return false;
  if (["parallel", "switch"].includes(String(target[split - 1])) || target[split] > from[split]) return false;
  return !target.slice(split).some((it) => ["for_each", "switch", "on_error"].includes(String(it)));
}

describe("checkPipeline(), of random pipelines", () => {
  test("refuses a reference exactly when its step has not always run before", async () => {
    let [allowed, refused] = [0, 0];
    const property = fc.asyncProperty(
      fc.array(drafts, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      async (given, numbers) => {
        // no two steps are one object
        const steps = JSON.parse(JSON.stringify(given));
        const placed = stepsIn(steps, ["steps"]);
        // not more than the problems that are told
        const calls = placed.filter(({ draft }) => draft["tool"] !== undefined).slice(-80);
        placed.forEach(({ draft }, index) => draft["name"] = `n${index}`);
        const targets = calls.map(() => numbers.next().value! % placed.length);
        calls.forEach(({ draft }, index) => draft["args"] = { x: `$n${targets[index]}` });
        const { problems } = await checkPipeline({ name: "me", steps }, TOOLS);
        const errors = problems.filter(({ severity }) => severity === "error");
        const found = new Set(errors.map(({ path }) => JSON.stringify(path)));
        for (const [index, { path }] of calls.entries()) {
          const isFine = hasRun(placed[targets[index]!]!.path, path);
          if (isFine) allowed++;
          else refused++;
          assert.equal(found.has(JSON.stringify([...path, "args", "x"])), !isFine, JSON.stringify({ path, steps }));
        }
        assert.equal(errors.length, found.size);
      },
    );
    await fc.assert(property, { numRuns: 80 });
    assert.ok(allowed > 50 && refused > 50, `${allowed} allowed, ${refused} refused`);
  });

  test("never throws, and names a place and a remedy for all that it finds", async () => {
    const junk = fc.oneof(
      { depthSize: "small" },
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...STEP_FIELDS, "items", "message", "__proto__", "x"), fc.jsonValue()),
      fc.array(
        fc.dictionary(fc.constantFrom(...STEP_FIELDS), fc.oneof(fc.jsonValue(), fc.string().map((it) => `$${it}`))),
      ),
    );
    const property = fc.asyncProperty(fc.oneof(junk, fc.array(junk)), fc.jsonValue(), async (steps, output) => {
      const { problems, isSound, steps: read } = await checkPipeline({ name: "me", steps, output }, TOOLS);
      for (const problem of problems) {
        assert.ok(problem.path.length > 0 && problem.message !== "" && problem.fix !== "");
        assert.doesNotMatch(formatProblem(problem), /undefined|\[object/);
      }
      if (isSound) assert.ok(read.length > 0);
      assert.match(toMermaid(read), /^flowchart TD\n/);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
