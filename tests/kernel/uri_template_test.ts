import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isKernelError } from "../../kernel/errors.ts";
import { compileTemplate, isTemplate } from "../../kernel/uri_template.ts";
import { randomFrom } from "./random.ts";

const SEED = 20_480;

function isRefused(code: string, words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => isKernelError(thrown) && thrown.code === code && words.test(thrown.message);
}

describe("compileTemplate().match()", () => {
  const cases: readonly (readonly [template: string, uri: string, params: Record<string, string> | undefined])[] = [
    ["skill://{name}", "skill://tea", { name: "tea" }],
    ["skill://{name}", "skill://tea%20pot", { name: "tea pot" }],
    ["skill://{name}", "skill://tea/pot", undefined],
    ["skill://{name}", "skill://tea%2Fpot", { name: "tea/pot" }],
    ["skill://{name}", "skill://tea?x", undefined],
    ["skill://{name}", "skill://", undefined],
    ["skill://{name}", "skills://tea", undefined],
    ["skill://{name}/{+path}", "skill://tea/a/b%20c.md", { name: "tea", path: "a/b c.md" }],
    ["skill://{name}/{+path}", "skill://tea/", undefined],
    ["skill://{name}/SKILL.md", "skill://tea/SKILL.md", { name: "tea" }],
    ["skill://{name}/SKILL.md", "skill://tea/SKILL.mdx", undefined],
    ["test://template/{id}/data", "test://template/123/data", { id: "123" }],
    ["file:///{+path}/{name}", "file:///a/b/c", { path: "a/b", name: "c" }],
    ["x://{name}.{ext}", "x://a.tar.gz", { name: "a.tar", ext: "gz" }],
    ["x://{name}{.ext}", "x://a.gz", { name: "a", ext: "gz" }],
    ["x:/{/a,b}", "x://1/2", { a: "1", b: "2" }],
    ["x:/{/path*}", "x://1/2%203/4", { path: "1/2 3/4" }],
    ["x:/{/path*}", "x://1/2%2F3", undefined],
    ["x://{a,b}", "x://1,2", { a: "1", b: "2" }],
    ["x://{a,b}", "x://1", undefined],
    ["x://h{;a,b}", "x://h;a=1;b=2", { a: "1", b: "2" }],
    ["x://h{#part}", "x://h#a/b", { part: "a/b" }],
    ["x://h{?a,b}", "x://h", {}],
    ["x://h{?a,b}", "x://h?", {}],
    ["x://h{?a,b}", "x://h?b=2&a=1", { b: "2", a: "1" }],
    ["x://h{?a,b}", "x://h?b=1=2", { b: "1=2" }],
    ["x://h{?a,b}", "x://h?a", { a: "" }],
    ["x://h{?a,b}", "x://h?c=3", undefined],
    ["x://h{?a,b}", "x://h?a=1&a=2", undefined],
    ["x://h{?a}", "x://h?a=1#f", undefined],
    ["x://h?fixed=1{&a}", "x://h?fixed=1&a=2", { a: "2" }],
    ["x://h?q={q}&n={n}", "x://h?q=a%26b&n=2", { q: "a&b", n: "2" }],
    ["x://{+path}{?q}", "x://a/b?q=1", { path: "a/b", q: "1" }],
    ["x://{name}", "x://%ff", undefined],
    ["x://{name}", "x://%e2%82", undefined],
    ["x://{name}", "x://100%", undefined],
    ["x://h{?q}", "x://h?q=%ff", undefined],
    ["x://{__proto__}", "x://a", JSON.parse('{"__proto__":"a"}')],
  ];
  for (const [template, uri, params] of cases) {
    test(`of ${template} and ${uri} gives ${params === undefined ? "nothing" : JSON.stringify(params)}`, () => {
      assert.deepEqual(compileTemplate(template).match(uri), params);
    });
  }

  test("takes time linear in the URI", () => {
    const template = compileTemplate("x://" + Array.from({ length: 40 }, (_, index) => `{+p${index}}a`).join("") + "b");
    const start = Date.now();
    assert.equal(template.match("x://" + "a".repeat(8_000)), undefined);
    assert.equal(template.match("x://" + "a".repeat(1_000_000)), undefined);
    assert.ok(Date.now() - start < 2_000);
  });
});

describe("compileTemplate().expand()", () => {
  // after the examples of RFC 6570, section 3.2
  const params = { var: "value", hello: "Hello World!", path: "/foo/bar", x: "1024", y: "768", empty: "" };
  const cases: readonly (readonly [string, string])[] = [
    ["{var}", "value"],
    ["{hello}", "Hello%20World%21"],
    ["{x,hello,y}", "1024,Hello%20World%21,768"],
    ["{+path}/here", "/foo/bar/here"],
    ["{+hello}", "Hello%20World!"],
    ["here?ref={+path}", "here?ref=/foo/bar"],
    ["X{#hello}", "X#Hello%20World!"],
    ["X{.x,y}", "X.1024.768"],
    ["{/var,x}/here", "/value/1024/here"],
    ["{;x,y}", ";x=1024;y=768"],
    ["{?x,y,undef}", "?x=1024&y=768"],
    ["{?x,empty}", "?x=1024&empty="],
    ["?fixed=yes{&x}", "?fixed=yes&x=1024"],
    ["X{?undef}", "X"],
  ];
  for (const [template, expanded] of cases) {
    test(`of ${template} gives ${expanded}`, () => assert.equal(compileTemplate(template).expand(params), expanded));
  }

  test("keeps a slash of a segment apart from one between segments", () => {
    assert.equal(compileTemplate("x:/{/path*}").expand({ path: "a/b c" }), "x://a/b%20c");
    assert.equal(compileTemplate("x:/{/path}").expand({ path: "a/b c" }), "x://a%2Fb%20c");
  });

  test("refuses a missing value and half a surrogate pair", () => {
    const template = compileTemplate("x://{name}");
    assert.throws(() => template.expand({}), isRefused("OPTION_INVALID", /no value for "name"/));
    assert.throws(() => template.expand({ name: "\ud800" }), isRefused("OPTION_INVALID", /surrogate/));
  });

  test(`is undone by match() (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const templates = [
      ...["x://{a}", "x://{a}/{b}", "x://{a}/{+b}", "x:/{/a*}", "x://{a,b}", "x://h{;a,b}", "x://h{#a}", "x:/{/a,b}"],
      ...["x://h{?a,b}", "x://{+a}{?b}", "x://h?f=1{&a,b}", "x://s?a={a}&b={b}", "x:/{/a*}{?b}"],
    ].map(compileTemplate);
    const alphabet = [..."abz019-._~ :/?#[]@!$&'()*+,;=%\"<>\\^`{|}äß中😀", "%41", "..", "//", "\u0000"];
    for (let count = 0; count < 3_000; count++) {
      const template = random.pick(templates);
      const params = Object.fromEntries(
        template.names.map((
          name,
        ) => [name, Array.from({ length: random.between(1, 8) }, () => random.pick(alphabet)).join("")]),
      );
      const uri = template.expand(params);
      assert.deepEqual(
        template.match(uri),
        params,
        `seed ${SEED}: ${template.template} ${JSON.stringify(params)} ${uri}`,
      );
    }
  });
});

describe("compileTemplate()", () => {
  test("tells names in order and the length of what is fixed", () => {
    const { names, fixedLength } = compileTemplate("skill://{name}/{+path}{?page}");
    assert.deepEqual([names, fixedLength], [["name", "path", "page"], "skill:///".length]);
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["x://{", /brace has no partner/],
    ["x://}", /brace has no partner/],
    ["x://{}", /"\{\}" is not an expression/],
    ["x://{a b}", /is not an expression/],
    ["x://{=a}", /is not an expression/],
    ["x://{a:3}", /is not an expression/],
    ["x://{{a}}", /brace has no partner/],
    ["x://{a}{b}", /nothing separates "b"/],
    ["x://{a}{+b}", /nothing separates "b"/],
    ["x://{a}/{a}", /"a" occurs twice/],
    ["x://{?a}/{b}", /follows the parameters of the query/],
    ["x://{?a}/b", /follows the parameters of the query/],
    ["x://?b=1{?a}", /write "\{&a\}"/],
    [`x://${"a".repeat(2_000)}{a}`, /longer than/],
  ];
  for (const [template, words] of refused) {
    test(`refuses ${template.slice(0, 40)}`, () => {
      assert.throws(() => compileTemplate(template), isRefused("NAME_INVALID", words));
    });
  }
});

test("isTemplate() looks for braces", () => {
  assert.deepEqual(["a://{b}", "a://b", "a://{b"].map(isTemplate), [true, false, true]);
});
