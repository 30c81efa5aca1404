/**
 * Variables of a script that name a proxy, where its network is a list of addresses.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sandbox } from "../../../../plugins/sandbox/contract.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import { serveHttp } from "../../sandbox/network_kit.ts";
import { startCaptured } from "./kit.ts";

const OWN = "http://proxy-of-the-script.test:3128";
const CODE = `
import os, sys, urllib.request
print(os.environ["HTTP_PROXY"], os.environ.get("https_proxy", "none"), os.environ["OTHER_PROXY"])
try: print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except OSError as error: print(type(error).__name__)`;

describe("a script with a proxy of its own", { timeout: 120_000 }, () => {
  test("has that of the sandbox, where it reaches listed addresses alone, and the client is told", async (t) => {
    await using service = await serveHttp((_, response) => void response.end("reached"));
    await using kit = await startCaptured({ plugins: [sandbox] });
    if (!await kit.kernel.get(Sandbox)!.canMove()) return t.skip("no sandbox here closes the network");
    await kit.write("a.py", CODE);
    const logs: unknown[] = [];
    const { stdout, stderr } = await kit.run("a.py", {
      env: { HTTP_PROXY: OWN, https_proxy: OWN, http_proxy: OWN, no_proxy: "", OTHER_PROXY: OWN },
      permissions: { network: [`127.0.0.1:${service.port}`] },
      words: [`http://127.0.0.1:${service.port}/`],
    }, { log: (...entry) => void logs.push(entry) });
    assert.match(
      stdout,
      /^http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+ http:\/\/proxy-of-the-script\.test:3128\nreached\n$/,
      stderr,
    );
    assert.deepEqual(logs, [[
      "warning",
      'The sandbox has replaced http_proxy, https_proxy, no_proxy, HTTP_PROXY of "captured" by its own: of the network it ' +
      "was granted single addresses, and no other proxy leads to them",
      undefined,
      "captured",
    ]]);
  });

  test("keeps it elsewhere, and nothing is said", async () => {
    for (const plugins of [[], [sandbox]]) {
      await using kit = await startCaptured({ plugins });
      await kit.write("a.py", "import os; print(os.environ['HTTP_PROXY'])");
      const logs: unknown[] = [];
      const network = plugins.length === 0 ? ["127.0.0.1:1"] : true;
      const { stdout } = await kit.run(
        "a.py",
        { env: { HTTP_PROXY: OWN }, permissions: { network } },
        { log: (...entry) => void logs.push(entry) },
      );
      assert.deepEqual([stdout, logs], [`${OWN}\n`, []]);
    }
  });
});
