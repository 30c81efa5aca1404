/**
 * Runs of real servers that are killed, with scripts that write down that they begin and end: in each kind of
 * step of a run in turn, and as soon as each step has done its work.
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isObject, type JsonObject } from "../../../../kernel/mod.ts";
import { processesWith } from "../../../support/process_list.ts";
import { until } from "../../../support/wait.ts";
import { temporaryHome } from "../../library/kit.ts";

const SERVER = fileURLToPath(new URL("./kill_server.ts", import.meta.url));

// waits where it is told to, until the server is dead
const SCRIPT = `
import json, os, sys, time
request = json.loads(sys.stdin.readline())
given = request["params"]["arguments"]
parent = os.getppid()
def note(what):
    line = what + " " + given["label"]
    with open(os.path.join(given["home"], "hold")) as file:
        holds = line in file.read().split("\\n")
    with open(os.path.join(given["home"], "calls.log"), "a") as file:
        file.write(line + "\\n")
    while holds and os.getppid() == parent:
        time.sleep(0.005)
    if holds: sys.exit(1)
note("begin")
note("end")
print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": {"label": given["label"]}}))
`;

const args = (label: string) => ({ label, home: "$input.home" });

const INNER = [{ tool: "once", args: args("d") }, { tool: "again", args: args("e") }];

const MAIN = [
  { tool: "once", args: args("a") },
  { tool: "again", name: "b", args: args("b") },
  {
    parallel: [{ tool: "once", name: "c", args: args("c") }, {
      tool: "inner",
      name: "inner",
      args: { home: "$input.home" },
    }],
  },
  { for_each: { items: ["f1", "f2"], steps: [{ tool: "once", args: args("$item") }] } },
  { tool: "again", name: "g", args: args("g") },
];

const OUTPUT = { b: "$b.label", c: "$c.label", inner: "$inner.label", g: "$g.label" };

/** A server in a process of its own, and a client of it. */
class Server implements AsyncDisposable {
  readonly #client = new Client({ name: "kill", version: "1.0.0" });
  readonly #transport: StdioClientTransport;

  constructor(home: string) {
    const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
    this.#transport = new StdioClientTransport({
      command: process.execPath,
      args: [...flags, SERVER, home],
      stderr: "inherit",
    });
  }

  async open(): Promise<this> {
    await this.#client.connect(this.#transport);
    return this;
  }

  async call(
    name: string,
    given: JsonObject,
  ): Promise<{ isError: boolean; data: Record<string, unknown>; text: string }> {
    const { isError = false, structuredContent, content } = await this.#client.callTool({
      name,
      arguments: { ...given },
    });
    return { isError, data: isObject(structuredContent) ? structuredContent : {}, text: JSON.stringify(content) };
  }

  async outputOf(run: string): Promise<unknown> {
    const { contents } = await this.#client.readResource({ uri: `collet://runs/${run}/output` });
    return JSON.parse((contents[0] as { text: string }).text);
  }

  async kill(): Promise<void> {
    process.kill(this.#transport.pid!, "SIGKILL");
    await this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** A run that servers work at, one after the other. */
class Killed implements AsyncDisposable {
  /** How often steps were run again that may not be repeated. */
  redos = 0;
  readonly #home: string;
  /** The server that made the tools, until it is killed. */
  #first: Server | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#first?.[Symbol.asyncDispose]();
  }

  async prepare(): Promise<void> {
    await this.hold();
    const server = this.#first = await new Server(this.#home).open();
    const script = { description: "Write down what is done", code: SCRIPT, interpreter: "python3" };
    const made = [
      await server.call("register_script", { name: "once", ...script }),
      await server.call("register_script", { name: "again", ...script, annotations: { idempotentHint: true } }),
      await server.call("pipeline", { action: "create", name: "inner", steps: INNER }),
      await server.call("pipeline", { action: "create", name: "main", steps: MAIN, output: OUTPUT }),
    ];
    for (const { isError, text } of made) assert.equal(isError, false, text);
  }

  /** Says at which lines scripts wait for the end of their server. */
  async hold(...lines: readonly string[]): Promise<void> {
    await writeFile(join(this.#home, "hold"), lines.join("\n"));
  }

  async lines(): Promise<readonly string[]> {
    const text = await readFile(join(this.#home, "calls.log"), "utf8").catch(() => "");
    return text.split("\n").slice(0, -1);
  }

  /** Starts a server that goes on with the run, and kills it once lines are in the log that were not there. */
  async killAt(...lines: readonly string[]): Promise<void> {
    const server = this.#first ?? await new Server(this.#home).open();
    this.#first = undefined;
    const count = async (line: string) => (await this.lines()).filter((it) => it === line).length;
    const before = await Promise.all(lines.map(count));
    let isKilled = false;
    const over = this.#goOn(server).catch((error) => {
      // there is no answer where it is killed
      if (!isKilled) throw error;
    });
    const isThere = async () => (await Promise.all(lines.map(count))).every((it, i) => it > before[i]!);
    try {
      await Promise.race([over, until(isThere, lines.join())]);
    } finally {
      isKilled = true;
      await server.kill();
    }
    await over;
    // a script that had begun writes on for a moment
    await until(async () => (await processesWith(this.#home)).length === 0, "what the server had started to end");
  }

  /** Lets the run end; gives its output. */
  async end(): Promise<unknown> {
    await using server = await new Server(this.#home).open();
    await this.#goOn(server);
    return await server.outputOf((await this.#run(server))!.run_id);
  }

  async #goOn(server: Server): Promise<void> {
    const run = await this.#run(server);
    if (run === undefined) {
      const { isError, text } = await server.call("pipeline", {
        action: "run",
        name: "main",
        arguments: { home: this.#home },
      });
      return assert.equal(isError, false, text);
    }
    // it may have been faster than its death
    if (run.status === "completed") return;
    const before = await this.lines();
    const resumed = await server.call("pipeline", { action: "resume", run_id: run.run_id });
    if (!resumed.isError) return;
    assert.match(resumed.text, /in flight.*redo/s);
    assert.deepEqual(await this.lines(), before, "nothing runs before somebody decides");
    this.redos++;
    const { isError, text } = await server.call("pipeline", { action: "resume", run_id: run.run_id, redo: true });
    assert.equal(isError, false, text);
  }

  // once the lease of the server before is over
  async #run(server: Server): Promise<{ readonly run_id: string; readonly status: string } | undefined> {
    let run: { run_id: string; status: string } | undefined;
    await until(async () => {
      const { data } = await server.call("pipeline", { action: "runs" });
      [run] = data["runs"] as [typeof run];
      return run?.status !== "running";
    }, "the end of a lease");
    return run;
  }
}

const ONCE = ["a", "c", "d", "f1", "f2"];
const AGAIN = ["b", "e", "g"];
const RESULT = { b: "b", c: "c", inner: "e", g: "g" };

describe("a run whose servers are killed", { timeout: 120_000 }, () => {
  test("inside each of its steps goes on, and asks before it does something twice", async () => {
    await using home = await temporaryHome();
    await using run = new Killed(home.path);
    await run.prepare();
    // two of them at the same time
    for (const labels of [["a"], ["b"], ["c", "d"], ["e"], ["f2"]]) {
      const lines = labels.map((label) => `begin ${label}`);
      await run.hold(...lines);
      await run.killAt(...lines);
    }
    await run.hold();
    assert.deepEqual(await run.end(), RESULT);
    const lines = await run.lines();
    for (const label of [...ONCE, ...AGAIN]) {
      const [begun, ended] = ["begin", "end"].map((it) => lines.filter((line) => line === `${it} ${label}`).length);
      assert.deepEqual([begun, ended], [label === "f1" || label === "g" ? 1 : 2, 1], `${label}: ${lines.join()}`);
    }
    assert.equal(run.redos, 3);
  });

  test("as each step has done its work goes on, and does nothing twice unasked", async () => {
    await using home = await temporaryHome();
    await using run = new Killed(home.path);
    await run.prepare();
    for (const label of ["a", "e", "f1"]) {
      const line = `end ${label}`;
      if (!(await run.lines()).includes(line)) await run.killAt(line);
    }
    assert.deepEqual(await run.end(), RESULT);
    const lines = await run.lines();
    const counts = ONCE.map((label) => lines.filter((line) => line === `begin ${label}`).length);
    assert.ok(counts.reduce((sum, count) => sum + count - 1, 0) <= 2 * run.redos, `${lines.join()}; ${run.redos}`);
    for (const label of AGAIN) assert.ok(lines.includes(`end ${label}`));
  });
});
