/**
 * Tests how bundles run: the language, the globals, `ctx`, what may go wrong, and the limits.
 *
 * @module
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sha256 } from "../../../kernel/mod.ts";
import type { RunOutcome } from "../../../plugins/wasm/worker/messages.ts";
import { loadEngine } from "../../../plugins/wasm/worker/javascript/engine.ts";
import { readEngineBytes } from "../../../plugins/wasm/worker/javascript/engine_bytes.ts";
import { runText, runTool, valueOf } from "./bundle_kit.ts";

const MIB = 2 ** 20;

function trapOf(outcome: RunOutcome): string {
  return outcome.kind === "trap" ? `${outcome.limit}: ${outcome.reason}` : JSON.stringify(outcome);
}

function messageOf(outcome: RunOutcome): string {
  return outcome.kind === "thrown" ? outcome.message : JSON.stringify(outcome);
}

describe("loadEngine", () => {
  it("compiles the module that its package carries", async () => {
    const { bytes } = await loadEngine();
    assert.deepEqual([...bytes.subarray(0, 8)], [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    assert.equal(await sha256(bytes), "105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232");
  });

  it("reads the module however a bundler has written its text", () => {
    const bytes = [0, 0x61, 0x73, 0x6d, 1, 0x0a, 0x0d, 0x27, 0x22, 0x60, 0x5c, 0xff, 0, 0x31, 0x24, 0x7b];
    const spellings = [
      `f("\\0asm\\x01\\n\\r'\\"\`\\\\\\xff\\x001\${", 1)`,
      `f('\u0100asm\\u0001\\n\\r\\'"\`\\\\\u00ff\u01001\${', 1)`,
      `f(\`\\u0100asm\\u{1}\n\\r'"\\\`\\\\ÿ\u01001\\\${\`, 1)`,
    ];
    for (const spelling of spellings) assert.deepEqual([...readEngineBytes(spelling)], bytes, spelling);
    assert.throws(() => readEngineBytes("function f() {}"), /holds no WebAssembly module/);
    assert.throws(() => readEngineBytes('f("\\0asm'), /has no end/);
  });
});

describe("runBundle", () => {
  it("gives what a tool returns, now or later, with nested JSON and Unicode", async () => {
    const input = { text: "grüße 🦊 \ud800 \0 \u2028", list: [1, 2.5, -0, null, true, { a: { b: [] } }] };
    assert.deepEqual(await valueOf("(input) => input", input), JSON.parse(JSON.stringify(input)));
    assert.deepEqual(
      await valueOf("async (input) => { await 1; return input; }", input),
      JSON.parse(JSON.stringify(input)),
    );
    const { outcome } = await runTool("() => {}");
    assert.deepEqual(outcome, { kind: "value", json: undefined });
    assert.equal(await valueOf("() => null"), null);
    assert.equal(
      await valueOf("() => [new Date(0), undefined, NaN]").then(JSON.stringify),
      '["1970-01-01T00:00:00.000Z",null,null]',
    );
  });

  it("takes and gives 5 MB", async () => {
    const text = "ü🦊".repeat(850_000);
    const { outcome } = await runTool("(input) => input", text);
    assert.ok(outcome.kind === "value" && outcome.json === JSON.stringify(text));
    const list = Array.from({ length: 100_000 }, (_, i) => ({ id: i, text: `number ${i}`, half: i / 2 }));
    assert.equal((await valueOf("(input) => input", list, { timeoutMs: 60_000 })).length, 100_000);
  });

  it("runs the language of today", async () => {
    const value = await valueOf(`async () => {
      class Counter { #n = 0; static made = 0; static { Counter.made++; } get n() { return ++this.#n; } has(o) { return #n in o; } }
      const c = new Counter();
      async function* numbers() { yield 1; yield 2; }
      const seen = [];
      for await (const n of numbers()) seen.push(n);
      const { a, ...rest } = { a: 1, b: 2, c: 3 };
      label: for (const x of [1, 2]) for (const y of [1, 2]) if (y === 2) continue label;
      return {
        private: [c.n, c.n, c.has(c), Counter.made], seen, rest,
        big: (2n ** 64n).toString(), regexp: "2026-11-21".match(/(?<y>\\d{4})-(?<m>\\d\\d)/).groups.y,
        look: "a1b2".replace(/(?<=[a-z])\\d/g, "-"), unicode: /\\p{Lu}/u.test("Ä"), at: [1, 2].at(-1),
        sorted: [3, 1, 2].toSorted(), last: [1, 2, 3].findLast((x) => x < 3), nullish: null ?? (void 0)?.x ?? "z",
        grouped: Object.groupBy([1, 2, 3], (x) => x % 2 ? "odd" : "even"), set: [...new Set([1, 1])],
        normal: "e\\u0301".normalize("NFC").length, date: new Date(Date.UTC(2026, 10, 21)).toISOString(),
        proxy: new Proxy({}, { get: (_, k) => k }).foo, generator: [...(function* () { yield* [1, 2]; })()],
        typed: Array.from(new Float64Array([1.5])), weak: new WeakRef(c).deref() === c, error: new Error("x", { cause: 1 }).cause,
        any: await Promise.any([Promise.reject(1), 2]), settled: (await Promise.allSettled([1, Promise.reject(2)])).length,
      };
    }`);
    assert.deepEqual(value, {
      ...{ private: [1, 2, true, 1], seen: [1, 2], rest: { b: 2, c: 3 }, big: "18446744073709551616", regexp: "2026" },
      ...{ look: "a-b-", unicode: true, at: 2, sorted: [1, 2, 3], last: 2, nullish: "z", set: [1], normal: 1 },
      ...{ grouped: { even: [2], odd: [1, 3] }, date: "2026-11-21T00:00:00.000Z", proxy: "foo", generator: [1, 2] },
      ...{ typed: [1.5], weak: true, error: 1, any: 2, settled: 2 },
    });
  });

  it("tells what a tool threw: words, places in the bundle, and data", async () => {
    const { outcome } = await runTool(`function broken() {
      throw Object.assign(new TypeError("no such city"), { data: { city: "X" } });
    }`);
    assert.ok(outcome.kind === "thrown");
    const { message, stack, data } = outcome;
    assert.equal(message, "TypeError: no such city");
    assert.deepEqual(data, { city: "X" });
    assert.match(stack!, /^\s+at broken \(sample\.js:3:\d+\)$/);
    assert.equal(messageOf((await runTool("() => { throw new Error('plain'); }")).outcome), "plain");
    assert.match(messageOf((await runTool("async () => { throw 'text'; }")).outcome), /is no error: text$/);
    assert.match(messageOf((await runTool("() => { throw null; }")).outcome), /is no error: null$/);
    assert.equal(messageOf((await runTool("(_, ctx) => ctx.fail('stop')")).outcome), "stop");
  });

  it("names what is no JSON, and where", async () => {
    const cases = {
      "() => ({ a: [1, { b: 10n }] })": /value\["a"\]\[1\]\["b"\] is a BigInt/,
      "() => ({ f() {} })": /value\["f"\] is a function/,
      "() => Symbol('x')": /the value is a symbol/,
      "() => { const a = { b: {} }; a.b.a = a; return a; }": /value\["b"\]\["a"\] is an object that it lies in itself/,
      "() => ({ m: new Map() })": /value\["m"\] is a Map; make it an object/,
      "() => [new Set()]": /value\[0\] is a Set; make it an array/,
    };
    for (const [tool, expected] of Object.entries(cases)) {
      assert.match(messageOf((await runTool(tool)).outcome), expected);
    }
    assert.deepEqual(await valueOf("() => { const a = {}; return [a, a]; }"), [{}, {}]);
  });

  it("says that a bundle has no function, or is none", async () => {
    assert.match(messageOf((await runTool("5")).outcome), /no default export that is a function/);
    assert.match(messageOf((await runText("")).outcome), /no default export/);
    assert.match(messageOf((await runText("let = = 1")).outcome), /^SyntaxError/);
    assert.equal(messageOf((await runText("throw new Error('at the top')")).outcome), "at the top");
  });

  it("says that a promise never settles", async () => {
    const { outcome } = await runTool("() => new Promise(() => {})");
    assert.match(messageOf(outcome), /^the promise never settles/);
  });

  it("survives a rejection that nobody handles", async () => {
    assert.equal(await valueOf("() => { Promise.reject(new Error('lost')); return 1; }"), 1);
  });

  it("gives each run an engine of its own", async () => {
    await valueOf("() => { globalThis.kept = 1; Array.prototype.map = null; JSON.stringify = () => 'x'; return 1; }");
    assert.deepEqual(await valueOf("() => [typeof globalThis.kept, [1].map((x) => x + 1)]"), ["undefined", [2]]);
  });

  it("has neither modules nor a machine", async () => {
    const names = [
      "require",
      "process",
      "Deno",
      "Bun",
      "Buffer",
      "WebAssembly",
      "XMLHttpRequest",
      "importScripts",
      "std",
      "os",
    ];
    assert.deepEqual(await valueOf(`() => ${JSON.stringify(names)}.filter((name) => name in globalThis)`), []);
    assert.match(
      messageOf((await runTool("() => fetch('https://example.com')")).outcome),
      /no network in here: call a tool/,
    );
    const { outcome } = await runTool("async () => await import('./x.js')");
    assert.equal(outcome.kind, "thrown");
  });
});

describe("limits of a bundle", () => {
  const ENDLESS = {
    "a loop": "() => { while (true); }",
    "a loop that catches": "async () => { for (;;) try { for (;;); } catch {} }",
    "promises": "async () => { for (;;) await 1; }",
    "a regular expression": "() => /(a+)+$/.test('a'.repeat(50) + 'b')",
    "a timer": "() => new Promise((resolve) => setTimeout(resolve, 60_000))",
    "timers without end": "() => new Promise(() => setInterval(() => {}, 1))",
  };
  for (const [what, tool] of Object.entries(ENDLESS)) {
    it(`end ${what} at the deadline`, async () => {
      assert.equal(trapOf((await runTool(tool, {}, { timeoutMs: 200 })).outcome), "time: the time limit was reached");
    });
  }

  it("end a loop before the tool begins", async () => {
    const { outcome } = await runText("for (;;);", {}, { timeoutMs: 200 });
    assert.equal(trapOf(outcome), "time: the time limit was reached");
  });

  const LARGE = {
    "texts": "() => { const a = []; for (;;) a.push('x'.repeat(10_000) + a.length); }",
    "arrays": "() => { const a = []; for (;;) a.push(new Array(1e5).fill(1)); }",
    "one buffer": "() => new ArrayBuffer(1e9).byteLength",
    "a chain of promises": "() => { const again = () => Promise.resolve().then(again); return again(); }",
  };
  for (const [what, tool] of Object.entries(LARGE)) {
    it(`end ${what} that take all memory`, async () => {
      const { outcome } = await runTool(tool, {}, { memoryBytes: 24 * MIB, timeoutMs: 20_000 });
      assert.equal(trapOf(outcome), "memory: out of memory");
    });
  }

  it("end an input that is larger than the memory", async () => {
    const { outcome } = await runTool("(input) => input.length", "x".repeat(20 * MIB), { memoryBytes: 16 * MIB });
    assert.match(trapOf(outcome), /^memory: out of memory/);
  });

  it("let a tool go on that has caught its want of memory", async () => {
    const tool = "() => { try { return new ArrayBuffer(1e9).byteLength; } catch (error) { return error.message; } }";
    assert.equal(await valueOf(tool), "out of memory");
  });

  const DEEP = {
    "calls": "() => { const f = () => f() + 1; return f(); }",
    "a comparison": "() => [3, 1, 2].sort(function f() { return [3, 1, 2].sort(f).length; })",
    "JSON": "() => JSON.parse('['.repeat(1e6))",
    "a value": "() => { let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; return a; }",
    "a getter": "() => { const o = { get x() { return this.x; } }; return o.x; }",
  };
  for (const [what, tool] of Object.entries(DEEP)) {
    it(`end ${what} that go too deep`, async () => {
      assert.equal(trapOf((await runTool(tool)).outcome), "stack: stack overflow");
    });
  }

  it("let a tool go on that has caught an overflow", async () => {
    assert.equal(await valueOf("() => { const f = () => f(); try { f(); } catch { return 'caught'; } }"), "caught");
  });

  it("end a value, and a stream, that are too large", async () => {
    const options = { outputBytes: 1_000 };
    assert.equal((await valueOf("() => 'x'.repeat(998)", {}, options)).length, 998);
    assert.match(
      trapOf((await runTool("() => 'x'.repeat(999)", {}, options)).outcome),
      /^output: the result has 1001 bytes/,
    );
    assert.match(
      trapOf((await runTool("() => 'ü'.repeat(500)", {}, options)).outcome),
      /^output: the result has 1002 bytes/,
    );
    const streamed = await runTool(
      "(_, ctx) => { for (;;) try { ctx.stream('x'.repeat(100)); } catch {} }",
      {},
      options,
    );
    assert.match(trapOf(streamed.outcome), /^output:/);
    assert.ok(streamed.notices.length < 12);
  });

  it("drop what is logged without end", async () => {
    const { outcome, notices } = await runTool("() => { for (let i = 0; i < 200; i++) console.log('x'.repeat(1e5)); }");
    assert.equal(outcome.kind, "value");
    assert.ok(notices.length < 60, `${notices.length}`);
    assert.match(String(notices.at(-1)?.params["message"]), /dropped/);
  });

  it("let runs after a trap be, at the same time too", async () => {
    const ends = [ENDLESS["a loop"], LARGE["arrays"], DEEP["calls"]];
    const runs = ends.flatMap((tool, i) => [
      runTool(tool, {}, { timeoutMs: 300, memoryBytes: 20 * MIB }),
      runTool(`async (_, ctx) => { await ctx.request("x"); return ${i}; }`, {}, {
        host: { request: () => new Promise((resolve) => setTimeout(resolve, 100)) },
      }),
    ]);
    const ended = await Promise.all(runs);
    assert.deepEqual(ended.map(({ json }) => json).filter((it) => it !== undefined), [0, 1, 2]);
  });
});
