import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import { pieceOf } from "../../kernel/mod.ts";

// half of a pair may stand alone in a text, too
const texts = fc.array(fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00"), { maxLength: 30 }).map((it) => it.join(""));
const lengths = fc.integer({ min: 1, max: 7 });

function isWithinPair(text: string, index: number): boolean {
  return /[\ud800-\udbff]/.test(text[index - 1] ?? "") && /[\udc00-\udfff]/.test(text[index] ?? "");
}

test("pieceOf() divides no character, and pieces read one after the other make the text", () => {
  fc.assert(fc.property(texts, lengths, (text, length) => {
    let read = "";
    for (let offset = 0; offset < text.length;) {
      const piece = pieceOf(text, { offset, length });
      assert.equal(piece.start, offset);
      assert.ok(piece.end > offset && piece.text.length <= Math.max(length, 2));
      assert.ok(!isWithinPair(text, piece.end));
      read += piece.text;
      offset = piece.end;
    }
    assert.equal(read, text);
  }));
});

test("pieceOf() gives pieces that fit each other wherever a reader has counted to by itself", () => {
  fc.assert(fc.property(texts, fc.integer({ min: 2, max: 7 }), (text, length) => {
    const pieces: string[] = [];
    for (let offset = 0; offset < text.length; offset += length) pieces.push(pieceOf(text, { offset, length }).text);
    assert.equal(pieces.join(""), text);
  }));
});

test("pieceOf() takes all by default, and nothing beyond the end", () => {
  assert.deepEqual(pieceOf("a😀"), { text: "a😀", start: 0, end: 3 });
  assert.deepEqual(pieceOf("a😀", { offset: 2 }), { text: "😀", start: 1, end: 3 });
  assert.deepEqual(pieceOf("a😀", { offset: 9, length: 9 }), { text: "", start: 3, end: 3 });
  assert.deepEqual(pieceOf("a😀", { length: 0 }), { text: "", start: 0, end: 0 });
  assert.deepEqual(pieceOf("", { length: 5 }), { text: "", start: 0, end: 0 });
});
