import type { Client } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";
import { INFO } from "../fixtures/everything/mod.ts";
import { forEachTransport } from "../support/transports.ts";

type Lister = (
  client: Client,
  params: { cursor?: string },
) => Promise<{ keys: string[]; nextCursor?: string | undefined }>;

const LISTERS: Readonly<Record<string, Lister>> = {
  tools: async (client, params) => {
    const { tools, nextCursor } = await client.listTools(params);
    return { keys: tools.map((it) => it.name), nextCursor };
  },
  prompts: async (client, params) => {
    const { prompts, nextCursor } = await client.listPrompts(params);
    return { keys: prompts.map((it) => it.name), nextCursor };
  },
  resources: async (client, params) => {
    const { resources, nextCursor } = await client.listResources(params);
    return { keys: resources.map((it) => it.uri), nextCursor };
  },
};

forEachTransport("1,200 items are listed in pages of 500, each once", async ({ connect }) => {
  await using connection = await connect({ config: { many: 1200 } });
  const { client } = connection;
  for (const [kind, list] of Object.entries(LISTERS)) {
    const pages: string[][] = [];
    // a cursor makes the client ask for one page; it begins by an empty list of cursors
    for (let cursor: string | undefined = await firstCursor(client, kind, pages); cursor !== undefined;) {
      const { keys, nextCursor } = await list(client, { cursor });
      pages.push(keys);
      cursor = nextCursor;
    }
    assert.deepEqual(pages.map((it) => it.length).slice(0, 2), [500, 500], kind);
    assert.equal(pages.length, 3);
    const keys = pages.flat();
    assert.deepEqual(keys, [...keys].sort());
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(keys.filter((it) => it.includes("many_")).length, 1200);
  }
  const { tools } = await client.listTools();
  assert.equal(tools.filter((it) => it.name.startsWith("many_")).length, 1200);
});

async function firstCursor(client: Client, kind: string, pages: string[][]): Promise<string | undefined> {
  const result = await client.request({ method: `${kind}/list` as "tools/list", params: {} }) as unknown as {
    readonly [kind: string]: { name: string; uri?: string }[];
  } & { readonly nextCursor?: string };
  pages.push(result[kind]!.map((it) => it.uri ?? it.name));
  return result.nextCursor as string | undefined;
}

forEachTransport("a cursor that is none of ours is refused", async ({ connect }) => {
  await using connection = await connect();
  for (const cursor of ["", "2", "bm9wZQ==", "%%%"]) {
    await assert.rejects(connection.client.listTools({ cursor }), { code: -32602, message: /cursor/ });
  }
});

forEachTransport("the server says who it is and what it can do", async ({ era, connect }) => {
  await using connection = await connect();
  const { client } = connection;
  const { instructions, ...identity } = INFO;
  assert.deepEqual(client.getServerVersion(), identity);
  assert.equal(client.getInstructions(), instructions);
  assert.deepEqual(client.getServerCapabilities(), {
    tools: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    prompts: { listChanged: true },
    completions: {},
    logging: {},
  });
  assert.equal(client.getNegotiatedProtocolVersion(), era === "2026" ? "2026-07-28" : "2025-11-25");
});

forEachTransport("server/discover tells versions, and for how long its answer holds", async ({ connect }) => {
  await using connection = await connect();
  const discovered = await connection.client.discover();
  assert.ok(discovered.supportedVersions.includes("2026-07-28"));
  assert.equal(discovered.instructions, INFO.instructions);
  const { ttlMs, cacheScope } = discovered as { ttlMs?: number; cacheScope?: string };
  assert.equal(cacheScope, "public");
  assert.ok(ttlMs !== undefined && ttlMs > 0);
}, { eras: ["2026"] });
