import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startInline } from "./code_kit.ts";

const kit = await startInline();
after(() => kit[Symbol.asyncDispose]());

/** Ways to a clock, each an expression that gives milliseconds. */
const CLOCKS = [
  "Date.now()",
  "new Date().getTime()",
  "+new Date()",
  "Date.parse(Date())",
  "new (Object.getPrototypeOf(new Date(0)).constructor)().getTime()",
  "Reflect.construct(Date, []).getTime()",
  "new (class extends Date {})().getTime()",
  "globalThis['Da' + 'te'].now()",
  "new Function('return Date.now()')()",
  "(0, eval)('Date.now()')",
  "Object.getOwnPropertyDescriptor(Date, 'now').value.call(Date)",
  "Date.bind(null) && new (Date.bind(null))().getTime()",
];

test("the coarse clock stands still between messages from outside, by whatever way it is asked", async () => {
  // what Date() says has no milliseconds
  const code = CLOCKS.filter((clock) => !clock.includes("(Date())")).map((clock) => `() => ${clock}`).join(",\n");
  const value = await kit.value(
    `const clocks = [${code}];
    const first = clocks.map((it) => it());
    for (let i = 0; i < 3_000_000; i++);
    await null;
    const second = clocks.map((it) => it());
    await slow({ ms: 30 });
    return { first, second, third: clocks.map((it) => it()), at: performance.now() };`,
  ) as { first: number[]; second: number[]; third: number[]; at: number };
  assert.deepEqual(value.second, value.first);
  assert.equal(new Set(value.first).size, 1);
  assert.equal(new Set(value.third).size, 1);
  assert.ok(value.third[0]! - value.first[0]! >= 20, JSON.stringify(value));
  assert.ok(Math.abs(value.third[0]! - Date.now()) < 60_000);
  assert.ok(value.at >= 20);
});

test("without a clock the time is refused, or is no time", async () => {
  for (const clock of CLOCKS) {
    const outcome = await kit.run(`return ${clock}`, { clock: "none" }).catch((error) => error);
    if (outcome instanceof Error) assert.match(outcome.message, /There is no clock in here/, clock);
    else assert.ok(outcome.value === 0 || outcome.value === null, `${clock}: ${outcome.value}`);
  }
  for (
    const code of [
      "Date.now()",
      "new Date()",
      "Date()",
      "performance.now()",
      "performance.timeOrigin",
      "setTimeout(() => {}, 1)",
    ]
  ) {
    assert.match((await kit.failure(code, { clock: "none" })).message, /^TypeError: There is no clock in here/, code);
  }
});

test("without a clock dates are still counted with", async () => {
  const code = `
    class Day extends Date {}
    const date = new Date("2026-01-02T00:00:00Z");
    return [date.toISOString(), date instanceof Date, Date.UTC(2020, 0), new Day(5).getTime(), new Day(5) instanceof Day,
      Date.name, date.constructor === Date, AbortSignal.abort().aborted];`;
  assert.deepEqual(await kit.value(code, { clock: "none" }), [
    ...["2026-01-02T00:00:00.000Z", true, 1577836800000, 5, true, "Date", true, true],
  ]);
});

test("the exact clock is that of the machine", async () => {
  const code = "const start = Date.now(); while (Date.now() - start < 20); return Date.now() - start";
  assert.ok(await kit.value(code, { clock: "exact" }) as number >= 20);
});

test("Math.random is not foreseen where there is no clock", async () => {
  const values = await Promise.all(
    Array.from({ length: 5 }, () => kit.value("return Math.random()", { clock: "none" })),
  );
  assert.equal(new Set(values).size, 5);
});
