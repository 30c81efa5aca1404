import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { createCall, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { type PluginUse, type TestEra, testPlugin } from "../../../kernel/testing.ts";
import grants from "../../../plugins/grants/mod.ts";
import guide from "../../../plugins/guide/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { Sandbox } from "../../../plugins/sandbox/contract.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import { codeBlock } from "../../../plugins/library/contract.ts";
import { readPackages } from "../../../plugins/scripts/prompts/python_tool.ts";
import { answeringKind, onlyText, temporaryHome } from "../library/kit.ts";
import { refused, type Script, startGranting, succeed } from "./granting.ts";
import { startScripts } from "./kit.ts";

/** A client before a server with scripts and pages about tools. */
async function start(era: TestEra = "2025", more: readonly PluginUse[] = []) {
  const home = await temporaryHome();
  const platform = await detectPlatform({ home: home.path });
  const kit = await testPlugin(scripts, undefined, { era, platform, with: [library, guide, ...more] });
  const call = async (name: string, args: JsonObject = {}) => {
    const result = await kit.client.callTool({ name, arguments: args });
    assert.equal(result.isError, undefined, JSON.stringify(result));
    return result;
  };
  return {
    ...kit,
    home: home.path,
    call,
    /** Renders a prompt to its only text. */
    async prompt(name: string, args: Record<string, string>): Promise<string> {
      const { messages } = await kit.client.getPrompt({ name, arguments: args });
      assert.deepEqual(messages.map((it) => [it.role, it.content.type]), [["user", "text"]]);
      return (messages[0]!.content as { text: string }).text;
    },
    async [Symbol.asyncDispose]() {
      await kit[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Takes the arguments of `register_script` out of a prompt: its last block of JSON. */
function registrationIn(text: string): JsonObject & { readonly code: string } {
  const blocks = [...text.matchAll(/^```json\n(.*?)\n```$/gms)];
  return JSON.parse(blocks.at(-1)?.[1] ?? assert.fail(text));
}

/** Starts a server on the loopback interface that answers with what it was asked. */
async function startApi() {
  const answer = ({ url, headers }: IncomingMessage) => {
    if (url?.startsWith("/v1/missing")) return { status: 404, body: "no such thing" };
    if (url === "/v1/text") return { status: 200, body: "plain words" };
    return { status: 200, body: JSON.stringify({ url, accept: headers.accept }) };
  };
  const server = createServer((request, response) => {
    const { status, body } = answer(request);
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

for (const era of ["2025", "2026"] as TestEra[]) {
  describe(`prompts about scripts, clients of ${era}`, () => {
    test("are listed with their arguments", async () => {
      await using kit = await start(era);
      const { prompts } = await kit.client.listPrompts();
      const listed = prompts.map(({ name, arguments: args = [] }) =>
        [name, ...args.map((it) => it.required ? it.name : `${it.name}?`)].join(" ")
      );
      assert.deepEqual(listed, [
        "create_api_tool name api_url description",
        "create_python_tool name description dependencies?",
        "improve_tool tool_name",
      ]);
      for (const { arguments: args = [] } of prompts) for (const it of args) assert.ok(it.description, it.name);
    });

    test("create_python_tool gives a call that makes a tool, and its examples pass", async () => {
      await using kit = await start(era);
      const text = await kit.prompt("create_python_tool", { name: "count", description: "Count `characters`\n of it" });
      assert.match(text, /^Make a tool "count" in Python: Count `characters`\n of it\n/);
      const registration = registrationIn(text);
      assert.equal(registration["verify"], true);
      const { structuredContent } = await kit.call("register_script", registration);
      assert.equal((structuredContent as JsonObject)["version"], "1.0.0");
      const counted = await kit.call("count", { text: "four" });
      assert.deepEqual(counted.structuredContent, { text: "four", characters: 4 });
      const refused = await kit.client.callTool({ name: "count", arguments: { text: "" } });
      assert.match(onlyText(refused as never), /text is empty/);
      const { tools } = await kit.client.listTools();
      assert.equal(tools.find((it) => it.name === "count")?.description, "Count `characters`\n of it");
      await kit.call("test_tool", { tool_name: "count" });
    });

    test("create_api_tool gives a call that makes a tool, which reaches the API", async () => {
      await using kit = await start(era, [[grants, { ceiling: { network: ["127.0.0.1:*"] } }]]);
      const url = await startApi();
      const text = await kit.prompt("create_api_tool", { name: "ask_api", api_url: url, description: "Ask the API" });
      const registration = registrationIn(text);
      assert.deepEqual(registration["grants"], { network: [new URL(url).host] });
      await kit.call("register_script", registration);
      const called = await kit.call("ask_api", { path: "a b/ä", query: { q: ["x&y", "1"], n: 2 } });
      assert.deepEqual(called.structuredContent, {
        status: 200,
        data: { url: "/v1/a%20b/%C3%A4?q=x%26y&q=1&n=2", accept: "application/json" },
      });
      assert.deepEqual((await kit.call("ask_api", { path: "/text" })).structuredContent, {
        status: 200,
        data: "plain words",
      });
      const failed = await kit.client.callTool({ name: "ask_api", arguments: { path: "missing/1" } });
      assert.equal(failed.isError, true);
      assert.match(onlyText(failed as never), /\/v1\/missing\/1 answered 404: no such thing/);
      await kit.call("test_tool", { tool_name: "ask_api" });
      const elsewhere = await kit.call("ask_api", { path: "@example.com/x" });
      assert.deepEqual((elsewhere.structuredContent as { data: JsonObject }).data["url"], "/v1/%40example.com/x");
    });

    test("create_api_tool says where its code reads a key, and there it can be read", async () => {
      await using kit = await start(era);
      const url = await startApi();
      const text = await kit.prompt("create_api_tool", { name: "ask_api", api_url: url, description: "Ask the API" });
      const place = 'request["params"]["context"]["environment"]';
      assert.ok(text.includes(place));
      const registration = registrationIn(text);
      assert.equal(registration["grants"], undefined, "nothing here decides on grants");
      const headers = '{"Accept": "application/json"}';
      assert.ok(registration.code.includes(headers));
      const code = registration.code.replace(headers, `{"Accept": ${place}["PATH"]}`);
      await kit.call("register_script", { ...registration, code });
      const { data } = (await kit.call("ask_api", {})).structuredContent as { data: JsonObject };
      assert.match(String(data["accept"]), /\/bin/);
    });

    test("improve_tool gives the tool as it is, and a call that replaces it", async () => {
      await using kit = await start(era);
      const answer = '{"jsonrpc":"2.0","id":1,"result":{"n":1}}';
      const code = ["read -r request", ": '", "```", "'", `echo '${answer}'`, ""].join("\n");
      const given = {
        name: "one",
        description: "Give one",
        interpreter: "sh",
        code,
        input_schema: { type: "object", properties: { x: { type: "number", description: "Any" } } },
        output_schema: { type: "object", required: ["n"] },
        annotations: { title: "One", readOnlyHint: true },
        timeout_ms: 9000,
        tags: ["a"],
        protocol: 2,
        examples: [
          { description: "gives one", arguments: {}, result: { n: 1 } },
          { arguments: { x: "1" }, error: true },
          { arguments: {}, result_schema: { type: "object" } },
        ],
      };
      await kit.call("register_script", given);
      await kit.call("register_script", { ...given, overwrite: true });
      const text = await kit.prompt("improve_tool", { tool_name: "one" });
      assert.match(text, /^Improve the tool "one": Give one\n/);
      assert.match(text, /Versions: 1\.0\.1 \(current\), 1\.0\.0\./);
      assert.ok(text.includes(`\`one.sh\`:\n\n\`\`\`\`shell\n${code}\`\`\`\`\n`), text);
      const registration = registrationIn(text);
      assert.deepEqual(registration, { ...given, verify: true, overwrite: true });
      const page = /collet:\/\/tools\/\w+/.exec(text)?.[0];
      const { contents } = await kit.client.readResource({ uri: page! });
      assert.match((contents[0] as { text: string }).text, /Version: 1\.0\.1/);
      const changed = { ...registration, code: registration.code.replace('"n":1', '"n":2') };
      const failed = await kit.client.callTool({ name: "register_script", arguments: changed });
      assert.match(onlyText(failed as never), /its examples do not pass.*"n": expected 1, found 2/s);
      assert.deepEqual((await kit.call("one")).structuredContent, { n: 1 }, "the tool is as it was");
      const replaced = await kit.call("register_script", registration);
      assert.equal((replaced.structuredContent as JsonObject)["version"], "1.0.2");
      assert.deepEqual((await kit.call("one")).structuredContent, { n: 1 });
    });

    test("arguments that are missing, unknown or malformed are named", async () => {
      await using kit = await start(era);
      const api = { name: "x", description: "x" };
      const wrong: readonly (readonly [string, Record<string, string>, RegExp])[] = [
        ["create_python_tool", {}, /Invalid arguments for prompt "create_python_tool": "name": missing; "description"/],
        ["create_python_tool", { name: "x", description: " " }, /"description": expected a text that is not empty/],
        ["create_python_tool", { name: "../x", description: "x" }, /"name": expected 1 to 64 of A-Z a-z 0-9 _ -/],
        ["create_python_tool", { name: "x", description: "x", deps: "six" }, /unknown key "deps"/],
        ["create_python_tool", { name: "call_tool", description: "x" }, /"call_tool" is a tool of plugin "library"/],
        ["create_api_tool", api, /"api_url": missing/],
        ["create_api_tool", { ...api, api_url: "example.com" }, /"api_url": expected an address such as https:/],
        ["create_api_tool", { ...api, api_url: "file:///etc/passwd" }, /"api_url": expected an address/],
        ["create_api_tool", { ...api, api_url: "https://me:pw@example.com/" }, /without user/],
        ["create_api_tool", { ...api, api_url: "https://example.com/?a=1" }, /without user, query/],
        ["improve_tool", {}, /"tool_name": missing/],
        ["improve_tool", { tool_name: "no" }, /"tool_name": there is no tool "no"/],
        ["improve_tool", { tool_name: "call_tool" }, /"call_tool" came with plugin "library"/],
      ];
      for (const [name, args, message] of wrong) {
        await assert.rejects(kit.client.getPrompt({ name, arguments: args }), { code: -32602, message }, name);
      }
    });
  });
}

describe("prompts about scripts", () => {
  test("create_api_tool gives a tool that reaches its API and no other, after one question", async () => {
    await using server = await startGranting();
    const user = await server.connect({ answer: "always" });
    const [url, other] = [await startApi(), await startApi()];
    const args = { name: "ask_api", api_url: url, description: "Ask the API" };
    const { messages } = await user.client.getPrompt({ name: "create_api_tool", arguments: args });
    const registration = registrationIn((messages[0]!.content as { text: string }).text) as JsonObject & Script;
    await user.register(registration);
    for (let i = 0; i < 2; i++) succeed(await user.call("ask_api", { path: "/x" }));
    assert.equal(user.questions.length, 1);
    assert.ok(user.questions[0]!.includes(new URL(url).host), user.questions[0]);
    if (await server.kernel.get(Sandbox)!.mechanism() === undefined) return;
    await user.register({
      ...registration,
      name: "astray",
      code: registration.code.replace(url, other),
      verify: false,
    });
    assert.match(refused(await user.call("astray", { path: "/x" })), /refused|unreachable/i);
  });

  test("improve_tool completes names of scripts alone", async () => {
    await using kit = await start();
    const kind = await kit.kernel.get(ToolLibrary)!.addKind(answeringKind());
    const other = { name: "sum_other", description: "x", tool_type: "answering" };
    await kit.kernel.get(ToolLibrary)!.save(other, {}, { call: createCall() });
    for (const name of ["sum_all", "mean"]) {
      await kit.call("register_script", { name, description: "x", interpreter: "sh", code: "echo 1" });
    }
    const { completion } = await kit.client.complete({
      ref: { type: "ref/prompt", name: "improve_tool" },
      argument: { name: "tool_name", value: "su" },
    });
    assert.deepEqual(completion.values, ["sum_all"]);
    await assert.rejects(kit.prompt("improve_tool", { tool_name: "sum_other" }), /is of kind "answering"/);
    await assert.rejects(kit.prompt("improve_tool", { tool_name: "sum_al" }), /there is no tool "sum_al".*"sum_all"/);
    await kind.dispose();
  });

  test("a name that is in use is replaced by the call, and that is said", async () => {
    await using kit = await start();
    const args = { name: "count", description: "Count" };
    assert.equal(registrationIn(await kit.prompt("create_python_tool", args))["overwrite"], undefined);
    await kit.call("register_script", { ...args, interpreter: "sh", code: "echo 1" });
    for (
      const [name, more] of [["create_python_tool", {}], ["create_api_tool", { api_url: await startApi() }]] as const
    ) {
      const text = await kit.prompt(name, { ...args, ...more });
      assert.match(text, /A tool of this name is there already/);
      await kit.call("register_script", registrationIn(text));
    }
    const { status } = (await kit.call("count")).structuredContent as JsonObject;
    assert.equal(status, 200);
  });

  test("improve_tool shows a tool that cannot be called, with the reason and its other files", async () => {
    await using kit = await start();
    await kit.call("register_script", { name: "x", description: "x", interpreter: "sh", code: "echo 1" });
    const manifest = { name: "x", version: "1.0.0", description: "x", tool_type: "script", entry_file: "main.py" };
    const skillz = { ...manifest, interpreter: "python3", annotations: { readOnlyHint: "yes", idempotentHint: true } };
    const write = (name: string, text: string) => writeFile(join(kit.home, "tools/x", name), text);
    await write("manifest.json", JSON.stringify({ ...skillz, requires_services: ["db"] }));
    await write("main.py", "print(1)\n");
    await write("helper.py", "");
    const text = await kit.prompt("improve_tool", { tool_name: "x" });
    assert.match(text, /- It is unavailable: .*requires services \(db\)/);
    assert.match(text, /- Files beside the code, which stay: .*helper\.py/);
    assert.match(text, /`main\.py`:/);
    const { annotations, requires_services, ...registration } = registrationIn(text);
    assert.deepEqual([annotations, requires_services], [{ idempotentHint: true }, ["db"]]);
    await kit.call("register_script", registration);
    assert.equal(onlyText(await kit.call("x") as never), "1");
    await write("manifest.json", "{");
    await assert.rejects(kit.prompt("improve_tool", { tool_name: "x" }), /"x" cannot be read: .*register it anew/);
    await write("manifest.json", JSON.stringify({ ...skillz, entry_file: "gone.py" }));
    await assert.rejects(kit.prompt("improve_tool", { tool_name: "x" }), /its file "gone\.py" is missing/);
  });

  test("points at no page where nothing serves one", async () => {
    await using home = await temporaryHome();
    const platform = await detectPlatform({ home: home.path });
    await using kit = await testPlugin(scripts, undefined, { platform, with: [library] });
    const tool = { name: "x", description: "x", interpreter: "sh", code: "echo 1" };
    await kit.client.callTool({ name: "register_script", arguments: tool });
    const { messages } = await kit.client.getPrompt({ name: "improve_tool", arguments: { tool_name: "x" } });
    assert.ok(!JSON.stringify(messages).includes("collet://"));
  });
});

describe("readPackages", () => {
  const checked: string[][] = [];
  const dependencies = {
    check({ packages }: { readonly packages: readonly string[] }) {
      if (packages.includes("bad")) return Promise.reject(new ToolError('Cannot use package "bad"'));
      checked.push([...packages]);
      return Promise.resolve();
    },
  };

  test("reads names with versions and extras, and a list", async () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ["", []],
      [" , ", []],
      ["[]", []],
      ["six", ["six"]],
      ["requests, numpy>=1.26", ["requests", "numpy>=1.26"]],
      ["requests numpy\nsix", ["requests", "numpy", "six"]],
      ["a[b,c]>=1,<2, d", ["a[b,c]>=1,<2", "d"]],
      ["requests >= 2, six", ["requests >= 2", "six"]],
      [`["six", "tomli; python_version < '3.11'"]`, ["six", "tomli; python_version < '3.11'"]],
    ];
    for (const [text, packages] of cases) {
      assert.deepEqual(await readPackages(text, dependencies), packages, text);
    }
    assert.deepEqual(checked.at(-1), cases.at(-1)![1]);
  });

  test("refuses a list that is longer than any, and at once", async () => {
    await using kit = await startScripts();
    const before = performance.now();
    const asked = kit.kernel.render("create_python_tool", {
      name: "x",
      description: "x",
      dependencies: `a${" ".repeat(100_000)}1`,
    });
    await assert.rejects(asked, /"dependencies": expected 2000 characters at most/);
    assert.ok(performance.now() - before < 5_000, "100,000 spaces took half a minute");
  });

  test("refuses what cannot be installed", async () => {
    await assert.rejects(() => readPackages("[1]", dependencies), /expected names with commas between them/);
    await assert.rejects(() => readPackages("[six", dependencies), /expected names/);
    await assert.rejects(() => readPackages("six, bad", dependencies), {
      code: -32602,
      message: /Cannot use package "bad"/,
    });
    await assert.rejects(() => readPackages("six", undefined), /runs without the plugin "dependencies"/);
  });
});

test("codeBlock is not ended by the code in it", () => {
  assert.equal(codeBlock("md", "a\n````\nb\n"), "`````md\na\n````\nb\n`````");
  assert.equal(codeBlock("", "a"), "```\na\n```");
});
