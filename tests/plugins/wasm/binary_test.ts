import assert from "node:assert/strict";
import { test } from "node:test";
import { isToolError } from "../../../kernel/mod.ts";
import { readInstruction } from "../../../plugins/wasm/binary/instructions.ts";
import { describeImports, readModule } from "../../../plugins/wasm/binary/outline.ts";
import { ByteReader } from "../../../plugins/wasm/binary/reader.ts";
import { kindOf, readSections, replaceSections, SectionId } from "../../../plugins/wasm/binary/sections.ts";
import { i64, joinBytes, nameOf, u32 } from "../../../plugins/wasm/binary/writer.ts";
import { assemble, SAMPLE } from "./wat_text.ts";

const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function moduleOf(
  ...sections: readonly (readonly [id: number, content: readonly number[]])[]
): Uint8Array<ArrayBuffer> {
  return joinBytes([HEAD, ...sections.flatMap(([id, content]) => [[id], u32(content.length), content])]);
}

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(isToolError(error), `expected a ToolError, got ${error}`);
    return error.message;
  }
  return assert.fail("expected it to be refused");
}

test("kindOf tells modules, components and other bytes apart", () => {
  assert.equal(kindOf(Uint8Array.from(HEAD)), "module");
  assert.equal(kindOf(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00)), "component");
  assert.equal(kindOf(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x02, 0x00, 0x00, 0x00)), undefined);
  assert.equal(kindOf(new TextEncoder().encode("console.log(1)")), undefined);
  assert.equal(kindOf(new Uint8Array()), undefined);
});

test("readModule tells what a module needs and offers", async () => {
  const outline = readModule(await assemble(SAMPLE));
  assert.deepEqual(outline.imports, [{ module: "host", name: "twice", kind: "function" }]);
  assert.deepEqual(outline.exports, [
    { name: "memory", kind: "memory", index: 0 },
    { name: "run", kind: "function", index: 6 },
  ]);
  assert.deepEqual(outline.memories, [{ minimum: 1, isShared: false, is64Bit: false }]);
  assert.equal(outline.tables.length, 1);
  assert.equal(outline.tables[0]!.minimum, 4);
  assert.deepEqual([outline.functions, outline.globals, outline.start], [6, 1, 1]);
});

test("readModule tells imported and unusual memories and tables", async () => {
  const outline = readModule(
    await assemble(`(module
      (import "env" "memory" (memory 2 3 shared)) (import "env" "table" (table 1 externref))
      (import "env" "g" (global (mut i64))) (import "env" "e" (tag (param i32)))
      (memory i64 5))`),
  );
  assert.deepEqual(outline.imports.map(({ kind, limits }) => [kind, limits]), [
    ["memory", { minimum: 2, maximum: 3, isShared: true, is64Bit: false }],
    ["table", { minimum: 1, isShared: false, is64Bit: false }],
    ["global", undefined],
    ["tag", undefined],
  ]);
  assert.deepEqual(outline.memories, [{ minimum: 5, isShared: false, is64Bit: true }]);
  assert.deepEqual(describeImports(outline), ["env.e", "env.g", "env.memory", "env.table"]);
});

test("readModule refuses what is no module, and says where", () => {
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [new Uint8Array(), /it begins with nothing; expected 0x00 0x61 0x73 0x6d/],
    [Uint8Array.of(1, 2), /it begins with 0x01 0x02;/],
    [Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00), /component of WASI preview 2/],
    [Uint8Array.of(...HEAD, 1, 5, 0), /section 1 of 5 bytes is longer than the rest of the module at byte 8/],
    [Uint8Array.of(...HEAD, 1, 0x80), /unexpected end at byte 10/],
    [Uint8Array.of(...HEAD, 1, 0xff, 0xff, 0xff, 0xff, 0x7f), /more than 32 bits at byte 9/],
    [moduleOf([3, [0]], [1, [0]]), /section 1 is unknown, repeated or out of order/],
    [moduleOf([1, [0]], [1, [0]]), /section 1 is unknown, repeated or out of order/],
    [moduleOf([77, [0]]), /section 77 is unknown/],
    [moduleOf([2, [0xff, 0xff, 0xff, 0xff, 0x0f]]), /4294967295 entries are more than there are bytes/],
    [moduleOf([2, [1, 1, 0xff, 1, 0x61, 0, 0]]), /a name is no UTF-8/],
    [moduleOf([2, [1, 1, 0x61, 1, 0x61, 9, 0]]), /the unknown kind 0x09/],
    [moduleOf([5, [1, 0x08, 1]]), /limits have the unknown flags 0x08/],
    [moduleOf([5, [1, 0x00, 1, 1]]), /a section goes on after its last entry/],
    [moduleOf([5, [2, 0x00, 1]]), /unexpected end/],
  ];
  for (const [bytes, expected] of cases) assert.match(refusalOf(() => readModule(bytes)), expected);
});

test("replaceSections changes nothing else, and adds where a section belongs", async () => {
  const bytes = await assemble(SAMPLE);
  assert.deepEqual(replaceSections(bytes, readSections(bytes), { contents: new Map() }), bytes);
  const without = moduleOf([1, [0]], [10, [0]], [0, nameOf("last")]);
  const contents = new Map([[SectionId.export, Uint8Array.of(0)], [SectionId.memory, Uint8Array.of(0)]]);
  const changed = replaceSections(without, readSections(without), { contents });
  assert.deepEqual(readSections(changed).map(({ id }) => id), [1, 5, 7, 10, 0]);
  assert.ok(WebAssembly.validate(changed));
  const dropped = replaceSections(without, readSections(without), { contents, isDropped: (name) => name === "last" });
  assert.deepEqual(readSections(dropped).map(({ id }) => id), [1, 5, 7, 10]);
});

test("integers are written so that they are read as they were", () => {
  for (const value of [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1]) {
    assert.equal(new ByteReader(Uint8Array.from(u32(value))).u32(), value);
    assert.equal(new ByteReader(Uint8Array.from(u32(value))).u64(), value);
  }
  const text = (value: bigint) => i64(value).join(" ");
  assert.equal(text(0n), "0");
  assert.equal(text(63n), "63");
  assert.equal(text(64n), "192 0");
  assert.equal(text(-1n), "127");
  assert.equal(text(-65n), "191 127");
  assert.equal(i64(2n ** 63n - 1n).length, 10);
});

/** What may follow an opcode, the shortest first. */
const IMMEDIATES: readonly (readonly number[])[] = [
  ...[[], [0], [1], [2], [0x6e], [0x6f], [0x70], [0x40, 0x0b]],
  ...[[0, 0], [1, 0], [2, 0], [3, 0], [0, 1], [2, 2], [1, 0x7f]],
  ...[[0, 0, 0], [0x40, 0, 0x0b], [0, 0, 0x6e, 0x6e], [0, 0, 0, 0]],
  ...[new Array(8).fill(0), new Array(16).fill(0)],
];
/** Of each type one, so that index 0 is good whatever is meant; types 1 and 2 are those of GC, where there is GC. */
const TYPES = [[0x60, 0, 0], [0x5f, 1, 0x7f, 1], [0x5e, 0x7f, 1]];

/** What follows an instruction; were the first byte a part of it, the rest of one of them would not be valid. */
const TAILS = [[0x00], [0x41, 0xff, 0x00, 0x1a, 0x00]];

function isValid(types: readonly number[][], instruction: readonly number[]): boolean {
  return TAILS.every((tail) => WebAssembly.validate(moduleWithCode(types, [...instruction, ...tail])));
}

function moduleWithCode(types: readonly number[][], code: readonly number[]): Uint8Array<ArrayBuffer> {
  const body = [0, 0x00, ...code, 0x0b];
  return moduleOf(
    [1, [...u32(types.length), ...types.flat()]],
    [3, [1, 0]],
    [4, [1, 0x70, 0, 1]],
    [5, [1, 0, 1]],
    [13, [1, 0, 0]],
    [6, [1, 0x7f, 1, 0x41, 0, 0x0b]],
    [7, [1, ...nameOf("f"), 0, 0]],
    [9, [1, 0, 0x41, 0, 0x0b, 1, 0]],
    [12, [1]],
    [10, [1, ...u32(body.length), ...body]],
    [11, [1, 1, 0]],
  );
}

test("readInstruction passes over as many bytes as the engine of this runtime does", (t) => {
  const hasGc = isValid(TYPES, []);
  if (!hasGc) t.diagnostic("skipped: instructions of GC, which this runtime does not have");
  const types = hasGc ? TYPES : TYPES.slice(0, 1);
  assert.ok(isValid(types, []));
  const opcodes = [
    // else, end, and what belongs to a try
    ...Array.from({ length: 0xfb }, (_, byte) => [byte]).filter(([byte]) => ![5, 7, 0x0b, 0x18, 0x19].includes(byte!)),
    ...[0xfb, 0xfc, 0xfd, 0xfe].flatMap((prefix) =>
      Array.from({ length: 0x120 }, (_, second) => [prefix, ...u32(second)])
    ),
  ];
  let count = 0;
  for (const opcode of opcodes) {
    const found = IMMEDIATES.find((it) => isValid(types, [...opcode, ...it]));
    if (found === undefined) continue;
    count += 1;
    const name = opcode.map((byte) => byte.toString(16)).join(" ");
    const reader = new ByteReader(Uint8Array.from([...opcode, ...found]));
    try {
      readInstruction(reader);
    } catch (error) {
      assert.fail(`${name}: ${error}`);
    }
    // a block has its end with it
    if (reader.peek() === 0x0b) reader.skip(1);
    assert.ok(
      reader.isAtEnd,
      `${name} has ${found.length} bytes after it, ${reader.position - opcode.length} were read`,
    );
  }
  t.diagnostic(`${count} instructions`);
  // 180 plain ones, 18 in 0xfc, 236 in 0xfd and 67 in 0xfe are in every engine
  assert.ok(count >= 480, `only ${count} instructions were tried`);
});

test("readInstruction names an instruction that is not known", () => {
  const refusal = (...bytes: number[]) => refusalOf(() => readInstruction(new ByteReader(Uint8Array.from(bytes))));
  assert.match(refusal(0xff), /the instruction 0xff at byte 0 is not known/);
  assert.match(refusal(0xfd, 0xff, 0x7f), /the instruction 0xfd 0x3fff at byte 0 is not known/);
  assert.match(refusal(0xfc, 0x12), /the instruction 0xfc 0x12 at byte 0 is not known/);
  assert.match(refusal(0x1f, 0x40, 1, 7, 0), /a catch clause has the unknown kind 0x07/);
});
