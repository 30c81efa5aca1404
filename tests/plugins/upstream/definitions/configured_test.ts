import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { createEnvironment } from "../../../../kernel/platform/environment.ts";
import { createFiles } from "../../../../kernel/platform/files.ts";
import { readConfigured } from "../../../../plugins/upstream/definitions/configured.ts";

const SKILLZ_TOML = `
[servers.clock]
command = "uvx"
args = ["mcp-server-time", "\${literal}"]
env = { TZ = "UTC" }

[servers.off]
command = "off"
disabled = true
`;
const CURSOR_JSON = `{
  // of a project
  "mcpServers": {
    "My Server/1": { "command": "node", "args": ["\${workspaceFolder}/x.js", "\${userHome}", "a // b", "\${env:A}"], },
    "asked": { "command": "x", "args": ["\${input:key}"] },
  },
}`;
const VSCODE_JSON =
  `{ "inputs": [], /* none */ "servers": { "docs": { "type": "http", "url": "https://a.example/mcp" } } }`;
const SETTINGS_JSON = `{ "editor.tabSize": 2, "mcp": { "servers": { "clock": { "command": "other" } } } }`;

async function makeFolder(tree: Readonly<Record<string, string>>) {
  const path = await mkdtemp(join(tmpdir(), "collet-named-"));
  for (const [file, content] of Object.entries(tree)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  }
  const [files, environment] = [createFiles(path), createEnvironment({ home: path })];
  return { path, files, environment, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

describe("readConfigured()", () => {
  test("reads collet.json, skillz.toml, and the files of Claude, Cursor and VS Code, in turn", async () => {
    await using folder = await makeFolder({
      "skillz.toml": SKILLZ_TOML,
      "project/.cursor/mcp.json": `\uFEFF${CURSOR_JSON}`,
      "project/.vscode/mcp.json": VSCODE_JSON,
      "settings.json": SETTINGS_JSON,
    });
    const paths = ["skillz.toml", "project/.cursor/mcp.json", "project/.vscode/mcp.json", "settings.json"]
      .map((it) => join(folder.path, it));
    const servers = { files: { command: "files" }, "bad name": { command: "x" }, odd: { command: 1 } };
    const { definitions, unusable } = await readConfigured({ servers, paths, ...folder });

    const found = definitions.map(({ name, origin, isDisabled }) => [name, origin, isDisabled]);
    assert.deepEqual(found, [
      ["files", "collet.json", false],
      ["clock", paths[0], false],
      ["off", paths[0], true],
      ["My_Server_1", paths[1], false],
      ["docs", paths[2], false],
    ]);
    const targets = Object.fromEntries(definitions.map(({ name, target }) => [name, target]));
    assert.deepEqual(targets["clock"], {
      kind: "stdio",
      command: "uvx",
      args: ["mcp-server-time", "$${literal}"],
      env: { TZ: "UTC" },
    });
    const args = [`${join(folder.path, "project")}/x.js`, folder.environment.userHome, "a // b", "${env:A}"];
    assert.deepEqual(targets["My_Server_1"], { kind: "stdio", command: "node", args, env: {} });

    const reasons = unusable.map(({ name, reason }) => `${name}: ${reason}`);
    assert.equal(reasons.length, 4, reasons.join("\n"));
    assert.match(reasons[0]!, /^bad name: .*expected 1 to 64/);
    assert.match(reasons[1]!, /^odd: .*"target\.command"/);
    assert.match(reasons[2]!, /^asked: .*nobody is there to be asked/);
    assert.match(reasons[3]!, /^clock: the name "clock" is taken: .*skillz\.toml has it already/);
  });

  test("tells of files that are absent or malformed, and uses the others", async () => {
    await using folder = await makeFolder({ "a.json": "{", "b.json": "{}", "c.toml": "x = [", "d.json": VSCODE_JSON });
    const paths = ["absent.json", "a.json", "b.json", "c.toml", "d.json"].map((it) => join(folder.path, it));
    const { definitions, unusable } = await readConfigured({ servers: {}, paths, ...folder });
    assert.deepEqual(definitions.map(({ name }) => name), ["docs"]);
    const [absent, broken, empty, toml] = unusable.map(({ reason }) => reason);
    assert.match(absent!, /there is no such file; correct the path under "plugins\.upstream\.files"/);
    assert.match(broken!, /not valid JSON/);
    assert.match(empty!, /it names no servers; expected an object "mcpServers" or "servers"/);
    assert.match(toml!, /TOML/i);
  });
});
