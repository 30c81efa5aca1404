import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomFrom } from "../../kernel/random.ts";
import { LineSplitter, OutputTooLong, PlainOutput, readLine } from "../../../plugins/scripts/output_lines.ts";
import { toOutput } from "../../../plugins/scripts/whole_result.ts";

describe("readLine()", () => {
  test("takes any id that JSON-RPC has", () => {
    for (const id of ["a", 1, -1, 1.5, null]) {
      assert.deepEqual(readLine(JSON.stringify({ jsonrpc: "2.0", id, method: "m" })), {
        kind: "message",
        method: "m",
        params: undefined,
        id,
      });
    }
  });

  test("tells results, errors, notices and text apart", () => {
    assert.deepEqual(readLine('{"jsonrpc":"2.0","id":9,"result":{"a":1}}'), { kind: "result", result: { a: 1 } });
    assert.deepEqual(readLine(' \t{"jsonrpc":"2.0","id":1}'), { kind: "result", result: undefined });
    assert.deepEqual(readLine('{"jsonrpc":"2.0","result":1,"error":null}'), { kind: "result", result: 1 });
    assert.deepEqual(readLine('{"jsonrpc":"2.0","error":{"code":-1,"message":"no","data":[1]}}'), {
      kind: "error",
      code: -1,
      message: "no",
      data: [1],
    });
    assert.equal(readLine('{"jsonrpc":"2.0","error":"plain"}').kind, "error");
    for (const id of ["{}", "true", "[1]"]) {
      assert.deepEqual(readLine(`{"jsonrpc":"2.0","id":${id},"result":1}`), { kind: "result", result: 1 });
      assert.equal(readLine(`{"jsonrpc":"2.0","id":${id},"method":"m"}`).kind, "malformed");
    }
    assert.equal(readLine('{"jsonrpc":"2.0","id":1,"method":1}').kind, "malformed");
    for (
      const text of [
        "",
        "x",
        "[1]",
        "null",
        "{",
        '{"a":1}',
        '{"jsonrpc":2,"result":1}',
        '{"jsonrpc":"2.0","method":1}',
      ]
    ) {
      assert.deepEqual(readLine(text), { kind: "text", text });
    }
  });

  test("never throws, whatever a line holds", (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    const pieces = [
      '{"jsonrpc":"2.0"',
      ',"id":',
      "1",
      '"a"',
      ',"method":"log"',
      ',"result":',
      "null",
      "{}",
      "[",
      "]",
      "}",
      ',"error":',
      "\\",
      '"',
      "\u0000",
      "\uFEFF",
      "é",
      "💥",
      " ",
      "\ud800",
      ',"params":',
      "1e999",
      "true",
    ];
    for (let i = 0; i < 3_000; i++) {
      const line = Array.from({ length: random.between(0, 11) }, () => random.pick(pieces))
        .join("");
      assert.ok(
        ["text", "message", "malformed", "result", "error"].includes(readLine(line).kind),
        JSON.stringify(line),
      );
    }
  });
});

describe("LineSplitter", () => {
  test("gives the same lines however the text is cut", (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    for (let i = 0; i < 500; i++) {
      const words = ["a", "\n", "\r\n", "", "é💥", "\r", '{"jsonrpc":"2.0"}', " "];
      const text = Array.from({ length: random.between(0, 29) }, () => random.pick(words))
        .join("");
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < text.length;) {
        const length = random.between(1, 5);
        lines.push(...splitter.push(text.slice(at, at + length)));
        at += length;
      }
      const last = splitter.end();
      const wanted = text.split("\n");
      const rest = wanted.pop();
      assert.deepEqual(lines, wanted.map((line) => line.replace(/\r$/, "")), JSON.stringify(text));
      assert.equal(last ?? "", rest);
    }
  });

  test("refuses a line that is too long, and takes many short ones", () => {
    const splitter = new LineSplitter(100);
    for (let i = 0; i < 50; i++) splitter.push("0123456789\n");
    assert.throws(() => {
      for (let i = 0; i < 11; i++) splitter.push("0123456789");
    }, OutputTooLong);
  });
});

describe("PlainOutput", () => {
  test("gives the lines that it was given, without the line breaks at their end", (t) => {
    const seed = Date.now() % 2 ** 31;
    t.diagnostic(`seed ${seed}`);
    const random = randomFrom(seed);
    for (let i = 0; i < 100; i++) {
      const lines = Array.from({ length: random.between(0, 3_000) }, () => random.pick(["", "", "a", " b "]));
      const output = new PlainOutput();
      for (const line of lines) output.add(line);
      while (lines.at(-1) === "") lines.pop();
      assert.equal(output.text, lines.join("\n"));
    }
  });

  test("refuses what is too long, line breaks and all", () => {
    const output = new PlainOutput(5_000);
    for (let i = 0; i < 5_000; i++) output.add("");
    assert.throws(() => output.add(""), OutputTooLong);
    output.clear();
    output.add("again");
    assert.equal(output.text, "again");
  });
});

describe("toOutput()", () => {
  const content = [{ type: "text", text: "a" }, { type: "image", data: "AA==", mimeType: "image/png" }];

  test("takes content for a whole result from revision 2 on", () => {
    assert.deepEqual(toOutput({ content, isError: true }, 2), { result: { content, isError: true } });
    assert.deepEqual(toOutput({ content }, 1), { value: { content } });
  });

  test("takes what is not content of MCP for a value", () => {
    const values = [
      { content: "a" },
      { content: [{ type: "text" }] },
      { content: [1] },
      { content, isError: 1 },
      [],
      null,
    ];
    for (const value of values) assert.deepEqual(toOutput(value, 2), { value });
  });
});
