import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import type { CallPatch } from "../../../kernel/mod.ts";
import { startScripts } from "./kit.ts";
import { clientWith } from "./sender.ts";

describe("the request of a script", () => {
  test("has the shape of skillz, and none of the server's variables", async () => {
    process.env["COLLET_TEST_SECRET"] = "leak";
    process.env["SKILLZ_TEST_TOKEN"] = "leak";
    try {
      await using kit = await startScripts();
      const code = `import json, os, sys
line = sys.stdin.readline()
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"request": json.loads(line), "line": line, "env": dict(os.environ), "cwd": os.getcwd()}}))`;
      await kit.register({ name: "show", interpreter: "python3", code });
      const call: CallPatch = {
        meta: { progressToken: "token-1" },
        client: clientWith({ sampling: {}, roots: {} }),
        roots: () => Promise.resolve([{ uri: "file:///home/ada/my%20project" }, { uri: "https://x" }]),
      };
      const shown = (await kit.call("show", { a: [1] }, call)).structuredContent as {
        request: { params: { context: { environment: Record<string, string> } } };
        line: string;
        env: Record<string, string>;
        cwd: string;
      };
      const { environment } = shown.request.params.context;
      assert.deepEqual(shown.request, {
        jsonrpc: "2.0",
        method: "execute",
        id: 1,
        params: {
          arguments: { a: [1] },
          context: {
            roots: ["/home/ada/my project"],
            working_directory: shown.cwd,
            tool_name: "show",
            environment,
            tools_dir: `${kit.home}/tools`,
            capabilities: {
              sampling: true,
              elicitation: false,
              memory: false,
              resources: true,
              prompts: true,
              tools: true,
              completion: true,
              roots: true,
            },
            _meta: { progressToken: "token-1" },
          },
        },
      });
      assert.equal(shown.line.indexOf("\n"), shown.line.length - 1, "one line");
      const told = new Set(["HOME", "USER", "LANG", "PATH", "TERM"]);
      for (const name of Object.keys(environment)) assert.ok(told.has(name), name);
      assert.equal(environment["PATH"], process.env["PATH"]);
      assert.ok(!JSON.stringify(shown).includes("leak"));
      assert.notEqual(shown.cwd, process.cwd());
      const bare = (await kit.call("show", {})).structuredContent as {
        request: { params: { context: { roots: string[]; _meta: unknown } } };
      };
      assert.deepEqual(bare.request.params.context.roots, [process.cwd()]);
      assert.deepEqual(bare.request.params.context._meta, {});
    } finally {
      delete process.env["COLLET_TEST_SECRET"];
      delete process.env["SKILLZ_TEST_TOKEN"];
    }
  });

  test("names the roots of COLLET_ROOTS or SKILLZ_ROOTS where the client has none, or fails to say", async () => {
    process.env["SKILLZ_ROOTS"] = "/one:/two";
    try {
      await using kit = await startScripts();
      await kit.register({
        name: "roots",
        interpreter: "python3",
        code: "import json, sys\nprint(json.dumps(json.loads(sys.stdin.readline())['params']['context']['roots']))",
        output_schema: { type: "array" },
      });
      const failing = { roots: () => Promise.reject(new Error("no")) };
      assert.deepEqual((await kit.call("roots", {}, failing)).structuredContent, ["/one", "/two"]);
      process.env["COLLET_ROOTS"] = "/three";
      assert.deepEqual((await kit.call("roots")).structuredContent, ["/three"]);
    } finally {
      delete process.env["SKILLZ_ROOTS"];
      delete process.env["COLLET_ROOTS"];
    }
  });
});
