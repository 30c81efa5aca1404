/**
 * What Python code declares in itself: packages by PEP 723, from the real registry, and modules of skills.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { choosePath, uvPath } from "../../dependencies/kit.ts";
import { grantLines, inlineMetadata, skillText } from "../../skills/scripts/python/kit.ts";
import { type PythonCodeKit, startPythonCode } from "./kit.ts";

const SKILLS = {
  harbour: {
    "tides.py": `${inlineMetadata('dependencies = ["six==1.16.0"]')}import os, six
from lib.moon import PHASE
KEY = os.environ.get("HARBOUR_KEY")
def high():
    return [PHASE, six.__version__, KEY]
`,
    "lib/moon.py": "PHASE = 'full'\n",
    ".env": "HARBOUR_KEY=herring-and-salt\n",
  },
  asking: {
    "SKILL.md": skillText("asking", grantLines({ network: ["nowhere.invalid"] })),
    "a.py": "A = 1\n",
  },
};

/** Writes code that declares what it imports. */
function importing(skills: readonly string[], code: string, ...more: readonly string[]): string {
  return `${inlineMetadata(...more, "[tool.collet]", `skills = ${JSON.stringify(skills)}`)}${code}`;
}

describe("what Python code declares", { timeout: 300_000 }, () => {
  let kit: PythonCodeKit;
  let path: AsyncDisposable;
  before(async () => {
    const uv = uvPath();
    path = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
    kit = await startPythonCode({ skills: SKILLS });
  });
  after(async () => {
    await kit[Symbol.asyncDispose]();
    await path[Symbol.asyncDispose]();
  });

  test("are packages, which are installed before it runs", async () => {
    const code = `${
      inlineMetadata('dependencies = ["six==1.17.0"]')
    }import six\nreturn [six.__version__, word_count(text="a b")]`;
    assert.deepEqual((await kit.run(code)).value, ["1.17.0", { words: 2 }]);
    // the installation takes no time of the run, nor does a second one
    assert.deepEqual((await kit.run(code, { limits: { timeoutMs: 10_000 } })).value, ["1.17.0", { words: 2 }]);
    const option = await kit.fail(inlineMetadata('dependencies = ["--index-url=https://packages.invalid"]'));
    assert.match(option.message, /--index-url/);
  });

  test("are modules of skills, with their packages and variables, which are not shown", async () => {
    const logged: string[] = [];
    const log = (_: unknown, text: unknown) => Promise.resolve(void logged.push(String(text)));
    const code =
      "from tides import high, KEY\nprint(KEY)\nphase, version, key = high()\nreturn [phase, version, len(key), key]";
    const { value, printed } = await kit.run(importing(["harbour:tides.py"], code), { call: { log } });
    assert.deepEqual(value, ["full", "1.16.0", "herring-and-salt".length, "[HARBOUR_KEY]"]);
    const raised = await kit.fail(importing(["harbour:tides.py"], "from tides import KEY\nraise ValueError(KEY)"));
    assert.match(raised.message, /ValueError: \[HARBOUR_KEY\]$/);
    assert.match(printed, /HARBOUR_KEY/);
    assert.doesNotMatch(printed + logged.join(), /herring/);
  });

  test("are nothing that is not there, may not be used, or contradicts itself", async () => {
    const refusals: readonly (readonly [string, RegExp])[] = [
      [importing(["none:a.py"], "return 1"), /"?none"?/],
      [importing(["harbour:none.py"], "return 1"), /skill "harbour" has no file "none\.py"/],
      [importing(["harbour:.env"], "return 1"), /holds secrets/],
      [importing(["harbour"], "return 1"), /Invalid skill reference format/],
      [importing(["asking:a.py"], "return 1"), /nowhere\.invalid|network/],
      [importing(["harbour:tides.py"], "return 1", 'dependencies = ["six==1.15.0"]'), /the code[^]*harbour:tides\.py/],
      [
        `${inlineMetadata("[tool.collet]", "skills = 3")}return 1`,
        /"skills" of \[tool\.collet\] is not a list of texts/,
      ],
    ];
    for (const [code, words] of refusals) assert.match((await kit.fail(code)).message, words, code);
  });

  test("cannot be changed by it", async () => {
    const code = `import tides
try:
    open(tides.__file__, "a").write("x")
except OSError as error:
    return type(error).__name__`;
    const { value } = await kit.run(importing(["harbour:tides.py"], code));
    assert.ok(["OSError", "PermissionError"].includes(String(value)), String(value));
  });
});
