/**
 * Scripts that require services: real containers, real processes in the sandbox of this machine, and a real client.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CallToolResult } from "@modelcontextprotocol/client";
import { type Plugin, Processes } from "../../../../kernel/mod.ts";
import dependencies from "../../../../plugins/dependencies/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import { choosePath, uvPath } from "../../dependencies/kit.ts";
import { temporaryHome } from "../../library/kit.ts";
import { startDocker, type TestDocker } from "../docker.ts";
import { imageName, makeImages } from "../images.ts";
import { type ServicesKit, type ServicesOptions, startServices } from "../kit.ts";

const PLUGINS = [dependencies, library, sandbox, scripts] as Plugin<unknown>[];
const HTTP = imageName("http");

/** Says what it finds in its environment, and what answers where it connects to. */
const LOOKER = `
import json, os, socket, sys
request = json.loads(sys.stdin.readline())
def ask(host, port, words):
    try:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(words.encode())
            return connection.recv(100).decode()
    except OSError as error:
        return type(error).__name__
own = {name: value for name, value in os.environ.items() if name.startswith("CACHE_")}
host, port = os.environ["CACHE_HOST"], os.environ["CACHE_PORT"]
result = {"own": own, "said": [ask(host, port, "PING\\r\\n"), ask("localhost", port, "PING\\r\\n")]}
for other in request["params"]["arguments"].get("others", []):
    result["other"] = ask("127.0.0.1", other, "GET / HTTP/1.0\\r\\n\\r\\n")
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}), flush=True)
`;
const CACHE = {
  action: "define",
  name: "cache",
  image: imageName("redis"),
  ports: ["6379"],
  env: { REDIS_PASSWORD: "${secret:CACHE_KEY}" },
  healthcheck: { cmd: "redis-cli ping", interval: "200ms", retries: 100 },
  depends_on: ["web"],
};
const WEB = { action: "define", name: "web", image: HTTP, ports: ["80"] };

/** "Register a tool that requires services", word for word but for what it does with its connection. */
const USER_MANAGER = `
import json, sys, os
import psycopg2
request = json.loads(sys.stdin.readline())
args = request["params"]["arguments"]
# Connection details injected by Skillz
conn = psycopg2.connect(
host=os.environ["POSTGRES_HOST"], # Auto-injected
port=os.environ["POSTGRES_PORT"], # Auto-injected
user="postgres",
password="dev",
dbname="postgres"
)
with conn, conn.cursor() as cursor:
    cursor.execute("create table if not exists users (name text)")
    cursor.execute("insert into users values (%s)", (args["name"],))
    cursor.execute("select count(*) from users")
    users = cursor.fetchone()[0]
again = psycopg2.connect(os.environ["POSTGRES_URL"])
print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"users": users, "database": again.info.dbname}}), flush=True)
`;

/** Reads a page of the service "shared". */
const DENO_PAGE = {
  interpreter: "deno",
  code: 'const env = Deno.env; console.log((await (await fetch(env.get("SHARED_URL")!)).text()).trim());',
};
const PYTHON_PAGE = {
  code: "import os, urllib.request; print(urllib.request.urlopen(os.environ['SHARED_URL']).read().decode().strip())",
};

/** Calls a tool; gives what it answered, and the progress that was heard. */
async function call({ test: { client } }: ServicesKit, name: string, args: Record<string, unknown> = {}) {
  const heard: string[] = [];
  const onprogress = ({ message = "" }: { readonly message?: string | undefined }) => void heard.push(message);
  const result = await client.callTool({ name, arguments: args }, { onprogress, timeout: 100_000 }) as CallToolResult;
  const [block] = result.content;
  return {
    text: block?.type === "text" ? block.text : "",
    data: result.structuredContent as Record<string, unknown> | undefined,
    isError: result.isError === true,
    heard,
  };
}

async function register(kit: ServicesKit, name: string, more: Record<string, unknown>): Promise<string> {
  const script = { name, description: name, interpreter: "python3", overwrite: true, ...more };
  const { text, isError } = await call(kit, "register_script", script);
  assert.equal(isError, false, text);
  return text;
}

describe("scripts that require services", { timeout: 200_000 }, () => {
  let docker: TestDocker | string;
  const begun = Date.now();
  // packages of Python are there sooner by uv
  let path: AsyncDisposable | undefined;
  before(async () => {
    const uv = uvPath();
    if (uv !== undefined) path = await choosePath({ uv: { link: uv } });
    docker = await startDocker();
    if (typeof docker !== "string") await makeImages(docker, "http", "redis", "postgres");
  });
  after(async () => {
    if (typeof docker !== "string") await docker[Symbol.asyncDispose]();
    await path?.[Symbol.asyncDispose]();
  });
  const withServices = (title: string, run: (kit: ServicesKit, docker: TestDocker) => Promise<void>, options = {}) =>
    test(title, async (t) => {
      if (typeof docker === "string") return t.skip(docker);
      const given: ServicesOptions = { docker, plugins: PLUGINS, ...options };
      await using kit = await startServices(given);
      await run(kit, docker);
    });

  withServices("have them started in order, and reach their ports and no others from the sandbox", async (kit) => {
    const registered = await register(kit, "looker", { code: LOOKER, requires_services: ["cache"] });
    assert.match(registered, /- Services: cache; started when it is called\n- Not defined yet: cache; define them/);
    assert.match((await call(kit, "looker")).text, /^Cannot find service "cache"/);
    await kit.ok({ ...CACHE, env: {} });
    assert.match(
      (await call(kit, "looker")).text,
      /^Cannot start service "cache", which depends on "web": Cannot find/,
    );
    await kit.ok(WEB);
    const { text, data, isError, heard } = await call(kit, "looker");
    assert.equal(isError, false, text);
    assert.deepEqual(heard.filter((it) => it.startsWith("Started")), [
      'Started service "web"; waiting until it is ready',
      'Started service "cache"; waiting until it is ready',
    ]);
    const { services = [] } = (await kit.ok({ action: "status" })).data;
    assert.deepEqual(services.map((it) => [it.name, it.status]), [["cache", "running"], ["web", "running"]]);
    const [cache, web] = services.map((it) => it.ports?.[0]?.host);
    assert.deepEqual(data, {
      own: {
        CACHE_HOST: "127.0.0.1",
        CACHE_PORT: String(cache),
        CACHE_6379_PORT: String(cache),
        CACHE_CONTAINER: "skillz_svc_cache",
        CACHE_URL: `redis://127.0.0.1:${cache}`,
      },
      said: ["+PONG\r\n", "+PONG\r\n"],
    });
    // what a service depends on is not the tool's
    assert.match(String((await call(kit, "looker", { others: [web] })).data?.["other"]), /Error$/);
    // what was stopped is started again, what was changed is made anew
    await kit.ok({ action: "stop", name: "cache" });
    assert.deepEqual((await call(kit, "looker")).data?.["said"], ["+PONG\r\n", "+PONG\r\n"]);
    const healthcheck = { cmd: "redis-cli ping", interval: "300ms" };
    await kit.ok({ ...CACHE, env: {}, healthcheck, overwrite: true });
    const again = await call(kit, "looker");
    assert.ok(again.heard.includes('Started service "cache"; waiting until it is ready'), String(again.heard));
    assert.deepEqual((await call(kit, "looker")).heard, [], "what runs is not told of");
  });

  withServices("run the user_manager of the README of skillz", async (kit) => {
    await kit.ok({
      action: "define",
      name: "postgres",
      image: imageName("postgres"),
      ports: ["5432"],
      env: { POSTGRES_PASSWORD: "dev" },
      volumes: ["data:/data"],
      healthcheck: { cmd: "pg_isready -U postgres -h 127.0.0.1", interval: "300ms", retries: 100 },
    });
    await register(kit, "user_manager", {
      code: USER_MANAGER,
      requires_services: ["postgres"],
      dependencies: ["psycopg2-binary"],
    });
    for (const users of [1, 2]) {
      const { text, data } = await call(kit, "user_manager", { name: "ada" });
      assert.deepEqual(data, { users, database: "postgres" }, text);
    }
  });

  withServices("fail with what is wrong with a service, and the end of its log", async (kit) => {
    const define = { ...WEB, name: "broken", overwrite: true };
    const code = "print(1)";
    await register(kit, "needy", { code, requires_services: ["broken"] });
    await kit.ok({ ...define, command: ["sh", "-c", "echo no configuration; exit 3"], restart: "no" });
    const died = await call(kit, "needy");
    assert.match(died.text, /^Service "broken" is not ready: it ended with exit code 3; .*:\nno configuration$/s);
    assert.equal(died.isError, true);
    const healthcheck = { cmd: "echo not yet; false", interval: "200ms", retries: 2 };
    await kit.ok({ ...define, healthcheck });
    const sick = (await call(kit, "needy")).text;
    assert.match(sick, /it is unhealthy; its health check \("echo not yet; false"\) says: not yet; correct/);
    await kit.ok({ ...define, image: "localhost:1/none:1" });
    assert.match((await call(kit, "needy")).text, /image "localhost:1\/none:1" is not here and cannot be pulled/);
  });

  test("of two servers of one home start a service once", async (t) => {
    if (typeof docker === "string") return t.skip(docker);
    await using home = await temporaryHome();
    await using one = await startServices({ docker, plugins: PLUGINS, home: home.path });
    const hasDeno = await one.test.kernel.get(Processes)?.which("deno") !== undefined;
    await one.ok({ ...WEB, name: "shared" });
    await register(one, "page", { ...(hasDeno ? DENO_PAGE : PYTHON_PAGE), requires_services: ["shared"] });
    await using two = await startServices({ docker, plugins: PLUGINS, home: home.path });
    const answers = await Promise.all([one, two, one, two].map((kit) => call(kit, "page")));
    for (const { text } of answers) assert.equal(text, "hello from the container");
    const since = String(Math.floor(begun / 1_000));
    const filters = ["event=create", "container=skillz_svc_shared"].flatMap((it) => ["--filter", it]);
    const created = await docker.run("events", "--since", since, "--until", "0s", ...filters, "--format", "{{.ID}}");
    assert.equal(created.split("\n").length, 1, created);
  });
});
