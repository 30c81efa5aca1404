/**
 * The session of skillz's README (suggest, activate, register, deactivate), with real clients of the program.
 *
 * @module
 */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { START_TOOLS } from "../../../../plugins/exposure/contract.ts";
import {
  cleanEnvironment,
  makeFolder,
  programPath,
  removeBundle,
  startProgram,
  startWords,
  type TestFolder,
} from "../../../command_line/program.ts";
import { until } from "../../../support/wait.ts";

type Era = "2025" | "2026";

const CODE = `read -r request; echo '{"jsonrpc":"2.0","id":1,"result":{"said":"hello"}}'`;

after(removeBundle);

async function makeHome(): Promise<TestFolder> {
  const home = await makeFolder();
  const skill = (name: string, description: string) =>
    home.write(`skills/${name}/SKILL.md`, `---\nname: ${name}\ndescription: ${description}\n---\n\n# ${name}\n`);
  await skill("mcp-builder", "Guide for building MCP servers");
  await skill("pdf", "Fill in PDF forms");
  await home.write("bundles.json", '{"@mine": ["@creators", "pdf"]}');
  // not the skills of whoever runs the tests
  const paths = [join(home.path, "skills")];
  const plugins = { skills: { default_paths: false, paths, hide_made_tools: true, watch: false }, sandbox: false };
  await home.write("collet.json", JSON.stringify({ plugins }));
  return home;
}

interface Talk extends AsyncDisposable {
  readonly client: Client;
  /** How often the client was told that its list of tools changed. */
  readonly changes: () => number;
  tools(): Promise<readonly string[]>;
  say(tool: string, args: Record<string, unknown>): Promise<string>;
}

async function connect(
  transport: StdioClientTransport | StreamableHTTPClientTransport,
  { era, answer }: { readonly era: Era; readonly answer?: string },
): Promise<Talk> {
  let changes = 0;
  const options: ClientOptions = {
    versionNegotiation: { mode: era === "2026" ? { pin: "2026-07-28" } : "legacy" },
    capabilities: answer === undefined ? {} : { sampling: {} },
    listChanged: { tools: { onChanged: () => void changes++ } },
  };
  const client = new Client({ name: "session", version: "1.0.0" }, options);
  if (answer !== undefined) {
    client.setRequestHandler("sampling/createMessage", () => ({
      role: "assistant",
      model: "test",
      content: { type: "text", text: answer },
    }));
  }
  await client.connect(transport);
  return {
    client,
    changes: () => changes,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async say(name, args) {
      const { content, isError } = await client.callTool({ name, arguments: args });
      const text = (content as { text?: string }[]).map((it) => it.text ?? "").join("\n");
      return isError === true ? `failed: ${text}` : text;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function stdio(home: TestFolder): Promise<StdioClientTransport> {
  const [command = "", ...args] = startWords(await programPath());
  const env = { ...cleanEnvironment(), COLLET_HOME: home.path };
  return new StdioClientTransport({ command, args, env, stderr: "ignore" });
}

/** The session, as the README of skillz tells it; tools are named apart, since they are of all clients. */
async function runSession(talk: Talk, name: string): Promise<void> {
  const start = START_TOOLS.filter((it) => it !== "execute_code").sort();
  assert.deepEqual((await talk.tools()).filter((it) => it !== "execute_code"), start);

  assert.match(
    await talk.say("suggest_skill", { context: "I want to build an MCP server" }),
    /^Suggested skills: dev, mcp-builder[,\n]/,
  );
  assert.match(await talk.say("activate_skill", { name: "dev" }), /^Activated: "dev" \(virtual skill, \d+ tools\)/);
  await until(() => talk.changes() > 0, "the client is told that its list changed");
  const dev = await talk.tools();
  for (const tool of ["build_tool", "delete_tool", "test_tool", "version", "import_tool"]) {
    assert.ok(dev.includes(tool), tool);
  }
  assert.equal(dev.includes("call_tool_internal"), false);

  assert.match(
    await talk.say("activate_skill", { name: "@dev-full" }),
    /Already active: "dev".*Activated: "sys".*"memory"/s,
  );
  assert.ok((await talk.tools()).includes("call_tool_internal"));

  const made = { name, description: "Say hello", interpreter: "sh", code: CODE };
  assert.match(await talk.say("register_script", made), /^Registered script tool/);
  assert.equal((await talk.tools()).includes(name), false, "a made tool is hidden where the setting says so");
  assert.match(await talk.say(name, {}), /hello/);
  assert.match(await talk.say("call_tool_internal", { tool_name: name, arguments: {} }), /hello/);

  assert.match(await talk.say("activate_skill", { name }), new RegExp(`^Activated: "${name}" \\(made tool\\)`));
  assert.ok((await talk.tools()).includes(name));
  assert.equal(
    await talk.say("deactivate_skill", { name }),
    `Deactivated: "${name}"\nTools of no active skill now: ${name}`,
  );
  assert.equal((await talk.tools()).includes(name), false);

  const knowledge = await talk.say("activate_skill", { name: "mcp-builder" });
  assert.match(knowledge, /<skill_content name="mcp-builder">\n# mcp-builder\n/);
  await talk.say("deactivate_skill", { name: "@dev-full" });
  await talk.say("deactivate_skill", { name: "mcp-builder" });
  assert.deepEqual((await talk.tools()).filter((it) => it !== "execute_code"), start);
}

describe("the session of skillz's README", () => {
  test("over stdio, with a client that can sample, and what is active outlives the process", async () => {
    await using home = await makeHome();
    {
      await using talk = await connect(await stdio(home), { era: "2025", answer: '["dev", "mcp-builder", "nothing"]' });
      await runSession(talk, "my-tool");
      assert.match(await talk.say("activate_skill", { name: "@mine" }), /Activated: "dev".*Activated: "pdf"/s);
    }
    await using again = await connect(await stdio(home), { era: "2025" });
    assert.ok((await again.tools()).includes("delete_tool"));
    assert.match(await again.say("activate_skill", { name: "pdf" }), /^Already active: "pdf" .*<skill_content/s);
  });

  test("over HTTP: a session of 2025 changes its own copy, 2026-07-28 the principal's", async () => {
    await using home = await makeHome();
    await using running = await startProgram(["--transport", "http", "--port", "0", "--no-token"], {
      home: home.path,
    });
    const [, address] = await running.seen("stderr", /^listening on (http:\/\/\S+:\d+)$/m);
    const transport = () => new StreamableHTTPClientTransport(new URL("/mcp", address));
    await using session = await connect(transport(), { era: "2025" });
    await using stateless = await connect(transport(), { era: "2026" });
    await runSession(session, "my-tool");
    await runSession(stateless, "other-tool");
    await session.say("activate_skill", { name: "dev" });
    assert.equal((await stateless.tools()).includes("delete_tool"), false);
    await stateless.say("activate_skill", { name: "sys" });
    assert.equal((await session.tools()).includes("call_tool_internal"), false, "the session has its own by now");
    await using fresh = await connect(transport(), { era: "2025" });
    assert.ok((await fresh.tools()).includes("call_tool_internal"), "a new session starts from the principal's");
  });
});
