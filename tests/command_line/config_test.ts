import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serverSchema } from "../../kernel/command_line/settings.ts";
import { choosePlugins, type Config, configSchema, type LoadedModule, parseConfig } from "../../kernel/config.ts";
import { isKernelError } from "../../kernel/errors.ts";
import { definePlugin, type Plugin } from "../../kernel/plugin.ts";
import { compileSchema } from "../../kernel/schema.ts";
import * as v from "valibot";

const parse = (text: string) => parseConfig(text, { path: "/x/collet.json", server: serverSchema() });

async function refused(work: Promise<unknown>, code: string, message: RegExp) {
  await assert.rejects(work, (thrown) => {
    assert.ok(isKernelError(thrown));
    assert.match(thrown.message, message);
    assert.equal(thrown.code, code);
    return true;
  });
}

describe("parseConfig()", () => {
  test("reads an empty object, and a file with everything", async () => {
    assert.deepEqual(await parse("{}"), { server: {}, ceiling: undefined, mcpServers: undefined, plugins: {} });
    const whole = {
      $schema: "./collet.schema.json",
      server: { log_level: "debug", limits: { max_calls: 1 }, allowed_hosts: ["*"] },
      ceiling: { network: ["a.example:443"], read: ["/data"], memory_mb: 512 },
      mcpServers: { files: { command: "files", args: ["x"] } },
      plugins: { store: { engine: "memory" }, guide: false, "./x.ts": {}, "@acme/words": { locale: "de" } },
    };
    const { $schema: _, ...expected } = whole;
    assert.deepEqual(await parse(JSON.stringify(whole)), expected);
  });

  test("reads a file that begins with a byte order mark", async () => {
    assert.deepEqual((await parse('\uFEFF{"server":{"port":1}}')).server, { port: 1 });
  });

  test("names line and column of what is not JSON", async () => {
    await refused(
      parse('{\n  "server": {\n    "port": 1,\n  }\n}'),
      "CONFIG_INVALID",
      /"\/x\/collet.json": line 4, column 3: expected a key in double quotes, found "}"/,
    );
    await refused(parse("{ // note\n}"), "CONFIG_INVALID", /line 1, column 3: expected a key .* found "\/"/);
    await refused(parse(""), "CONFIG_INVALID", /line 1, column 1: expected a value, found the end of the file/);
  });

  test("names the path of an unknown key, and near keys", async () => {
    await refused(parse('{"sever":{}}'), "CONFIG_INVALID", /unknown key "sever".*"server"/);
    await refused(
      parse('{"server":{"log_levl":"info"}}'),
      "CONFIG_INVALID",
      /"server": unknown key "log_levl".*"log_level"/,
    );
    await refused(
      parse('{"server":{"limits":{"max_cals":1}}}'),
      "CONFIG_INVALID",
      /"server.limits": unknown key "max_cals".*"max_calls"/,
    );
    await refused(parse('{"ceiling":{"netwrk":true}}'), "CONFIG_INVALID", /"ceiling": unknown key "netwrk".*"network"/);
  });

  test("names the path of a value that does not fit", async () => {
    await refused(parse('{"server":{"port":"80"}}'), "CONFIG_INVALID", /"server.port": expected integer, found/);
    await refused(parse('{"server":{"transport":"htp"}}'), "CONFIG_INVALID", /"server.transport": .*"http"/);
    await refused(parse('{"plugins":{"store":true}}'), "CONFIG_INVALID", /"plugins.store"/);
    await refused(parse("[]"), "CONFIG_INVALID", /expected object/);
  });

  test("has no key for the token", async () => {
    await refused(parse('{"server":{"token":"x"}}'), "CONFIG_INVALID", /unknown key "token"/);
  });
});

test("configSchema() is a valid schema", () => {
  const compiled = compileSchema(configSchema(serverSchema()), { what: "collet.json", direction: "input" });
  assert.equal(compiled.jsonSchema["type"], "object");
});

function plugin(name: string, config?: v.GenericSchema): Plugin {
  return definePlugin({ name, version: "1.0.0", ...(config && { config }), setup() {} }) as Plugin;
}

async function choose(plugins: Config["plugins"], modules: Readonly<Record<string, unknown>> = {}) {
  const shipped = [plugin("store", v.strictObject({})), plugin("guide")];
  const load = (specifier: string): Promise<LoadedModule> => {
    if (!(specifier in modules)) return Promise.reject(new Error("no such module"));
    return Promise.resolve({ exported: modules[specifier], url: `file:///${specifier}` });
  };
  const chosen = await choosePlugins(plugins, { shipped, load });
  return chosen.map((it) => [it.plugin.name, it.config]);
}

describe("choosePlugins()", () => {
  test("takes what ships, unless it is left out", async () => {
    assert.deepEqual(await choose({}), [["store", undefined], ["guide", undefined]]);
    assert.deepEqual(await choose({ guide: false, store: { a: 1 } }), [["store", { a: 1 }]]);
  });

  test("adds what the file names, in its order, and nothing that is false", async () => {
    const modules = { "./b.ts": plugin("b"), "a-package": plugin("a", v.strictObject({ x: v.number() })) };
    assert.deepEqual(await choose({ "./b.ts": {}, "a-package": { x: 1 }, "./c.ts": false, guide: false }, modules), [
      ["store", undefined],
      ["b", undefined],
      ["a", { x: 1 }],
    ]);
  });

  test("gives a configuration to a plugin without settings, so that the kernel refuses it", async () => {
    assert.deepEqual((await choose({ guide: { x: 1 } })).at(-1), ["guide", { x: 1 }]);
  });

  test("says what a default export is that is no plugin", async () => {
    const found = async (exported: unknown, message: RegExp) =>
      await refused(choose({ "./x.ts": {} }, { "./x.ts": exported }), "PLUGIN_INVALID", message);
    await found(undefined, /Cannot load plugin ".\/x.ts": its default export is absent, not a plugin/);
    await found(() => {}, /is a function/);
    await found([], /is an array/);
    await found(null, /is null/);
    await found({ name: "x" }, /is an object without version, setup/);
    await found({ name: 1, version: "1", setup() {} }, /is an object with other types/);
  });

  test("names a module that cannot be imported, its cause, and near names", async () => {
    await refused(choose({ "./x.ts": {} }), "PLUGIN_UNLOADABLE", /Cannot load plugin ".\/x.ts"/);
    await refused(choose({ stor: {} }), "PLUGIN_UNLOADABLE", /Cannot load plugin "stor".*did you mean "store"/);
    await assert.rejects(
      choose({ "./x.ts": {} }),
      (thrown) => isKernelError(thrown) && /no such module/.test(thrown.format()),
    );
  });

  test("refuses to leave out what is misspelt", async () => {
    await refused(choose({ gide: false }), "PLUGIN_UNKNOWN", /"gide".*did you mean "guide"/);
    assert.equal((await choose({ "@acme/words": false })).length, 2);
  });
});
