import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSource, type Source } from "../../../plugins/sharing/source.ts";

const github = "https://github.com/ada/tools";

test("parseSource() tells what a source is by its words", () => {
  const expected: Readonly<Record<string, Source>> = {
    [github]: { kind: "git", url: github },
    [`${github}.git`]: { kind: "git", url: `${github}.git` },
    [`${github}/#v1`]: { kind: "git", url: github, ref: "v1" },
    [`${github}#:tools/greet`]: { kind: "git", url: github, path: "tools/greet" },
    [`${github}/tree/main/tools/my%20greet`]: { kind: "git", url: github, ref: "main", path: "tools/my greet" },
    [`${github}/archive/refs/heads/main.zip`]: { kind: "url", url: `${github}/archive/refs/heads/main.zip` },
    [`${github}/releases/download/v1/x.tgz`]: { kind: "url", url: `${github}/releases/download/v1/x.tgz` },
    "https://gitlab.com/a/b/c/-/tree/dev/d": { kind: "git", url: "https://gitlab.com/a/b/c", ref: "dev", path: "d" },
    "https://gitlab.com/a/b/c": { kind: "git", url: "https://gitlab.com/a/b/c" },
    "https://gitlab.com/a/b/-/archive/x/b.zip": { kind: "url", url: "https://gitlab.com/a/b/-/archive/x/b.zip" },
    "https://codeberg.org/a/b/src/branch/dev/d": {
      kind: "git",
      url: "https://codeberg.org/a/b",
      ref: "dev",
      path: "d",
    },
    "https://bitbucket.org/a/b/src/dev": { kind: "git", url: "https://bitbucket.org/a/b", ref: "dev" },
    "https://git.example.com/x.git#dev:a/b": {
      kind: "git",
      url: "https://git.example.com/x.git",
      ref: "dev",
      path: "a/b",
    },
    "git+https://example.com/x#dev": { kind: "git", url: "https://example.com/x", ref: "dev" },
    "git@example.com:a/b.git#dev": { kind: "git", url: "git@example.com:a/b.git", ref: "dev" },
    "ada.l@example.com:a": { kind: "git", url: "ada.l@example.com:a" },
    "ssh://git@example.com:2222/a/b": { kind: "git", url: "ssh://git@example.com:2222/a/b" },
    "git://example.com/a": { kind: "git", url: "git://example.com/a" },
    "gist:0aF1": { kind: "gist", id: "0aF1" },
    "gist:0aF1#beef": { kind: "gist", id: "0aF1", ref: "beef" },
    "https://gist.github.com/ada/0af1": { kind: "gist", id: "0af1" },
    "https://gist.github.com/0af1.git": { kind: "gist", id: "0af1" },
    [`https://gist.github.com/ada/0af1/${"ab".repeat(20)}`]: { kind: "gist", id: "0af1", ref: "ab".repeat(20) },
    "https://example.com/x.zip?key=1": { kind: "url", url: "https://example.com/x.zip?key=1" },
    "http://127.0.0.1:8000/x#:tools": { kind: "url", url: "http://127.0.0.1:8000/x", path: "tools" },
    "/srv/tools": { kind: "local", text: "/srv/tools" },
    "~/tools#x": { kind: "local", text: "~/tools#x" },
    "C:\\tools": { kind: "local", text: "C:\\tools" },
    "file:///srv/my%20tools": { kind: "local", text: "/srv/my tools" },
    "git+file:///srv/x.git#dev:a": { kind: "local", text: "/srv/x.git", ref: "dev", path: "a" },
    "git+file:///srv/x": { kind: "local", text: "/srv/x", ref: "HEAD" },
    "file:///C:/tools": { kind: "local", text: "C:/tools" },
  };
  for (const [source, value] of Object.entries(expected)) assert.deepEqual(parseSource({ source }), value, source);
});

test("parseSource() puts together what is given beside the source, and refuses what contradicts it", () => {
  const source = "https://example.com/x.git#dev:a";
  const whole = { kind: "git", url: "https://example.com/x.git", ref: "dev", path: "a" };
  assert.deepEqual(parseSource({ source, ref: "dev", path: "a/" }), whole);
  assert.deepEqual(parseSource({ source: "https://example.com/x.git", ref: "dev", path: "./a" }), whole);
  assert.throws(() => parseSource({ source, ref: "main" }), /names "dev", and "ref" is "main"/);
  assert.throws(() => parseSource({ source, path: "b" }), /names "a", and "path" is "b"/);
});

test("parseSource() refuses words that a program might take for something else", () => {
  const refused = [
    "",
    "x",
    "../x.git",
    "./x",
    "--upload-pack=x",
    "-x@host:y",
    "git@-host:y",
    "git@host::y",
    "ext::sh -c x",
    "fd::17/x.git",
    "git+ext::x",
    "ssh://-oProxyCommand=x/y",
    "https:///x.git",
    "https://ada@example.com/x.git",
    "https://ada:pw@example.com/x.git",
    "ssh://git:pw@example.com/x.git",
    "https://example.com/x.git#--upload-pack=x",
    "https://example.com/x.git#a..b",
    "https://example.com/x.git#a b",
    "https://example.com/x.git#main:../x",
    "https://example.com/x.git#main:/x",
    "https://example.com/x.git?token=1",
    "ssh://git@example.com/x?token=1",
    "javascript:x",
    "data:application/zip,x",
    "gist:",
    "gist:x/../y",
    "https://gist.github.com/bob",
    "a\nb",
  ];
  for (const source of refused) assert.throws(() => parseSource({ source }), { name: "ToolError" }, source);
});
