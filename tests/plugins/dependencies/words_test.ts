import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isToolError } from "../../../kernel/mod.ts";
import type { PackageLanguage } from "../../../plugins/dependencies/contract.ts";
import { readDenoLock } from "../../../plugins/dependencies/deno.ts";
import { readInlineMetadata } from "../../../plugins/dependencies/inline_metadata.ts";
import { readNodeLock } from "../../../plugins/dependencies/node.ts";
import { readPythonLock } from "../../../plugins/dependencies/python.ts";
import { readRubyLock } from "../../../plugins/dependencies/ruby.ts";
import { isVersionWithin } from "../../../plugins/dependencies/version_ranges.ts";
import { normalizePackages } from "../../../plugins/dependencies/words.ts";
import { freshSeed } from "../../support/random.ts";

const LANGUAGES: readonly PackageLanguage[] = ["python", "node", "deno", "ruby"];

function normalize(language: PackageLanguage, word: string, direct = false): string {
  return normalizePackages({ language, packages: [word], allow: { direct } })[0]!;
}

describe("normalizePackages()", () => {
  test("gives packages of each language in one way of writing", () => {
    const expected: Readonly<Record<PackageLanguage, Readonly<Record<string, string>>>> = {
      python: {
        "Six": "six",
        "foo_Bar.baz": "foo-bar-baz",
        "requests >= 2.31, <3": "requests<3,>=2.31",
        "a (~=1.0)": "a~=1.0",
        "a==1.*": "a==1.*",
        "httpx[ http2 , Brotli ]==0.27.0": "httpx[brotli,http2]==0.27.0",
        "a; python_version < '3.8' and (sys_platform == \"linux\")":
          "a ; python_version < '3.8' and (sys_platform == \"linux\")",
      },
      node: {
        "left-pad": "left-pad@*",
        "lodash@^4": "lodash@^4",
        "@scope/name@1.2 || 2": "@scope/name@1.2 || 2",
        "a@next": "a@next",
      },
      deno: { "npm:chalk@5": "npm:chalk@5", "npm:/@a/b": "npm:@a/b", "jsr:@std/path@1/posix": "jsr:@std/path@1/posix" },
      ruby: { rainbow: "rainbow", "nokogiri:1.16": "nokogiri:1.16", "a:~>3.1,<4": "a:< 4,~> 3.1" },
    };
    for (const language of LANGUAGES) {
      for (const [word, normal] of Object.entries(expected[language])) assert.equal(normalize(language, word), normal);
    }
    assert.deepEqual(normalizePackages({ language: "python", packages: ["b", "a", "B"] }), ["a", "b"]);
  });

  test("refuses options, addresses, paths and what is malformed", () => {
    const wrong: Readonly<Record<PackageLanguage, readonly string[]>> = {
      python: ["six; rm -rf /", "six;", "a b", "$(x)", "`x`", "six@", "six[", "a; os_name", "a; __import__ == '1'"],
      node: ["a/b", "github:a/b", "a@npm:b@1", "@/x", "a b", "$(x)", "a@;"],
      deno: ["chalk", "chalk@5", "jsr:chalk", "npm:", "node:fs", "data:text/javascript,1", "file:///etc/passwd"],
      ruby: ["a.gem", "a b", "a:latest", "a:1;", "https://example.com/a.gem", "./a", "/a"],
    };
    const everywhere = [
      "",
      " ",
      "-e .",
      "--index-url=https://example.com",
      "-r x",
      "a\n--pre",
      "a\0",
      // where Python ends a line of a requirements file
      'a ; os_name == "\x85--index-url https://example.com\x85# "',
      'a ; os_name == "\u2028--index-url https://example.com"',
      "../../etc",
      "\\\\a\\b",
    ];
    for (const language of LANGUAGES) {
      for (const word of [...wrong[language], ...everywhere]) {
        assert.throws(() => normalize(language, word), isToolError, `${language} ${JSON.stringify(word)}`);
      }
    }
  });

  test("takes addresses where they are granted, but neither variables nor relative paths", () => {
    const addresses: readonly (readonly [PackageLanguage, string])[] = [
      ["python", "six @ https://example.com/six-1.17.0-py2.py3-none-any.whl"],
      ["python", "six @ git+https://example.com/six.git@1.17.0"],
      ["python", "six[a] @ https://example.com/six.whl ; python_version < '3.12'"],
      ["python", "/srv/six"],
      ["node", "https://example.com/a.tgz"],
      ["node", "a@git+ssh://git@example.com/a.git#v1"],
      ["node", "@scope/a@https://example.com/a.tgz"],
      ["deno", "https://example.com/a.ts"],
    ];
    for (const [language, word] of addresses) {
      assert.equal(normalize(language, word, true), word);
      assert.throws(() => normalize(language, word), /has to be granted \(direct_dependencies\)/, word);
    }
    assert.throws(() => normalize("python", "six @ https://example.com/${TOKEN}", true), /holds a "\$"/);
    assert.throws(() => normalize("python", "six @ https://example.com/six.whl ; x", true), /it is malformed/);
    assert.throws(() => normalize("python", "./six", true), /a path has to be absolute/);
    assert.throws(() => normalize("node", "a@../b", true), /a path has to be absolute|malformed/);
  });

  test("lets through nothing that an installer could take for something else", () => {
    const seed = freshSeed();
    const word = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.stringMatching(/^[-@a-z0-9:\/=<>~\[\];.$ "']{0,40}$/),
    );
    fc.assert(
      fc.property(fc.constantFrom(...LANGUAGES), word, (language, given) => {
        let normal: string;
        try {
          normal = normalize(language, given);
        } catch (error) {
          assert.ok(isToolError(error), String(error));
          return;
        }
        assert.equal(normalize(language, normal), normal);
        assert.match(normal, /^[A-Za-z0-9@_]/);
        // deno-lint-ignore no-control-regex -- that is what is refused
        assert.doesNotMatch(normal, /[\0-\x1f\x7f-\x9f\u2028\u2029$`\\]|:\/\/|\.\.\//);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe("readInlineMetadata()", () => {
  test("reads the block by the grammar of PEP 723, whatever the ends of lines", () => {
    const source = [
      "#!/usr/bin/env python3",
      "# /// script",
      '# requires-python = ">=3.11"',
      "# dependencies = [",
      '#   "requests[socks]<3", # why',
      "#   'rich',",
      "# ]",
      "#",
      "# [tool.uv]",
      '# index-url = "https://index.example.com"',
      "# [tool.other]",
      "# x = 1",
      "# ///",
      "import requests",
    ];
    for (const end of ["\n", "\r\n"]) {
      // tables of TOML have no prototype
      assert.deepEqual(JSON.parse(JSON.stringify(readInlineMetadata(source.join(end)))), {
        packages: ["requests[socks]<3", "rich"],
        requires: ">=3.11",
        uvSettings: { "index-url": "https://index.example.com" },
      });
    }
  });

  test("takes no other comment for a block", () => {
    for (
      const source of [
        "",
        'text = """\n # /// script\n"""',
        '# /// script\n# dependencies = ["a"]\nprint()\n# ///',
        '# /// pyproject\n# dependencies = ["a"]\n# ///',
        '## /// script\n# dependencies = ["a"]\n# ///',
        '# /// script\n#dependencies = ["a"]\n# ///',
      ]
    ) {
      assert.deepEqual(readInlineMetadata(source).packages, [], source);
    }
  });

  test("says what is malformed", () => {
    const block = (content: string) => `# /// script\n# ${content}\n# ///\n`;
    const wrong = {
      [block("dependencies = [")]: /Cannot read the inline metadata of the script \(PEP 723\)/,
      [block('dependencies = "a"')]: /"dependencies" is not a list of texts/,
      [block("dependencies = [1]")]: /"dependencies" is not a list of texts/,
      [block("requires-python = 3.11")]: /"requires-python" is not a text/,
      [`${block("dependencies = []")}\n${block("dependencies = []")}`]: /there are 2 "# \/\/\/ script" blocks/,
    };
    for (const [source, reason] of Object.entries(wrong)) {
      assert.throws(() => readInlineMetadata(source), reason, source);
    }
  });
});

test("isVersionWithin() compares releases by every operator", () => {
  const within = [
    "",
    ">=3.11",
    ">=3.11,<4",
    "==3.11.*",
    "~=3.11",
    "~=3.11.2",
    "!=3.12",
    ">3.11",
    "===3.11.7",
    "<=3.11.7",
  ];
  for (const range of within) assert.ok(isVersionWithin("3.11.7", range), range);
  const outside = ["<3.11", ">=3.12", "==3.11", "!=3.11.*", "~=3.12", "~=3.11.8", ">3.11.7", "==3.1.*"];
  for (const range of outside) assert.ok(!isVersionWithin("3.11.7", range), range);
  for (const range of ["3.11", "=>3", "^20", ">=three", ">=3.*"]) {
    assert.throws(() => isVersionWithin("3.11.7", range), /Cannot read version range/, range);
  }
});

describe("locks that come from elsewhere", () => {
  const hash = "0".repeat(64);
  const allow = {};

  test("of Python hold versions with hashes, and nothing else", () => {
    const read = (lock: string, direct = false) => readPythonLock(lock, { packages: ["six"], allow: { direct } });
    const pinned = `# packages: six\nsix==1.17.0 ; python_version > '3' \\\n    --hash=sha256:${hash}\n`;
    assert.equal(read(pinned), pinned);
    for (
      const line of [
        "six==1.17.0",
        "six>=1 --hash=sha256:" + hash,
        "--index-url https://example.com",
        "-e .",
        "-r other.txt",
        `six @ https://example.com/six.whl --hash=sha256:${hash}`,
        `six==1.17.0 --hash=sha256:${hash} --config-settings=x`,
        `six==1.17.0 --hash=md5:${hash}`,
      ]
    ) {
      assert.throws(() => read(`${line}\n`), /is not one version with its hashes/, line);
    }
    // pip and uv end lines where a comment, or a marker, seems to go on
    const option = "--index-url https://example.com";
    for (const end of ["\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]) {
      for (const start of ["# packages: six", "# x", `six==1.17.0 --hash=sha256:${hash} # x`, "six==1.17.0 ; x"]) {
        const lock = `${start}${end}${option}${end}six==1.17.0 --hash=sha256:${hash}\n`;
        for (const direct of [false, true]) {
          assert.throws(() => read(lock, direct), /holds a control character|other packages/, JSON.stringify(lock));
        }
      }
    }
    for (const marker of ["--index-url x", "x", "python_version > '3' -r x", ""]) {
      for (const start of ["six==1.17.0", "six @ https://example.com/six.whl"]) {
        const line = `${start} ; ${marker} --hash=sha256:${hash}`;
        assert.throws(() => read(`${line}\n`, true), /is not one version with its hashes/, line);
      }
    }
    assert.ok(read("six @ https://example.com/six.whl\n", true));
    assert.throws(() => read("--index-url https://example.com\n", true), /is not one version/);
    assert.throws(
      () => read(`# packages: idna\nidna==3 --hash=sha256:${hash}`),
      /that of other packages \(idna\), not of six/,
    );
  });

  test("of npm hold packages of the registry with hashes; addresses are taken out", () => {
    const integrity = `sha512-${"A".repeat(86)}==`;
    const lock = (path: string, entry: object) =>
      JSON.stringify({ lockfileVersion: 3, packages: { "": {}, [path]: entry }, dependencies: { old: {} } });
    const good = { version: "1.0.0", resolved: "https://example.com/a.tgz", integrity };
    const read = JSON.parse(readNodeLock(lock("node_modules/@a/b", good), { allow }));
    assert.deepEqual(read, {
      lockfileVersion: 3,
      packages: { "": {}, "node_modules/@a/b": { version: "1.0.0", integrity } },
    });
    const needs = { dependencies: { b: "^1 || >=2.0.0-x", c: "npm:@x/y@^4", d: "latest", e: "" } };
    assert.ok(readNodeLock(lock("node_modules/a", { ...good, ...needs }), { allow }));
    const wrong: readonly (readonly [string, object, RegExp])[] = [
      ["node_modules/a", { ...good, integrity: undefined }, /has no hash/],
      ["node_modules/a", { ...good, version: "git+ssh://example.com/a" }, /has no version of the registry/],
      ["node_modules/a", { ...good, link: true }, /is not of the registry/],
      ["node_modules/a", { ...good, dependencies: { b: "https://example.com/b.tgz" } }, /needs "b" from elsewhere/],
      ["node_modules/a", { ...good, optionalDependencies: { b: "owner/name" } }, /needs "b" from elsewhere/],
      ["node_modules/a", { ...good, peerDependencies: { b: "file:../b" } }, /needs "b" from elsewhere/],
      ["../a", good, /is not of the registry/],
      ["node_modules/../../a", good, /is not of the registry/],
    ];
    for (const [path, entry, reason] of wrong) {
      assert.throws(() => readNodeLock(lock(path, entry), { allow }), reason, path);
    }
    for (const text of ["", "[]", "{}", '{"lockfileVersion":1,"packages":{}}']) {
      assert.throws(() => readNodeLock(text, { allow }), /it is no package-lock\.json/, text);
    }
  });

  test("of Deno name no addresses", () => {
    const read = (more: object) => readDenoLock(JSON.stringify({ version: "5", ...more }), { allow });
    assert.ok(read({ npm: { "a@1.0.0": { integrity: "sha512-x" } } }));
    assert.throws(() => read({ remote: { "https://example.com/a.ts": hash } }), /"remote" names addresses/);
    assert.throws(() => read({ redirects: { "https://a": "https://b" } }), /"redirects" names addresses/);
    assert.throws(
      () => read({ npm: { a: { integrity: "x", tarball: "https://example.com" } } }),
      /package "a" names addresses/,
    );
    assert.throws(() => read({ npm: { a: {} } }), /package "a" has no hash/);
    assert.throws(() => readDenoLock("{}", { allow }), /it is no deno\.lock/);
  });

  test("of Ruby are read line by line", () => {
    const line = `rainbow 3.1.1 ruby sha256:${hash}`;
    assert.deepEqual(readRubyLock(`# packages: rainbow\n${line}\n`, ["rainbow"]), [
      { name: "rainbow", version: "3.1.1", platform: "ruby", hash },
    ]);
    assert.throws(() => readRubyLock(`# packages: a\n${line}`, ["rainbow"]), /its first line is/);
    for (const bad of ["rainbow 3.1.1", line.replace("rainbow", "-x"), line.replace("3.1.1", "../x"), `${line} x`]) {
      assert.throws(() => readRubyLock(`# packages: rainbow\n${bad}`, ["rainbow"]), /is not a gem with/, bad);
    }
  });
});
