import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { writeAnswers } from "../../../../plugins/wasm/worker/answers.ts";
import { readyMachine } from "../../../../plugins/wasm/worker/javascript/kept_machine.ts";
import { MemoryImage } from "../../../../plugins/wasm/worker/javascript/memory_image.ts";
import { RandomState } from "../../../../plugins/wasm/worker/javascript/random_state.ts";
import type { RunOutcome } from "../../../../plugins/wasm/worker/messages.ts";
import { FRESH_BYTES, keepOne, KEPT_BYTES, runHere, type ThreadRun, watchMemories } from "./thread_kit.ts";

const memories = watchMemories();

/** How many runs follow one another. */
const RUNS = 2_000;

/** Describes all that code finds: every property of every object that can be reached from the globals. */
const PROBE = `const seen = new Map([[globalThis, 0]]), lines = [];
const say = (value) => {
  if (typeof value !== "object" && typeof value !== "function" || value === null) return typeof value + String(value);
  if (!seen.has(value)) seen.set(value, seen.size);
  return "#" + seen.get(value);
};
for (const [it, number] of seen) {
  const parts = [number, typeof it, say(Object.getPrototypeOf(it)), Object.isExtensible(it)];
  for (const key of Reflect.ownKeys(it)) {
    const { value, get, set, ...flags } = Object.getOwnPropertyDescriptor(it, key);
    parts.push(String(key), say(value), say(get), say(set), JSON.stringify(flags));
  }
  lines.push(parts.join(" "));
}
return { count: seen.size, lines: lines.join("\\n") };`;

/** A program, and what it is given. */
type Program = readonly [code: string, run?: ThreadRun];

/** What code may leave: each gives the same in an engine that ran nothing before. */
const PROGRAMS: readonly Program[] = [
  ["globalThis.left = (globalThis.left ?? 0) + 1; return left"],
  ["Array.prototype.left = 1; return [].left"],
  ["Object.defineProperty(Object.prototype, 'then', { get() { return undefined }, configurable: true }); return 1"],
  ["const n = JSON.stringify([1]); JSON.stringify = JSON.parse = () => 'mine'; return n"],
  ["Promise.prototype.then = function () { throw new Error('mine') }; return 1"],
  ["Function.prototype.bind = Function.prototype.call = () => 7; return (() => 1).bind()"],
  ["Object.freeze(Object.prototype); Object.freeze(Array.prototype); return Object.isFrozen(Object.prototype)"],
  ["for (const k of Reflect.ownKeys(globalThis)) if (k !== 'undefined') delete globalThis[k]; return 1"],
  ["Math.random = () => 4; return Math.random()"],
  ["Symbol.iterator.left; Array.prototype[Symbol.iterator] = function* () { yield 1 }; return [...[5]]"],
  ["const m = new Map(); for (let i = 0; i < 5000; i++) m.set('k' + i, { i }); return m.size"],
  ["return 'x'.repeat(100_000).length"],
  ["throw new TypeError('thrown')"],
  ["throw { data: { a: 1 } }"],
  ["throw null"],
  ["return (() => 1"],
  ["return 1n"],
  ["return { get a() { throw new Error('no') } }"],
  ["await new Promise(() => {})"],
  ["new Promise(() => { throw new Error('not seen') }); return 1"],
  ["later({ n: 1 }); return 1"],
  ["console.log('printed'); console.group('in'); console.count('c'); return 1"],
  ["console.log('printed'); console.count('c'); return 1"],
  ["session.n = (session.n ?? 0) + 1; return session", { session: '{"n":4}' }],
  ["return new URL('https://a.example/b?c=d').search"],
  ["new URLSearchParams('a=b'); URL.prototype.left = 1; return new URL('a:b').left"],
  ["return [...new TextEncoder().encode('grüße')]"],
  ["return structuredClone({ a: [new Date(0)] })"],
  ["structuredClone = console = URL = undefined; return 1"],
  ["return crypto.randomUUID().length"],
  ["new EventTarget().addEventListener('a', () => {}); return new AbortController().signal.aborted"],
  ["return Date.now()"],
  ["return new Date(0).toISOString()"],
  ["return Object.keys(tools)"],
  ["tools.later.left = 1; return tools.later.left"],
  ["setTimeout(() => { throw new Error('late') }, 1); return 1", { clock: "coarse" }],
  ["setInterval(() => {}, 1); await new Promise((go) => setTimeout(go, 5)); return 1", { clock: "coarse" }],
  ["'a'.match(/(?<n>a)/); /b/g.exec('b'); return RegExp.left ?? null"],
  ["const w = new WeakRef({}), r = new FinalizationRegistry(() => {}); r.register({}, 1); return typeof w.deref()"],
  ["return eval('globalThis.evaluated = 1')"],
  ["return typeof evaluated"],
  ["return await import('./x.js')"],
];

/** The same, of what takes longer. */
const COSTLY: readonly Program[] = [
  ["const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)"],
  ["const a = new Uint8Array(40e6); return a.length"],
  ["const all = []; for (let i = 0; i < 20_000; i++) all.push([i]); return all.length"],
  ["const f = async () => { for (;;) await 1; }; f(); return 1"],
  ["const f = () => f() + 1; return f()"],
  [PROBE],
  [PROBE, { clock: "coarse" }],
];

/** Programs that are ended: they take as long as they may. */
const ENDED: readonly Program[] = [
  ["for (;;);", { timeoutMs: 3 }],
  ["for (;;) new Promise(() => { for (;;); });", { timeoutMs: 3 }],
  ["for (;;) await 1;", { timeoutMs: 3 }],
  ["setInterval(() => {}, 1); await new Promise(() => {})", { timeoutMs: 10, clock: "coarse" }],
  ["await later({})", { timeoutMs: 3 }],
  ["for (;;);", { host: { isEnded: () => true } }],
];

/** What a run gave, but for what the time of it says. */
function told(outcome: RunOutcome): string {
  return JSON.stringify(outcome, (key, value) => key === "isLarge" ? undefined : value);
}

function randomOf(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = state * 1_664_525 + 1_013_904_223 >>> 0;
    return Math.floor(state / 2 ** 32 * count);
  };
}

function find(memory: WebAssembly.Memory, text: string): number {
  return new TextDecoder("latin1").decode(memory.buffer).split(text).length - 1;
}

describe("an engine that serves many runs", () => {
  it("gives what a fresh one gives, whatever ran before, and costs no more memory", async () => {
    const expected = new Map<Program, string>();
    for (const program of [...PROGRAMS, ...COSTLY]) {
      expected.set(program, told(await runHere(program[0], { ...program[1], memoryBytes: FRESH_BYTES })));
    }
    await keepOne(memories);
    const [random, first] = [randomOf(1), memories.count];
    let reopened = 0;
    let rss = 0;
    for (let n = 0; n < RUNS; n++) {
      if (n === RUNS / 2) rss = process.memoryUsage().rss;
      const list = random(100) === 0 ? ENDED : random(60) === 0 ? COSTLY : PROGRAMS;
      const program = list[random(list.length)]!;
      const before = memories.count;
      const outcome = await runHere(...program);
      const wanted = expected.get(program);
      if (wanted === undefined) assert.equal(outcome.kind, "trap", program[0]);
      else assert.equal(told(outcome), wanted, `run ${n}: ${program[0]}`);
      reopened += memories.count - before;
      // as a worker does; now and then the next run comes before
      if (random(4) > 0) readyMachine(KEPT_BYTES);
      if (random(8) === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const grown = process.memoryUsage().rss - rss;
    assert.ok(grown < 128 * 2 ** 20, `it took ${grown} bytes more`);
    assert.ok(
      memories.count > first && reopened < RUNS / 2,
      `${memories.count - first} engines, ${reopened} of them late`,
    );
  });

  it("holds nothing of the run before in its memory", async () => {
    await keepOne(memories);
    const memory = memories.last!;
    const count = memories.count;
    const mark = "MARK" + "OF".repeat(6);
    const code = `const mark = "MARK" + "OF".repeat(6), all = [];
      for (let i = 0; i < 10_000; i++) all.push(mark + i);
      globalThis.kept = [all, new Uint8Array([...mark].map((it) => it.charCodeAt(0))), { [mark]: mark }];
      const deep = (n) => n === 0 ? mark.length : deep(n - 1, mark + n);
      return deep(500)`;
    assert.equal(find(memory, mark), 0);
    assert.equal(told(await runHere(code)), '{"kind":"value","json":"16","printed":""}');
    assert.ok(find(memory, mark) > 10_000, "the test does not find what the run has written");
    readyMachine(KEPT_BYTES);
    assert.equal(find(memory, mark), 0);
    // the next run may come before that
    await runHere(code);
    assert.equal(told(await runHere("return typeof kept")), '{"kind":"value","json":"\\"undefined\\"","printed":""}');
    assert.equal(find(memory, mark), 0);
    assert.equal(memories.count, count, "another engine was opened");
  });

  it("is as it was even where a run has overwritten all of its memory", async () => {
    await keepOne(memories);
    const count = memories.count;
    const probe = told(await runHere(PROBE));
    for (const byte of [0xff, 0xa5, 0]) {
      new Uint8Array(memories.last!.buffer).fill(byte);
      readyMachine(KEPT_BYTES);
      assert.equal(told(await runHere(PROBE)), probe);
    }
    assert.equal(memories.count, count, "another engine was opened");
  });

  it("gives each run other random numbers", async () => {
    await keepOne(memories);
    const count = memories.count;
    const seen = new Set<string>();
    for (let n = 0; n < 50; n++) {
      const outcome = await runHere("return [Math.random(), Math.random()]");
      assert.ok(outcome.kind === "value");
      for (const it of JSON.parse(outcome.json!) as number[]) seen.add(`${it}`);
    }
    assert.equal(seen.size, 100);
    assert.equal(memories.count, count, "another engine was opened");
  });

  it("drops what comes late for the run before", async () => {
    await keepOne(memories);
    const count = memories.count;
    let late: (text: string) => void = () => {};
    const open = await runHere("later({ n: 1 }); return 1", { host: { onAnswers: (take) => void (late = take) } });
    assert.match(told(open), /"json":"1".*1 call was not awaited/);
    const answer = writeAnswers([{ id: 1, json: '{"result":{"output":"of the run before"}}' }]);
    let own: (text: string) => void = () => {};
    const outcome = await runHere("return await later({ n: 2 })", {
      host: {
        onAnswers: (take) => void (own = take),
        ask() {
          late(answer);
          setTimeout(() => own(writeAnswers([{ id: 1, json: '{"result":{"output":"mine"}}' }])), 20);
        },
      },
    });
    assert.equal(told(outcome), '{"kind":"value","json":"\\"mine\\"","printed":""}');
    assert.equal(memories.count, count, "another engine was opened");
  });

  it("is closed when its memory has grown, or it was stopped", async () => {
    for (const [code, run] of [["return new Uint8Array(6e6).length"], ENDED[0]!, ENDED[1]!] as readonly Program[]) {
      await keepOne(memories);
      const count = memories.count;
      await runHere(code, run);
      assert.equal(memories.count, count, code);
      await runHere("return 1");
      assert.equal(memories.count, count + 1, `the same engine serves the next run after: ${code}`);
    }
  });
});

describe("MemoryImage", () => {
  it("sets back all that was written, wherever", () => {
    const memory = new WebAssembly.Memory({ initial: 6, maximum: 8 });
    const bytes = new Uint8Array(memory.buffer);
    for (const at of [3, 65_536, 200_000, bytes.length - 1]) bytes[at] = at % 250 + 1;
    const before = bytes.slice();
    const image = new MemoryImage(memory);
    for (const byte of [0, 255]) {
      bytes.fill(byte);
      image.restore();
      assert.deepEqual(bytes, before);
    }
    assert.equal(image.isOutgrown, false);
    memory.grow(1);
    assert.equal(image.isOutgrown, true);
  });
});

describe("RandomState", () => {
  const begun = 3_123_456_789;
  const stateOf = (...places: readonly number[]) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    for (const at of places) new DataView(memory.buffer).setBigUint64(at, BigInt(begun) * 1_000n, true);
    return memory;
  };

  it("is not found where there is none, where there are two, and where it decides nothing", () => {
    assert.equal(RandomState.find(stateOf(), begun, () => 0.5), undefined);
    assert.equal(RandomState.find(stateOf(64, 4_096), begun, () => 0.5), undefined);
    assert.equal(RandomState.find(stateOf(64), begun, () => 0.5), undefined);
  });
});
