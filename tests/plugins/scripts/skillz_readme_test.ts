/**
 * What the README of skillz 0.8.4 shows its users to type, as far as it is about scripts, secrets and roots.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import type { Call, JsonObject, ToolResult } from "../../../kernel/mod.ts";
import { temporaryHome } from "../library/kit.ts";
import { ERAS, startGranting } from "./granting.ts";
import { fail, type ScriptKit, startScripts, succeed } from "./kit.ts";

/** "Set secrets in your shell". */
const SECRETS = { SKILLZ_OPENAI_KEY: "sk-...", SKILLZ_API_TOKEN: "your-secret", SKILLZ_DEBUG: "1" };

/** "Access in tools via context.environment", and an answer that shows no value: results hide those of secrets. */
const ACCESS = `
import json, os, sys
request = json.loads(sys.stdin.readline())

env = request["params"]["context"]["environment"]
api_key = env.get("SKILLZ_OPENAI_KEY")

result = {"key": api_key == "sk" + "-...", "names": sorted(env), "process": sorted(os.environ)}
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
`;

/** "Register a tool that requires services". */
const USER_MANAGER = {
  name: "user_manager",
  description: "Manage users in PostgreSQL",
  interpreter: "python3",
  requires_services: ["postgres"],
  dependencies: ["psycopg2-binary"],
  code: `
import json, sys, os
import psycopg2
request = json.loads(sys.stdin.readline())
args = request["params"]["arguments"]
# Connection details injected by Skillz
conn = psycopg2.connect(
host=os.environ["POSTGRES_HOST"], # Auto-injected
port=os.environ["POSTGRES_PORT"], # Auto-injected
user="postgres",
password="dev",
dbname="postgres"
)
# ... your code
`,
};

interface Access {
  readonly key: boolean;
  /** Of what the context tells. */
  readonly names: readonly string[];
  /** Of what the process has. */
  readonly process: readonly string[];
}

const accessOf = ({ structuredContent }: ToolResult) => structuredContent as Access;
const secretsIn = (names: readonly string[]) => names.filter((it) => it.startsWith("SKILLZ_"));

/** Sets variables of this process until the end of the scope. */
function exported(variables: Readonly<Record<string, string>>): Disposable {
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(variables)) delete process.env[name];
    },
  };
}

/** Makes a folder of skillz with the tool `ask_openai`. */
async function skillzFolder(path: string): Promise<string> {
  await mkdir(join(path, "ask_openai"), { recursive: true });
  const manifest = { name: "ask_openai", version: "1.0.0", description: "Ask OpenAI", tool_type: "script" };
  const whole = { ...manifest, interpreter: "python3", entry_file: "ask_openai.py" };
  await writeFile(join(path, "ask_openai/manifest.json"), JSON.stringify(whole));
  await writeFile(join(path, "ask_openai/ask_openai.py"), ACCESS);
  return path;
}

async function callTool(kit: ScriptKit, name: string, args: JsonObject = {}): Promise<ToolResult> {
  const result = await kit.call("call_tool", { tool_name: name, arguments: args });
  succeed(result);
  return result;
}

describe("the README of skillz", () => {
  test("creates a tool named my-tool, which is called", async () => {
    await using kit = await startScripts();
    const code = 'read -r request\necho "made at run time"';
    succeed(await kit.call("register_script", { name: "my-tool", description: "My tool", interpreter: "bash", code }));
    assert.equal(succeed(await callTool(kit, "my-tool")), "made at run time");
    assert.equal(succeed(await kit.call("my-tool")), "made at run time");
  });

  test("reads secrets from context.environment, in a tool that was there", async () => {
    await using root = await temporaryHome();
    const tools = await skillzFolder(join(root.path, ".skillz/tools"));
    using _secrets = exported({ ...SECRETS, TOOLS_DIR: tools, COLLET_TEST_OTHER: "other" });
    await using kit = await startScripts({ home: join(root.path, "home") });
    const { key, names, process: variables } = accessOf(await callTool(kit, "ask_openai"));
    assert.equal(key, true);
    assert.deepEqual(secretsIn(names), Object.keys(SECRETS).sort());
    assert.deepEqual(secretsIn(variables), Object.keys(SECRETS).sort());
    const others = names.filter((it) => !["HOME", "LANG", "PATH", "TERM", "USER"].includes(it));
    assert.deepEqual(others, secretsIn(names), "only SKILLZ_* variables are forwarded");
    assert.ok(!variables.includes("COLLET_TEST_OTHER"));
  });

  test("gives no secrets to a tool that was registered where nothing decides on grants", async () => {
    using _secrets = exported(SECRETS);
    await using kit = await startScripts();
    await kit.register({ name: "ask_openai", interpreter: "python3", code: ACCESS });
    const { key, names, process: variables } = accessOf(await callTool(kit, "ask_openai"));
    assert.deepEqual([key, secretsIn(names), secretsIn(variables)], [false, [], []]);
  });

  for (const era of ERAS) {
    test(`gives the secrets that a new tool names once its user allows it, and old tools theirs, in ${era}`, async () => {
      await using root = await temporaryHome();
      const tools = await skillzFolder(join(root.path, ".skillz/tools"));
      using _secrets = exported({ ...SECRETS, TOOLS_DIR: tools });
      await using server = await startGranting({ home: join(root.path, "home") });
      const user = await server.connect({ era, answer: "always" });
      const old = accessOf(await user.call("call_tool", { tool_name: "ask_openai", arguments: {} }));
      assert.deepEqual([old.key, secretsIn(old.names)], [true, Object.keys(SECRETS).sort()]);
      assert.deepEqual(user.questions, []);
      await user.register({ name: "ask_again", interpreter: "python3", code: ACCESS });
      for (let i = 0; i < 2; i++) {
        const { key, names, process: variables } = accessOf(await user.call("ask_again"));
        assert.deepEqual([key, secretsIn(names), secretsIn(variables)], [true, ["SKILLZ_OPENAI_KEY"], [
          "SKILLZ_OPENAI_KEY",
        ]]);
      }
      assert.equal(user.questions.length, 1);
      assert.match(user.questions[0]!, /^The tool "ask_again" .* It wants to\n- get the secret SKILLZ_OPENAI_KEY\n\n/);
      // what takes the place of an old tool is a new one
      await user.register({ name: "ask_openai", interpreter: "python3", code: `${ACCESS}\n`, overwrite: true });
      assert.deepEqual(secretsIn(accessOf(await user.call("ask_openai")).names), ["SKILLZ_OPENAI_KEY"]);
      assert.equal(user.questions.length, 2);
      assert.ok(!user.wire.join().includes(SECRETS.SKILLZ_OPENAI_KEY));
    });
  }

  test("names roots in SKILLZ_ROOTS; those of the client come first, the working folder last", async () => {
    await using kit = await startScripts();
    const code = `
import json, sys
request = json.loads(sys.stdin.readline())
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"roots": request["params"]["context"]["roots"]}}), flush=True)
`;
    await kit.register({ name: "roots", interpreter: "python3", code });
    const rootsFor = async (call: Partial<Call> = {}) =>
      ((await kit.call("roots", {}, call)).structuredContent as { roots: string[] }).roots;
    assert.deepEqual(await rootsFor(), [process.cwd()]);
    using _roots = exported({ SKILLZ_ROOTS: "/home/user/project:/data" });
    assert.deepEqual(await rootsFor(), ["/home/user/project", "/data"]);
    const roots = () => Promise.resolve([{ uri: "file:///home/client" }]);
    assert.deepEqual(await rootsFor({ roots }), ["/home/client"]);
  });

  test("registers a tool that requires services: refused by their names while nothing starts services", async () => {
    await using kit = await startScripts();
    const refused = fail(await kit.call("register_script", USER_MANAGER));
    assert.match(refused, /Cannot register "user_manager": .*(psycopg2-binary|postgres)/);
    const { dependencies: _, ...others } = USER_MANAGER;
    assert.match(
      fail(await kit.call("register_script", others)),
      /it requires services \(postgres\), and nothing here starts them/,
    );
    assert.deepEqual((await readdir(join(kit.home, "tools")).catch(() => [])).filter((it) => !it.startsWith(".")), []);
  });
});
