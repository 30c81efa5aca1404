import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startInline } from "./code_kit.ts";

const kit = await startInline();
after(() => kit[Symbol.asyncDispose]());

/** What code may do to what it finds, before it calls anything. */
const POLLUTIONS: readonly string[] = [
  "Object.prototype.get = () => 1; Object.prototype.set = () => {}; Object.prototype.value = 2; Object.prototype.next = {}",
  "Object.prototype.error = { message: 'no' }; Object.prototype.result = 1; Object.prototype.isThrown = true",
  "Object.prototype.output = 5; Object.prototype.tool = 'fails'; Object.prototype.json = '{}'",
  "for (const key of Object.getOwnPropertyNames(Array.prototype)) try { Array.prototype[key] = () => { throw 1 } } catch {}",
  "for (const type of [Map, Set, WeakMap]) for (const key of ['get', 'set', 'has', 'delete']) type.prototype[key] = null",
  "Array.prototype[Symbol.iterator] = null; String.prototype.replace = null; Function.prototype.call = null",
  "Promise.prototype.then = Promise.prototype.catch = null; Promise.resolve = Promise.all = null",
  "globalThis.Promise = globalThis.Object = globalThis.Array = globalThis.Error = globalThis.JSON = undefined",
  'JSON.parse = JSON.stringify = () => \'{"name":"fails"}\'',
  "Object.keys = Object.entries = Object.defineProperty = Object.create = null; Reflect.get = Reflect.construct = null",
  "Error.prepareStackTrace = () => { throw 1 }; Error.stackTraceLimit = 0",
  "Object.defineProperty(Error, Symbol.hasInstance, { value: () => { throw 1 } })",
  "Object.freeze(Object.prototype); Object.freeze(Array.prototype)",
];

test("tools answer whatever code has done to what it finds", async () => {
  for (const pollution of POLLUTIONS) {
    const code = `${pollution};\nconst it = await add({ a: 1, b: 2 });\nreturn it.sum`;
    assert.equal(await kit.value(code), 3, pollution);
    const failing = `${pollution};\ntry { await fails({}) } catch (error) { return error.message }`;
    assert.equal(await kit.value(failing), "Tool fails failed: the disk is full", pollution);
  }
});

test("what is thrown is told, or told to be untellable", async () => {
  const thrown: Readonly<Record<string, RegExp>> = {
    "null": /no error: null/,
    "undefined": /no error: undefined/,
    "5n": /no error: 5/,
    "Symbol('a')": /no error: Symbol\(a\)/,
    "{ get message() { throw 1 }, toString() { throw 2 } }": /cannot be told/,
    "Object.assign(new Error('x'), { data: { get a() { throw 1 } } })": /^x\n/,
    "new Proxy(new Error('x'), { get() { throw 1 }, getPrototypeOf() { throw 2 } })": /cannot be told/,
    "Object.assign(new Error('x'), { stack: { toString() { throw 1 } } })": /^x/,
    "Object.assign(new Error('x'), { stack: 'at evil (code.js:99:1)'.repeat(10_000) })": /^x/,
    "new Error('y'.repeat(1e6))": /^y{65536}/,
    "Object.assign(new Error('x'), { data: 'z'.repeat(1e6) })": /^x/,
  };
  for (const [what, expected] of Object.entries(thrown)) {
    const { message } = await kit.failure(`throw ${what}`);
    assert.match(message, expected, what);
    assert.ok(message.length < 80_000, what);
  }
});

test("values that change while they are read, and that fool JSON, are JSON in the end", async () => {
  assert.deepEqual(await kit.value("let n = 0; return { get a() { return n++ ? () => 1 : 1 } }"), {});
  assert.equal(await kit.value("return { toJSON: () => undefined }"), undefined);
  assert.match((await kit.failure("return { get a() { throw new Error('no') } }")).message, /^no/);
  assert.match((await kit.failure("await echo({ toJSON: () => undefined })")).message, /is no JSON/);
  assert.match((await kit.failure("await echo({ toJSON: () => [1] })")).message, /arguments/);
  assert.deepEqual(
    await kit.value('return JSON.parse(\'{"__proto__":{"a":1}}\')'),
    JSON.parse('{"__proto__":{"a":1}}'),
  );
  assert.equal(({} as { a?: number }).a, undefined);
  assert.match((await kit.failure("return new Proxy({}, { ownKeys() { throw new Error('keys') } })")).message, /^keys/);
  assert.equal(await kit.value("return { then(resolve) { resolve(7) } }"), 7);
});

test("nothing of this program is found from code", async () => {
  const names = [
    "process",
    "Deno",
    "require",
    "Buffer",
    "WebAssembly",
    "XMLHttpRequest",
    "Worker",
    "module",
  ];
  assert.deepEqual(
    await kit.value(`return ${JSON.stringify(names)}.filter((name) => globalThis[name] !== undefined)`),
    [],
  );
  // each way to the global object and to functions ends in the engine
  const ways = [
    "add.constructor('return globalThis')()",
    "(async () => {}).constructor('return globalThis')().then",
    "tools.add.constructor.constructor('return globalThis')()",
    "Object.getPrototypeOf(add).constructor('return this')()",
    "(0, eval)('this')",
    "[].constructor.constructor('return this')()",
    "console.log.constructor('return this')()",
  ];
  for (const way of ways) {
    const value = await kit.value(`const it = ${way}; return [typeof it.process, typeof it.Deno, typeof it.require]`);
    assert.deepEqual(value, ["undefined", "undefined", "undefined"], way);
  }
  assert.equal(await kit.value("return typeof __collet_code"), "undefined");
  assert.equal(
    await kit.value("return Object.getOwnPropertyNames(globalThis).filter((it) => it.includes('collet')).length"),
    0,
  );
});

test("a run leaves nothing for the next one", async () => {
  await kit.value("globalThis.left = 1; Object.prototype.left = 2; Array.prototype.map = null");
  assert.deepEqual(await kit.value("return [typeof left, [1].map((it) => it + 1), {}.left ?? null]"), [
    "undefined",
    [2],
    null,
  ]);
});

test("code that closes its function early gains nothing by it", async () => {
  assert.equal(await kit.value("}); globalThis.x = 1; (async () => {"), undefined);
  assert.match((await kit.failure("}); __collet_code(async () => {")).message, /not defined|syntax/i);
});

test("the tools cannot be changed", async () => {
  for (
    const way of [
      "tools.add = 1",
      "delete tools.add",
      "Object.defineProperty(tools, 'x', { value: 1 })",
      "Object.setPrototypeOf(tools, null)",
      "Object.freeze(tools)",
    ]
  ) {
    assert.match((await kit.failure(way)).message, /The tools cannot be changed/, way);
  }
  assert.match(await kit.value("console.log(tools); return 'ok'") as string, /ok/);
});
