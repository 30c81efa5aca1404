import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findOffences } from "../../scripts/lib/boundaries.ts";
import { resolveCompanion } from "../../scripts/lib/companions.ts";
import { readDenoCounts, readNodeCounts } from "../../scripts/lib/counts.ts";
import { nameJavaScript } from "../../scripts/lib/declarations.ts";
import { Lanes } from "../../scripts/lib/lanes.ts";
import { eagerBytes, findNodeImports, listExternals } from "../../scripts/lib/metafile.ts";
import { NODE_VERSIONS } from "../../scripts/lib/nodes.ts";
import { listFiles } from "../../scripts/lib/repository.ts";
import { joinOutcomes } from "../../scripts/lib/step.ts";
import { filesOnNode, TEST_PLACES } from "../../scripts/lib/test_steps.ts";
import { findUndocumented } from "../../scripts/lib/undocumented.ts";
import { inRepository } from "../support/root.ts";
import { defer, type Deferred, pause } from "../support/wait.ts";

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

describe("Lanes", () => {
  /** Gives work that ends when it is told to, and what of it has begun. */
  function makeWork(lanes: Lanes) {
    const begun: string[] = [];
    const begin = (name: string, width: number): { end: Deferred<void>; done: Promise<void> } => {
      const end = defer();
      const done = lanes.run(width, () => {
        begun.push(name);
        return end.promise;
      });
      return { end, done };
    };
    return { begun, begin };
  }

  test("gives lanes in the order in which they were asked for, wide work before narrow work behind it", async () => {
    const { begun, begin } = makeWork(new Lanes(4));
    const [a, b] = [begin("a", 2), begin("b", 1)];
    const [wide, last] = [begin("wide", 4), begin("last", 1)];
    await pause(1);
    assert.deepEqual(begun, ["a", "b"]);
    a.end.resolve();
    await a.done;
    await pause(1);
    assert.deepEqual(begun, ["a", "b"]);
    b.end.reject(new Error("on purpose"));
    await assert.rejects(b.done, /on purpose/);
    await pause(1);
    assert.deepEqual(begun, ["a", "b", "wide"]);
    wide.end.resolve();
    await wide.done;
    last.end.resolve();
    await last.done;
    assert.deepEqual(begun, ["a", "b", "wide", "last"]);
  });

  test("gives what asks for more than there is all of it", async () => {
    const lanes = new Lanes(2);
    assert.equal(await lanes.run(9, () => Promise.resolve("done")), "done");
    assert.equal(await lanes.run(2, () => Promise.resolve("done")), "done");
  });
});

describe("joinOutcomes()", () => {
  const counts = { passed: 2, failed: 0, skipped: 1 };

  test("adds the tests of jobs up", () => {
    assert.deepEqual(joinOutcomes([{ status: "ok", counts }, { status: "ok", counts, output: "much" }]), {
      status: "ok",
      note: "4 passed, 2 skipped",
      counts: { passed: 4, failed: 0, skipped: 2 },
    });
    assert.deepEqual(joinOutcomes([{ status: "ok", note: "3 files" }]), { status: "ok", note: "3 files" });
  });

  test("is as bad as the worst job, and shows what that printed", () => {
    const failed = { ...counts, failed: 1 };
    const outcomes = [
      { status: "missing", note: "no Node" },
      { status: "failed", counts: failed, output: "why" },
      { status: "ok", counts, output: "much" },
    ] as const;
    const joined = joinOutcomes(outcomes);
    assert.equal(joined.status, "failed");
    assert.equal(joined.output, "why");
    assert.deepEqual(joined.counts, { passed: 4, failed: 1, skipped: 2 });
    assert.equal(joinOutcomes([outcomes[2], outcomes[0]]).note, "no Node");
  });

  test("takes jobs that ran no test at all as failed", () => {
    const none = { status: "ok", counts: { passed: 0, failed: 0, skipped: 2 } } as const;
    assert.equal(joinOutcomes([none, none]).status, "failed");
    assert.equal(joinOutcomes([none, { status: "ok", counts }]).status, "ok");
  });
});

describe("filesOnNode()", () => {
  const files = listFiles("tests", "_test.ts");
  const oldest = NODE_VERSIONS[0]!;
  const newest = NODE_VERSIONS.at(-1)!;

  test("gives the oldest Node most, and something of each folder but that of the scripts", () => {
    const given = filesOnNode(oldest, files);
    assert.ok(given.length < files.length && given.length > 0.8 * files.length, `${given.length} of ${files.length}`);
    const folders = new Set(
      files.map((path) => path.split("/").slice(0, path.startsWith("tests/plugins/") ? 3 : 2).join("/")),
    );
    const left = [...folders].filter((folder) => !given.some((path) => path.startsWith(`${folder}/`)));
    assert.deepEqual(left, ["tests/repo"]);
  });

  test("gives each Node what may differ from one to another, and the newest more than those between", () => {
    const folders = ["command_line", "fixtures", "platform", "plugins/store", "plugins/tasks", "transports"];
    const kept = files.filter((path) => folders.some((folder) => path.startsWith(`tests/${folder}/`)));
    assert.deepEqual(kept.filter((path) => !filesOnNode(newest, files).includes(path)), []);
    const processes = files.filter((path) => path.startsWith("tests/platform/"));
    for (const version of NODE_VERSIONS.slice(1)) {
      const given = filesOnNode(version, files);
      assert.deepEqual(processes.filter((path) => !given.includes(path)), []);
      assert.ok(given.includes("tests/plugins/library/hot_reload_test.ts"));
      assert.ok(!given.includes("tests/kernel/catalog_test.ts"));
    }
  });

  test("names only files that are there", () => {
    assert.deepEqual(TEST_PLACES.filter((place) => !files.some((path) => path.startsWith(place))), []);
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
