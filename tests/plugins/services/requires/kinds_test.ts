/**
 * What tools of each kind are given of the services that they require, with a fake of what starts services: real ones are
 * started in the tests of scripts.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { definePlugin, type Plugin, Processes, textOf, ToolError } from "../../../../kernel/mod.ts";
import { shipped } from "../../../../plugins/mod.ts";
import { withServices } from "../../../../plugins/scripts/given_services.ts";
import { type EnsureOptions, Services } from "../../../../plugins/services/contract.ts";
import { fail, succeed, temporaryHome } from "../../library/kit.ts";
import { startGranting } from "../../scripts/granting.ts";
import { startScripts } from "../../scripts/kit.ts";
import { onlyText, startWasm } from "../../wasm/kit.ts";

const READY = {
  env: { DB_HOST: "127.0.0.1", DB_PORT: "49153", DB_URL: "postgresql://127.0.0.1:49153" },
  addresses: ["127.0.0.1:49153", "localhost:49153"],
};

/** Says that every service is ready, but one. */
function fakeServices(asked: (readonly [readonly string[], EnsureOptions["secrets"]])[] = []): Plugin {
  return definePlugin({
    name: "fake_services",
    version: "1.0.0",
    provides: [Services],
    setup: (ctx) =>
      void ctx.provide(Services, {
        missing: () => Promise.resolve([]),
        ensure(names, { secrets }) {
          asked.push([names, secrets]);
          if (names.includes("sick")) {
            return Promise.reject(new ToolError('Service "sick" is not ready: it is unhealthy'));
          }
          return Promise.resolve(READY);
        },
      }),
  }) as Plugin;
}

const PRINT = 'read -r request; echo "$DB_HOST $DB_PORT $API_KEY"';

describe("scripts that require services", () => {
  test("are given their variables after what they were granted, which the services are told", async () => {
    process.env["COLLET_SECRET_API_KEY"] = "hunter2-hunter3";
    try {
      const asked: (readonly [readonly string[], EnsureOptions["secrets"]])[] = [];
      const plugins = [...shipped.filter((it) => it.name !== "services"), fakeServices(asked)];
      await using server = await startGranting({ plugins, ceiling: { secrets: ["API_KEY"] } });
      const user = await server.connect();
      const tool = { name: "printer", interpreter: "sh", code: PRINT, requires_services: ["db"] };
      const text = succeed(await user.register({ ...tool, grants: { secrets: ["API_KEY"] } }));
      assert.match(text, /- Services: db; started when it is called/);
      const manifest = JSON.parse(await readFile(join(server.home, "tools/printer/manifest.json"), "utf8"));
      assert.deepEqual(manifest.requires_services, ["db"]);
      assert.match(succeed(await user.call("printer")), /^127\.0\.0\.1 49153 \[.*API_KEY.*\]$/);
      assert.deepEqual(asked, [[["db"], { API_KEY: "hunter2-hunter3" }]]);
      await user.register({ ...tool, name: "needy", requires_services: ["db", "sick"] });
      const refused = await user.call("needy");
      assert.deepEqual([refused.isError, textOf(refused)], [true, 'Service "sick" is not ready: it is unhealthy']);
    } finally {
      delete process.env["COLLET_SECRET_API_KEY"];
    }
  });

  test("reach the ports beside what they were granted, and everything where that was granted", () => {
    const networkOf = (network: boolean | readonly string[] | undefined, hasNetwork = false) =>
      withServices({ permissions: { network } }, READY, { hasNetwork }).permissions?.network;
    assert.deepEqual(networkOf(undefined), READY.addresses);
    assert.deepEqual(networkOf(false, true), READY.addresses);
    assert.deepEqual(networkOf(["example.com:443", READY.addresses[0]!]), ["example.com:443", ...READY.addresses]);
    assert.equal(networkOf(true), true);
    assert.equal(networkOf(undefined, true), true);
    const given = withServices({ env: { A: "1" }, permissions: { env: ["A"], read: ["/x"] } }, READY, {
      hasNetwork: false,
    });
    assert.deepEqual(given.env, { A: "1", ...READY.env });
    assert.deepEqual(given.permissions?.env, ["A", "DB_HOST", "DB_PORT", "DB_URL"]);
    assert.deepEqual(given.permissions?.read, ["/x"]);
  });

  test("let Deno read their variables", async (t) => {
    await using kit = await startScripts({ plugins: [fakeServices()] });
    if (await kit.kernel.get(Processes)?.which("deno") === undefined) return t.skip("deno is not installed");
    const code = 'console.log(Deno.env.get("DB_URL"));';
    await kit.register({ name: "deno_tool", interpreter: "deno", code, requires_services: ["db"] });
    assert.equal(succeed(await kit.call("deno_tool")), READY.env.DB_URL);
  });

  test("are not available while nothing starts services, and say what does", async () => {
    await using home = await temporaryHome();
    {
      await using kit = await startScripts({ home: home.path, plugins: [fakeServices()] });
      await kit.register({ name: "printer", interpreter: "sh", code: PRINT, requires_services: ["db"] });
    }
    await using kit = await startScripts({ home: home.path });
    assert.match(
      fail(await kit.call("call_tool", { tool_name: "printer" })),
      /requires services \(db\), and nothing here starts them; the plugin "services" does/,
    );
  });
});

/** Prints its environment. */
const ENVIRONMENT = `(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 20)))
    (drop (call $get (i32.const 1024) (i32.const 8192)))
    (i32.store (i32.const 16) (i32.const 8192))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))))
`;

test("WASM tools that require services are given their variables", async () => {
  await using home = await temporaryHome();
  {
    await using kit = await startWasm({ home: home.path });
    await kit.build({ name: "environment", language: "wat", code: ENVIRONMENT });
  }
  const path = join(home.path, "tools/environment/manifest.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...manifest, requires_services: ["db"] }));
  {
    await using kit = await startWasm({ home: home.path, before: [fakeServices()] });
    const variables = onlyText(await kit.call("environment")).split("\0");
    for (const [name, value] of Object.entries(READY.env)) assert.ok(variables.includes(`${name}=${value}`), name);
  }
  await using kit = await startWasm({ home: home.path });
  assert.match(fail(await kit.call("call_tool", { tool_name: "environment" })), /the plugin "services" does/);
});
