import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { reasonsOf, TextIndex } from "../../../plugins/library/text_index.ts";
import { termsOf } from "../../../plugins/library/words.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";

interface Item {
  readonly name: string;
  readonly text?: string;
}

function indexOf(items: Readonly<Record<string, Item>>): TextIndex<Item, "name" | "text"> {
  const index = new TextIndex<Item, "name" | "text">({ weights: { name: 3, text: 1 }, texts: (item) => item });
  for (const [id, item] of Object.entries(items)) index.put(id, item);
  return index;
}

const ids = (index: TextIndex<Item, "name" | "text">, query: string) => index.search(query).map((it) => it.id);

describe("termsOf()", () => {
  test("leaves out words that say nothing, and makes no difference between one and many", () => {
    assert.deepEqual(termsOf("The queries of a box, to the boxes and classes"), ["query", "box", "boxe", "classe"]);
    assert.deepEqual(termsOf("status css analysis glass aws"), ["status", "css", "analysis", "glass", "aws"]);
    assert.deepEqual(termsOf("and of the"), []);
  });
});

describe("TextIndex", () => {
  test("weighs fields, counts rare words more, and prefers what matches more words", () => {
    const index = indexOf({
      a: { name: "paint", text: "walls" },
      b: { name: "doors", text: "paint all of them" },
      c: { name: "doors", text: "open and close" },
      d: { name: "windows", text: "open and paint" },
    });
    assert.deepEqual(ids(index, "paint")[0], "a");
    assert.deepEqual(ids(index, "paint doors")[0], "b");
    assert.deepEqual(ids(index, "walls").length, 1);
  });

  test("looks for typos only in words that are found nowhere", () => {
    const index = indexOf({ a: { name: "code" }, b: { name: "mode" }, c: { name: "zbrush" }, d: { name: "cat" } });
    assert.deepEqual(ids(index, "code"), ["a"]);
    assert.deepEqual(ids(index, "bode"), ["a", "b"]);
    assert.deepEqual(ids(index, "zbrsuh"), ["c"]);
    assert.deepEqual(ids(index, "zbrshu mode"), ["c", "b"].sort());
    assert.deepEqual(ids(index, "bat"), [], "three letters are too few");
  });

  test("takes no short word for another one", () => {
    const index = indexOf({ a: { name: "where" }, b: { name: "here" }, c: { name: "share" }, d: { name: "geometry" } });
    assert.deepEqual(ids(index, "sphere"), []);
    assert.deepEqual(ids(index, "sphere geomtery"), ["d"]);
    assert.deepEqual(ids(index, "gometri"), [], "two letters of seven");
    assert.deepEqual(ids(index, "geommetri"), ["d"], "two letters of nine");
  });

  test("says which words are where, and how they are spelt there", () => {
    const index = indexOf({ a: { name: "image_tools", text: "Change imagery and pictures" } });
    const [match] = index.search("Images pitcures chan");
    assert.deepEqual(reasonsOf(match!), [
      { word: "image", found: "image", fields: ["name"] },
      { word: "image", found: "imagery", fields: ["text"] },
      { word: "pitcure", found: "picture", fields: ["text"] },
      { word: "chan", found: "change", fields: ["text"] },
    ]);
  });

  test("indexes nothing before it is asked, and then what changed alone", () => {
    const asked: string[] = [];
    const index = new TextIndex<string, "text">({
      weights: { text: 1 },
      texts: (text) => {
        asked.push(text);
        return { text };
      },
    });
    index.put("a", "one");
    index.put("a", "two");
    index.put("b", "three");
    assert.deepEqual(asked, []);
    assert.deepEqual(index.search("one"), []);
    assert.deepEqual(asked, ["two", "three"]);
    index.put("b", "four");
    index.remove("a");
    index.remove("nobody");
    assert.deepEqual([index.search("four").length, index.search("three").length, index.search("two").length], [
      1,
      0,
      0,
    ]);
    assert.deepEqual(asked, ["two", "three", "three", "two", "four"]);
  });

  test("finds after many changes what an index made at once finds", () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    const words = "paint wall door window open close rice cook boil image resize picture constructor __proto__".split(
      " ",
    );
    const pick = () => words[Math.floor(random() * words.length)]!;
    const items: Record<string, Item> = {};
    const index = indexOf({});
    for (let step = 0; step < 4000; step++) {
      const id = `item ${Math.floor(random() * 40)}`;
      if (random() < 0.3) {
        index.remove(id);
        delete items[id];
      } else {
        items[id] = { name: pick(), ...(random() < 0.8 && { text: `${pick()} ${pick()} ${pick()}` }) };
        index.put(id, items[id]);
      }
      if (step % 3 === 0) index.search(pick());
    }
    const whole = indexOf(items);
    for (const query of [...words, "pain wal", "imgae", "close the door"]) {
      const scores = (it: typeof index) => it.search(query).map(({ id, score }) => [id, score.toFixed(6)]);
      assert.deepEqual(scores(index), scores(whole), `${query}, seed ${seed}`);
    }
  });

  test("keeps its time with texts and queries that want to take it", () => {
    const index = indexOf({
      a: { name: "a", text: "sSsS".repeat(100_000) },
      b: { name: "b", text: "x ".repeat(200_000) },
    });
    for (let i = 0; i < 2000; i++) index.put(`${i}`, { name: `tool ${i}`, text: "use this tool when the user wants" });
    const started = Date.now();
    const query = Array.from({ length: 50_000 }, (_, i) => `word${i}`).join(" ");
    index.search(query);
    index.search("z".repeat(1_000_000));
    index.search("use a tool when a user wants ".repeat(1000));
    assert.ok(Date.now() - started < 20_000);
  });

  test("in many items, ranks by the words that most of them lack", () => {
    const index = indexOf({});
    for (let i = 0; i < 1500; i++) index.put(`${i}`, { name: `skill ${i}`, text: "use when the user asks" });
    index.put("image", { name: "skill for images", text: "use when the user asks to resize" });
    assert.deepEqual(ids(index, "use skill to resize"), ["image"]);
    assert.equal(ids(index, "use").length, 1501);
  });
});
