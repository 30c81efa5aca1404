/**
 * Random pipelines: every kind of step within every other, with names, references, failures, attempts and handlers.
 *
 * @module
 */
import fc from "fast-check";
import type { Draft } from "./kit.ts";

/** The arguments of random pipelines. */
export const INPUT: Draft = { yes: true, no: false, list: [3, 1, 2], empty: [] };

// names and references are put in once it is known where they stand
const REFERENCE = "$?";

const depthIdentifier = fc.createDepthIdentifier();

const values = fc.oneof(
  fc.constantFrom<unknown>(0, "text", null, [1, 2], { a: { b: 1 } }),
  fc.constant(REFERENCE),
  fc.constant({ a: REFERENCE, b: [REFERENCE] }),
);

const tools: fc.Arbitrary<Draft> = fc.oneof(
  { arbitrary: fc.record({ value: values, turns: fc.nat(4) }).map((args) => ({ tool: "echo", args })), weight: 6 },
  fc.nat(4).map((turns) => ({ tool: "fail", args: { turns } })),
  fc.integer({ min: 1, max: 3 }).map((failures) => ({ tool: "flaky", args: { failures, turns: 1 } })),
  fc.constant({ tool: "again", args: { turns: 1 } }),
);

const { steps: lists } = fc.letrec<{ step: Draft; steps: Draft[] }>((tie) => {
  const steps = tie("steps");
  const option = <T>(value: fc.Arbitrary<T>, freq: number) =>
    fc.option(value, { nil: undefined, freq, depthIdentifier });
  return {
    steps: fc.array(tie("step"), { minLength: 1, maxLength: 3, depthIdentifier }),
    step: fc.tuple(
      fc.oneof(
        { maxDepth: 3, depthIdentifier },
        { arbitrary: tools, weight: 4 },
        steps.map((steps) => ({ steps })),
        steps.map((parallel) => ({ parallel })),
        fc.tuple(
          fc.constantFrom<unknown>([1, 2, 3], "$input.list", "$input.empty", REFERENCE),
          fc.integer({ min: 1, max: 3 }),
          steps,
        )
          .map(([items, concurrency, steps]) => ({ for_each: { items, concurrency, steps } })),
        fc.tuple(fc.constantFrom("false", "true", "$input.no", REFERENCE), steps, steps)
          .map(([condition, some, others]) => ({ switch: [{ condition, steps: some }, { steps: others }] })),
      ) as fc.Arbitrary<Draft>,
      fc.boolean(),
      option(fc.constantFrom("true", "false", "$input.no", "$input.yes", REFERENCE), 4),
      option(fc.integer({ min: 2, max: 3 }).map((max_attempts) => ({ max_attempts, delay_ms: 0 })), 3),
      option(steps, 4),
      option(fc.constant(true), 4),
      option(fc.constantFrom<unknown>(REFERENCE, { mapped: ["$prev", REFERENCE] }), 5),
    ).map(([body, name, condition, retry, on_error, continue_on_error, output]) =>
      JSON.parse(
        JSON.stringify({ ...body, ...name && { name: "" }, condition, retry, on_error, continue_on_error, output }),
      )
    ),
  };
});

/** Pipelines whose references name something; not all of it is there when they are read. */
export const pipelines: fc.Arbitrary<Draft[]> = fc.tuple(lists, fc.infiniteStream(fc.nat(1_000))).map(
  ([steps, picks]) => {
    const names: string[] = ["input.list", "input.yes", "input.missing", "item", "item_index"];
    let count = 0;
    // what is read most is what ran just before
    const pick = () => {
      const at = picks.next().value as number;
      return at % 3 === 0 ? "$prev" : `$${names[names.length - 1 - at % Math.min(names.length, 8)]}`;
    };
    const complete = (value: unknown): unknown => {
      if (value === REFERENCE) return pick();
      if (Array.isArray(value)) return value.map(complete);
      if (typeof value !== "object" || value === null) return value;
      const { name, ...more } = value as Draft;
      const filled = Object.fromEntries(Object.entries(more).map(([key, item]) => [key, complete(item)]));
      if (name === undefined) return filled;
      names.push(`n${++count}`);
      return { name: `n${count}`, ...filled };
    };
    return complete(steps) as Draft[];
  },
);
