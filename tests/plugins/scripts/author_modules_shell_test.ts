import fc from "fast-check";
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import type { Json } from "../../../kernel/mod.ts";
import { freshSeed } from "../../support/random.ts";
import { missing, startScripts, succeed } from "./kit.ts";

/** Asks about every place of every document of the arguments, and answers with what it found. */
const READER = String.raw`. collet_tool.sh
main() {
  local i=0 document found="" place value words
  while document=$(collet_raw "$(collet_arguments)" documents "$i"); do
    value=$(collet_get "$document" member; printf .)
    found="$found,{\"get\":$(collet_quote "${"$"}{value%.}"),\"raw\":$(collet_raw "$document" member)"
    found="$found,\"keys\":$(collet_keys "$document" member | collet_lines),\"each\":[$(collet_each "$document" member | paste -s -d , -)]}"
    i=$((i + 1))
  done
  printf '[%s]' "${"$"}{found#,}"
}
collet_lines() { local line comma=""; printf '['; while IFS= read -r line; do printf '%s%s' "$comma" "$(collet_quote "$line")"; comma=,; done; printf ']'; }
collet_run --json main
`;

/** A text that a shell can hold. */
const text = fc.string({ unit: "binary", maxLength: 30 }).map((it) => it.replaceAll("\0", ""));
/** A name that is a word of a path, and is alone on its line. */
const name = text.map((it) => it.replaceAll("\n", "_").replaceAll("\x1c", "_"));
const value = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    text,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(name, tie("any"), { maxKeys: 4 }),
  ),
})).any;

interface Found {
  readonly get: string;
  readonly raw: Json;
  readonly keys: readonly string[];
  readonly each: readonly (Json | undefined)[];
}

function expectedOf(member: Json): Found {
  const isContainer = typeof member === "object" && member !== null;
  return {
    get: typeof member === "string" ? member : JSON.stringify(member),
    raw: member,
    keys: isContainer ? Object.keys(member) : [],
    each: isContainer ? Object.values(member) : [],
  };
}

for (const shell of ["bash", "sh"]) {
  describe(`the reader of JSON for ${shell}`, { timeout: 120_000 }, () => {
    test("finds in any document what JavaScript finds", async (t) => {
      await using kit = await startScripts();
      const reason = await missing(kit, shell);
      if (reason !== false) return t.skip(reason);
      await kit.register({ name: "reader", interpreter: shell, code: READER, output_schema: { type: "array" } });
      const seed = Number(process.env["COLLET_FUZZ_SEED"] ?? freshSeed()) | 0;
      const documents = fc.sample(fc.record({ other: value, member: value }), { numRuns: 40, seed });
      const answer = await kit.call("reader", { documents });
      succeed(answer);
      // a number that is written in two ways is one number, and -0 is 0
      const normal = (it: unknown) => JSON.parse(JSON.stringify(it));
      assert.deepEqual(
        normal(answer.structuredContent),
        normal(documents.map((it) => expectedOf(it.member))),
        `seed ${seed}`,
      );
    });

    test("refuses what is no JSON", async (t) => {
      await using kit = await startScripts();
      const reason = await missing(kit, shell);
      if (reason !== false) return t.skip(reason);
      const code = `. collet_tool.sh
main() {
  local i=0 text
  while text=$(collet_argument texts "$i"); do
    collet_raw "$text" >&2
    printf '%s ' "$?"
    i=$((i + 1))
  done
}
collet_run main`;
      const bad = [
        "{",
        "[1,]",
        '{"a" 1}',
        "01",
        "tru",
        '"a',
        "[1 2]",
        '{"a":1}x',
        '"a\tb"',
        '"\n"',
        "",
        "{,}",
        "-",
        "[1}",
      ];
      const good = ["{}", " [ ] ", "1e5", '"\\u00e9"', '{"a":[{"b":null}]}', "\n[\n1\n,2]\n", "-0.5E-3"];
      await kit.register({ name: "refuser", interpreter: shell, code });
      const statuses = succeed(await kit.call("refuser", { texts: [...bad, ...good] })).trim().split(" ");
      assert.deepEqual(statuses, [...bad.map(() => "2"), ...good.map(() => "0")]);
    });
  });
}
