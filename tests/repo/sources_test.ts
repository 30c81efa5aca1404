import assert from "node:assert/strict";
import { homedir } from "node:os";
import { describe, test } from "node:test";
import { listFiles, readText, ROOT } from "../../scripts/lib/repository.ts";

const TEXT_REGEXP = /(\.(ts|mjs|js|json|jsonc|md|txt|yml|yaml|toml|sh|py|rb|html|css)|(^|\/)(run|LICENSE|\.[a-z]+))$/;
const texts = listFiles(".").filter((path) => TEXT_REGEXP.test(path)).map((path) => ({ path, text: readText(path) }));

/** Lists `path:line` for every line of the texts that matches. */
function findLines(pattern: RegExp, { but = /^$/ }: { but?: RegExp } = {}): string[] {
  return texts.filter(({ path }) => !but.test(path)).flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => pattern.test(line) ? [`${path}:${index + 1}`] : [])
  );
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

describe("the sources", () => {
  test("are found", () => {
    for (const path of ["deno.json", "kernel/mod.ts", ".ci/run"]) {
      assert.ok(texts.some((text) => text.path === path), path);
    }
  });

  test("hold no path of this machine", () => {
    const places = [ROOT, ...(homedir().length > 5 ? [homedir()] : [])].map(escape);
    assert.deepEqual(findLines(new RegExp(`(^|[^\\w.~/])(${places.join("|")})(/|\\b)`)), []);
  });

  test("name no host of a package registry", () => {
    // in pieces, so that this file holds none either
    const hosts = [
      "registry.npm" + "js",
      "npm.js" + "r.io",
      "files.python" + "hosted",
      "deb." + "debian",
      "proxy.go" + "lang",
    ];
    assert.deepEqual(findLines(new RegExp(hosts.map(escape).join("|"))), []);
  });

  test("end in one line break and have no trailing space", () => {
    const bad = texts.filter(({ path, text }) => !path.includes("/fixtures/") && /[ \t]\n|\n\n$|[^\n]$/.test(text));
    assert.deepEqual(bad.map(({ path }) => path), []);
  });

  test("leave stdout to the protocol: the product never uses console.log", () => {
    // lines of documentation and of code that is shown are not code that runs
    const used = findLines(/^(?!\s*(\*|\/\/)).*\bconsole\.(log|info|debug)\b/, {
      but: /^(?!mod\.ts$|kernel\/|plugins\/).*|(?:examples|remedies|templates)\.ts$|\.md$/,
    });
    assert.deepEqual(used, []);
  });
});
