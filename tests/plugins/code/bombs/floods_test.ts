/**
 * Code that says or asks more than anybody can take in: the console, calls of tools, progress.
 *
 * @module
 */
import { type Bomb, testBombs } from "./kit.ts";

const ENDED = /time limit|did not|memory|limit|more than|most|calls|too/i;

const BOMBS: readonly Bomb[] = [
  {
    title: "100,000 calls that nobody awaits",
    code: "for (let i = 0; i < 100000; i++) echo({ value: i }); return 1;",
    ends: /./,
    fails: undefined,
  },
  {
    title: "100,000 calls whose failures are caught",
    code:
      "for (let i = 0; i < 100000; i++) echo({ value: i }).catch(() => {}); await new Promise((done) => setTimeout(done, 300)); return 1;",
    ends: /./,
    fails: undefined,
  },
  {
    title: "100,000 calls at once",
    code: "return (await Promise.all(Array.from({ length: 100000 }, (_, i) => echo({ value: i })))).length;",
    ends: ENDED,
  },
  { title: "calls without end", code: "for (;;) echo({ value: 1 });", ends: ENDED },
  { title: "calls one after the other without end", code: "for (;;) await echo({ value: 1 });", ends: ENDED },
  {
    title: "calls that fail without end",
    code: 'for (;;) { try { await tools["no-such-tool"]({}); } catch {} }',
    ends: ENDED,
  },
  { title: "slow calls without end", code: "for (;;) slow({ ms: 50 }); ", ends: ENDED },
  {
    title: "calls of itself",
    code: 'return await tools.execute_code({ language: "javascript", code: "for (;;);" });',
    hasTime: true,
    ends: /./,
  },
  {
    title: "calls of itself that multiply",
    code:
      'const code = "for (;;) await tools.list_tools({});"; return await Promise.all(Array.from({ length: 200 }, () => tools.execute_code({ language: "javascript", code })));',
    hasTime: true,
    ends: /./,
  },
  {
    title: "long arguments",
    code: 'const value = "x".repeat(3e6); for (let i = 0; i < 200; i++) echo({ value }); return 1;',
    ends: /./,
    fails: undefined,
  },
  {
    title: "long arguments that are awaited",
    code: 'const value = "x".repeat(3e6); for (;;) await echo({ value });',
    hasTime: true,
    ends: ENDED,
  },
  {
    title: "one argument that is too long",
    code: 'return (await echo({ value: "x".repeat(2e7) })).value.length;',
    hasTime: true,
    ends: /./,
  },
  {
    title: "arguments with many parts",
    code: "const value = Array.from({ length: 3e5 }, (_, i) => ({ i })); for (;;) await echo({ value });",
    ends: ENDED,
  },
  { title: "long results", code: "const a = []; for (;;) a.push(await much({ bytes: 4e6 }));", ends: ENDED },
  {
    title: "long results at once",
    fails: undefined,
    code: "return (await Promise.all(Array.from({ length: 64 }, () => much({ bytes: 2e6 })))).length;",
    hasTime: true,
    ends: /^64$|memory|time limit/,
  },
  {
    title: "long lists at once",
    fails: undefined,
    code: "return (await Promise.all(Array.from({ length: 20 }, () => many({ count: 100000 })))).length;",
    hasTime: true,
    ends: /^20$|memory|time limit/,
  },
  {
    title: "a result that is too long",
    // the tool and the kernel write it as JSON before code mode refuses it, which takes longer the longer it is
    code: "return (await much({ bytes: 8e6 })).text.length;",
    hasTime: true,
    ends: /./,
  },
  { title: "a console without end", code: "for (let i = 0;; i++) console.log(i);", ends: ENDED },
  { title: "a console of long lines", code: 'for (;;) console.log("x".repeat(1e5));', ends: ENDED },
  { title: "one line that is too long", code: 'console.log("x".repeat(3e7)); return 1;', ends: /./, fails: undefined },
  {
    title: "a console of many lines at once",
    code: 'console.log("x\\n".repeat(1e6)); return 1;',
    hasTime: true,
    ends: /./,
    fails: undefined,
  },
  { title: "progress without end", code: "for (let i = 0;; i++) progress(i, 1e9, `step ${i}`);", ends: ENDED },
  { title: "long progress", code: 'for (let i = 0;; i++) await progress(i, 1e9, "x".repeat(1e6));', ends: ENDED },
  {
    title: "a memory that is filled",
    code: 'for (let i = 0;; i++) memory.set(`key${i}`, "x".repeat(1e5));',
    ends: ENDED,
  },
  { title: "resources that are listed without end", code: "for (;;) resources.list();", ends: ENDED },
  {
    title: "prompts that are listed without end",
    code: "for (;;) { try { await prompts.list(); } catch {} }",
    ends: ENDED,
  },
  {
    title: "questions without end",
    code: 'for (;;) { try { await elicit("?", { type: "object", properties: {} }); } catch {} }',
    ends: ENDED,
  },
  {
    title: "files without end",
    code: 'for (let i = 0;; i++) files.write(`file${i}.txt`, "x".repeat(1e5));',
    ends: ENDED,
  },
  {
    title: "one file that is too long",
    code: 'await files.write("file.txt", "x".repeat(3e7)); return 1;',
    hasTime: true,
    ends: /./,
  },
];

testBombs("floods of code", BOMBS);
