import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startInline } from "./code_kit.ts";

// what is read is the same in a worker
const kit = await startInline();
after(() => kit[Symbol.asyncDispose]());

const typescript = { language: "typescript" } as const;

async function told(code: string, options: Parameters<typeof kit.failure>[1] = {}): Promise<string> {
  return (await kit.failure(code, options)).message;
}

test("code awaits and returns at its top level, in both languages", async () => {
  const code = "const it = await echo({ n: 1 });\nif (it.n === 1) return it;\nreturn null // done";
  assert.deepEqual(await kit.value(code), { n: 1 });
  assert.deepEqual(await kit.value(code, typescript), { n: 1 });
  assert.equal(await kit.value("await 1"), undefined);
  assert.equal(await kit.value(""), undefined);
});

test("TypeScript loses its types, and keeps enums and parameter properties", async () => {
  const code = `
    interface Item { readonly id: number; tags?: string[] }
    enum Color { Red, Green = "green" }
    const enum Bits { A = 1 << 2, B }
    abstract class Shape<T extends object = Item> {
      constructor(private readonly item: T, protected size = 2) {}
      abstract area(): number;
      get it(): T { return this.item }
    }
    class Square extends Shape { override area(): number { return this.size ** 2 } }
    type Keys = keyof Item;
    const first = <T,>(items: readonly T[]): T | undefined => items[0];
    const square = new Square({ id: 7 }) satisfies Shape;
    const key: Keys = "id";
    return [Color.Red, Color[0], Color.Green, Bits.B, square.area(), square.it[key]!, first<number>([1, 2]) as unknown];`;
  assert.deepEqual(await kit.value(code, typescript), [0, "Red", "green", 5, 4, 7, 1]);
});

test("an error of TypeScript has the line of the client", async () => {
  const code =
    "interface A {\n  b: string;\n}\nconst f = (a: A): never => {\n  throw new Error(a.b);\n};\nf({ b: 'no' } as A);";
  assert.equal(
    await told(code, typescript),
    "no\n    at f (code.ts:5)\n    at code.ts:7\n  5 |   throw new Error(a.b);",
  );
});

test("an error of JavaScript has line and column, in the first line too", async () => {
  assert.equal(await told("null.x"), "TypeError: cannot read property 'x' of null\n    at code.js:1:5\n  1 | null.x");
  assert.equal(
    await told("async function f() {\n  await echo({});\n  throw new RangeError('no');\n}\nawait f();"),
    "RangeError: no\n    at f (code.js:3:23)\n  3 |   throw new RangeError('no');",
  );
});

test("a syntax error tells line, column and the line itself, in both languages", async () => {
  assert.equal(
    await told("const a = 1;\nconst b = ;\n"),
    "SyntaxError in line 2, column 11: unexpected token in expression: ';'\n  2 | const b = ;",
  );
  assert.equal(
    await told("const a: number = 1;\nconst b: = 2;", typescript),
    "SyntaxError in line 2, column 10: Unexpected token\n  2 | const b: = 2;",
  );
  // what the reader of types lets pass, the engine finds
  assert.match(
    await told("let a: number = 1;\nlet a = 2;", typescript),
    /^SyntaxError in line 2: invalid redefinition.*\n {2}2 \| let a = 2;$/,
  );
  assert.match(await told("if (true) {\n  add({"), /^SyntaxError in line \d/);
  assert.match(await told("foo(", typescript), /^SyntaxError in line 1/);
  assert.match(await told("}"), /^SyntaxError in line 1/);
});

test("import, export and namespaces are refused with what to write in their place", async () => {
  for (const options of [{}, typescript]) {
    assert.match(
      await told("const a = 1;\nimport fs from 'node:fs';\nreturn fs.x;", options),
      /line 2.*no modules to import in here: write what/,
    );
    assert.match(await told("import * as a from 'a';\nreturn a;", options), /line 1.*no modules/);
    assert.match(await told("await import('node:fs')", options), /^there are no modules to import in here/);
    assert.match(await told("export default 1", options), /code exports nothing: leave out "export"/);
    assert.match(await told("\nexport const a = 1;", options), /^SyntaxError in line 2.*give the result by "return"/);
  }
  assert.match(
    await told("namespace A { export const b = 1 }\nreturn A.b", typescript),
    /line 1: namespaces are not there/,
  );
  assert.match(
    await told("let a = 1;\n\n\nnamespace A { export const b = 1 }", typescript),
    /line 4: namespaces are not there.*\n {2}4 \| namespace A/,
  );
  assert.equal(await kit.value("import type { A } from 'a';\nreturn 1 as A", typescript), 1);
  // a line of a text is none of these
  for (const word of ["import", "export"]) {
    assert.match(
      await told(`const a = \`\n${word} it\n\`;\nconst b = ;`),
      /^SyntaxError in line 4, .*unexpected token/,
    );
  }
});

test("what code has not is told: network, a session that was not asked for", async () => {
  assert.match(await told("await fetch('http://a')"), /There is no network in here: call a tool that has it/);
  assert.match(await told("return session"), /session/);
  assert.match(await told("require('fs')"), /'require' is not defined: there are no modules in here/);
  assert.match(await told("process.env"), /'process' is not defined: code has no network, files, processes/);
  assert.match(await told("print(1)"), /did you mean console\.log\?/);
  assert.match(await told("await execute_code({})"), /'execute_code' is not defined: code does not call it/);
});

test("a global that is nearly the name of a tool is told with it, others are not", async () => {
  assert.match(await told("await eccho({})"), /^ReferenceError: 'eccho' is not defined; did you mean "echo"\?\n/);
  assert.match(await told("unlike_them()"), /^ReferenceError: 'unlike_them' is not defined\n/);
});

test("what engines do not explain is told with what to write", async () => {
  const isNotAsync = /the function around this "await" is not async: write "async" before it/;
  assert.match(await told("const f = () => { return await echo({}) };\nreturn f()"), isNotAsync);
  assert.match(await told("return [1].map((n: number) => { await echo({ n }) })", typescript), isNotAsync);
  assert.match(await told("const n: number = 1; return n"), /this looks like TypeScript, .* language "typescript"/);
  assert.doesNotMatch(await told("const n = ;"), /TypeScript/);
  assert.match(
    await told("function f() {\n  return 1;\n"),
    /the code ends here, and a bracket, a brace or a text was not/,
  );
  assert.match(await told("```js\nreturn 1\n```"), /^SyntaxError in line 1: leave out the lines with ```/);
  assert.match(
    await told("const { eccho } = tools; eccho()"),
    /did you mean "echo".*\n {4}at code\.js:1\n {2}1 \| const/,
  );
});

test("Python is refused, and code that is too long", async () => {
  assert.match(await told("1", { language: "python" }), /not Python/);
  assert.match(await told(" ".repeat(2 ** 20 + 1)), /may have 1048576/);
});

test("the console is printed and logged, at its levels", async () => {
  const logs: unknown[] = [];
  const call = { log: (level: string, text: string) => Promise.resolve(void logs.push([level, text])) };
  const { printed, value } = await kit.run(
    "console.log('a', { b: 1 }); console.warn('c'); console.error(new TypeError('no'))",
    { call: call as never },
  );
  assert.equal(value, undefined);
  assert.match(printed, /^a \{ b: 1 \}\nc\nTypeError: no\n {4}at .*code\.js/);
  assert.doesNotMatch(printed, /collet:/);
  assert.deepEqual(logs.slice(0, 2), [["info", "a { b: 1 }"], ["warning", "c"]]);
});

test("what is printed is bounded, and what is logged", async () => {
  let logged = 0;
  const call = { log: () => Promise.resolve(void logged++) };
  const code = "for (let i = 0; i < 20_000; i++) console.log('line ' + i)";
  const { printed } = await kit.run(code, { call: call as never, limits: { outputBytes: 10_000 } });
  assert.ok(
    printed.length <= 10_100 && printed.endsWith("\n… what was printed after this is left out"),
    printed.slice(-80),
  );
  assert.ok(logged > 500 && logged < 1_100, `${logged}`);
});

test("a session goes in and out, and is kept as it was when the code does not touch it", async () => {
  const session = { n: 1, list: [1] };
  assert.deepEqual((await kit.run("session.n++; session.list.push(2)", { session })).session, { n: 2, list: [1, 2] });
  assert.deepEqual((await kit.run("session = { a: null }", { session })).session, { a: null });
  assert.deepEqual((await kit.run("return 1", { session })).session, session);
  assert.equal((await kit.run("return 1")).session, undefined);
  assert.match(
    await told("session = 5", { session }),
    /Cannot keep the session: it must be an object, and is a number/,
  );
  assert.match(await told("session.f = () => 1", { session }), /session\["f"\] is a function/);
  assert.match(
    await told("session.t = 'x'.repeat(2_000_000)", { session }),
    /the session has 2000025 bytes, and may have 1048576: give less/,
  );
});

test("a promise that never settles is told, and unhandled rejections are no error", async () => {
  assert.match(await told("await new Promise(() => {})"), /^the promise never settles: nothing is left to wait for/);
  assert.equal(await kit.value("Promise.reject(new Error('lost')); await echo({}); return 1"), 1);
  assert.equal(
    await kit.value("const all = await Promise.allSettled([fails(), add({ a: 1, b: 1 })]); return all[0].status"),
    "rejected",
  );
  assert.match(await told("await Promise.all([fails(), fails()])"), /^Tool fails failed: the disk is full/);
});

test("timers, URLs, encodings and clones are there when they are named", async () => {
  const code = `
    await new Promise((resolve) => setTimeout(resolve, 5));
    const copy = structuredClone({ a: new Date(0) });
    return [new URL("http://a/b?c=1").searchParams.get("c"), btoa("a"), copy.a.getTime(), crypto.randomUUID().length,
      new TextEncoder().encode("ü").length, typeof performance.now(), AbortSignal.abort().aborted];`;
  assert.deepEqual(await kit.value(code), ["1", "YQ==", 0, 36, 2, "number", true]);
});
