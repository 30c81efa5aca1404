import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isAllowedBy, reachOf } from "../../../../plugins/upstream/consent/reach.ts";
import { readEntry } from "../../../../plugins/upstream/definitions/entry.ts";

async function lineOf(entry: unknown): Promise<string> {
  return reachOf(await readEntry(entry, { name: "x", origin: "import_mcp", isOurs: true }));
}

describe("reachOf()", () => {
  test("writes variables, program and arguments, odd words in quotes", async () => {
    assert.equal(await lineOf({ command: "uvx", args: ["mcp-server-time"] }), "uvx mcp-server-time");
    const entry = { command: "sh", args: ["-c", "rm -rf x", ""], env: { B: "2", A: "${secret:K}" }, cwd: "/srv" };
    assert.equal(await lineOf(entry), 'A=${secret:K} B=2 cd=/srv sh -c "rm -rf x" ""');
    assert.equal(await lineOf({ url: "https://example.com/mcp?x=1" }), "https://example.com/mcp?x=1");
  });
});

describe("isAllowedBy()", () => {
  test("compares word by word", () => {
    const cases: readonly (readonly [pattern: string, line: string, isAllowed: boolean])[] = [
      ["uvx mcp-server-time", "uvx mcp-server-time", true],
      ["uvx mcp-server-time", "uvx mcp-server-time --local", false],
      ["uvx mcp-server-time", "LD_PRELOAD=/tmp/x.so uvx mcp-server-time", false],
      ["uvx mcp-server-*", "uvx mcp-server-git", true],
      ["uvx mcp-server-*", "uvx mcp-server-git --repository /", false],
      ["uvx mcp-server-* *", "uvx mcp-server-git --repository /", true],
      ["uvx mcp-server-* *", "uvx mcp-server-git", true],
      ["npx -y @acme/*", "npx -y @acme/a/b", true],
      ["npx -y @acme/*", 'npx -y "@acme/a b"', false],
      ["https://example.com/*", "https://example.com/mcp", true],
      ["https://example.com/*", "https://example.com.evil.example/mcp", false],
      ["https://*.example.com/mcp", "https://api.example.com/mcp", true],
      ["a.b", "aXb", false],
      ["*", "anything at all", true],
      ["uv*", "uvx mcp-server-time", false],
    ];
    for (const [pattern, line, isAllowed] of cases) {
      assert.equal(isAllowedBy(pattern, line), isAllowed, `${pattern} | ${line}`);
    }
  });
});
