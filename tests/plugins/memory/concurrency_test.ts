import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LOCAL_PRINCIPAL } from "../../../kernel/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { type HomeKit, startHome } from "./kit.ts";

const MANY = 20;
const call = { principal: LOCAL_PRINCIPAL };

interface Servers extends AsyncDisposable {
  readonly servers: readonly HomeKit[];
  get(key: string): Promise<{ readonly value: unknown }>;
}

/** Two servers that share a home. */
async function startServers(): Promise<Servers> {
  const home = await temporaryFolder();
  const servers = [await startHome(home.path), await startHome(home.path)];
  // one after the other: a new state is made by the first to use it
  for (const server of servers) await server.ask({ action: "stats" }, call);
  return {
    servers,
    get: async (key) => (await servers[0]!.ask({ action: "get", key }, call)).data,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Does something many times at once, on each of the servers. */
async function often(servers: readonly HomeKit[], work: (server: HomeKit, name: string) => Promise<unknown>) {
  await Promise.all(servers.flatMap((server, s) => Array.from({ length: MANY }, (_, i) => work(server, `${s}_${i}`))));
}

describe("memory of two servers on one home, used at once", () => {
  test("no increment is lost", async () => {
    await using shared = await startServers();
    await often(shared.servers, async (server) => {
      const { isError, text } = await server.ask({ action: "increment", key: "n" }, call);
      assert.equal(isError, false, text);
    });
    assert.equal((await shared.get("n")).value, 2 * MANY);
  });

  test("no update is lost", async () => {
    await using shared = await startServers();
    await often(
      shared.servers,
      (server, name) => server.ask({ action: "update", key: "o", value: { [name]: 1 } }, call),
    );
    assert.equal(Object.keys((await shared.get("o")).value as object).length, 2 * MANY);
  });

  test("of those who store by the same version one succeeds", async () => {
    await using shared = await startServers();
    let won = 0;
    await often(shared.servers, async (server, name) => {
      const { isError, data, text } = await server.ask({ action: "store", key: "k", value: name, if_version: 0 }, call);
      if (isError) assert.ok(data?.conflict.version > 0, text);
      else won++;
    });
    assert.equal(won, 1);
  });

  test("whoever tries again by the version it was told, loses nothing", async () => {
    await using shared = await startServers();
    await shared.servers[0]!.ask({ action: "store", key: "list", value: [] }, call);
    await often(shared.servers, async (server, name) => {
      for (let isDone = false; !isDone;) {
        const { value, version } = (await server.ask({ action: "get", key: "list" }, call)).data;
        const args = { action: "store", key: "list", value: [...value, name], if_version: version };
        isDone = !(await server.ask(args, call)).isError;
      }
    });
    assert.equal(new Set((await shared.get("list")).value as string[]).size, 2 * MANY);
  });

  test("bulk updates are seen as a whole", async () => {
    await using shared = await startServers();
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const { entries } = (await shared.servers[1]!.ask({ action: "entries" }, call)).data;
        assert.deepEqual(entries[0]?.value, entries[1]?.value);
      }
    })();
    try {
      await often(shared.servers, (server, name) => {
        const keys = name.endsWith("0") ? ["b", "a"] : ["a", "b"];
        const entries = keys.map((key) => ({ key, value: { [name]: 1 } }));
        return server.ask({ action: "bulk_update", entries }, call);
      });
    } finally {
      isOver = true;
    }
    await watching;
    assert.equal(Object.keys((await shared.get("b")).value as object).length, 2 * MANY);
  });
});
