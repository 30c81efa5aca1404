/** Digests and pins, for any tools. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../../../kernel/mod.ts";
import { pinTools } from "../../../../plugins/upstream/catalog/pinning.ts";
import { canonicalJson, digestOfTool } from "../../../../plugins/upstream/catalog/tool_digest.ts";

/** The same value, with the keys of each object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, it]) => [key, reversed(it)]));
}

describe("canonical JSON", () => {
  test("is JSON of the same value, and the same whatever the order of keys", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(reversed(value)), text);
    }));
  });

  test("gives the digest that any other program would compute", async () => {
    const digest = await digestOfTool({
      annotations: { title: "T" },
      name: "n",
      inputSchema: { b: 1, a: [] },
      _meta: {},
    });
    // printf '%s' '{"annotations":{"title":"T"},"inputSchema":{"a":[],"b":1},"name":"n"}' | sha256sum
    assert.equal(digest, "097a841f43335e10f79a5f53f194c8873a1bc1816319ff4b4227fa35fa916e8c");
    const other = await digestOfTool({ annotations: { title: "U" }, name: "n", inputSchema: { b: 1, a: [] } });
    assert.notEqual(other, digest);
  });
});

describe("pins", () => {
  const name = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
  const listing = fc.uniqueArray(fc.record({ name, digest: fc.constantFrom("1", "2", "3") }), {
    selector: (it) => it.name,
  });

  test("hold in strict mode what is not as it was first seen, and follow each change otherwise", () => {
    fc.assert(fc.property(fc.array(listing), fc.boolean(), (listings, isStrict) => {
      const expected = new Map<string, string>();
      let pins: ReadonlyMap<string, string> = new Map();
      for (const listed of listings) {
        const tools = listed.map(({ name, digest }) => ({ tool: { name } as JsonObject, digest }));
        const other = listed.filter(({ name, digest }) => expected.has(name) && expected.get(name) !== digest);
        const pinning = pinTools(tools, pins, isStrict);
        assert.deepEqual(
          pinning.changed,
          other.map(({ name, digest }) => ({ name, oldDigest: expected.get(name), newDigest: digest })),
        );
        for (const { name, digest } of listed) if (!isStrict || !expected.has(name)) expected.set(name, digest);
        assert.deepEqual([...pinning.pins], [...expected]);
        assert.equal(pinning.hasNewPins, JSON.stringify([...pins]) !== JSON.stringify([...expected]));
        pins = pinning.pins;
      }
    }));
  });

  test("are not without number: those of tools that are gone are forgotten first", () => {
    const tools = (from: number) =>
      Array.from({ length: 10_000 }, (_, i) => ({ tool: { name: `t${from + i}` } as JsonObject, digest: "1" }));
    const first = pinTools(tools(0), new Map(), true);
    const third = pinTools(tools(20_000), pinTools(tools(10_000), first.pins, true).pins, true);
    assert.equal(third.pins.size, 20_000);
    assert.deepEqual([third.pins.has("t0"), third.pins.has("t10000"), third.pins.has("t29999")], [false, true, true]);
  });
});
