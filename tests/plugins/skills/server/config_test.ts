import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SkillValueError } from "../../../../plugins/skills/catalog/errors.ts";
import { checkConfig, type McpHttpConfig } from "../../../../plugins/skills/server/config.ts";

describe("checkConfig()", () => {
  test("adds the defaults of the package dcc-mcp-core", async () => {
    const { serverVersion: _, ...settings } = await checkConfig("maya", {});
    assert.deepEqual(settings, {
      port: 8765,
      host: "127.0.0.1",
      endpointPath: "/mcp",
      serverName: "maya-mcp",
      maxSessions: 100,
      sessionTtlSecs: 3600,
      requestTimeoutMs: 30_000,
      allowedOrigins: [],
      allowedHosts: ["localhost", "127.0.0.1", "[::1]"],
      token: undefined,
      stubs: true,
      bundledSkills: false,
      home: undefined,
    });
  });

  test("names the setting that is wrong", async () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ["port", -1],
      ["port", 65_536],
      ["port", 1.5],
      ["port", "8765"],
      ["host", ""],
      ["endpointPath", "mcp"],
      ["endpointPath", "/"],
      ["endpointPath", "/a/../b?"],
      ["serverName", ""],
      ["maxSessions", 0],
      ["sessionTtlSecs", "1"],
      ["requestTimeoutMs", 0],
      ["enableCors", "yes"],
      ["allowedOrigins", "*"],
      ["token", ""],
      ["stubs", 1],
      ["Port", 1],
    ];
    for (const [name, value] of wrong) {
      const refused = (error: unknown) =>
        error instanceof SkillValueError && error.code === "CONFIG_INVALID" && error.message.includes(`"${name}"`);
      await assert.rejects(checkConfig("maya", { [name]: value } as McpHttpConfig), refused, `${name} ${value}`);
    }
    await assert.rejects(checkConfig("maya", null as never), SkillValueError);
  });

  test("refuses names that are no application", async () => {
    for (const name of ["", "a b", "../x", "-a", "x".repeat(40), 5]) {
      const refused = (error: unknown) => error instanceof SkillValueError && error.code === "ARGUMENT_INVALID";
      await assert.rejects(checkConfig(name as string, {}), refused, String(name));
    }
    assert.equal((await checkConfig("3dsmax", { serverName: "own" })).serverName, "own");
  });

  test("wants somebody to vouch for clients that are not of this machine", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.2", "studio.example"]) {
      await assert.rejects(checkConfig("maya", { host }), /"host": .*"token"/);
      assert.equal((await checkConfig("maya", { host, token: "secret" })).allowedHosts, "*");
      assert.equal((await checkConfig("maya", { host }, { authenticate: () => undefined })).host, host);
    }
    for (const host of ["localhost", "127.0.0.2", "::1"]) {
      assert.equal((await checkConfig("maya", { host })).host, host);
    }
  });

  test("lets pages ask only when they are named, or show a token", async () => {
    await assert.rejects(checkConfig("maya", { enableCors: true }), /"enableCors"/);
    const origins = async (config: McpHttpConfig) => (await checkConfig("maya", config)).allowedOrigins;
    assert.deepEqual(await origins({ enableCors: true, token: "t" }), ["*"]);
    assert.deepEqual(await origins({ enableCors: true, allowedOrigins: ["https://a.example"] }), ["https://a.example"]);
    assert.deepEqual(await origins({ allowedOrigins: ["https://a.example"] }), ["https://a.example"]);
    assert.deepEqual(await origins({ allowedOrigins: ["https://a.example"], enableCors: false }), []);
  });
});
