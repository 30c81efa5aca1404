import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rank, wordsOf } from "../../../plugins/library/search.ts";

const TOOLS = [
  { name: "get_weather", description: "Give the weather of a city", tags: ["forecast"], parameters: ["city"] },
  { name: "resizeImage", description: "Change the size of a picture", parameters: ["path", "width"] },
  { name: "send_mail", description: "Send an e-mail; not about the weather", parameters: ["to", "body"] },
  { name: "sum", title: "Add numbers", description: "Sum up", parameters: ["numbers"] },
  { name: "uebersetzen", description: "Übersetzt einen Text ins Französische; 翻訳" },
];
const names = (query: string) => rank(query, TOOLS).map(({ item }) => item.name);

describe("rank()", () => {
  test("puts a match in the name before one in the description", () => {
    assert.deepEqual(names("weather"), ["get_weather", "send_mail"]);
  });

  test("finds by tag, title, parameter and the beginning of a word", () => {
    assert.deepEqual(names("forecast"), ["get_weather"]);
    assert.deepEqual(names("add"), ["sum"]);
    assert.deepEqual(names("width"), ["resizeImage"]);
    assert.deepEqual(names("fore"), ["get_weather"]);
    assert.deepEqual(names("pictures"), ["resizeImage"]);
  });

  test("splits names, ignores case and diacritics, and finds words of scripts without spaces", () => {
    assert.deepEqual(wordsOf("resizeImage HTTPServer snake_case2 Éa 翻訳"), [
      ...["resize", "image", "http", "server", "snake", "case2", "ea", "翻", "訳"],
    ]);
    assert.equal(names("IMAGE")[0], "resizeImage");
    assert.deepEqual(names("franzosische"), ["uebersetzen"]);
    assert.deepEqual(names("訳"), ["uebersetzen"]);
  });

  test("puts the tool of that very name first, and finds nothing for nothing", () => {
    assert.equal(names("sum")[0], "sum");
    assert.deepEqual(names("zzz"), []);
    assert.deepEqual(names("  "), []);
    assert.deepEqual(rank("x", []), []);
  });
});
