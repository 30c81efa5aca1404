import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { definePlugin } from "../../../../kernel/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import { Secrets } from "../../../../plugins/secrets/contract.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import wasm from "../../../../plugins/wasm/mod.ts";
import { sharedCode } from "../kit.ts";

const SECRET = "key-1234567890ab";

const careless = definePlugin({
  name: "careless",
  version: "1.0.0",
  requires: { secrets: Secrets },
  setup: ({ tool, deps }) =>
    void tool({
      name: "reveal",
      description: "Show the key",
      input: {},
      run: () => `It is ${deps.secrets.reveal(["API_KEY"])["API_KEY"]}`,
    }),
});

describe("secrets", () => {
  const server = sharedCode({
    plugins: [secrets, library, wasm, careless],
    prepare: (home) => writeFile(join(home, "secrets.json"), JSON.stringify({ API_KEY: SECRET }), { mode: 0o600 }),
  });

  test("code sees no secret that a tool shows, and shows none that it knows", async () => {
    const runs = [
      "return await reveal();",
      `return { key: "${SECRET}" };`,
      `console.log("${SECRET}");`,
      `throw new Error("${SECRET}");`,
      `return (await files.write("${SECRET}.txt", "${SECRET}")).uri;`,
    ];
    for (const code of runs) {
      const text = JSON.stringify(await server().run(code));
      assert.ok(!text.includes(SECRET), text);
      assert.ok(text.includes("[API_KEY]"), text);
    }
  });

  test("questions and logs show none", async () => {
    const seen: string[] = [];
    const call = {
      client: { name: "c", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } },
      log: (_: string, message: string) => void seen.push(message),
      elicit: ({ message }: { readonly message: string }) => {
        seen.push(message);
        return Promise.resolve({ action: "decline" as const });
      },
    };
    await server().run(`console.log("${SECRET}"); await wipe({ name: "${SECRET}" });`, {}, call);
    assert.ok(seen.some((it) => it.includes("wipe")), JSON.stringify(seen));
    assert.ok(!JSON.stringify(seen).includes(SECRET), JSON.stringify(seen));
  });
});
