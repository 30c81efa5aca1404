/**
 * The variables by which a tool finds a service.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerState, PublishedPort } from "../../../../plugins/services/containers/containers.ts";
import { readDefinition } from "../../../../plugins/services/definition/definitions.ts";
import { variablesOf } from "../../../../plugins/services/reach/variables.ts";

interface Given {
  readonly name?: string;
  readonly ports: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Of the container, as the engine lists them: by number. */
  readonly published: readonly Partial<PublishedPort>[];
}

async function variables({ name = "db", ports, env = {}, secrets = {}, published }: Given) {
  const state: ContainerState = {
    name,
    container: `skillz_svc_${name}`,
    status: "running",
    ports: published.map((it) => ({ container: 0, protocol: "tcp", address: "127.0.0.1", host: 0, ...it })),
  };
  return variablesOf(await readDefinition({ name, image: "x", ports, env }), state, secrets);
}

const postgres = async (env: Readonly<Record<string, string>>, secrets = {}) => {
  const published = [{ container: 5432, host: 49153 }];
  return (await variables({ ports: ["5432"], env, secrets, published })).env["DB_URL"];
};

describe("the variables of a service", () => {
  test("are those of the port that is declared first, and of each port", async () => {
    const { env, addresses } = await variables({
      name: "my-queue",
      ports: ["15672", "8072:5672", "53/udp"],
      published: [
        { container: 53, protocol: "udp", host: 40_053 },
        { container: 5672, host: 8_072 },
        { container: 15_672, host: 49_154 },
      ],
    });
    assert.deepEqual(env, {
      MY_QUEUE_HOST: "127.0.0.1",
      MY_QUEUE_PORT: "49154",
      MY_QUEUE_15672_PORT: "49154",
      MY_QUEUE_5672_PORT: "8072",
      MY_QUEUE_53_PORT: "40053",
      MY_QUEUE_CONTAINER: "skillz_svc_my-queue",
      MY_QUEUE_URL: "http://127.0.0.1:49154",
    });
    assert.deepEqual(addresses, ["127.0.0.1:49154", "localhost:49154", "127.0.0.1:8072", "localhost:8072"]);
  });

  test("tell how this machine itself reaches what all addresses reach", async () => {
    const of = async (address: string) =>
      await variables({ ports: ["80"], published: [{ container: 80, host: 8_080, address }] });
    assert.equal((await of("0.0.0.0")).env["DB_HOST"], "127.0.0.1");
    const { env, addresses } = await of("::");
    assert.deepEqual([env["DB_HOST"], env["DB_URL"], addresses], ["::1", "http://[::1]:8080", ["[::1]:8080"]]);
    assert.deepEqual((await of("192.168.1.2")).addresses, ["192.168.1.2:8080"]);
  });

  test("have the container alone where there is no port", async () => {
    assert.deepEqual((await variables({ ports: [], published: [] })).env, { DB_CONTAINER: "skillz_svc_db" });
  });

  test("call schemes by the port of the container", async () => {
    const schemes = { 5432: "postgresql", 3306: "mysql", 6379: "redis", 27017: "mongodb", 443: "https", 7: "tcp" };
    for (const [port, scheme] of Object.entries(schemes)) {
      const { env } = await variables({ ports: [port], published: [{ container: Number(port), host: 1_234 }] });
      assert.equal(env["DB_URL"], `${scheme}://127.0.0.1:1234`);
    }
  });

  test("have user and password as the image expects them, and secrets where the tool has them", async () => {
    const place = "127.0.0.1:49153";
    assert.equal(await postgres({}), `postgresql://${place}`);
    assert.equal(await postgres({ POSTGRES_PASSWORD: "dev" }), `postgresql://postgres:dev@${place}/postgres`);
    const secret = { POSTGRES_USER: "ada", POSTGRES_PASSWORD: "${secret:DB}", POSTGRES_DB: "shop" };
    assert.equal(await postgres(secret), `postgresql://${place}/shop`);
    assert.equal(await postgres(secret, { DB: "p@ss/w" }), `postgresql://ada:p%40ss%2Fw@${place}/shop`);
    assert.equal(
      await postgres({ ...secret, POSTGRES_DB: "${secret:OTHER}" }, { DB: "x" }),
      `postgresql://ada:x@${place}/ada`,
    );
    const of = async (port: number, env: Readonly<Record<string, string>>) =>
      (await variables({ ports: [`${port}`], env, published: [{ container: port, host: 1 }] })).env["DB_URL"];
    assert.equal(await of(3306, { MYSQL_ROOT_PASSWORD: "r" }), "mysql://root:r@127.0.0.1:1");
    const both = { MYSQL_ROOT_PASSWORD: "r", MYSQL_USER: "u", MYSQL_PASSWORD: "p", MYSQL_DATABASE: "d" };
    assert.equal(await of(3306, both), "mysql://u:p@127.0.0.1:1/d");
    assert.equal(await of(6379, { REDIS_PASSWORD: "r" }), "redis://:r@127.0.0.1:1");
    const mongo = { MONGO_INITDB_ROOT_USERNAME: "u", MONGO_INITDB_ROOT_PASSWORD: "p", MONGO_INITDB_DATABASE: "d" };
    assert.equal(await of(27017, mongo), "mongodb://u:p@127.0.0.1:1/d?authSource=admin");
  });
});
