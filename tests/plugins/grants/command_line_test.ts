import assert from "node:assert/strict";
import { test } from "node:test";
import { compose } from "../../../kernel/command_line/compose.ts";
import type { Program } from "../../../kernel/command_line/program.ts";
import { resolveSettings, serverSchema } from "../../../kernel/command_line/settings.ts";
import { parseConfig } from "../../../kernel/config.ts";
import { createCall, isKernelError, type Plugin } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import exposure from "../../../plugins/exposure/mod.ts";
import { GrantPolicy } from "../../../plugins/grants/contract.ts";
import grants from "../../../plugins/grants/mod.ts";
import { runner } from "./kit.ts";

/** Composes a kernel as the command line does, from the text of `collet.json`. */
async function composed(text: string, shipped: readonly Plugin[] = [grants, runner]) {
  const program: Program = {
    info: { name: "test", version: "1.0.0" },
    url: import.meta.url,
    plugins: () => Promise.resolve({ shipped, exposure }),
  };
  const same = (path: string) => path;
  const settings = resolveSettings({
    flags: new Map(),
    variable: () => undefined,
    file: {},
    expand: same,
    expandFromFile: same,
  });
  const { kernel } = await compose(program, {
    settings,
    config: await parseConfig(text, { path: "/x/collet.json", server: serverSchema() }),
    platform: createEdgePlatform(),
    log: fakeLog(),
    exposeErrors: true,
    load: (specifier) => Promise.reject(new Error(`no module ${specifier}`)),
  });
  return kernel;
}

const WANTED = { tool: "news", digest: "d1", grants: { secrets: ["SKILLZ_KEY"], install_scripts: true } };

test("ceiling of collet.json is that of the plugin grants", async () => {
  await using kernel = await composed('{"ceiling":{"secrets":["SKILLZ_*"],"install_scripts":true}}');
  await kernel.start();
  const given = await kernel.get(GrantPolicy)!.authorize(WANTED, createCall());
  assert.deepEqual(given.secrets, ["SKILLZ_KEY"]);
});

test("without a ceiling in collet.json the default one holds", async () => {
  await using kernel = await composed("{}");
  await kernel.start();
  await assert.rejects(kernel.get(GrantPolicy)!.authorize(WANTED, createCall()), /"ceiling": \{"secrets"/);
});

test("a ceiling of collet.json that cannot hold is told at the start", async () => {
  await using kernel = await composed('{"ceiling":{"read":["data"]}}');
  await assert.rejects(kernel.start(), (thrown) => {
    assert.ok(isKernelError(thrown) && thrown.code === "CONFIG_INVALID");
    assert.match(thrown.message, /"ceiling.read": "data" is no absolute path/);
    return true;
  });
});

test("a ceiling of collet.json troubles nobody who leaves the plugin out", async () => {
  for (
    const [text, shipped] of [['{"ceiling":{},"plugins":{"grants":false}}', [grants]], ['{"ceiling":{}}', []]] as const
  ) {
    await using kernel = await composed(text, shipped);
    await kernel.start();
    assert.equal(kernel.get(GrantPolicy), undefined);
  }
});
