import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { startCode } from "./code_kit.ts";

const kit = await startCode();
after(() => kit[Symbol.asyncDispose]());

/** JSON, with keys and texts that are easily broken. */
const json = fc.jsonValue({ maxDepth: 5, noUnicodeString: false });
const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "toJSON", "\0", "\ud800", "then"),
);
const object = fc.dictionary(key, json, { noNullPrototype: true }).map((it) => normal(it) as JsonObject);

function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("any JSON goes through code and a tool and back unchanged", async () => {
  await fc.assert(
    fc.asyncProperty(object, async (given) => {
      const literal = `JSON.parse(${JSON.stringify(JSON.stringify(given))})`;
      assert.deepEqual(normal(await kit.value(`return await echo(${literal})`)), given);
      const { value, session } = await kit.run("session.again = 1; delete session.again; return session", {
        session: given,
      });
      assert.deepEqual([normal(value), normal(session)], [without(given), without(given)]);
    }),
    { numRuns: 60 },
  );
});

function without({ again: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

test("any JSON that code returns is the value", async () => {
  await fc.assert(
    fc.asyncProperty(json, async (given) => {
      const value = await kit.value(`return JSON.parse(${JSON.stringify(JSON.stringify(given))})`);
      assert.deepEqual(normal(value), normal(given));
    }),
    { numRuns: 60 },
  );
});

test("any text is code that ends: with a value or an error of its own", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("javascript", "typescript"),
      async (code, language) => {
        const ended = await kit.run(code, { language: language as never }).catch((error) => error);
        if (ended instanceof Error) assert.equal(ended.name, "ToolError", ended.stack);
      },
    ),
    { numRuns: 60 },
  );
});
