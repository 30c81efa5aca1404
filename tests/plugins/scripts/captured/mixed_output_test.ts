/**
 * Messages between what else is printed, however it comes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MixedOutput, type MixedPart } from "../../../../plugins/scripts/mixed_output.ts";
import { freshSeed, seededRandom } from "../../../support/random.ts";

const LOG = '{"jsonrpc":"2.0","method":"log","params":{"message":"{}"}}';
const SPACED = '  { "id": 7, "jsonrpc": "2.0", "method": "tools/list" }';

/** Gives what is printed, and the methods of messages. */
function read(pieces: readonly string[], limit?: number) {
  const mixed = new MixedOutput(({ method }) => method !== "mine", limit);
  const parts: MixedPart[] = [...pieces.flatMap((piece) => mixed.push(piece)), ...mixed.end()];
  return {
    text: parts.filter((it) => typeof it === "string").join(""),
    methods: parts.filter((it) => typeof it !== "string").map((it) => it.method),
  };
}

describe("MixedOutput", () => {
  const lines: readonly (readonly [title: string, text: string, left: string, ...methods: string[]])[] = [
    ["messages on lines of their own", `a\n${LOG}\r\n\n${SPACED}\nb`, "a\n\nb", "log", "tools/list"],
    ["a message after a line without end", `Name: ${LOG}\nb\n`, "Name: b\n", "log"],
    ["a message without a line's end", LOG, "", "log"],
    ["objects that are no messages", '{"a": 1}\n{\n} {"jsonrpc": 2}\n', '{"a": 1}\n{\n} {"jsonrpc": 2}\n'],
    [
      "answers, and what is broken",
      '{"jsonrpc":"2.0","id":1,"result":1}\n{"jsonrpc":"2.0"',
      '{"jsonrpc":"2.0","id":1,"result":1}\n{"jsonrpc":"2.0"',
    ],
    ["messages that are not served", '{"jsonrpc":"2.0","method":"mine"}\n', '{"jsonrpc":"2.0","method":"mine"}\n'],
    ["blanks and marks that begin nothing", '  \n \t\nx{"json\n{"jsonrpc":\n', '  \n \t\nx{"json\n{"jsonrpc":\n'],
  ];
  for (const [title, text, left, ...methods] of lines) {
    test(`parts ${title}, in whatever pieces they come`, () => {
      const seed = freshSeed();
      const random = seededRandom(seed);
      assert.deepEqual(read([text]), { text: left, methods });
      assert.deepEqual(read([...text]), { text: left, methods });
      for (let i = 0; i < 200; i++) {
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += pieces.at(-1)!.length) {
          pieces.push(text.slice(at, at + 1 + Math.floor(random() * 12)));
        }
        assert.deepEqual(read(pieces), { text: left, methods }, `seed ${seed}`);
      }
    });
  }

  test("gives text at once that begins no message", () => {
    const mixed = new MixedOutput(() => true);
    assert.deepEqual(mixed.push("Loading"), ["Loading"]);
    assert.deepEqual(mixed.push('... {"'), ["... "]);
    assert.deepEqual(mixed.push("a"), ['{"a']);
  });

  test("takes a line for text that is longer than any message", () => {
    const long = `{"jsonrpc":"2.0","method":"log","params":"${"x".repeat(100)}"}\n`;
    assert.deepEqual(read([long], 50), { text: long, methods: [] });
    assert.deepEqual(read([...long, LOG], 60), { text: long, methods: ["log"] });
  });
});
