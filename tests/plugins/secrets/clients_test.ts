import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createLog, Kernel, type Plugin, textOf, type ToolResult } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { type TestClientOptions, type TestKit, type TestOptions, testPlugin } from "../../../kernel/testing.ts";
import results from "../../../plugins/results/mod.ts";
import secrets from "../../../plugins/secrets/mod.ts";
import { toolPlugin } from "../../support/plugins.ts";
import { until } from "../../support/wait.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import careless, { TRACES, VALUE } from "./careless.ts";

const ERAS = ["2025", "2026"] as const;
const platform = createEdgePlatform({ variables: { COLLET_SECRET_API_KEY: VALUE, SKILLZ_DEBUG: "1" } });

/** Secrets under test, with `careless` within. */
function start(options: TestOptions & TestClientOptions = {}): Promise<TestKit> {
  return testPlugin(secrets, {}, { platform, ...options, with: [...options.with ?? [], careless] });
}

/** Fails when a value shows the secret in any form that these tests make. */
function assertHidden(shown: unknown): void {
  const text = typeof shown === "string" ? shown : JSON.stringify(shown);
  for (const trace of TRACES) assert.ok(!text.includes(trace), `${trace} in ${text}`);
}

async function call({ client }: Pick<TestKit, "client">, name: string): Promise<ToolResult> {
  return await client.callTool({ name, arguments: {} }) as ToolResult;
}

for (const era of ERAS) {
  describe(`secrets, to a client of ${era},`, () => {
    test("are replaced by their names in results, plain and encoded", async () => {
      await using kit = await start({ era });
      assert.deepEqual((await call(kit, "text")).content, [{ type: "text", text: "the key is [API_KEY]" }]);
      const json = await call(kit, "json");
      assert.deepEqual(json.structuredContent, {
        "[API_KEY]": [{ key: "a [API_KEY] b" }],
        text: '{"key":"[API_KEY]"}',
      });
      assertHidden(json);
      const { content } = await call(kit, "encoded");
      assertHidden(content);
      const [basic, url, hex, image] = content as unknown as { text: string; data: string }[];
      assert.deepEqual([basic?.text, url?.text, hex?.text], ["dXNlcjp[API_KEY]", "[API_KEY]", "[API_KEY]"]);
      assert.match(Buffer.from(image!.data, "base64").toString("latin1"), /^\.\..*\.\.$/s);
      assertHidden(await call(kit, "meta"));
    });

    test("are replaced in errors of every kind, and their data", async () => {
      await using kit = await start({ era });
      const expected = await call(kit, "expected");
      assert.equal(textOf(expected), "bad key [API_KEY]");
      assert.deepEqual(expected.structuredContent, { key: "[API_KEY]" });
      assert.match(textOf(await call(kit, "unexpected")), /bug with \[API_KEY\]$/);
      await assert.rejects(call(kit, "protocol"), (thrown: Error & { data?: unknown }) => {
        assert.match(thrown.message, /bad key \[API_KEY\]/);
        assertHidden({ ...thrown, message: thrown.message });
        return true;
      });
      assert.ok(kit.log.take("error").length > 0);
    });

    test("are replaced in resources and prompts", async () => {
      await using kit = await start({ era });
      const read = async (uri: string) => (await kit.client.readResource({ uri })).contents[0];
      assert.equal((await read("careless://text") as { text: string }).text, "the key is [API_KEY]");
      const { blob } = await read("careless://bytes") as { blob: string };
      assertHidden(blob);
      assert.match(Buffer.from(blob, "base64").toString("latin1"), /^key /);
      await assert.rejects(read("careless://error"), /\[API_KEY\]/);
      const { messages } = await kit.client.getPrompt({ name: "prompt" });
      assert.deepEqual(messages, [{ role: "user", content: { type: "text", text: "use [API_KEY]" } }]);
    });

    test("do not reach a tool by the result of another", async () => {
      await using kit = await start({ era });
      assert.deepEqual((await call(kit, "nested")).structuredContent, { got: "the key is [API_KEY]" });
    });

    test("are replaced in what a guarded call says and asks while it runs", async () => {
      const heard: unknown[] = [];
      await using kit = await start({
        era,
        client: { capabilities: { elicitation: {}, sampling: {} } },
        prepare(client) {
          client.setRequestHandler("elicitation/create", (request) => {
            heard.push(request);
            return { action: "accept", content: { ok: true } };
          });
          client.setRequestHandler("sampling/createMessage", (request) => {
            heard.push(request);
            return { role: "assistant", model: "none", content: { type: "text", text: "hi" } };
          });
          client.setNotificationHandler("notifications/message", (entry) => void heard.push(entry));
        },
      });
      const result = await kit.client.callTool({ name: "said", arguments: {} }, {
        onprogress: (progress) => void heard.push(progress),
      });
      assert.equal(textOf(result as ToolResult), "accept none");
      assertHidden(heard);
      const text = JSON.stringify(heard);
      assert.match(text, /using \[API_KEY\]/);
      assert.match(text, /Is \[API_KEY\] right\?/);
      assert.ok(heard.length >= 3, text);
    });

    test("that are words of the protocol do not keep a client from reading an answer", async () => {
      const words = ["text", "content", "type", "user", "resource", "form", "string", "object", "message", "data"];
      const variables = Object.fromEntries(words.map((word) => [`COLLET_SECRET_${word.toUpperCase()}_KEY`, word]));
      const asked: string[] = [];
      await using kit = await start({
        era,
        platform: createEdgePlatform({ variables: { ...variables, COLLET_SECRET_API_KEY: VALUE } }),
        client: { capabilities: { elicitation: {}, sampling: {} } },
        prepare(client) {
          client.setRequestHandler("elicitation/create", ({ params }) => {
            asked.push(params.message);
            return { action: "accept", content: { ok: true } };
          });
          client.setRequestHandler("sampling/createMessage", ({ params }) => {
            asked.push(params.messages[0]!.role);
            return { role: "assistant", model: "none", content: { type: "text", text: "hi" } };
          });
        },
      });
      assert.deepEqual((await call(kit, "text")).content, [{ type: "text", text: "the key is [API_KEY]" }]);
      assert.equal((await call(kit, "encoded")).content.length, 4);
      assert.equal(textOf(await call(kit, "said")), "accept none");
      assert.deepEqual(asked, ["Is [API_KEY] right?", "user"]);
      const { contents } = await kit.client.readResource({ uri: "careless://bytes" });
      assert.ok("blob" in contents[0]!);
      const { messages } = await kit.client.getPrompt({ name: "prompt" });
      assert.deepEqual(messages, [{ role: "user", content: { type: "text", text: "use [API_KEY]" } }]);
      kit.log.warn("a text");
      assert.equal(kit.log.entries.at(-1)?.message, "a text");
      await call(kit, "logged");
      assert.equal(kit.log.entries.at(-1)?.message, "using [API_KEY]");
    });

    test("are gone before a long result is cut", async () => {
      const limits = { inline_characters: 1_000, head_characters: 14 };
      // the cut goes through the secret
      await using kit = await start({ era, with: [[results, limits], longTool(1_500)] });
      const { content } = await call(kit, "long");
      assertHidden(content);
      assert.ok(!textOf({ content }).includes("sk-"), textOf({ content }));
      const link = content.find((it) => it.type === "resource_link");
      assert.ok(link?.type === "resource_link");
      for (const query of ["", "?offset=0&length=14", "?offset=13&length=20"]) {
        const { contents } = await kit.client.readResource({ uri: link.uri + query });
        assertHidden(contents);
        assert.ok(!JSON.stringify(contents).includes("sk-"));
      }
    });
  });
}

/** Makes a plugin with a tool whose answer is long, and holds the secret early on. */
function longTool(length: number): Plugin<void> {
  return toolPlugin("long", () => `key: ${VALUE} ${"x".repeat(length)}`);
}

describe("secrets in the log", () => {
  for (const json of [false, true]) {
    test(`are replaced, in messages, data and errors (${json ? "JSON" : "text"})`, async () => {
      const lines: string[] = [];
      const log = createLog({ json, level: "debug", write: (line) => lines.push(line) });
      const kernel = await new Kernel({ log }).use(platform).use(secrets).use(careless).start();
      await kernel.call("logged", {});
      await kernel.call("unexpected", {});
      kernel.log.warn(`from outside ${VALUE}`);
      log.named("embedder").warn(`of the embedder itself ${VALUE}`);
      await kernel.stop();
      assertHidden(lines);
      assert.equal(lines.filter((line) => line.includes("[API_KEY]")).length, 4, lines.join("\n"));
      log.warn(`after the end ${VALUE}`);
      assert.ok(lines.at(-1)!.includes("quoted"), "the filter goes with the plugin");
    });
  }

  test("are replaced on their way to a log that is not ours", async () => {
    await using kit = await start();
    await call(kit, "logged");
    const [entry] = kit.log.entries.filter(({ name }) => name === "careless");
    assert.equal(entry?.message, "using [API_KEY]");
    assert.equal(entry?.data?.["key"], "[API_KEY]");
    assertHidden(entry);
    assert.match(String(entry?.data?.["error"]), /Error: \[API_KEY\]/);
  });
});

test("secrets do nothing where there are none", async () => {
  const variables = { COLLET_SECRET_API_KEY: "abc", COLLET_SECRET_ON: "true" };
  await using kit = await start({ platform: createEdgePlatform({ variables }) });
  // too short to be looked for
  assert.deepEqual((await call(kit, "text")).content, [{ type: "text", text: "the key is abc" }]);
});

test("secrets are shown neither over stdio, nor on stderr, nor in the list of processes", async () => {
  await using folder = await temporaryFolder();
  const path = fileURLToPath(new URL("./server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...flags, path, folder.path],
    env: { ...process.env as Record<string, string>, COLLET_SECRET_API_KEY: VALUE },
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk) => stderr += chunk);
  const client = new Client({ name: "secrets", version: "1.0.0" });
  await client.connect(transport);
  try {
    const answers: unknown[] = [];
    for (const name of ["text", "json", "encoded", "meta", "expected", "unexpected", "nested", "logged"]) {
      answers.push(await call({ client }, name));
    }
    assertHidden(answers);
    assert.ok(JSON.stringify(answers).includes("[API_KEY]"));
    const { structuredContent } = await call({ client }, "child");
    assert.deepEqual(structuredContent, { child: "[API_KEY]", ps: false, seen: true });
    await until(() => stderr.includes("using [API_KEY]"), "the log");
    assertHidden(stderr);
  } finally {
    await client.close();
  }
});
