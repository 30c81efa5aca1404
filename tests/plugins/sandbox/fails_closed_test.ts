import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeFolder, programPath, runProgram, startWords, type TestFolder } from "../../command_line/program.ts";
import { hasProgram } from "../dependencies/kit.ts";

/** Takes the right to make namespaces from a program and all that it starts, as many containers do. */
const WITHOUT_NAMESPACES = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"];

async function makeHome(): Promise<TestFolder> {
  const home = await makeFolder();
  await home.write("tools/hello/hello.sh", `read -r request; echo hello > ${home.path}/ran; echo hello`);
  const manifest = {
    name: "hello",
    description: "x",
    tool_type: "script",
    interpreter: "sh",
    format: 1,
    version: "1.0.0",
  };
  await home.write("tools/hello/manifest.json", JSON.stringify(manifest));
  return home;
}

const canTry = await hasProgram("bwrap", "--version");

describe(
  "the sandbox where no namespaces can be made",
  { skip: canTry ? false : "bubblewrap is not installed" },
  () => {
    for (const mode of ["auto", "bubblewrap", "required"]) {
      test(`with "${mode}" runs nothing, and says what is missing and what to do`, async () => {
        await using home = await makeHome();
        const words = [...WITHOUT_NAMESPACES, ...startWords(await programPath())];
        const { code, stdout, stderr } = await runProgram(["call", "hello", "--sandbox", mode], {
          home: home.path,
          words,
        });
        const said = `${stdout}${stderr}`;
        assert.notEqual(code, 0, said);
        assert.match(said, /Cannot confine: /);
        assert.match(said, /bwrap does not start: [^]*namespace/);
        assert.match(said, /allow user namespaces: sysctl user\.max_user_namespaces/);
        assert.match(said, /--sandbox off/);
        assert.doesNotMatch(stdout, /^hello$/m);
        assert.equal(existsSync(join(home.path, "ran")), false);
      });
    }

    test("is run without by who says so, and by nobody else", async () => {
      await using home = await makeHome();
      const words = [...WITHOUT_NAMESPACES, ...startWords(await programPath())];
      const { code, stdout, stderr } = await runProgram(["call", "hello", "--sandbox", "off"], {
        home: home.path,
        words,
      });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /hello/);
      assert.equal(existsSync(join(home.path, "ran")), true);
    });
  },
);
