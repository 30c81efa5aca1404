import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { type Contract, contract, definePlugin, Http, type Plugin, Processes } from "../../kernel/mod.ts";
import { fakeProcesses, provide } from "../../kernel/testing.ts";
import {
  checkBadConfig,
  checkCallsEnd,
  checkIdentity,
  checkLifetimes,
  checkLists,
  type ConformanceOptions,
  type Subject,
} from "../../kernel/testing/checks.ts";
import { sampleOf } from "../../kernel/testing/sample.ts";
import { small, toolPlugin } from "../support/plugins.ts";
import { aborted, pause } from "../support/wait.ts";

function subject(plugin: Plugin<void>, options: ConformanceOptions = {}): Subject {
  return { plugin, config: undefined, options };
}

test("checkIdentity() refuses odd names, versions and contract ids", () => {
  const Odd: Contract<string> = contract("Odd Id");
  checkIdentity(small("fine"));
  assert.throws(() => checkIdentity({ ...small("x"), name: "Not-Snake" }), /lower_snake_case/);
  assert.throws(() => checkIdentity({ ...small("x"), version: "one" }), /semantic version/);
  assert.throws(() => checkIdentity({ ...small("x"), provides: [Odd] }), /contract's id/);
  assert.throws(() => checkIdentity({ ...small("x"), requires: { odd: Odd } }), /contract's id/);
});

test("checkLifetimes() finds what a plugin leaves, and errors it logs", async () => {
  const app = { fetch: () => new Response() };
  await checkLifetimes(subject(toolPlugin("fine", () => "")));
  const leaky = small("leaky", { requires: { http: Http }, setup: ({ deps }) => void deps.http.mount("/left", app) });
  await assert.rejects(checkLifetimes(subject(leaky)), /left behind the first time/);
  let loads = 0;
  const once = small("once", {
    setup() {
      if (++loads > 1) throw new Error("only once");
    },
  });
  await assert.rejects(checkLifetimes(subject(once)), { code: "PLUGIN_SETUP_FAILED" });
  await assert.rejects(
    checkLifetimes(subject(small("loud", { setup: ({ log }) => log.error("oh") }))),
    /no errors are logged/,
  );
  const dirty = small("dirty", { setup: () => () => Promise.reject(new Error("oh")) });
  await assert.rejects(checkLifetimes(subject(dirty)), AggregateError);
});

test("checkBadConfig() wants unknown keys refused by name", async () => {
  const plugin = (config: v.GenericSchema<object>) =>
    definePlugin({ name: "it", version: "1.0.0", config, setup() {} }) as unknown as Plugin<void>;
  await checkBadConfig(subject(plugin(v.strictObject({ a: v.optional(v.string()) }))));
  await checkBadConfig(subject(small("without")));
  await assert.rejects(
    checkBadConfig(subject(plugin(v.object({ a: v.optional(v.string()) })))),
    /Missing expected rejection/,
  );
});

test("checkLists() wants descriptions and object schemas, as clients of both eras list them", async () => {
  const tool = (definition: object) =>
    small("it", {
      setup: (ctx) => void ctx.tool({ name: "t", description: "d", input: v.object({}), run: () => "", ...definition }),
    });
  for (const era of ["2025", "2026"] as const) {
    await checkLists(subject(tool({})), era);
    await assert.rejects(checkLists(subject(tool({ description: " " })), era), /tool "t" has a description/);
  }
});

test("checkCallsEnd() wants handlers to end once they are told", async () => {
  const minds = toolPlugin("minds", (_, call) => aborted(call.signal));
  await checkCallsEnd(subject(minds), "abort");
  await checkCallsEnd(subject(minds), "unload");
  const deaf = toolPlugin("deaf", () => pause(8_000));
  await assert.rejects(checkCallsEnd(subject(deaf), "abort"), /still running.*tool "deaf".*call\.signal/s);
});

test("checkCallsEnd() calls with the arguments it is given, and with others' contracts at hand", async () => {
  const seen: unknown[] = [];
  const plugin = small("it", {
    requires: { processes: Processes },
    setup: (ctx) =>
      void ctx.tool({
        name: "t",
        description: "t",
        input: v.object({ a: v.pipe(v.string(), v.regex(/^x\d$/)) }),
        async run(input, call) {
          seen.push(input);
          await ctx.deps.processes.run({ program: "x", signal: call.signal });
        },
      }),
  });
  const hanging = provide(Processes, fakeProcesses(() => new Promise(() => {})));
  await checkCallsEnd(subject(plugin, { calls: { t: { a: "x1" } }, with: [hanging] }), "abort");
  assert.deepEqual(seen, [{ a: "x1" }]);
});

test("sampleOf() makes small values that fit", () => {
  const samples: [object, unknown][] = [
    [{}, {}],
    [{ type: "string" }, "sample"],
    [{ type: "string", minLength: 8 }, "sampless"],
    [{ type: "integer", minimum: 3 }, 3],
    [{ type: "number" }, 1],
    [{ type: "boolean" }, false],
    [{ type: "null" }, null],
    [{ type: ["string", "null"] }, "sample"],
    [{ type: "array", minItems: 2, items: { type: "boolean" } }, [false, false]],
    [{ enum: ["a", "b"] }, "a"],
    [{ const: 7 }, 7],
    [{ type: "string", default: "d" }, "d"],
    [{ type: "string", examples: ["e"] }, "e"],
    [{ anyOf: [{ type: "boolean" }, { type: "string" }] }, false],
    [{ type: "object", properties: { a: { type: "string" }, b: {} }, required: ["a"] }, { a: "sample" }],
    [{ $ref: "#/$defs/x~1y", $defs: { "x/y": { type: "null" } } }, null],
  ];
  for (const [schema, expected] of samples) assert.deepEqual(sampleOf(schema), expected, JSON.stringify(schema));
  const loop = {
    $ref: "#/$defs/n",
    $defs: { n: { type: "object", properties: { n: { $ref: "#/$defs/n" } }, required: ["n"] } },
  };
  assert.ok(JSON.stringify(sampleOf(loop)).length < 200);
});
