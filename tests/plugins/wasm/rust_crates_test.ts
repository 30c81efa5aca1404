/**
 * What is written of crates, read of locks and made of what rustc says, without a compiler.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parse } from "smol-toml";
import { isToolError } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { type Crate, manifestOf, readCrates } from "../../../plugins/wasm/build/rust/crates.ts";
import { readCargoMessages } from "../../../plugins/wasm/build/rust/diagnostics.ts";
import { asOlderLock, readLock } from "../../../plugins/wasm/build/rust/lock.ts";
import {
  demanded,
  findTooNew,
  findUnreadable,
  VersionBounds,
} from "../../../plugins/wasm/build/rust/version_bounds.ts";
import { freshSeed } from "../../support/random.ts";

const REGISTRY = "registry+https://github.com/rust-lang/crates.io-index";

/** Reads the manifest that is written of crates. */
function manifest(crates: readonly Crate[]): { readonly [name: string]: unknown } {
  // its objects have no prototype
  return JSON.parse(JSON.stringify(parse(manifestOf({ crates, main: "src.rs", rustVersion: "1.63.0" }))));
}

describe("readCrates", () => {
  test("reads names, versions and features", () => {
    assert.deepEqual(
      readCrates(["serde_json", "serde@1.0[derive,rc]", " rand@>=0.7, <0.9 ", "itoa@=1.0.15", "x[b,a,b]"]),
      [
        { name: "itoa", requirement: "=1.0.15", features: [] },
        { name: "rand", requirement: ">=0.7, <0.9", features: [] },
        { name: "serde", requirement: "1.0", features: ["derive", "rc"] },
        { name: "serde_json", requirement: "*", features: [] },
        { name: "x", requirement: "*", features: ["a", "b"] },
      ],
    );
  });

  for (
    const [word, why] of [
      ["", /malformed/],
      ["-Zx", /malformed/],
      ["1serde", /malformed/],
      ["serde = 1", /malformed/],
      ['serde"\n[dependencies.evil]\npath="/"', /malformed|none by Git/],
      ["serde@1]\n[patch.crates-io", /malformed/],
      ['serde@1", path = "/etc', /none by Git/],
      ["serde@latest", /no version of semver/],
      ["serde@", /no version of semver/],
      ["serde[de rive]", /no name of a feature/],
      ['serde[a"]', /no name of a feature/],
      ["git+https://example.com/x", /none by Git/],
      ["https://example.com/x.git", /none by Git/],
      ["../beside", /none by Git/],
      ["/absolute", /none by Git/],
      ["collet_tool", /whenever the code mentions it/],
      ["x".repeat(400), /more than 300 characters/],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(word).slice(0, 60)}`, () => {
      assert.throws(() => readCrates([word]), (error) => isToolError(error) && why.test(error.message));
    });
  }

  test("refuses a crate that is named twice, however it is written", () => {
    assert.throws(() => readCrates(["serde-json", "serde_json@1"]), /named twice/);
  });

  test("whatever is taken is in the manifest what it says, and nothing else is", () => {
    const seed = freshSeed();
    const letters = fc.constantFrom(..."ab1._-@[]\",='\n\\/ {}*<>^~".split(""));
    const words = fc.string({ unit: letters, maxLength: 24 }).map((rest) => `a${rest}`);
    fc.assert(
      fc.property(words, (word) => {
        let crates: readonly Crate[];
        try {
          crates = readCrates([word]);
        } catch (error) {
          assert.ok(isToolError(error), String(error));
          return;
        }
        const [crate] = crates;
        const written = manifest(crates);
        assert.deepEqual(Object.keys(written), Object.keys(manifest([])));
        const { name, requirement: version, features } = crate!;
        assert.deepEqual(written["dependencies"], {
          [name]: { version, ...(features.length > 0 && { features: [...features] }) },
          collet_tool: { path: "../collet_tool" },
        });
      }),
      { seed, numRuns: 3_000 },
    );
  });
});

describe("readLock", () => {
  const entry = (source: string, checksum = "0") =>
    `version = 3\n[[package]]\nname = "x"\nversion = "1.0.0"\nsource = "${source}"\nchecksum = "${checksum}"\n`;

  test("takes what is of the registry, and what is built from beside the tool", () => {
    const own = '[[package]]\nname = "tool"\nversion = "0.0.0"\ndependencies = ["x"]\n';
    assert.deepEqual(readLock(entry(REGISTRY) + own).map(({ name, checksum }) => [name, checksum]), [
      ["x", "0"],
      ["tool", undefined],
    ]);
  });

  for (
    const [what, lock] of [
      ["a package of Git", entry("git+https://example.com/x#0")],
      ["a package of another registry", entry("registry+https://example.com/index")],
      ["a package without a checksum", `[[package]]\nname = "x"\nversion = "1.0.0"\nsource = "${REGISTRY}"\n`],
      ["what is no TOML", "[[package"],
      ["a list of something else", "package = [1]"],
    ] as const
  ) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readLock(lock), (error) => isToolError(error) && /Cargo\.lock/.test(error.message));
    });
  }

  test("a lock of the newest form is written in the one before", () => {
    assert.equal(asOlderLock("# x\nversion = 4\n\n[[package]]\n"), "# x\nversion = 3\n\n[[package]]\n");
  });
});

describe("VersionBounds", () => {
  test("begins with the version before, then takes growing steps, down to the first of its series", () => {
    const bounds = new VersionBounds();
    const written = () => [...bounds].map(({ requirement }) => requirement);
    const tighten = (version: string) => bounds.tighten({ name: "x", version });
    assert.equal(tighten("1.2.9"), true);
    assert.deepEqual(written(), [">=1.0.0, <1.2.9"]);
    tighten("1.2.8");
    assert.deepEqual(written(), [">=1.0.0, <1.2.7"]);
    tighten("1.2.6");
    assert.deepEqual(written(), [">=1.0.0, <1.2.3"]);
    tighten("1.2.2");
    assert.deepEqual(written(), [">=1.0.0, <1.2.0"]);
    assert.equal(tighten("1.0.1"), false);
    assert.equal(bounds.tighten({ name: "y", version: "0.0.1" }), false);
    assert.equal(bounds.tighten({ name: "y", version: "0.3.2-beta.1" }), true);
    assert.deepEqual(written()[1], ">=0.3.0, <0.3.2");
  });

  test("bounds what others demand, and not what comes with it", () => {
    const [derive, syn] = [{ name: "derive", version: "1.0.229" }, { name: "syn", version: "3.0.9" }];
    const packages = [
      { name: "tool", version: "0.0.0", checksum: undefined, dependencies: ["serde"] },
      { name: "serde", version: "1.0.229", checksum: "0", dependencies: ["derive"] },
      { ...derive, checksum: "0", dependencies: ["syn 3.0.9"] },
      { ...syn, checksum: "0", dependencies: [] },
    ];
    assert.deepEqual(demanded([derive, syn], packages), [derive]);
  });

  test("finds what needs a newer Rust, by what it says or by its edition", async () => {
    const folder = await mkdtemp(join(tmpdir(), "collet-crates-"));
    try {
      const crates = {
        "a-1.0.0": 'rust-version = "1.70"',
        "b-2.0.0": 'edition = "2024"',
        "c-3.0.0": 'edition = "2021"',
      };
      for (const [path, line] of Object.entries(crates)) {
        const [name, version] = path.split("-");
        await mkdir(join(folder, path));
        const text = `[package]\nname = "${name}"\nversion = "${version}"\n${line}\n`;
        await writeFile(join(folder, path, "Cargo.toml"), text);
      }
      const found = await findTooNew(createFiles(folder), [1, 63, 0]);
      assert.deepEqual(found.map(({ name }) => name), ["a", "b"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("reads of which crate the manifest cannot be read", () => {
    const said = "Caused by:\n  failed to parse manifest at `/x/registry/src/index-0/some-crate-1.2.3+x/Cargo.toml`\n";
    assert.deepEqual(findUnreadable(said), [{ name: "some-crate", version: "1.2.3+x" }]);
    assert.deepEqual(findUnreadable("error: no network"), []);
  });
});

describe("readCargoMessages", () => {
  const line = (message: unknown) => JSON.stringify({ reason: "compiler-message", message });

  test("names files of the tool alone, and tells what to write instead", () => {
    const span = { file_name: "/rustc/0/library/core/src/x.rs", line_start: 9, column_start: 9, is_primary: true };
    const stdout = [
      "no JSON",
      line({ message: "aborting due to previous error", level: "error", spans: [], children: [] }),
      line({
        message: "mismatched types",
        level: "error",
        code: { code: "E0308" },
        spans: [{
          ...span,
          label: "expected `u8`",
          expansion: { span: { ...span, file_name: "src.rs", line_start: 3 } },
        }],
        children: [{ level: "help", message: "use", spans: [{ suggested_replacement: "b'a'" }] }],
        rendered: "shown",
      }),
      line({ message: "elsewhere", level: "warning", code: null, spans: [span], children: [] }),
    ].join("\n");
    assert.deepEqual(readCargoMessages(stdout, (path) => path === "src.rs"), {
      diagnostics: [
        {
          severity: "error",
          ...{ file: "src.rs", line: 3, column: 9, code: "E0308" },
          message: "mismatched types: expected `u8`\nhelp: use: `b'a'`",
        },
        { severity: "warning", message: "elsewhere" },
      ],
      rendered: "shown",
    });
  });
});
