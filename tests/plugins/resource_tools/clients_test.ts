import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as FirstStdioTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Kernel } from "../../../kernel/mod.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { createApp } from "../../../kernel/transports/mod.ts";
import { featuresOf } from "../../../plugins/resource_tools/clients.ts";
import resourceTools, { type ResourceToolsConfig } from "../../../plugins/resource_tools/mod.ts";
import { listen } from "../../support/listen.ts";
import items from "./items.ts";

const ALL = ["get_prompt", "list_prompts", "list_resources", "read_resource"];
const PROMPTS = ["get_prompt", "list_prompts"];
const RESOURCES = ["list_resources", "read_resource"];

type Listing = { tools: { name: string }[] };

function namesOf({ tools }: Listing): string[] {
  return tools.map((it) => it.name).filter((name) => name !== "say_long").sort();
}

function clientOf(name: string, era: "2025" | "2026"): Client {
  const mode = era === "2026" ? { pin: "2026-07-28" } : "legacy" as const;
  return new Client({ name, version: "1.0.0" }, { versionNegotiation: { mode } });
}

/** Serves over HTTP, and tells what a client of a name is shown. */
async function serveOverHttp(config: ResourceToolsConfig = {}) {
  const kernel = await new Kernel({ log: fakeLog() }).use(items).use(resourceTools, config).start();
  const app = createApp(kernel, { name: "items", version: "1.0.0" });
  const server = await listen((request) => app.fetch(request));
  return {
    async shownTo(name: string, era: "2025" | "2026" = "2025"): Promise<string[]> {
      const client = clientOf(name, era);
      await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", server.url)));
      try {
        const { content } = await client.callTool({ name: "read_resource", arguments: { uri: "many://1" } });
        assert.equal((content as { text: string }[])[0]?.text, "1 for local", "a call reaches what is not listed");
        return namesOf(await client.listTools());
      } finally {
        await client.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await server.close();
      await kernel.stop();
    },
  };
}

describe("over HTTP the tools are listed", () => {
  test("to clients of 2025 that do not read themselves, whatever lists others were sent before", async () => {
    await using served = await serveOverHttp();
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await served.shownTo("someone"), ALL);
      assert.deepEqual(await served.shownTo("claude-code"), []);
      assert.deepEqual(await served.shownTo("Claude-Code (via mcp-remote 0.1.37)"), []);
      assert.deepEqual(await served.shownTo("codex-mcp-client"), PROMPTS);
      assert.deepEqual(await served.shownTo("claude-ai"), RESOURCES);
    }
  });

  test("to every client of 2026-07-28, where a list is the same for all", async () => {
    await using served = await serveOverHttp();
    for (const name of ["someone", "claude-code"]) assert.deepEqual(await served.shownTo(name, "2026"), ALL);
  });

  test("to everyone, or to nobody, when the configuration says so", async () => {
    await using always = await serveOverHttp({ show: "always" });
    assert.deepEqual(await always.shownTo("claude-code"), ALL);
    await using never = await serveOverHttp({ show: "never" });
    for (const era of ["2025", "2026"] as const) assert.deepEqual(await never.shownTo("someone", era), []);
  });
});

function starter(): { command: string; args: string[]; stderr: "inherit" } {
  const path = fileURLToPath(new URL("./server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  return { command: process.execPath, args: [...flags, path], stderr: "inherit" };
}

describe("over stdio", () => {
  test("a client of 2025 that reads nothing itself lists, reads on what was cut, and gets prompts", async () => {
    const client = clientOf("someone", "2025");
    await client.connect(new StdioClientTransport(starter()));
    try {
      assert.deepEqual(namesOf(await client.listTools()), ALL);
      const said = await client.callTool({ name: "say_long", arguments: {} });
      const [head, link] = said.content as unknown as { text: string; uri: string }[];
      const offset = Number(/read_resource from offset (\d+)\]$/.exec(head!.text)![1]);
      const { content } = await client.callTool({
        name: "read_resource",
        arguments: { uri: link!.uri, offset, length: 10 },
      });
      assert.equal((content as { text: string }[])[0]!.text, "line 0200\n");
      const rendered = await client.callTool({
        name: "get_prompt",
        arguments: { name: "greet", arguments: { name: "Ada" } },
      });
      assert.equal((rendered.content as { text: string }[])[0]!.text, "Ada 1");
      const listed = await client.callTool({ name: "list_resources", arguments: { query: "many 119" } });
      assert.equal((listed.content as { text: string }[])[0]!.text, "- many://119 119");
    } finally {
      await client.close();
    }
  });

  test("a client of 2026-07-28 is shown all, whatever its name", async () => {
    const client = clientOf("claude-code", "2026");
    await client.connect(new StdioClientTransport(starter()));
    try {
      assert.deepEqual(namesOf(await client.listTools()), ALL);
    } finally {
      await client.close();
    }
  });

  test("the first SDK under the name of a client that reads itself is shown none", async () => {
    const client = new FirstClient({ name: "claude-code", version: "2.0.0" });
    await client.connect(new FirstStdioTransport(starter()));
    try {
      assert.deepEqual(namesOf(await client.listTools()), []);
      const { contents } = await client.readResource({ uri: "many://1" });
      assert.equal((contents[0] as { text: string }).text, "1 for local");
    } finally {
      await client.close();
    }
  });
});

test("featuresOf() knows clients by their names in any case, and nobody by a name that objects have", () => {
  const of = (name: string | undefined, protocolVersion: string | undefined = "2025-06-18") =>
    featuresOf({ name, version: "1.0.0", protocolVersion, capabilities: {} });
  assert.deepEqual(of("Visual Studio Code"), ["resources", "prompts"]);
  assert.deepEqual(of("Cline"), ["resources"]);
  assert.deepEqual(of("goose", undefined), ["resources", "prompts"]);
  assert.deepEqual(of("goose", "2026-07-28"), []);
  for (const name of [undefined, "", "constructor", "__proto__", "claude"]) assert.deepEqual(of(name), []);
  assert.deepEqual(featuresOf(undefined), []);
});
