import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codeNames,
  JAVASCRIPT_RESERVED,
  NAMESPACE_META,
  namespaceOf,
  placeTools,
  PYTHON_RESERVED,
} from "../../../../plugins/library/contract.ts";

const named = (tools: readonly string[], reserved: ReadonlySet<string> = JAVASCRIPT_RESERVED) =>
  Object.fromEntries(codeNames(tools, { reserved }));

test("codeNames turns dashes into underscores", () => {
  assert.deepEqual(named(["get-weather", "sum"]), { "get-weather": "get_weather", sum: "sum" });
});

test("codeNames puts an underscore behind a reserved word, and before a digit", () => {
  assert.deepEqual(named(["delete", "memory", "3d-print"]), {
    delete: "delete_",
    memory: "memory_",
    "3d-print": "_3d_print",
  });
  assert.deepEqual(named(["list", "lambda", "delete"], PYTHON_RESERVED), {
    list: "list_",
    lambda: "lambda_",
    delete: "delete",
  });
});

test("codeNames gives a name that two would have to the one that is spelled so, or to none", () => {
  assert.deepEqual(named(["a-b", "a_b"]), { a_b: "a_b" });
  assert.deepEqual(named(["a-b_c", "a_b-c"]), {});
  assert.deepEqual(named(["delete", "delete_"]), { delete_: "delete_" });
});

test("codeNames are identifiers, each once, in whatever order tools come", () => {
  const words = fc.constantFrom("a", "-", "_", "1", "if", "for", "B");
  const name = fc.array(words, { minLength: 1, maxLength: 4 }).map((it) => it.join(""));
  fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 40 }), (tools) => {
    const names = codeNames(tools, { reserved: JAVASCRIPT_RESERVED });
    const identifiers = [...names.values()];
    assert.equal(new Set(identifiers).size, identifiers.length);
    for (const it of identifiers) {
      assert.match(it, /^[A-Za-z_]\w*$/);
      assert.ok(!JAVASCRIPT_RESERVED.has(it));
    }
    const reversed = codeNames(tools.toReversed(), { reserved: JAVASCRIPT_RESERVED });
    for (const tool of tools) assert.equal(reversed.get(tool), names.get(tool));
  }));
});

test("namespaceOf takes the name of the server off the name of the tool", () => {
  const of = (name: string, namespace: unknown) => namespaceOf({ name, meta: { [NAMESPACE_META]: namespace } });
  assert.deepEqual(of("github_create_issue", "github"), { namespace: "github", member: "create_issue" });
  assert.deepEqual(of("my-server-run", "my-server"), { namespace: "my-server", member: "run" });
  assert.equal(of("other_run", "github"), undefined);
  assert.equal(of("github", "github"), undefined);
  assert.equal(of("x_run", { x: 1 }), undefined);
  assert.equal(namespaceOf({ name: "a_b", meta: undefined }), undefined);
});

test("placeTools gives one place to one tool", () => {
  const meta = { [NAMESPACE_META]: "gh" };
  assert.deepEqual(
    placeTools([{ name: "gh-run", meta }, { name: "gh_run", meta }], { reserved: JAVASCRIPT_RESERVED }),
    [{ name: "gh-run", namespace: "gh", member: "run" }, { name: "gh_run", identifier: "gh_run" }],
  );
});
