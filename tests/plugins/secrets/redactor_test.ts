import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { describe, test } from "node:test";
import { Redactor } from "../../../plugins/secrets/redactor.ts";
import { freshSeed, seededRandom } from "../../support/random.ts";
import { type Encoded, ENCODINGS } from "./encodings.ts";

const RUNS = Number(process.env["COLLET_FUZZ_RUNS"] ?? 300);
const ALPHABETS = [
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  "abcdefXYZ0189-_./+= !\"#$%&'()*,:;<>?@[]^`{|}~\\\t\n",
  'aé ßñ☃漢字😀🔑"\\/\n\u2028',
  "ab",
].map((text) => Array.from(text));

/** Makes random things of a seed, and names the seed in whatever fails. */
function randomly(title: string, run: (pick: Picker) => void): void {
  test(title, () => {
    const seed = Number(process.env["COLLET_SEED"] ?? freshSeed());
    const pick = new Picker(seededRandom(seed));
    try {
      for (let i = 0; i < RUNS; i++) run(pick);
    } catch (thrown) {
      throw new Error(`seed ${seed}: ${(thrown as Error).message}`, { cause: thrown });
    }
  });
}

class Picker {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  number(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  one<T>(items: readonly T[]): T {
    return items[this.number(0, items.length - 1)]!;
  }

  text(least: number, most: number, alphabet = this.one(ALPHABETS)): string {
    let text = "";
    for (let left = this.number(least, most); left > 0; left--) text += this.one(alphabet);
    return text;
  }

  /** Secrets of at least 12 characters, so that chance does not make them. */
  secrets(): Map<string, string> {
    const count = this.number(1, 5);
    return new Map(Array.from({ length: count }, (_, i) => [`${this.text(12, 60)}${i}#`, `KEY_${i}`]));
  }

  /** Cuts a text into pieces. */
  pieces(text: string): string[] {
    const pieces: string[] = [];
    for (let at = 0; at < text.length;) {
      const end = at + this.number(1, this.one([1, 3, 20, 200]));
      pieces.push(text.slice(at, end));
      at = end;
    }
    return pieces;
  }

  /** Encodes a secret in a random way, with random surroundings. */
  hidden(value: string): Encoded {
    return ENCODINGS[this.one(Object.keys(ENCODINGS))]!(
      value,
      this.text(0, 9, ALPHABETS[0]),
      this.text(0, 9, ALPHABETS[0]),
    );
  }
}

function streamed(redactor: Redactor, pieces: readonly string[]): string {
  const stream = redactor.stream();
  return pieces.map((piece) => stream.push(piece)).join("") + stream.end();
}

describe("Redactor", () => {
  for (const [name, encode] of Object.entries(ENCODINGS)) {
    test(`finds a value in the encoding ${name}`, () => {
      for (const value of ["sk-ant-0123456789", 'pass"word\\with/all & <ü>+ 😀\n', "~!*'(); ,/?:@&=+$#"]) {
        const redactor = new Redactor(new Map([[value, "KEY"]]));
        for (const before of ["", "a", "ab", "abc"]) {
          const { text, core } = encode(value, before, "xyz");
          assert.ok(text.includes(core));
          const redacted = redactor.text(text);
          assert.ok(redacted.includes("[KEY]"), redacted);
          assert.ok(!redacted.includes(core), redacted);
          const pieces = Array.from({ length: text.length }, (_, i) => text[i]!);
          assert.equal(streamed(redactor, pieces), redacted);
        }
      }
    });
  }

  randomly("never shows a secret, in random encodings, in texts cut at random places", (pick) => {
    const secrets = pick.secrets();
    const redactor = new Redactor(secrets);
    const cores: string[] = [];
    let text = pick.text(0, 40);
    for (let i = pick.number(1, 6); i > 0; i--) {
      const { text: hidden, core } = pick.hidden(pick.one([...secrets.keys()]));
      cores.push(core);
      text += hidden + pick.text(0, 40);
    }
    const whole = redactor.text(text);
    const inPieces = streamed(redactor, pick.pieces(text));
    for (const core of cores) {
      assert.ok(!whole.includes(core), JSON.stringify({ text, whole, core }));
      assert.ok(!inPieces.includes(core), JSON.stringify({ text, inPieces, core }));
    }
  });

  randomly("gives of pieces what it gives of the whole", (pick) => {
    const secrets = pick.secrets();
    const redactor = new Redactor(secrets);
    const parts = Array.from(
      { length: pick.number(1, 6) },
      // beginnings of secrets, secrets that run into each other, and other text
      () => pick.one([pick.one([...secrets.keys()]).slice(0, pick.number(1, 80)), pick.text(0, 30)]),
    );
    const text = parts.join("").replaceAll(/[\n\\]/g, "n");
    assert.equal(streamed(redactor, pick.pieces(text)), redactor.text(text), JSON.stringify(text));
  });

  randomly("leaves texts without secrets as they are", (pick) => {
    const redactor = new Redactor(pick.secrets());
    const text = pick.text(0, 500);
    assert.equal(redactor.text(text), text);
    assert.equal(streamed(redactor, pick.pieces(text)), text);
    const value = { [pick.text(1, 9)]: [text, 1, null, { a: true }] };
    assert.equal(redactor.value(value), value);
  });

  test("finds base64 and hex that are broken into lines, in pieces as well", () => {
    const value = "a rather long secret, which a program writes in more than one line of its output: 0123456789";
    const redactor = new Redactor(new Map([[value, "KEY"]]));
    for (const encoding of ["base64", "hex"] as const) {
      const encoded = Buffer.from(`user:${value}:rest of it`).toString(encoding);
      for (const newline of ["\n", "\r\n", "\\n", "\n    "]) {
        const text = `${encoded.replace(/.{60}(?=.)/g, `$&${newline}`)}${newline}`;
        const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
        for (
          const shown of [redactor.text(text), streamed(redactor, [text]), streamed(redactor, text.split(/(?<=\n)/))]
        ) {
          assert.ok(shown.includes("[KEY]"), shown);
          assert.ok(!lines.slice(1, -1).some((line) => shown.includes(line)), shown);
        }
      }
    }
  });

  test("leaves no part of secrets that overlap", () => {
    const redactor = new Redactor(new Map([["abcdefgh", "A"], ["efghijkl", "B"], ["fghi", "C"]]));
    assert.equal(redactor.text("x abcdefghijkl y"), "x [A][B] y");
    assert.equal(streamed(redactor, [..."x abcdefghijkl y"]), "x [A][B] y");
  });

  test("takes the longest of values that begin alike", () => {
    const redactor = new Redactor(new Map([["token", "SHORT"], ["token-of-more", "LONG"]]));
    assert.equal(redactor.text("token-of-more, token-of-less"), "[LONG], [SHORT]-of-less");
  });

  test("holds back no more than may be a secret, however long the text", () => {
    const redactor = new Redactor(new Map([["aaaaaaaa", "A"], ["aaaaaaab", "B"]]));
    const stream = redactor.stream();
    let shown = "";
    for (let i = 0; i < 2_000; i++) shown += stream.push("aaaaa");
    assert.ok(shown.startsWith("[A]"));
    assert.equal(shown + stream.push(" and text") + stream.end(), "[A] and text");
    const many = redactor.stream();
    assert.equal(many.push("nothing here;"), "nothing here;");
    assert.equal(many.push(" \n".repeat(50_000)).length, 100_000);
  });

  test("goes on in time that grows with the text, for secrets that repeat themselves as well", () => {
    const redactor = new Redactor(new Map([[`${"a".repeat(60)}b`, "A"]]));
    const started = performance.now();
    assert.equal(redactor.text("a".repeat(500_000)).length, 500_000);
    assert.ok(performance.now() - started < 10_000);
  });

  test("redacts keys, values and numbers of JSON, and what says of itself how it is written", () => {
    const redactor = new Redactor(new Map([["secret-key", "KEY"], ["12345678", "PIN"]]));
    assert.deepEqual(
      redactor.value({
        "the secret-key": ["secret-key", { deep: "a secret-key" }],
        pin: 12345678,
        other: 1234567,
        url: new URL("https://a.example/?k=secret-key"),
        big: 12345678n,
      }),
      {
        "the [KEY]": ["[KEY]", { deep: "a [KEY]" }],
        pin: "[PIN]",
        other: 1234567,
        url: "https://a.example/?k=[KEY]",
        big: "[PIN]",
      },
    );
    const same = { at: new Date(0), list: [1, Number.NaN, undefined] };
    assert.equal(redactor.value(same), same);
    assert.ok(Object.hasOwn(redactor.value(JSON.parse('{"__proto__":{"a":"secret-key"}}')), "__proto__"));
  });

  test("gives up on values without end, and does not show them", () => {
    const ring: Record<string, unknown> = {};
    ring["ring"] = ring;
    assert.throws(() => new Redactor(new Map([["secret-key", "KEY"]])).value(ring), /levels/);
  });

  test("keeps base64 what clients decode", () => {
    const redactor = new Redactor(new Map([["secret-key", "KEY"]]));
    const data = Buffer.from("pixels secret-key pixels").toString("base64");
    const shown = redactor.value({
      content: [{ type: "image", data }, { type: "resource", resource: { blob: data } }],
    });
    const [image, embedded] = shown.content as unknown as [{ data: string }, { resource: { blob: string } }];
    for (const text of [image.data, embedded.resource.blob]) {
      assert.equal(text.length, data.length);
      const bytes = Buffer.from(text, "base64").toString("latin1");
      assert.ok(bytes.startsWith("pixels"), bytes);
      assert.ok(bytes.endsWith("pixels"), bytes);
      assert.ok(!bytes.includes("ecret-ke"), bytes);
    }
  });

  test("does not show a secret by the name of another", () => {
    const redactor = new Redactor(new Map([["PASSWORD", "PASSWORD"], ["other-value", "THE_PASSWORD"]]));
    assert.equal(redactor.text("PASSWORD other-value"), "[…] […]");
  });
});
