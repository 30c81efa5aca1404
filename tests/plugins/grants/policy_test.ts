import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createCall, ToolError, type ToolResult } from "../../../kernel/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { conformance, type TestEra } from "../../../kernel/testing.ts";
import { GrantPolicy } from "../../../plugins/grants/contract.ts";
import grants from "../../../plugins/grants/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { defer, until } from "../../support/wait.ts";
import { type Answer, granted, refused, startGrants, temporaryFolder } from "./kit.ts";

conformance(grants, {}, { platform: createEdgePlatform(), calls: { grants: { action: "list" } } });

const BEYOND = { network: ["api.example.com:443"], secrets: ["OPENAI_KEY"], memory_mb: 4_096 };

describe("GrantPolicy.authorize()", () => {
  test("gives what is within the ceiling, and its limits, without a question", async () => {
    await using kit = await startGrants({ ceiling: { secrets: ["SKILLZ_*"], read: ["/data"], memory_mb: 512 } });
    const user = await kit.connect({ answer: () => "no" });
    const given = { secrets: ["SKILLZ_KEY"], read: ["/data//x/./y"], timeout_ms: 1_000 };
    assert.deepEqual(granted(await user.run(given)), {
      secrets: ["SKILLZ_KEY"],
      read: ["/data/x/y"],
      timeout_ms: 1_000,
      memory_mb: 512,
      cpu_seconds: 300,
      processes: 64,
    });
    assert.deepEqual(granted(await user.run({})), { memory_mb: 512, cpu_seconds: 300, processes: 64 });
    assert.deepEqual(user.questions, []);
  });

  for (const era of ["2025", "2026"] satisfies TestEra[]) {
    test(`asks once about what exceeds it, and remembers the answer for this code (${era})`, async () => {
      await using kit = await startGrants();
      const user = await kit.connect({ era, answer: () => "always" });
      for (let i = 0; i < 3; i++) {
        const given = granted(await user.run(BEYOND));
        assert.deepEqual([given.network, given.secrets, given.memory_mb], [BEYOND.network, BEYOND.secrets, 4_096]);
      }
      const [question, ...more] = user.questions;
      assert.deepEqual(more, []);
      for (
        const words of [
          'The tool "news" asks',
          "\n- connect to api.example.com:443\n",
          "\n- get the secret OPENAI_KEY\n",
          "\n- use 4096 MiB of memory, where 1024 are allowed\n",
          "digest d1",
        ]
      ) assert.ok(question?.includes(words), `${words} in ${question}`);
      // other code, another tool and another request are other questions
      granted(await user.run(BEYOND, { digest: "d2" }));
      granted(await user.run(BEYOND, { tool: "olds" }));
      granted(await user.run({ ...BEYOND, processes: 65 }));
      granted(await user.run({ secrets: BEYOND.secrets }));
      assert.equal(user.questions.length, 5);
    });

    test(`allows one call alone when the user says so (${era})`, async () => {
      await using kit = await startGrants();
      const user = await kit.connect({ era, answer: () => "once" });
      granted(await user.run(BEYOND));
      granted(await user.run(BEYOND));
      assert.equal(user.questions.length, 2);
      assert.deepEqual(granted(await user.manage({ action: "list" })), { grants: [] });
    });

    for (const answer of ["no", "decline", "cancel"] satisfies Answer[]) {
      test(`refuses when the user answers "${answer}", with the configuration that would allow it (${era})`, async () => {
        await using kit = await startGrants({ ceiling: { secrets: ["OTHER"] } });
        const user = await kit.connect({ era, answer: () => answer });
        const text = refused(await user.run(BEYOND));
        assert.match(text, /^Cannot run "news": it asks to connect to api\.example\.com:443; .*the user refused it\./);
        const [, json] = /collet\.json: ("ceiling": .*)$/.exec(text) ?? [];
        const { ceiling } = JSON.parse(`{${json}}`);
        assert.deepEqual(ceiling, {
          network: ["api.example.com:443"],
          secrets: ["OTHER", "OPENAI_KEY"],
          memory_mb: 4_096,
        });
        // as it stands there, it does
        await using raised = await startGrants({ ceiling });
        granted(await (await raised.connect()).run(BEYOND));
      });
    }

    test(`tells a client that cannot ask what would allow it (${era})`, async () => {
      await using kit = await startGrants();
      const user = await kit.connect({ era });
      const result = await user.run({ install_scripts: true });
      const text = refused(result);
      assert.match(text, /it asks to run programs of packages .*the client cannot ask its user/);
      assert.ok(text.endsWith('"ceiling": {"install_scripts":true}'), text);
      assert.deepEqual(result.structuredContent, { refused: { install_scripts: true } });
    });
  }

  test("remembers a refusal as long as the client is connected, and no longer", async () => {
    await using kit = await startGrants();
    const user = await kit.connect({ answer: () => "no" });
    refused(await user.run(BEYOND));
    assert.match(refused(await user.run(BEYOND)), /the user refused it/);
    assert.equal(user.questions.length, 1);
    const again = await kit.connect({ answer: () => "always" });
    granted(await again.run(BEYOND));
    // what was allowed meanwhile counts for whoever refused it too
    granted(await user.run(BEYOND));
  });

  test("asks over stdio as well, and remembers there what the user says", async () => {
    const path = fileURLToPath(new URL("./server.ts", import.meta.url));
    const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
    const transport = new StdioClientTransport({ command: process.execPath, args: [...flags, path] });
    const client = new Client({ name: "stdio", version: "1.0.0" }, { capabilities: { elicitation: { form: {} } } });
    const questions: string[] = [];
    client.setRequestHandler("elicitation/create", ({ params }) => {
      questions.push(params.message);
      return { action: "accept", content: { decision: params.message.includes("OPENAI_KEY") ? "always" : "no" } };
    });
    await client.connect(transport);
    try {
      const run = async (grants: object) =>
        await client.callTool({ name: "run", arguments: { tool: "news", digest: "d1", grants } }) as ToolResult;
      for (let i = 0; i < 2; i++) {
        assert.deepEqual(granted(await run(BEYOND)).secrets, BEYOND.secrets);
        assert.match(refused(await run({ network: true })), /reach the whole network; .*the user refused it/);
      }
      assert.equal(questions.length, 2);
    } finally {
      await client.close();
    }
  });

  test("asks one question about calls at the same time", async () => {
    await using kit = await startGrants();
    const decision = defer<Answer>();
    const user = await kit.connect({ answer: () => decision.promise });
    const running = Array.from({ length: 8 }, () => user.run(BEYOND));
    await until(() => user.questions.length > 0, "a question");
    decision.resolve("always");
    for (const result of await Promise.all(running)) granted(result);
    assert.equal(user.questions.length, 1);
  });

  test("asks the next one when whoever was asked goes away", async () => {
    await using kit = await startGrants();
    const first = defer<Answer>();
    const leaving = await kit.connect({ answer: () => first.promise });
    const staying = await kit.connect({ answer: () => "always" });
    const controller = new AbortController();
    const left = leaving.client.callTool(
      { name: "run", arguments: { tool: "news", digest: "d1", grants: BEYOND } },
      { signal: controller.signal },
    );
    left.catch(() => {});
    await until(() => leaving.questions.length > 0, "a question");
    const waiting = staying.run(BEYOND);
    controller.abort();
    granted(await waiting);
    assert.equal(staying.questions.length, 1);
    await assert.rejects(left);
    first.resolve("no");
  });

  test("lets the user of this machine decide for all, and others for themselves", async () => {
    await using kit = await startGrants();
    const ada = await kit.connect({ user: "ada", answer: () => "always" });
    const bob = await kit.connect({ user: "bob" });
    const local = await kit.connect({ answer: () => "always" });
    granted(await ada.run(BEYOND));
    granted(await ada.run(BEYOND));
    assert.equal(ada.questions.length, 1);
    refused(await bob.run(BEYOND));
    granted(await local.run(BEYOND));
    assert.equal(local.questions.length, 1);
    granted(await bob.run(BEYOND));
  });

  test("says why a user could not be asked, when it was not for the client", async () => {
    await using kit = await startGrants();
    const policy = kit.kernel.get(GrantPolicy)!;
    const call = createCall({
      client: { name: "x", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } },
      elicit: () => Promise.reject(new ToolError("Cannot ask the user: a job has nobody to ask")),
    });
    await assert.rejects(
      policy.authorize({ tool: "news", digest: "d1", grants: BEYOND }, call),
      /could not be asked: .*nobody to ask.*"ceiling": \{/,
    );
  });

  test("does not follow a link out of a folder that is allowed", {
    skip: process.platform === "win32" && "links need rights there",
  }, async () => {
    await using folder = await temporaryFolder();
    mkdirSync(join(folder.path, "data"));
    mkdirSync(join(folder.path, "private"));
    symlinkSync(join(folder.path, "private"), join(folder.path, "data", "link"));
    symlinkSync(join(folder.path, "data"), join(folder.path, "alias"));
    const platform = await detectPlatform({ home: join(folder.path, "home") });
    await using kit = await startGrants({ ceiling: { read: [join(folder.path, "alias")] } }, { platform });
    const user = await kit.connect();
    const within = join(folder.path, "data", "file");
    assert.deepEqual(granted(await user.run({ read: [within, join(folder.path, "alias", "file")] })).read, [within]);
    const text = refused(await user.run({ read: [join(folder.path, "data", "link", "key")] }));
    assert.ok(text.includes(`read ${join(folder.path, "private", "key")}`), text);
  });

  test("reads the grants of a manifest, and names what is none", async () => {
    await using kit = await startGrants();
    const user = await kit.connect();
    assert.match(refused(await user.run({ internet: true })), /"grants.internet": there is no such grant/);
  });
});

describe("what was allowed", () => {
  test("is kept in the store, beyond the life of a server", async () => {
    await using folder = await temporaryFolder();
    const start = async () => {
      const platform = await detectPlatform({ home: folder.path });
      return await startGrants({}, { platform, plugins: [[store, {}]] });
    };
    {
      await using kit = await start();
      granted(await (await kit.connect({ answer: () => "always" })).run(BEYOND));
    }
    await using again = await start();
    const user = await again.connect({ answer: () => "no" });
    granted(await user.run(BEYOND));
    assert.deepEqual(user.questions, []);
    refused(await user.run(BEYOND, { digest: "d2" }));
  });

  test("is told by the tool and by collet://grants, which says when it changes", async () => {
    await using kit = await startGrants();
    const user = await kit.connect({ answer: () => "always" });
    const read = async () => {
      const { contents } = await user.client.readResource({ uri: "collet://grants" });
      return JSON.parse((contents[0] as { text: string }).text);
    };
    assert.deepEqual(await read(), { grants: [] });
    let updates = 0;
    user.client.setNotificationHandler("notifications/resources/updated", () => void updates++);
    await user.client.subscribeResource({ uri: "collet://grants" });
    granted(await user.run(BEYOND));
    const { grants: [decision] } = await read();
    assert.deepEqual([decision.tool, decision.digest, decision.principal], ["news", "d1", "local"]);
    assert.deepEqual(decision.excess, BEYOND);
    assert.ok(Math.abs(Date.parse(decision.allowed_at) - Date.now()) < 60_000);
    await until(() => updates === 1, "an update");
    const listed = await user.manage({ action: "list", tool_name: "news" });
    assert.deepEqual(granted(listed), { grants: [decision] });
    assert.match(
      (listed.content[0] as { text: string }).text,
      /^- news \(d1\) may connect to .*: allowed by "local", 20/,
    );
    assert.deepEqual(granted(await user.manage({ action: "list", tool_name: "olds" })), { grants: [] });
  });

  test("ends when it is revoked, of all code or of one", async () => {
    await using kit = await startGrants();
    const user = await kit.connect({ answer: () => "always" });
    for (const digest of ["d1", "d2"]) granted(await user.run(BEYOND, { digest }));
    granted(await user.run(BEYOND, { tool: "olds" }));
    assert.equal(granted(await user.manage({ action: "revoke", tool_name: "news", digest: "d1" })).grants.length, 1);
    granted(await user.run(BEYOND, { digest: "d2" }));
    assert.equal(user.questions.length, 3);
    granted(await user.run(BEYOND));
    assert.equal(user.questions.length, 4);
    assert.equal(granted(await user.manage({ action: "revoke", tool_name: "news" })).grants.length, 2);
    assert.deepEqual(granted(await user.manage({ action: "list" })).grants.map((it: { tool: string }) => it.tool), [
      "olds",
    ]);
    assert.match(refused(await user.manage({ action: "revoke", tool_name: "news" })), /you have allowed it nothing/);
    assert.match(refused(await user.manage({ action: "revoke" })), /"tool_name" is missing/);
  });

  test("by others is theirs: neither seen nor revoked by a third, and seen by the user of this machine", async () => {
    await using kit = await startGrants();
    const ada = await kit.connect({ user: "ada", answer: () => "always" });
    const bob = await kit.connect({ user: "bob", answer: () => "always" });
    const local = await kit.connect({ answer: () => "always" });
    granted(await ada.run(BEYOND));
    granted(await local.run(BEYOND, { tool: "olds" }));
    const names = async (user: typeof ada) =>
      granted(await user.manage({ action: "list" })).grants.map((it: { tool: string }) => it.tool);
    assert.deepEqual(await names(ada), ["news", "olds"]);
    assert.deepEqual(await names(bob), ["olds"]);
    assert.deepEqual(await names(local), ["news", "olds"]);
    refused(await bob.manage({ action: "revoke", tool_name: "news" }));
    refused(await bob.manage({ action: "revoke", tool_name: "olds" }));
    granted(await local.manage({ action: "revoke", tool_name: "news" }));
    assert.deepEqual(await names(ada), ["olds"]);
  });

  test("can be completed by name", async () => {
    await using kit = await startGrants();
    const user = await kit.connect({ answer: () => "always" });
    granted(await user.run(BEYOND));
    const complete = (argument: string, value: string) =>
      kit.kernel.complete({ type: "tool", name: "grants" }, { argument, value }, {
        principal: { id: "local", scopes: [] },
      });
    assert.deepEqual(await complete("tool_name", "ne"), ["news"]);
    assert.deepEqual(await complete("action", "re"), ["revoke"]);
    assert.deepEqual(await complete("digest", ""), ["d1"]);
  });
});
