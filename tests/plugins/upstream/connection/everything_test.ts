/**
 * The protocol's own everything-server (2025-11-25) behind stdio, Streamable HTTP and HTTP+SSE.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../mod.ts";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import { until } from "../../../support/wait.ts";
import { addressTarget, connectionKit, packageTarget, TestAsker } from "./kit.ts";

type Target = UpstreamDefinition["target"];

const PACKAGE = "server-everything";

for (const transport of ["stdio", "streamableHttp", "sse"] as const) {
  describe(`server-everything over ${transport}`, () => {
    test("answers come as they are, and it asks the client that called", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const { connection, call, text } = opened;

      assert.equal(connection.facts.protocolVersion, "2025-11-25");
      assert.equal(connection.facts.name, "mcp-servers/everything");
      const tools = await connection.list("tools", { signal: new AbortController().signal, most: 1_000 });
      const sum = tools.find(({ name }) => name === "get-sum") as JsonObject;
      assert.deepEqual((sum["inputSchema"] as JsonObject)["required"], ["a", "b"]);
      const two = await connection.list("tools", { signal: new AbortController().signal, most: 2 });
      assert.equal(two.length, 2);
      const templates = await connection.list("templates", { signal: new AbortController().signal, most: 1_000 });
      assert.ok(templates.length > 0);

      assert.equal(await text("get-sum", { a: 2, b: 40 }), "The sum of 2 and 40 is 42.");
      const weather = await call("get-structured-content", { location: "Chicago" });
      assert.equal(typeof (weather["structuredContent"] as JsonObject)["temperature"], "number");
      const wrong = await call("get-sum", { a: "two" });
      assert.equal(wrong["isError"], true);

      const asker = new TestAsker("ada");
      assert.match(await text("trigger-sampling-request", { prompt: "hi" }, { asker }), /said by ada/);
      const elicited = await call("trigger-elicitation-request", {}, { asker });
      assert.match(JSON.stringify(elicited), /User provided the requested information/);
      // the server asks for roots by itself, some time after it was greeted: whoever calls then is asked
      const ofCalls = asker.asked.filter((it) => it !== "roots/list");
      assert.deepEqual(ofCalls, ["sampling/createMessage", "elicitation/create"]);

      const progress: number[] = [];
      const onProgress = (it: { readonly progress: number }) => void progress.push(it.progress);
      await call("trigger-long-running-operation", { duration: 0.3, steps: 3 }, { onProgress });
      assert.deepEqual(progress, [1, 2, 3]);
      await call("toggle-simulated-logging");
      await until(() => opened.heard.logged.length > 0, "a log message");
    });

    test("a request that is given up is cancelled, and the rest goes on", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const giving = new AbortController();
      const reason = new Error("given up");
      const long = opened.call("trigger-long-running-operation", { duration: 20, steps: 20 }, {
        signal: giving.signal,
        onProgress: () => giving.abort(reason),
      });
      await assert.rejects(long, reason);
      await assert.rejects(
        opened.call("trigger-long-running-operation", { duration: 20, steps: 2 }, { timeoutMs: 50 }),
        /within 50 ms/,
      );
      assert.equal(await opened.text("echo", { message: "still here" }), "Echo: still here");
    });

    test("two clients that are asked at the same time never get each other's questions", async () => {
      await using server = await start(transport);
      await using kit = await connectionKit();
      await using opened = await kit.open(server.target);
      const [ada, bob, eve] = [new TestAsker("ada"), new TestAsker("bob"), new TestAsker("eve")];
      // so that no call is ever the only one in flight
      const ending = new AbortController();
      const beside = opened.call("trigger-long-running-operation", { duration: 60, steps: 2 }, {
        asker: eve,
        signal: ending.signal,
      });
      const besideEnded = assert.rejects(beside);
      const calls = Array.from({ length: 20 }, async (_, i) => {
        const asker = i % 2 === 0 ? ada : bob;
        const answer = await opened.call("trigger-sampling-request", { prompt: String(i) }, { asker });
        const said = JSON.stringify(answer);
        assert.ok(!said.includes(asker === ada ? "said by bob" : "said by ada"), said);
        return said.includes("said by");
      });
      const answered = (await Promise.all(calls)).filter((it) => it).length;
      ending.abort();
      await besideEnded;
      // over one stream nobody can tell whom it is for, so nobody is asked
      assert.equal(answered, transport === "streamableHttp" ? 20 : 0);
    });
  });
}

test("the process ends with its connection", async () => {
  await using kit = await connectionKit();
  const { connection } = await kit.open(packageTarget(PACKAGE, ["stdio"]));
  const { pid } = connection.facts;
  await connection.close();
  assert.throws(() => process.kill(pid!, 0), /ESRCH/);
  assert.equal(await connection.closed, undefined);
});

interface Started extends AsyncDisposable {
  readonly target: Target;
}

async function start(transport: "stdio" | "streamableHttp" | "sse"): Promise<Started> {
  const target = packageTarget(PACKAGE, [transport]) as Extract<Target, { kind: "stdio" }>;
  if (transport === "stdio") return { target, [Symbol.asyncDispose]: async () => {} };
  const port = await freePort();
  const child = spawn(target.command, target.args, { env: { ...process.env, PORT: String(port) }, stdio: "pipe" });
  const url = `http://127.0.0.1:${port}/${transport === "sse" ? "sse" : "mcp"}`;
  await listening(child);
  return {
    target: addressTarget(url),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk) => said += chunk);
  await until(() => /(listening|running) on port/i.test(said), `"listening on port"`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
