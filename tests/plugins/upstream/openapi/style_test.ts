import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ParameterStyle, Writing } from "../../../../plugins/upstream/openapi/operations/operation.ts";
import {
  encode,
  writeInHeader,
  writeInPath,
  writeInQuery,
} from "../../../../plugins/upstream/openapi/request/style.ts";

const VALUES = ["blue", ["blue", "black"], { R: 100, G: 200 }] as const;

function writing(style: ParameterStyle, isExploded: boolean): Writing {
  return { name: "color", style, isExploded, allowsReserved: false };
}

describe("styles of parameters", () => {
  // https://spec.openapis.org/oas/v3.1.0#style-examples
  test("are those of the specification", () => {
    const inPath = (style: ParameterStyle, isExploded: boolean) =>
      VALUES.map((it) => writeInPath(it, writing(style, isExploded)));
    assert.deepEqual(inPath("matrix", false), [";color=blue", ";color=blue,black", ";color=R,100,G,200"]);
    assert.deepEqual(inPath("matrix", true), [";color=blue", ";color=blue;color=black", ";R=100;G=200"]);
    assert.deepEqual(inPath("label", false), [".blue", ".blue,black", ".R,100,G,200"]);
    assert.deepEqual(inPath("label", true), [".blue", ".blue.black", ".R=100.G=200"]);
    assert.deepEqual(inPath("simple", false), ["blue", "blue,black", "R,100,G,200"]);
    assert.deepEqual(inPath("simple", true), ["blue", "blue,black", "R=100,G=200"]);
    const inQuery = (style: ParameterStyle, isExploded: boolean) =>
      VALUES.map((it) => writeInQuery(it, writing(style, isExploded)).map((pair) => pair.join("=")).join("&"));
    assert.deepEqual(inQuery("form", false), ["color=blue", "color=blue,black", "color=R,100,G,200"]);
    assert.deepEqual(inQuery("form", true), ["color=blue", "color=blue&color=black", "R=100&G=200"]);
    assert.equal(inQuery("spaceDelimited", false)[1], "color=blue%20black");
    assert.equal(inQuery("pipeDelimited", false)[1], "color=blue%7Cblack");
    assert.equal(inQuery("deepObject", true)[2], "color[R]=100&color[G]=200");
    assert.deepEqual(VALUES.map((it) => writeInHeader(it, writing("simple", true))), [
      "blue",
      "blue,black",
      "R=100,G=200",
    ]);
  });

  test("replace halves of characters", () => assert.equal(encode("\ud800a\ufeff"), "%EF%BF%BDa%EF%BB%BF"));

  test("bring any text over as it was", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.boolean(), (text, allowsReserved) => {
      const url = new URL(
        `http://a/?${
          writeInQuery(text, { ...writing("form", true), allowsReserved }).map((it) => it.join("=")).join("&")
        }`,
      );
      assert.equal(url.searchParams.get("color"), text);
      assert.equal(url.hash, "");
      const inPath = new URL(`http://a/x${encode(text)}/y`).pathname.split("/");
      assert.deepEqual([inPath.length, decodeURIComponent(inPath[1]!)], [3, `x${text}`]);
    }));
  });
});
