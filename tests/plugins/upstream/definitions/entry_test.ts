import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { digestOfDefinition, digestOfTarget } from "../../../../plugins/upstream/definition.ts";
import { readEntry, writeEntry } from "../../../../plugins/upstream/definitions/entry.ts";
import { manifestOf, normalised, readManifestServer } from "../../../../plugins/upstream/definitions/manifest.ts";

const OURS = { name: "files", origin: "collet.json", isOurs: true } as const;
const THEIRS = { name: "files", origin: "/home/ada/.cursor/mcp.json", isOurs: false } as const;

const DEFAULTS = {
  name: "files",
  namespace: "files",
  isStrict: false,
  isSandboxed: false,
  timeoutMs: 120_000,
  idleMs: 900_000,
  lifetimeMs: 86_400_000,
  isDisabled: false,
};

describe("readEntry()", () => {
  test("reads what clients share, with what is by default", async () => {
    const target = { kind: "stdio", command: "npx", args: ["-y", "server"], env: { A: "b" } };
    assert.deepEqual(await readEntry({ command: "npx", args: ["-y", "server"], env: { A: "b" } }, OURS), {
      ...DEFAULTS,
      target,
      origin: "collet.json",
    });
  });

  test("reads what Collet adds", async () => {
    const definition = await readEntry({
      url: "https://example.com/mcp",
      transport: "sse",
      headers: { "X-Key": "k" },
      auth: { type: "bearer", token: "${secret:T}" },
      namespace: "docs",
      include: ["read_*"],
      exclude: ["read_all"],
      rename: { read_one: "one" },
      strict: true,
      sandbox: true,
      timeout_ms: 5,
      idle_ms: 0,
      lifetime_ms: 0,
      disabled: true,
      description: "Documents",
    }, OURS);
    assert.deepEqual(definition, {
      name: "files",
      namespace: "docs",
      target: {
        kind: "http",
        url: "https://example.com/mcp",
        headers: { "X-Key": "k" },
        transport: "sse",
        auth: { kind: "bearer", token: "${secret:T}" },
      },
      include: ["read_*"],
      exclude: ["read_all"],
      rename: { read_one: "one" },
      isStrict: true,
      isSandboxed: true,
      timeoutMs: 5,
      idleMs: 0,
      lifetimeMs: 0,
      origin: "collet.json",
      isDisabled: true,
    });
  });

  test("reads the words of Claude, Cursor and VS Code, and leaves out what concerns them alone", async () => {
    const http = await readEntry({ type: "http", url: "https://example.com/mcp", gallery: true }, THEIRS);
    assert.equal(http.target.kind === "http" && http.target.transport, "auto");
    const streamable = await readEntry({ type: "streamableHttp", url: "https://example.com/mcp" }, THEIRS);
    assert.equal(streamable.target.kind === "http" && streamable.target.transport, "streamable");
    const cursor = await readEntry({
      url: "https://example.com/mcp",
      auth: { CLIENT_ID: "id", CLIENT_SECRET: "${env:S}", scopes: ["read", "write"] },
    }, THEIRS);
    const oauth = { kind: "oauth", clientId: "id", clientSecret: "${env:S}", scope: "read write" };
    assert.deepEqual(cursor.target.kind === "http" && cursor.target.auth, oauth);
    const plain = await readEntry(
      { type: "stdio", command: "x", env: { PORT: 80, FAST: true }, autoApprove: ["a"], enabled: false },
      THEIRS,
    );
    assert.deepEqual(plain.target, { kind: "stdio", command: "x", args: [], env: { PORT: "80", FAST: "true" } });
    assert.equal(plain.isDisabled, true);
  });

  test("says what does not fit, and what is expected", async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ["npx", /found "npx", expected an object with "command" or "url"/],
      [{}, /it has neither "command" nor "url"/],
      [{ command: "x", url: "https://example.com" }, /it has "command" and "url"; expected one of them/],
      [{ command: "x", type: "sse" }, /its type is "sse", which goes with "url"/],
      [{ url: "https://example.com", type: "stdio" }, /goes with "command"/],
      [{ url: "https://example.com", type: "websocket" }, /its type is "websocket"; expected "stdio", "auto"/],
      [{ command: "x", comand: "y" }, /there is no field "comand"; did you mean "command"\?/i],
      [{ command: "" }, /expected a text that is not empty/],
      [{ command: "x", args: "y" }, /"target\.args"/],
      [{ command: "x", env: { "A=B": "c" } }, /expected a name without =/],
      [{ command: "x", cwd: "here" }, /expected an absolute path/],
      [{ url: "ftp://example.com" }, /expected an http or https address without user and password/],
      [{ url: "https://ada:pw@example.com" }, /without user and password/],
      [{ url: "https://example.com", headers: { "X Y": "z" } }, /expected the name of a header/],
      [{ url: "https://example.com", headers: { X: "a\r\nHost: b" } }, /expected a value of one line/],
      [{ url: "https://example.com", auth: { type: "basic" } }, /"auth\.type" is "basic"; expected "bearer"/],
      [
        { url: "https://example.com", auth: { type: "bearer", user: "x" } },
        /of type "bearer" has no "user"; it has token/,
      ],
      [{ command: "x", namespace: "a b" }, /expected 1 to 64 of A-Z/],
      [{ command: "x", timeout_ms: 0 }, /timeoutMs/],
    ];
    for (const [entry, message] of cases) await assert.rejects(readEntry(entry, OURS), message, JSON.stringify(entry));
    await assert.rejects(readEntry({ command: "x", envFile: ".env" }, THEIRS), /"envFile" is not read; write its/);
  });
});

const text = fc.stringMatching(/^[a-z/.:$ {}_-]{1,12}$/).map((it) => it.replaceAll(/\$\{+/g, "."));
const texts = fc.array(text, { maxLength: 3 });
const entry = fc.record({
  target: fc.oneof(
    fc.record({ command: text, args: texts, env: fc.dictionary(fc.constantFrom("A", "B"), text) }),
    fc.record(
      {
        url: fc.constantFrom("https://example.com/mcp", "http://127.0.0.1:1/x"),
        headers: fc.dictionary(fc.constantFrom("X-A", "X-B"), text),
        transport: fc.constantFrom("auto", "streamable", "sse"),
        auth: fc.constantFrom(
          { type: "bearer", token: "t" },
          { type: "oauth" },
          { type: "oauth", client_id: "i", client_secret: "s", scope: "r" },
          { type: "client_credentials", client_id: "i", client_secret: "s" },
        ),
      },
      { requiredKeys: ["url"] },
    ),
  ),
  rest: fc.record({
    namespace: fc.constantFrom("files", "other"),
    include: texts,
    exclude: texts,
    rename: fc.dictionary(text, fc.constantFrom("one", "two")),
    strict: fc.boolean(),
    sandbox: fc.boolean(),
    timeout_ms: fc.integer({ min: 1, max: 200_000 }),
    idle_ms: fc.constantFrom(0, 900_000),
    lifetime_ms: fc.constantFrom(0, 1),
    disabled: fc.boolean(),
  }, { requiredKeys: [] }),
}).map(({ target, rest }) => ({ ...target, ...rest }));

describe("writeEntry()", () => {
  test("writes what is read as the same definition, in a manifest as well", async () => {
    await fc.assert(
      fc.asyncProperty(entry, async (written) => {
        const definition = await readEntry(written, OURS);
        assert.deepEqual(await readEntry(writeEntry(definition), OURS), definition);
        const manifest = manifestOf(definition, "x");
        const read = await readManifestServer(JSON.parse(JSON.stringify(manifest)));
        assert.equal(await digestOfDefinition(read), await digestOfDefinition(definition));
        assert.equal(await digestOfTarget(read), await digestOfTarget(definition));
      }),
      { numRuns: 100 },
    );
  });
});

describe("readManifestServer()", () => {
  const manifest = { name: "clock", description: "x", tool_type: "mcp" };

  test("reads manifests of skillz, which know no references, and begins anew with those it marked as failed", async () => {
    const server = { command: "uvx", args: ["mcp-server-time", "${HOME}"], env: {}, note: "kept by hand" };
    const definition = await readManifestServer({ ...manifest, mcp_server: server, disabled: true }, {
      secrets: ["SKILLZ_KEY"],
    });
    assert.deepEqual(definition.target, {
      kind: "stdio",
      command: "uvx",
      args: ["mcp-server-time", "$${HOME}"],
      env: { SKILLZ_KEY: "${secret:SKILLZ_KEY}" },
    });
    assert.equal(definition.isDisabled, false);
    const own = normalised({ ...manifest, mcp_server: server }, definition);
    assert.deepEqual((await readManifestServer(own)).target, definition.target);
  });

  test("keeps what Collet marked as disabled, and refuses a manifest without a server", async () => {
    const mcp_server = { command: "uvx", args: [], env: {} };
    assert.equal((await readManifestServer({ ...manifest, format: 1, disabled: true, mcp_server })).isDisabled, true);
    await assert.rejects(readManifestServer({ ...manifest, format: 1 }), /expected an object with "command" or "url"/);
  });
});
