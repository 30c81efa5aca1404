/**
 * Code that takes more than it may: memory, the stack, the size of what it gives.
 *
 * @module
 */
import { type Bomb, testBombs } from "./kit.ts";

const MEMORY = /memory|time limit|did not|too (?:large|long|big)|invalid (?:array|string)|range/i;
const STACK = /stack|deep|memory|time limit|did not|nest/i;
const OUTPUT = /larger|large|limit|bytes|memory|too|more than|link|xxxx/i;

const BOMBS: readonly Bomb[] = [
  {
    title: "an array of arrays",
    code: "const a = []; for (;;) a.push(new Array(1e5).fill(1));",
    hasTime: true,
    ends: MEMORY,
  },
  {
    title: "texts that double",
    code: 'let s = "x"; for (;;) { s += s; s.charCodeAt(s.length - 1); }',
    hasTime: true,
    ends: MEMORY,
  },
  { title: "a repeated text", code: 'const a = []; for (;;) a.push("x".repeat(5e6));', hasTime: true, ends: MEMORY },
  { title: "one long text", code: 'return "x".repeat(2 ** 29).length;', hasTime: true, ends: MEMORY },
  { title: "a padded text", code: 'return "x".padEnd(2 ** 29, "ab").length;', hasTime: true, ends: MEMORY },
  { title: "typed arrays", code: "const a = []; for (;;) a.push(new Uint8Array(1e7));", hasTime: true, ends: MEMORY },
  { title: "one typed array", code: "return new Float64Array(2 ** 28).length;", hasTime: true, ends: MEMORY },
  {
    title: "an array of any length",
    code: "return new Array(2 ** 32 - 1).fill(0).length;",
    hasTime: true,
    ends: MEMORY,
  },
  { title: "a joined array", code: 'return new Array(2 ** 28).join("xy").length;', ends: MEMORY },
  { title: "a map", code: "const m = new Map(); for (let i = 0;; i++) m.set({ i }, `${i}`);", ends: MEMORY },
  { title: "closures", code: "let f = () => 0; for (;;) { const g = f; f = () => g; }", ends: MEMORY },
  {
    title: "promises that nobody settles",
    code: "const a = []; for (;;) a.push(new Promise(() => {}));",
    ends: MEMORY,
  },
  {
    title: "allocations whose failure is caught",
    code: "for (;;) { try { const a = []; for (;;) a.push(new Array(1e5).fill(1)); } catch {} }",
    ends: MEMORY,
  },
  { title: "a recursion without end", code: "const f = () => f() + 1; return f();", hasTime: true, ends: STACK },
  {
    title: "a recursion of async functions",
    code: "const f = async () => (await f()) + 1; return await f();",
    hasTime: true,
    ends: STACK,
  },
  {
    title: "a recursion that catches",
    code: "const f = () => { try { f(); } catch { f(); } }; f();",
    ends: STACK,
    fails: undefined,
  },
  {
    title: "a recursion in a regular expression",
    code: 'return new RegExp("(".repeat(1e5) + ")".repeat(1e5)).source.length;',
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  {
    title: "JSON that is nested",
    code: 'return JSON.parse("[".repeat(1e6) + "]".repeat(1e6));',
    hasTime: true,
    ends: STACK,
  },
  {
    title: "a nested result",
    code: "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; return a;",
    hasTime: true,
    ends: STACK,
  },
  {
    title: "a nested argument",
    code: "let a = []; for (let i = 0; i < 3e4; i++) a = [a]; return await echo({ value: a });",
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  {
    title: "a result that holds itself",
    code: "const a = {}; a.a = a; return a;",
    hasTime: true,
    ends: /circular|JSON|itself/i,
  },
  {
    title: "a result that unfolds",
    code: "let a = 1; for (let i = 0; i < 40; i++) a = { l: a, r: a }; return a;",
    ends: MEMORY,
  },
  {
    title: "an argument that unfolds",
    code: "let a = 1; for (let i = 0; i < 40; i++) a = { l: a, r: a }; await echo({ value: a });",
    ends: MEMORY,
  },
  {
    title: "JSON that unfolds",
    code: "let a = 1; for (let i = 0; i < 40; i++) a = [a, a]; return JSON.stringify(a).length;",
    ends: MEMORY,
  },
  { title: "a long result", code: 'return "x".repeat(3e7);', hasTime: true, ends: OUTPUT, fails: undefined },
  {
    title: "a result with many parts",
    code: "return Array.from({ length: 2e6 }, (_, i) => ({ i }));",
    hasTime: true,
    ends: OUTPUT,
    fails: undefined,
  },
  { title: "a long message of an error", code: 'throw new Error("x".repeat(3e7));', hasTime: true, ends: OUTPUT },
  {
    title: "an error with much data",
    code: 'throw Object.assign(new Error("x"), { data: Array(3e6).fill("xxxxxxxx") });',
    hasTime: true,
    ends: /./,
  },
  {
    title: "a session that is too large",
    code: 'session.text = "x".repeat(2e7); return 1;',
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  { title: "long code", code: `// ${"x".repeat(4_000_000)}\nreturn 1;`, hasTime: true, ends: /./, fails: undefined },
  {
    title: "code that is nested",
    code: `return ${"(".repeat(100_000)}1${")".repeat(100_000)};`,
    hasTime: true,
    ends: /./,
  },
  {
    title: "TypeScript that is nested",
    language: "typescript",
    code: `return ${"(".repeat(100_000)}1${")".repeat(100_000)};`,
    hasTime: true,
    ends: /./,
  },
  {
    title: "types that are nested",
    language: "typescript",
    code: `let a: ${"Array<".repeat(50_000)}1${">".repeat(50_000)}; return 1;`,
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
];

testBombs("code that takes too much", BOMBS);
