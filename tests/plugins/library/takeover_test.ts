import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { TestEra } from "../../../kernel/testing.ts";
import { programPath, startWords } from "../../command_line/program.ts";
import { ENGINES } from "../store/homes.ts";
import { temporaryHome } from "./kit.ts";

const run = promisify(execFile);
const SECRET = "s3cret";
// as it is it would be redacted
const REVERSED = [...SECRET].reverse().join("");

/** A manifest as skillz writes it: every field, an omitted schema as an invalid one, its own dates. */
function manifestOf(name: string, type: string, more: Record<string, unknown> = {}): string {
  const manifest = {
    ...{ name, version: "1.0.0", description: `Tool ${name}`, tool_type: type, input_schema: { type: "" } },
    ...{ dependencies: [], wasm_dependencies: [], pipeline_steps: [], tags: [], requires_services: [] },
    ...{ created_at: "2025-12-28T10:00:00Z", updated_at: "2025-12-28T10:00:00Z", disabled: false, ...more },
  };
  return JSON.stringify(manifest, null, 2);
}

const PYTHON = `import json, os, sys
import helper

request = json.loads(sys.stdin.readline())
context = request["params"]["context"]
print(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "memory/get", "params": {"key": "visits"}}), flush=True)
visits = json.loads(sys.stdin.readline())["result"]["value"]
print(json.dumps({"jsonrpc": "2.0", "method": "log", "params": {"level": "info", "message": "counting"}}), flush=True)
print(json.dumps({"jsonrpc": "2.0", "id": 8, "method": "memory/set",
  "params": {"key": "visits", "value": visits + 1}}), flush=True)
sys.stdin.readline()
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {
  "helper": helper.WORD, "prefix": sys.prefix, "visits": visits, "cwd": os.getcwd(),
  "key": os.environ["SKILLZ_KEY"][::-1], "told": context["environment"].get("SKILLZ_KEY"),
  "other": os.environ.get("COLLET_TEST_OTHER"), "tools_dir": context["tools_dir"],
  "working_directory": context["working_directory"]}}), flush=True)
`;

const NODE = `const slug = require("slug-lib");
require("readline").createInterface({ input: process.stdin }).once("line", (line) => {
  const { id, params } = JSON.parse(line);
  console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { slug: slug(params.arguments.text), key: [...process.env.SKILLZ_KEY].reverse().join("") } }));
  process.exit(0);
});
`;

const RUBY = `require "json"
request = JSON.parse($stdin.gets)
puts JSON.generate({ jsonrpc: "2.0", id: request["id"], result: { said: request["params"]["arguments"]["text"].upcase, key: ENV["SKILLZ_KEY"].reverse } })
$stdout.flush
`;

const BASH = `#!/bin/bash
read -r request
echo "$(pwd) $(echo "$SKILLZ_KEY" | rev)"
`;

/** Makes a folder of tools as skillz leaves it. */
async function makeSkillzFolder(tools: string): Promise<void> {
  const files: Record<string, string> = {
    "counter/manifest.json": manifestOf("counter", "script", {
      ...{ version: "1.0.1", entry_file: "counter.py", interpreter: "python3", dependencies: ["helper"] },
      annotations: { title: "Counter", readOnlyHint: false },
    }),
    "counter/counter.py": PYTHON,
    "counter/versions/1.0.0/manifest.json": manifestOf("counter", "script", { entry_file: "counter.py" }),
    "counter/versions/1.0.0/counter.py": "print('first')\n",
    "slugify/manifest.json": manifestOf("slugify", "script", {
      ...{ entry_file: "slugify.js", interpreter: "node", dependencies: ["slug-lib@1.0.0"] },
      input_schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    }),
    "slugify/slugify.js": NODE,
    "slugify/env/package.json": '{"name":"skillz-tool","private":true,"dependencies":{"slug-lib":"1.0.0"}}',
    "slugify/env/node_modules/slug-lib/package.json": '{"name":"slug-lib","version":"1.0.0","main":"index.js"}',
    "slugify/env/node_modules/slug-lib/index.js": 'module.exports = (text) => text.toLowerCase().replace(/ /g, "-");',
    "shout/manifest.json": manifestOf("shout", "script", { entry_file: "shout.rb", interpreter: "ruby" }),
    "shout/shout.rb": RUBY,
    "where/manifest.json": manifestOf("where", "script", { entry_file: "where.sh", interpreter: "bash" }),
    "where/where.sh": BASH,
    "itself/manifest.json": manifestOf("itself", "script", { entry_file: "itself.script" }),
    "itself/itself.script": BASH,
    "chain/manifest.json": manifestOf("chain", "pipeline", {
      pipeline_steps: [{ name: "a", tool: "where", args: {} }, { tool: "shout", args: { text: "$a" } }],
    }),
    "clock/manifest.json": manifestOf("clock", "mcp", {
      mcp_server: { command: "uvx", args: ["mcp-server-time"], env: {} },
    }),
    "primes/manifest.json": manifestOf("primes", "wasm", { wasm_dependencies: ["num@0.4"] }),
    "primes/src.rs": "fn main() {}\n",
    "primes/primes.wasm": "\0asm\u0001\0\0\0",
    "services/redis.json": '{"name":"redis","image":"redis:7","ports":["6379:6379"],"network":"skillz_services"}',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(tools, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    if (/\.(py|js|rb|sh|script)$/.test(path)) await chmod(file, 0o755);
  }
  const env = join(tools, "counter/env");
  await run("python3", ["-m", "venv", "--without-pip", env]);
  const [version] = await readdir(join(env, "lib"));
  await writeFile(join(env, "lib", version!, "site-packages/helper.py"), 'WORD = "from the venv"\n');
  await makeMemory(tools);
}

/** Made elsewhere: an engine may write to a database for a while after it was closed. */
async function makeMemory(tools: string): Promise<void> {
  const made = join(dirname(tools), "made.db");
  const db = await ENGINES[0]!.open(made);
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE memory (tool_name TEXT NOT NULL, "key" TEXT NOT NULL,
    value TEXT NOT NULL, created_at INTEGER, updated_at INTEGER, expires_at INTEGER, UNIQUE (tool_name, "key"))`);
  db.prepare("INSERT INTO memory VALUES (?, ?, ?, 0, 0, NULL)").run("counter", "visits", "41");
  for (const ending of ["", "-wal"]) await copyFile(made + ending, join(tools, `.memory.db${ending}`));
  db.close();
}

/** Gives a line for each file and link below a folder: path, mode, time and content. What Python compiles is left out. */
async function fingerprint(folder: string, below = ""): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(join(folder, below))).sort()) {
    const path = below === "" ? name : `${below}/${name}`;
    const found = await lstat(join(folder, path));
    if (name === "__pycache__") continue;
    if (found.isDirectory()) lines.push(...await fingerprint(folder, path));
    else {
      const link = found.isSymbolicLink();
      const content = link ? await readlink(join(folder, path)) : await readFile(join(folder, path));
      const hash = createHash("sha256").update(content).digest("hex");
      lines.push(`${path} ${found.mode.toString(8)} ${found.mtimeMs} ${hash}`);
    }
  }
  return lines;
}

/** Starts the program on a folder of tools, as a user's client does. */
async function connect(options: { readonly home: string; readonly tools: string; readonly era: TestEra }) {
  const { home, tools, era } = options;
  const [command = "", ...args] = startWords(await programPath());
  const { PATH = "", HOME = tmpdir() } = process.env;
  const env = { PATH, HOME, COLLET_HOME: home, TOOLS_DIR: tools, SKILLZ_KEY: SECRET, COLLET_TEST_OTHER: "other" };
  const transport = new StdioClientTransport({ command, args, env, cwd: tmpdir(), stderr: "pipe" });
  let stderr = "";
  transport.stderr?.on("data", (chunk) => stderr += String(chunk));
  const versionNegotiation = { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" } as const;
  const client = new Client({ name: "takeover", version: "1.0.0" }, { versionNegotiation });
  await client.connect(transport);
  return { client, stderr: () => stderr, [Symbol.asyncDispose]: () => client.close() };
}

/** Gives what confines scripts here. */
async function readMechanism(client: Client): Promise<string | null> {
  const { contents } = await client.readResource({ uri: "collet://sandbox" });
  return (JSON.parse((contents[0] as { text: string }).text) as { mechanism: string | null }).mechanism;
}

async function isInstalled(program: string): Promise<boolean> {
  return await run(program, ["--version"]).then(() => true, () => false);
}

describe("a folder of tools made for skillz", () => {
  for (const era of ["2025", "2026"] satisfies TestEra[]) {
    test(`is taken over as it is, for clients of ${era}`, async (t) => {
      await using root = await temporaryHome();
      const [home, tools] = [join(root.path, "home"), join(root.path, "tools")];
      await makeSkillzFolder(tools);
      const before = await fingerprint(tools);
      {
        await using server = await connect({ home, tools, era });
        const { client } = server;
        const call = async (name: string, args = {}) => await client.callTool({ name, arguments: args });
        const mechanism = await readMechanism(client);
        if (mechanism !== null && mechanism !== "bubblewrap") return t.skip(`paths by ${mechanism} are not looked at`);
        const confined = mechanism !== null;
        if (!confined) t.diagnostic("bubblewrap is not installed: tools run as they are");
        // the root of the client, in which the home of the server lies, is not given to tools
        const folder = confined ? "/home/tool" : tmpdir();
        const { prefix, ...counted } = (await call("counter")).structuredContent as { prefix: string };
        assert.deepEqual(counted, {
          ...{ helper: "from the venv", visits: 41, cwd: folder, working_directory: folder },
          ...{ key: REVERSED, told: "[SKILLZ_KEY]", other: null, tools_dir: confined ? "/tools" : tools },
        });
        if (!confined) assert.equal(prefix, join(tools, "counter/env"));
        assert.deepEqual((await call("slugify", { text: "A b C" })).structuredContent, {
          slug: "a-b-c",
          key: REVERSED,
        });
        for (const name of ["where", "itself"]) {
          assert.deepEqual((await call(name)).content, [{ type: "text", text: `${folder} ${REVERSED}` }], name);
        }
        if (await isInstalled("ruby")) {
          assert.deepEqual((await call("shout", { text: "hi" })).structuredContent, { said: "HI", key: REVERSED });
          const said = `${folder} ${REVERSED}`.toUpperCase();
          assert.deepEqual((await call("chain")).structuredContent, { said, key: REVERSED });
        } else t.diagnostic("ruby is not installed: its script was not run");

        const { structuredContent } = await call("list_tools");
        const listed = (structuredContent as { tools: { name: string; state: string; reason?: string }[] }).tools;
        const reasons = listed.filter((it) => it.state !== "ready").map((it) =>
          `${it.name}: ${it.state}: ${it.reason}`
        );
        assert.deepEqual(reasons, []);
        const offered = (await client.listTools()).tools.find((it) => it.name === "counter");
        assert.deepEqual(offered?.annotations, { title: "Counter", readOnlyHint: false });
        assert.equal(offered?.inputSchema.type, "object");
        // a client of 2026 has another process tell it what the server speaks, and that one was the first
        if (era === "2025") assert.match(server.stderr(), /8 tools made by skillz keep what they had/);
      }
      assert.deepEqual(await fingerprint(tools), before, "nothing was written to the folder");
      await using again = await connect({ home, tools, era });
      const { structuredContent } = await again.client.callTool({ name: "counter" });
      assert.deepEqual((structuredContent as { visits: number }).visits, 42, "memory goes on");
      assert.doesNotMatch(again.stderr(), /made by skillz keep/, "said once");
    });
  }
});
