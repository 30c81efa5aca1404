/**
 * Code that never comes to an end by itself.
 *
 * @module
 */
import { type Bomb, testBombs } from "./kit.ts";

const TIME = /time limit|did not|was ended|timed out/i;
const TIME_OR_MEMORY = /time limit|did not|timed out|memory/i;

const BOMBS: readonly Bomb[] = [
  { title: "an endless loop", code: "while (true);", ends: TIME },
  { title: "an endless loop in a microtask", code: "await null; for (;;);", ends: TIME },
  { title: "a loop that awaits nothing", code: "for (;;) await null;", ends: TIME },
  { title: "a loop in the executor of a promise", code: "await new Promise(() => { for (;;); });", ends: TIME },
  {
    title: "promises that go on for ever",
    code: "const next = () => Promise.resolve().then(next); next(); await new Promise(() => {});",
    ends: TIME_OR_MEMORY,
  },
  {
    title: "promises that double",
    code:
      "const next = () => { Promise.resolve().then(next); Promise.resolve().then(next); }; next(); await new Promise(() => {});",
    ends: TIME_OR_MEMORY,
    fails: undefined,
  },
  {
    title: "timers that double",
    code: "const f = () => { setTimeout(f, 0); setTimeout(f, 0); }; f(); await new Promise(() => {});",
    hasTime: true,
    ends: /Cannot start a timer: 1000 are running/,
  },
  { title: "an interval without end", code: "setInterval(() => {}, 0); await new Promise(() => {});", ends: TIME },
  {
    title: "a regular expression that tries everything",
    code: 'return /^(a+)+$/.test("a".repeat(40) + "!");',
    ends: TIME,
  },
  {
    title: "a regular expression over a long text",
    code: 'const s = "a".repeat(4e6); for (;;) s.replace(/a*?b/g, "");',
    ends: TIME_OR_MEMORY,
  },
  {
    title: "a sort by a slow comparison",
    code: "return Array.from({ length: 1e5 }, (_, i) => i).sort(() => { for (let i = 0; i < 1e9; i++); return 1; });",
    ends: TIME_OR_MEMORY,
  },
  {
    title: "sorts of long texts",
    code:
      'const a = Array.from({ length: 1e5 }, (_, i) => "x".repeat(200) + (i * 7919) % 1e5); for (;;) a.slice().sort();',
    ends: TIME_OR_MEMORY,
  },
  {
    title: "a number that is too large",
    code: "let n = 3n; for (;;) n = n * n;",
    ends: TIME_OR_MEMORY,
  },
  {
    title: "a power that is too large",
    code: "return String(7n ** 3000000n).length;",
    hasTime: true,
    ends: /too large|time limit|did not/,
  },
  {
    title: "an iterator without end",
    code: "return [...(function* () { for (;;) yield 1; })()];",
    ends: TIME_OR_MEMORY,
  },
  { title: "a getter of the result", code: "return { get n() { for (;;); } };", ends: TIME },
  { title: "toJSON() of the result", code: "return { toJSON() { for (;;); } };", ends: TIME },
  {
    title: "a proxy as the result",
    code:
      "let n = 0; return new Proxy({}, { ownKeys: () => [`k${n++}`, ...Array(1e5).keys()].map(String), get: () => { for (;;); }, getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) });",
    ends: TIME_OR_MEMORY,
  },
  { title: "a then() of the result", code: "return { then() { for (;;); } };", ends: TIME },
  { title: "a getter of an argument", code: "await echo({ get value() { for (;;); } });", ends: TIME },
  {
    title: "a text of the console",
    code: "console.log({ toString() { for (;;); }, get a() { for (;;); } });",
    ends: TIME,
  },
  { title: "a getter of an error", code: "throw { get message() { for (;;); } };", ends: TIME },
  {
    title: "a stack that is a getter",
    code: 'throw Object.defineProperty(new Error("x"), "stack", { get() { for (;;); } });',
    ends: /time limit|did not|x/,
  },
  {
    title: "changed prototypes",
    code: "Object.prototype.toJSON = Array.prototype.toJSON = () => { for (;;); }; return { a: [1] };",
    ends: TIME,
  },
  {
    title: "changed promises",
    code: "Promise.prototype.then = () => { for (;;); }; return await echo({ value: 1 });",
    hasTime: true,
    ends: /time limit|did not|value/,
    fails: undefined,
  },
  { title: "a function made of text", code: 'new Function("for (;;);")();', ends: TIME },
  {
    title: "a loop that catches everything",
    code: "for (;;) { try { for (;;); } catch {} finally { for (;;); } }",
    ends: TIME,
  },
  { title: "a tool that it waits for", code: "await slow({ ms: 60000 });", ends: TIME },
  {
    title: "a promise that never settles",
    code: "await new Promise(() => {});",
    hasTime: true,
    ends: /never settles|time limit|did not/,
  },
];

testBombs("code without an end", BOMBS);
