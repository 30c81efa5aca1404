import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findOffences } from "../../scripts/lib/boundaries.ts";
import { resolveCompanion } from "../../scripts/lib/companions.ts";
import { readDenoCounts, readNodeCounts } from "../../scripts/lib/counts.ts";
import { nameJavaScript } from "../../scripts/lib/declarations.ts";
import { findUndocumented } from "../../scripts/lib/undocumented.ts";
import { eagerBytes, findNodeImports, listExternals } from "../../scripts/lib/metafile.ts";
import { inRepository } from "../support/root.ts";

describe("findOffences()", () => {
  const dependencies = new Set(["hono", "valibot"]);
  const files = (from: string, to: string) => findOffences([{ from, to, isPackage: false }], dependencies).length;
  const packages = (from: string, to: string) => findOffences([{ from, to, isPackage: true }], dependencies).length;

  test("lets the core import itself and schemas, and nothing else", () => {
    assert.equal(files("kernel/kernel.ts", "kernel/scope.ts"), 0);
    assert.equal(files("kernel/kernel.ts", "kernel/platform/node.ts"), 1);
    assert.equal(files("kernel/kernel.ts", "kernel/transports/http.ts"), 1);
    assert.equal(files("kernel/kernel.ts", "plugins/memory/contract.ts"), 1);
    assert.equal(packages("kernel/schema.ts", "valibot"), 0);
    assert.equal(packages("kernel/schema.ts", "hono"), 1);
    assert.equal(packages("kernel/schema.ts", "node:fs"), 1);
  });

  test("lets a plugin import the kernel's surface, its own files and others' contracts", () => {
    assert.equal(files("plugins/memory/mod.ts", "kernel/mod.ts"), 0);
    assert.equal(files("plugins/memory/mod.ts", "plugins/memory/keys.ts"), 0);
    assert.equal(files("plugins/memory/mod.ts", "plugins/store/contract.ts"), 0);
    assert.equal(files("plugins/memory/mod.ts", "plugins/store/keys.ts"), 1);
    assert.equal(files("plugins/memory/mod.ts", "plugins/mod.ts"), 1);
    assert.equal(files("plugins/memory/mod.ts", "kernel/token.ts"), 1);
    assert.equal(packages("plugins/memory/mod.ts", "hono/cors"), 0);
    assert.equal(packages("plugins/memory/mod.ts", "node:fs"), 1);
    assert.equal(packages("plugins/memory/mod.ts", "unlisted"), 1);
  });

  test("keeps the modules of Node to the platform, stdio, the command line and mod.ts", () => {
    for (
      const path of ["kernel/platform/node.ts", "kernel/transports/stdio.ts", "kernel/command_line/io.ts", "mod.ts"]
    ) {
      assert.equal(packages(path, "node:fs"), 0, path);
    }
    assert.equal(packages("kernel/transports/http.ts", "node:fs"), 1);
    assert.equal(packages("kernel/edge.ts", "node:fs"), 1);
  });
});

describe("findUndocumented()", () => {
  const location = { filename: "file:///a.ts", line: 1 };
  const documented = { doc: "Says something." };

  test("names symbols and methods without a description", () => {
    const symbols = [
      { name: "bare", declarations: [{ name: "bare", kind: "function", location }] },
      { name: "told", declarations: [{ name: "told", kind: "function", location, jsDoc: documented }] },
      {
        name: "Thing",
        declarations: [{
          name: "Thing",
          kind: "class",
          location,
          jsDoc: documented,
          def: {
            methods: [
              { name: "open", location },
              { name: "close", location, jsDoc: documented },
              { name: "hidden", location, accessibility: "private" },
              { name: "[Symbol.dispose]", location },
            ],
          },
        }],
      },
    ];
    assert.deepEqual(findUndocumented({ nodes: { "file:///a.ts": { symbols } } }), [
      "/a.ts:1 bare",
      "/a.ts:1 Thing.open()",
    ]);
  });

  test("takes an interface and the token of its name as one symbol", () => {
    const declarations = [{ name: "Memory", kind: "interface", location, jsDoc: documented }, {
      name: "Memory",
      kind: "variable",
      location,
    }];
    assert.deepEqual(findUndocumented({ nodes: { a: { symbols: [{ name: "Memory", declarations }] } } }), []);
  });
});

describe("the counts of tests", () => {
  test("readDenoCounts() reads each summary", () => {
    assert.deepEqual(readDenoCounts("ok | 3 passed (12 steps) | 0 failed | 2 ignored (10ms)\n"), {
      passed: 3,
      failed: 0,
      skipped: 2,
    });
    assert.deepEqual(readDenoCounts("x\nFAILED | 306 passed (554 steps) | 1 failed (1 step) (59s)\n").failed, 1);
  });

  test("readNodeCounts() reads either reporter, and counts what was cancelled as failed", () => {
    assert.deepEqual(readNodeCounts("# pass 5\n# fail 1\n# cancelled 2\n# skipped 3\n# todo 0\n"), {
      passed: 5,
      failed: 3,
      skipped: 3,
    });
    assert.equal(readNodeCounts("ℹ pass 5\n").passed, 5);
  });
});

describe("resolveCompanion()", () => {
  const importer = inRepository("plugins/code/mod.ts");

  test("compiles sources and copies the rest, under names of their own", () => {
    const worker = resolveCompanion(importer, "./worker.ts");
    assert.equal(worker.path, "plugins/code/worker.ts");
    assert.equal(worker.isSource, true);
    assert.match(worker.outputName, /^worker-[0-9a-f]{8}$/);
    const page = resolveCompanion(importer, "./page.html");
    assert.equal(page.isSource, false);
    assert.match(page.outputName, /^[0-9a-f]{8}-page\.html$/);
    assert.notEqual(resolveCompanion(inRepository("plugins/wasm/mod.ts"), "./worker.ts").outputName, worker.outputName);
  });

  test("keeps a folder a folder", () => {
    assert.equal(resolveCompanion(importer, "../../skills/").path, "skills/");
    assert.match(resolveCompanion(importer, "./data/").outputName, /^[0-9a-f]{8}-data\/$/);
  });
});

test("nameJavaScript() rewrites relative imports and leaves the rest", () => {
  const before = 'export * from "./a.ts";\nlet b: import("../b.ts").B;\nexport { c } from "c.ts";\n';
  const after = 'export * from "./a.js";\nlet b: import("../b.js").B;\nexport { c } from "c.ts";\n';
  assert.equal(nameJavaScript(before), after);
});

describe("a metafile", () => {
  const output = (bytes: number, imports: readonly { path: string; kind: string; external?: boolean }[]) => ({
    bytes,
    imports: [...imports],
    inputs: {},
    exports: [],
  });
  const metafile = {
    inputs: {
      "a.ts": { bytes: 1, imports: [{ path: "b.ts", kind: "import-statement" as const }] },
      "b.ts": { bytes: 1, imports: [{ path: "node:fs", kind: "dynamic-import" as const, external: true }] },
    },
    outputs: {
      "a.js": output(1, [{ path: "b.js", kind: "import-statement" }, { path: "c.js", kind: "dynamic-import" }]),
      "b.js": output(10, [{ path: "libsql/x", kind: "import-statement", external: true }]),
      "c.js": output(100, [{ path: "node:fs", kind: "import-statement", external: true }]),
    },
  } as Parameters<typeof eagerBytes>[0];

  test("eagerBytes() counts what loads unasked", () => {
    assert.equal(eagerBytes(metafile, "a.js"), 11);
  });

  test("findNodeImports() gives the chain to each module of Node", () => {
    assert.deepEqual(findNodeImports(metafile, "a.ts"), ["a.ts -> b.ts -> node:fs"]);
  });

  test("listExternals() names the packages that stay outside", () => {
    assert.deepEqual(listExternals(metafile), ["libsql"]);
  });
});
