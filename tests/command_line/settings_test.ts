import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS, limitsTable } from "../../kernel/command_line/limits.ts";
import {
  flagOf,
  keyOf,
  resolveSettings,
  serverSchema,
  settingEntries,
  type SettingName,
  SETTINGS,
  settingsOfPlugin,
  settingsTable,
  settingVariables,
  variableOf,
} from "../../kernel/command_line/settings.ts";
import { KernelError } from "../../kernel/errors.ts";
import { compileSchema } from "../../kernel/schema.ts";

interface Given {
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly file?: Readonly<Record<string, unknown>>;
}

function resolve({ flags = {}, variables = {}, file = {} }: Given) {
  return resolveSettings({
    flags: new Map(Object.entries(flags) as [SettingName, string][]),
    variable: (name) => variables[name],
    file,
    expand: (path) => `/here/${path}`,
    expandFromFile: (path) => `/file/${path}`,
  });
}

/** One setting with a word that means something else than the default, and what it means. */
const SAMPLES: { readonly [K in SettingName]: readonly [word: string, value: unknown] } = {
  transport: ["sse", "http"],
  port: ["0", 0],
  host: ["::1", "::1"],
  tokenFile: ["t", "/here/t"],
  noToken: ["yes", true],
  allowedHosts: ["a.example, b.example", ["a.example", "b.example"]],
  allowedOrigins: ["https://a.example", ["https://a.example"]],
  sandbox: ["bwrap", "bubblewrap"],
  sandboxNetwork: ["1", true],
  hotReload: ["1", true],
  expose: ["all", "all"],
  stubs: ["1", true],
  app: ["maya", "maya"],
  offline: ["on", true],
  logLevel: ["silent", "silent"],
  json: ["TRUE", true],
};

describe("resolveSettings()", () => {
  test("gives the defaults when nothing is said", () => {
    const { limits, ...settings } = resolve({});
    const defaults = Object.fromEntries(settingEntries().map(([name, it]) => [name, it.default]));
    assert.deepEqual(settings, defaults);
    assert.equal(limits.maxCalls, 256);
  });

  for (const [name, [word, value]] of Object.entries(SAMPLES) as [SettingName, [string, unknown]][]) {
    test(`${name} is a flag, a variable and a key`, () => {
      assert.deepEqual(resolve({ flags: { [name]: word } })[name], value);
      assert.deepEqual(resolve({ variables: { [variableOf(name)]: word } })[name], value);
      const isPath = typeof value === "string" && value.startsWith("/here");
      const inFile = typeof SETTINGS[name].default === "string" || isPath ? word : value;
      const expected = isPath ? value.replace("/here", "/file") : value;
      assert.deepEqual(resolve({ file: { [keyOf(name)]: inFile } })[name], expected);
    });
  }

  test("takes the flag before the variable, and the variable before the file", () => {
    const flags = { port: "1" };
    const variables = { COLLET_PORT: "2" };
    const file = { port: 3 };
    assert.equal(resolve({ flags, variables, file }).port, 1);
    assert.equal(resolve({ variables, file }).port, 2);
    assert.equal(resolve({ file }).port, 3);
  });

  test("lets a switch be turned off again", () => {
    assert.equal(resolve({ flags: { offline: "false" }, variables: { COLLET_OFFLINE: "1" } }).offline, false);
    assert.equal(resolve({ variables: { COLLET_OFFLINE: "0" }, file: { offline: true } }).offline, false);
  });

  test("takes an empty variable for one that is not set", () => {
    assert.equal(resolve({ variables: { COLLET_PORT: "" } }).port, 8080);
  });

  test("reads SKILLZ_SANDBOX, after COLLET_SANDBOX", () => {
    assert.equal(resolve({ variables: { SKILLZ_SANDBOX: "firejail" } }).sandbox, "firejail");
    assert.equal(resolve({ variables: { SKILLZ_SANDBOX: "firejail", COLLET_SANDBOX: "off" } }).sandbox, "off");
  });

  test("reads SKILLZ_SANDBOX_NETWORK, after COLLET_SANDBOX_NETWORK", () => {
    for (
      const [word, value] of [["1", true], ["true", true], ["TRUE", true], ["0", false], ["false", false]] as const
    ) {
      const variables = { SKILLZ_SANDBOX_NETWORK: word };
      assert.equal(resolve({ variables, file: { sandbox_network: !value } }).sandboxNetwork, value, word);
      const both = { SKILLZ_SANDBOX_NETWORK: value ? "0" : "1", COLLET_SANDBOX_NETWORK: word };
      assert.equal(resolve({ variables: both }).sandboxNetwork, value, word);
    }
  });

  test("names the flag or variable whose value does not fit, and near words", () => {
    const refused = (given: Given, message: RegExp) =>
      assert.throws(() => resolve(given), (thrown) => {
        assert.ok(thrown instanceof KernelError);
        assert.equal(thrown.code, "OPTION_INVALID");
        assert.match(thrown.message, message);
        return true;
      });
    refused(
      { flags: { transport: "htp" } },
      /--transport "htp": expected one of stdio, http, sse; did you mean "http"/,
    );
    refused({ variables: { COLLET_SANDBOX: "nsjai" } }, /COLLET_SANDBOX "nsjai".*did you mean "nsjail"/);
    refused({ variables: { SKILLZ_SANDBOX: "docker" } }, /SKILLZ_SANDBOX "docker"/);
    for (const word of ["-1", "65536", "1e3", "8080x", " 80", ""]) {
      refused({ flags: { port: word } }, /--port ".*": expected a whole number from 0 to 65535/);
    }
    refused({ flags: { host: " " } }, /--host " ": expected a text that is not empty/);
    refused({ flags: { offline: "maybe" } }, /--offline "maybe": expected true or false/);
    for (const word of ["yes", "on", "no", "2", " 1", "allowed", "host:1"]) {
      for (const name of ["SKILLZ_SANDBOX_NETWORK", "COLLET_SANDBOX_NETWORK"]) {
        refused(
          { variables: { [name]: word } },
          new RegExp(`Cannot use ${name} "${word}": expected 1, true, 0 or false`),
        );
      }
      refused({ flags: { sandboxNetwork: word } }, /--sandbox-network ".*": expected 1, true, 0 or false/);
    }
    refused({ flags: { allowedHosts: "a,,b" } }, /--allowed-hosts "a,,b"/);
  });

  test("does not take names of Object for words", () => {
    assert.throws(() => resolve({ flags: { transport: "constructor" } }), /expected one of/);
  });

  test("completes the limits of the file", () => {
    const { limits } = resolve({ file: { limits: { max_calls: 3 } } });
    assert.equal(limits.maxCalls, 3);
    assert.equal(limits.maxMessageBytes, 16 * 1024 * 1024);
    assert.equal(limits.sessionIdleMs, 30 * 60 * 1000);
    assert.equal(limits.setupTimeoutMs, 30_000);
  });
});

test("settingsOfPlugin() gives what its configuration has and differs from the defaults", () => {
  const given = resolve({ flags: { hotReload: "true", expose: "start" }, variables: { COLLET_OFFLINE: "1" } });
  assert.deepEqual(settingsOfPlugin("library", given), { hot_reload: true });
  assert.deepEqual(settingsOfPlugin("dependencies", given), { offline: true });
  assert.deepEqual(settingsOfPlugin("memory", given), {});
  const confined = resolve({ flags: { sandbox: "bwrap" }, variables: { SKILLZ_SANDBOX_NETWORK: "1" } });
  assert.deepEqual(settingsOfPlugin("sandbox", confined), { sandbox: "bubblewrap", sandbox_network: true });
  assert.deepEqual(settingsOfPlugin("sandbox", given), {});
  const off = resolve({ flags: { hotReload: "false" }, variables: { COLLET_HOT_RELOAD: "1" } });
  assert.deepEqual(settingsOfPlugin("library", off), {});
});

test("settingVariables() gives what differs from the defaults, so that it resolves to the same", () => {
  const flags = Object.fromEntries(Object.entries(SAMPLES).map(([name, [word]]) => [name, word]));
  const settings = resolve({ flags });
  const again = resolveSettings({
    flags: new Map(),
    variable: (name) => settingVariables(settings)[name],
    file: {},
    expand: (path) => path,
    expandFromFile: (path) => path,
  });
  assert.deepEqual(again, settings);
  assert.deepEqual(settingVariables(resolve({})), {});
});

describe("serverSchema()", () => {
  const schema = compileSchema(serverSchema(), { what: "server", direction: "input" });

  test("has each setting and each limit, with its default", () => {
    const { properties } = serverSchema() as { properties: Record<string, { default?: unknown; properties?: object }> };
    assert.deepEqual(Object.keys(properties), [...settingEntries().map(([name]) => keyOf(name)), "limits"]);
    for (const [name, setting] of settingEntries()) assert.deepEqual(properties[keyOf(name)]?.default, setting.default);
    assert.deepEqual(
      Object.keys(properties["limits"]?.properties ?? {}),
      Object.values(LIMITS).map((limit) => limit.key),
    );
  });

  test("refuses limits that no timer or counter can keep", async () => {
    for (const limits of [{ max_calls: 0 }, { grace_ms: -1 }, { session_idle_ms: 2 ** 31 }, { max_calls: 1.5 }]) {
      assert.equal((await schema.parse({ limits })).ok, false, JSON.stringify(limits));
    }
    assert.equal((await schema.parse({ limits: { grace_ms: 0 } })).ok, true);
  });
});

test("settingsTable() has a row for each flag, with its variable and key", () => {
  const rows = settingsTable().split("\n").slice(2);
  for (const [name] of settingEntries()) {
    const row = rows.find((it) => it.includes(`\`--${flagOf(name)}`));
    assert.ok(row?.includes(`\`${variableOf(name)}\``), name);
    assert.ok(row?.includes(`\`${keyOf(name)}\``), name);
  }
  for (const flag of ["--home", "--config", "--version", "--help"]) {
    assert.ok(rows.some((row) => row.includes(`\`${flag}`)), flag);
  }
  assert.ok(rows.every((row) => row.split(/(?<!\\)\|/).length === 7), settingsTable());
});

test("limitsTable() has a row for each limit", () => {
  for (const { key } of Object.values(LIMITS)) assert.ok(limitsTable().includes(`\`${key}\``), key);
});
