import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createCall } from "../../../kernel/mod.ts";
import { conformance, testPlugin } from "../../../kernel/testing.ts";
import type { PackageSet } from "../../../plugins/dependencies/contract.ts";
import dependencies from "../../../plugins/dependencies/mod.ts";
import { until } from "../../support/wait.ts";
import { assertNoProcess, processesWith } from "../scripts/kit.ts";
import { choosePath, startDependencies, withVariables } from "./kit.ts";

const SET: PackageSet = { language: "python", packages: ["six"] };
const FAILING = `#!/bin/sh
env > "\${UV_CACHE_DIR%/cache/uv}/env.txt"
echo "asking the index"
echo "no answer of https://ada:secret@index.example.com/simple" >&2
exit 3
`;

/** Never ends, with two processes in whose environment a text can be found. */
function endless(mark: string): string {
  return `#!/bin/sh\nenv MARK=${mark} sleep 1000 &\nenv MARK=${mark} sleep 1000\n`;
}

conformance(dependencies);

describe("an installation", () => {
  test("has the variables of the server that it is meant to have, and no others", async () => {
    await using _ = await choosePath({ uv: FAILING });
    using _variables = withVariables({
      COLLET_TEST_TOKEN: "hidden",
      COLLET_TEST_EXTRA: "shown",
      HTTPS_PROXY: "http://proxy.example.com",
      PIP_INDEX_URL: "https://pip.example.com/simple",
      UV_DEFAULT_INDEX: undefined,
      UV_INDEX_MINE_PASSWORD: "word",
    });
    await using kit = await startDependencies({ config: { env: ["COLLET_TEST_EXTRA"] } });
    await kit.failure(SET);
    const lines = (await readFile(join(kit.home, "env.txt"), "utf8")).split("\n");
    for (
      const line of [
        "COLLET_TEST_EXTRA=shown",
        "HTTPS_PROXY=http://proxy.example.com",
        "PIP_INDEX_URL=https://pip.example.com/simple",
        "UV_INDEX_URL=https://pip.example.com/simple",
        "UV_INDEX_MINE_PASSWORD=word",
        `UV_CACHE_DIR=${kit.home}/cache/uv`,
      ]
    ) {
      assert.ok(lines.includes(line), line);
    }
    assert.ok(!lines.some((line) => line.startsWith("COLLET_TEST_TOKEN")));
  });

  test("that fails says why in the installer's words, without credentials, and leaves nothing", async () => {
    await using _ = await choosePath({ uv: FAILING });
    await using kit = await startDependencies();
    const heard: string[] = [];
    const progress = (_: number, __?: number, message = "") => Promise.resolve(void heard.push(message));
    assert.equal(
      await kit.failure(SET, { progress }),
      'Cannot install the packages of "x" (six): "uv pip compile" failed with exit code 3:\n' +
        "no answer of https://***@index.example.com/simple",
    );
    assert.deepEqual(heard, ["x: installing six", "x: no answer of https://***@index.example.com/simple"]);
    assert.deepEqual(await kit.folders("python"), { kept: [], staged: [] });
    assert.equal(await kit.dependencies.find(SET), undefined);
  });

  test("ends with its tree when the last who waits for it gives up, and not before", async () => {
    const mark = crypto.randomUUID();
    await using _ = await choosePath({ uv: endless(mark) });
    await using kit = await startDependencies();
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [first, second].map(({ signal }) => kit.failure(SET, { signal }));
    await until(async () => (await processesWith(mark)).length >= 2, "the installer");
    first.abort();
    assert.match(await waiting[0]!, /Cancelled by the client/);
    assert.ok((await processesWith(mark)).length >= 2);
    second.abort();
    assert.match(await waiting[1]!, /Cancelled by the client/);
    await assertNoProcess(mark);
    await until(async () => (await kit.folders("python")).staged.length === 0, "an empty staging folder");
  });

  test("is waited for as long as each caller says, and ends when none waits longer", async () => {
    const mark = crypto.randomUUID();
    await using _ = await choosePath({ uv: endless(mark) });
    await using kit = await startDependencies();
    const patient = new AbortController();
    const waiting = kit.failure(SET, { signal: patient.signal });
    await until(async () => (await processesWith(mark)).length >= 2, "the installer");
    const late = { message: 'Cannot install the packages of "y" (six): the installation took longer than 0.2 s' };
    const hurried = () => kit.dependencies.install(SET, { call: createCall({}), owner: "y", timeoutMs: 200 });
    await assert.rejects(hurried(), late);
    assert.ok((await processesWith(mark)).length >= 2);
    patient.abort();
    assert.match(await waiting, /Cancelled by the client/);
    await assertNoProcess(mark);
    await assert.rejects(hurried(), /the installation took longer than 0\.2 s/);
    await assertNoProcess(mark);
  });

  test("ends when its time is over, and when the server stops", async () => {
    const mark = crypto.randomUUID();
    await using _ = await choosePath({ uv: endless(mark) });
    await using kit = await startDependencies({ config: { install_timeout_ms: 300 } });
    assert.match(await kit.failure(SET), /: the installation took longer than 0\.3 s, in "uv pip compile"$/);
    await assertNoProcess(mark);
    await using other = await startDependencies();
    const failing = other.failure(SET);
    await until(async () => (await processesWith(mark)).length >= 2, "the installer");
    await other.kernel.stop();
    assert.match(await failing, /Ended: the server is stopping/);
    await assertNoProcess(mark);
  });
});

test("Dependencies.check() takes the four languages alone", async () => {
  await using kit = await startDependencies();
  await assert.rejects(
    () => kit.dependencies.check({ language: "perl" as "ruby", packages: ["JSON"] }),
    /Cannot install packages of "perl": packages are installed for python, node, deno, ruby/,
  );
});

test("the plugin refuses settings that are not its own", async () => {
  await assert.rejects(testPlugin(dependencies, { ofline: true } as never), /unknown key "ofline"/);
});
