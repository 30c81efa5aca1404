import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isToolError } from "../../../kernel/mod.ts";
import { readInlineMetadata } from "../../../plugins/dependencies/inline_metadata.ts";
import { mergePackages } from "../../../plugins/dependencies/merge.ts";
import { compareVersions, findContradiction, parseVersion } from "../../../plugins/dependencies/python_versions.ts";
import { formatRequirement, isMarker, parseRequirement } from "../../../plugins/dependencies/requirements.ts";
import { freshSeed } from "../../support/random.ts";

/** Merges packages of the owners "a", "b" and so on. */
function merge(...packages: readonly (readonly string[])[]): readonly string[] {
  return mergePackages(packages.map((it, index) => ({ owner: "abcdef"[index]!, packages: it }))).packages;
}

function script(...lines: readonly string[]): string {
  return ["# /// script", ...lines.map((line) => `# ${line}`.trimEnd()), "# ///", ""].join("\n");
}

/** Merges what scripts of the owners "a", "b" and so on declare. */
function mergeScripts(...sources: readonly string[]) {
  return mergePackages(sources.map((source, index) => ({ owner: "abcdef"[index]!, ...readInlineMetadata(source) })));
}

describe("parseRequirement()", () => {
  test("reads the parts of PEP 508", () => {
    assert.deepEqual(parseRequirement("Foo_Bar.baz [ Sec.urity , tests,tests] >= 2.8.1 , == 2.8.* ; os_name  == 'x'"), {
      name: "foo-bar-baz",
      extras: ["sec-urity", "tests"],
      clauses: ["==2.8.*", ">=2.8.1"],
      marker: "os_name == 'x'",
    });
    assert.deepEqual(parseRequirement("pip @ https://example.com/1.3.1.zip#sha1=da9234 ; extra == 'x'"), {
      name: "pip",
      extras: [],
      clauses: [],
      url: "https://example.com/1.3.1.zip#sha1=da9234",
      marker: "extra == 'x'",
    });
    assert.equal(parseRequirement("a@git+ssh://git@example.com/a.git@v1;x=1")?.url?.endsWith("@v1;x=1"), true);
    assert.deepEqual(parseRequirement("a(>=1,<2)")?.clauses, ["<2", ">=1"]);
    for (const wrong of ["", "-a", "a-", "a b", "a[", "a[b", "a[-]", "a[b,]", "a>=", "a=1", "a @", "a @ ; x", "a;"]) {
      assert.equal(parseRequirement(wrong), undefined, wrong);
    }
  });

  test("reads markers by their grammar", () => {
    for (
      const marker of [
        "python_version<'3'",
        "'linux' in sys_platform and (os_name=='x' or extra not  in \"y\")",
        "((os_name == 'x'))",
        "os_name == 'a' and os_name == 'b' or os_name == 'c'",
      ]
    ) assert.ok(isMarker(marker), marker);
    for (
      const marker of [
        "",
        "os_name",
        "os_name ==",
        "os_name == 'x' and",
        "(os_name == 'x'",
        "os_name == 'x')",
        "os_name == 'x' os_name == 'y'",
        "and os_name == 'x'",
        "unknown == 'x'",
        "os_name == 'x\"",
        "os_name == '$X'",
        `${"(".repeat(10_000)}os_name == 'x'${")".repeat(10_000)}`,
      ]
    ) assert.ok(!isMarker(marker), marker.slice(0, 50));
  });

  test("reads again what it wrote, and throws at nothing", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?$/);
    const clause = fc.tuple(
      fc.constantFrom("==", ">=", "<", "~=", "!="),
      fc.stringMatching(/^[0-9]{1,2}(\.[0-9]){1,2}$/),
    );
    const marker = fc.constantFrom("", " ; python_version<'3.8'", ' ;(os_name == "x")');
    const known = fc.tuple(name, fc.array(name, { maxLength: 3 }), fc.array(clause, { maxLength: 3 }), marker)
      .map(([it, extras, clauses, condition]) =>
        `${it} [${extras.join(" ,")}] ${clauses.map((both) => both.join(" ")).join(" , ")}${condition}`
      );
    const seed = freshSeed();
    fc.assert(
      fc.property(known, (text) => {
        const first = parseRequirement(text);
        assert.ok(first !== undefined, text);
        assert.deepEqual(parseRequirement(formatRequirement(first)), first);
      }),
      { seed, numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c\[\]<>=~!@;:\/.,'"() -]{0,30}$/), (text) => {
        const first = parseRequirement(text);
        if (first !== undefined) assert.deepEqual(parseRequirement(formatRequirement(first)), first, text);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe("findContradiction()", () => {
  test("orders versions as PEP 440 does", () => {
    const ordered = [
      ...["1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2"],
      ...["1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1", "1.0", "1.0.post456.dev34"],
      ...["1.0.post456", "1.1.dev1", "1.10", "2.0", "1!0.1"],
    ].map((it) => parseVersion(it)!);
    for (let i = 1; i < ordered.length; i++) assert.ok(compareVersions(ordered[i - 1]!, ordered[i]!) < 0, String(i));
    for (const [a, b] of [["1", "1.0.0"], ["1.0-1", "1.0.post1"], ["1.0RC1", "v1.0c1"], ["1.0-alpha.1", "1.0a1"]]) {
      assert.equal(compareVersions(parseVersion(a!)!, parseVersion(b!)!), 0, a);
    }
    for (const wrong of ["", "x", "1.x", "1..2", "1.0+", `1.${"9".repeat(20)}`]) {
      assert.equal(parseVersion(wrong), undefined, wrong);
    }
  });

  test("sees what no version meets, and nothing else", () => {
    const seen = [
      ...[
        "==1.0 ==2.0",
        "==1 >=2",
        ">=2 <2",
        ">2 <=2",
        ">2 <=2.0",
        "<1 ==1.*",
        "==1.* ==2.*",
        "~=1.4 >=2",
        "~=1.4 <1.4",
      ],
      ...["==1.5 !=1.5.0", "==1.5 !=1.*", "==2.0a1 <2", "==1.0+cpu ==1.0+cu118", "==1!1.0 <2", "===1.0 >1.0"],
      ...["~=2.2.post3 ==2.2", "==1.0+cpu !=1.0"],
    ];
    for (const pair of seen) {
      assert.deepEqual(findContradiction(pair.split(" ")), [0, 1], pair);
      assert.deepEqual(findContradiction(["!=99", ...pair.split(" ").reverse()]), [1, 2], pair);
    }
    const unseen = [
      ...[">=1 <2", "==1.0 ==1", "==1.0 ==1.0.0", "==1.0+cpu ==1.0", ">=1 >=2", "!=1 !=2", "==1.* ==1.5", "~=1.4 <2"],
      ...["<=2 >=2", "==1.5 !=1.5.1", "==2.0a1 <2.0a2", "==x ==y", "===1 ===1.0", ">=1.* <1", "~=1 >=3", "==1 !=1+cpu"],
    ];
    for (const pair of unseen) assert.equal(findContradiction(pair.split(" ")), undefined, pair);
  });

  test("agrees with what versions meet each clause by itself", () => {
    const digits = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }));
    const clause = fc.tuple(fc.constantFrom("==", ">=", "<=", "<", ">", "!="), digits);
    const seed = freshSeed();
    fc.assert(
      fc.property(fc.array(clause, { minLength: 1, maxLength: 5 }), digits, (clauses, [major, minor]) => {
        const holds = clauses.every(([operator, [a, b]]) => {
          const order = major - a || minor - b;
          return {
            "==": order === 0,
            ">=": order >= 0,
            "<=": order <= 0,
            "<": order < 0,
            ">": order > 0,
            "!=": order !== 0,
          }[
            operator
          ];
        });
        const found = findContradiction(clauses.map(([operator, version]) => `${operator}${version.join(".")}`));
        assert.ok(!holds || found === undefined, JSON.stringify(clauses));
      }),
      { seed, numRuns: 1_000 },
    );
  });
});

describe("mergePackages()", () => {
  test("unites names, extras and versions, whoever comes first", () => {
    assert.deepEqual(merge(["Foo_Bar[x]>=1"], ["foo-bar[Y.z]<3"], ["foo.bar"]), ["foo-bar[x,y-z]<3,>=1"]);
    assert.deepEqual(merge(["six"], ["idna", "six"]), ["idna", "six"]);
    assert.deepEqual(merge([]), []);
    assert.deepEqual(merge(), []);
    assert.deepEqual(merge(["a~=1.4"], ["a!=1.5"], ["b~=2.0"]), ["a!=1.5,~=1.4", "b~=2.0"]);
  });

  test("keeps markers, and unites under equal ones however they are written", () => {
    assert.deepEqual(
      merge(["a==1 ; python_version<'3.8'", "a[x]==2; python_version >= '3.8'"], ['a[y]; python_version < "3.8"', "a"]),
      ["a", 'a[x]==2 ; python_version >= "3.8"', 'a[y]==1 ; python_version < "3.8"'],
    );
    // whether both hold is for a resolver to say
    assert.equal(merge(["a==1"], ["a==2 ; os_name == 'nt'"]).length, 2);
  });

  test("keeps addresses, with the extras of all", () => {
    const wheel = "https://example.com/six-1.17.0-py2.py3-none-any.whl";
    assert.deepEqual(merge([`six[a] @ ${wheel}`], ["Six[b]"], [`six@${wheel}`]), [`six[a,b] @ ${wheel}`]);
    assert.deepEqual(merge([`six @ ${wheel} ; os_name == 'nt'`], ["six>=1"]), [
      `six @ ${wheel} ; os_name == "nt"`,
      "six>=1",
    ]);
    assert.deepEqual(merge(["/srv/six"], ["/srv/six", "six"]), ["/srv/six", "six"]);
  });

  test("names both owners of what contradicts, and all contradictions", () => {
    const [one, other] = ["https://example.com/a-1.zip", "https://example.com/a-2.zip"];
    const told: readonly (readonly [readonly string[], readonly string[], string])[] = [
      [["x==1.0"], ["X==2.0"], 'x: "a" needs ==1.0, "b" needs ==2.0'],
      [["x==1"], ["x>=2"], 'x: "a" needs ==1, "b" needs >=2'],
      [["x>=2,<3"], ["x[y]<2"], 'x: "a" needs >=2, "b" needs <2'],
      [["x==1; os_name=='nt'"], ['x==2 ; os_name == "nt"'], 'x (where os_name == "nt"): "a" needs ==1, "b" needs ==2'],
      [[`x @ ${one}`], [`x @ ${other}`], `x: "a" needs it from ${one}, "b" needs it from ${other}`],
      [["x>=1"], [`x @ ${one}`], `x: "b" needs it from ${one}, "a" needs >=1`],
      [["x==1", "x==2"], ["y"], 'x: "a" needs ==1 and ==2'],
    ];
    for (const [a, b, line] of told) {
      assert.throws(() => merge(a, b), {
        message: `Cannot unite the declared packages, change what one of them needs:\n- ${line}`,
      });
    }
    assert.throws(
      () => merge(["x==1", "y==1"], ["x==2"], ["y==2"]),
      /\n- x: "a" .* "b" .*\n- y: "a" .* "c" needs ==2$/,
    );
    const secret = "https://ada:secret@example.com/a.zip";
    assert.throws(
      () => merge([`x @ ${secret}`], ["x==1"]),
      (error) => isToolError(error) && !/secret/.test(error.message),
    );
  });

  test("names the owner of what is malformed", () => {
    for (const word of ["-r x", "a b", "", "a; x", "a\n--pre", "../x", "a @ ftp://example.com/a"]) {
      assert.throws(() => merge(["six"], [word]), /^ToolError: Cannot install package .*; "b" declares it$/s, word);
    }
    assert.throws(
      () => mergePackages([{ owner: "a", packages: [], requires: "3.11" }]),
      /Cannot read "requires-python" of "a": "3\.11" is no clause such as ">=3\.11"/,
    );
  });

  test("is the same in any order, of any parts, and merged again", () => {
    const word = fc.constantFrom(
      ...[
        "a",
        "A[x]",
        "a[y,x]>=1",
        "a<3",
        "a==2",
        "a==1 ; os_name == 'nt'",
        'a ;os_name=="nt"',
        "b-C",
        "b.c!=1",
        "a>=9",
      ],
      ...["b_c @ https://example.com/b.zip", "d @ https://example.com/d1.zip", "d @ https://example.com/d2.zip", "d>1"],
    );
    const attempt = (...packages: readonly (readonly string[])[]) => {
      try {
        return merge(...packages);
      } catch (error) {
        assert.ok(isToolError(error), String(error));
        return undefined;
      }
    };
    const seed = freshSeed();
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), fc.array(word, { maxLength: 4 }), (a, b) => {
        const merged = attempt(a, b);
        assert.deepEqual(attempt(b, a), merged);
        assert.deepEqual(attempt([...a, ...b]), merged);
        if (merged !== undefined) assert.deepEqual(merge(merged, a), merged);
      }),
      { seed, numRuns: 500 },
    );
  });
});

// what text searches for quotes, commas and brackets get wrong
describe("declarations of several scripts", () => {
  test("with extras, compatible versions, addresses and markers are read as they are meant", () => {
    const address = "https://example.com/six-1.17.0-py2.py3-none-any.whl";
    const one = script('dependencies = ["httpx[http2]", "rich", "idna~=3.0"]');
    const other = script(
      "dependencies = [",
      '  "httpx[brotli]>=0.27",  # "commented"',
      "  'idna<4',",
      `  "six @ ${address}",`,
      "  \"tomli ; python_version < '3.11'\",",
      "]",
    );
    assert.deepEqual(mergeScripts(one, other), {
      packages: [
        "httpx[brotli,http2]>=0.27",
        "idna<4,~=3.0",
        "rich",
        `six @ ${address}`,
        'tomli ; python_version < "3.11"',
      ],
    });
  });

  test("in one line and in many give one list", () => {
    const one = script('dependencies = ["a", "b"]', 'requires-python = ">=3.9"');
    const many = script("dependencies = [", '  "c",', "]");
    assert.deepEqual(mergeScripts(one, many), { packages: ["a", "b", "c"], requires: ">=3.9" });
    assert.deepEqual(mergeScripts("print()", many), { packages: ["c"] });
  });

  test("with versions of Python are united by commas, unless none is left", () => {
    const requiring = (range: string) => script(`requires-python = "${range}"`);
    assert.equal(
      mergeScripts(requiring(">= 3.9"), requiring(">=3.11,<4"), requiring(">=3.9")).requires,
      "<4,>=3.11,>=3.9",
    );
    assert.throws(
      () => mergeScripts(requiring(">=3.12"), requiring("<3.11")),
      /\n- Python: "a" needs >=3\.12, "b" needs <3\.11$/,
    );
    assert.throws(() => mergeScripts(requiring("~=3.9.1"), requiring("==3.10.*")), /- Python: /);
  });

  test("with other settings of uv are refused, and with the same are not", () => {
    const settings = (...lines: readonly string[]) => script('dependencies = ["a"]', "[tool.uv]", ...lines);
    const first = settings('exclude-newer = "2025-01-01T00:00:00Z"', 'index-url = "https://ada:secret@example.com"');
    const same = settings('index-url = "https://ada:secret@example.com"', 'exclude-newer = "2025-01-01T00:00:00Z"');
    assert.deepEqual(mergeScripts(first, same, script('dependencies = ["b"]')).packages, ["a", "b"]);
    assert.throws(
      () => mergeScripts(first, settings("no-build = true")),
      /\n- \[tool\.uv\]: "a" has \{"exclude-newer".*https:\/\/\*\*\*@example\.com"\}, "b" has \{"no-build":true\}$/,
    );
    assert.throws(() => mergeScripts(first, settings("no-build = true")), (error) => !/secret/.test(String(error)));
  });
});
