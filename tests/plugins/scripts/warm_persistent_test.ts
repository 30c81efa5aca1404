import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Catalog, createCall, type Process, Processes, Toolbox } from "../../../kernel/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { NO_REDACTION } from "../../../plugins/scripts/redaction.ts";
import { type Answer, ScriptSession } from "../../../plugins/scripts/session.ts";
import { type PersistentOptions, PersistentProcesses } from "../../../plugins/scripts/warm/mod.ts";
import { startKernel, temporaryHome } from "../library/kit.ts";
import { until } from "../../support/wait.ts";
import { sleep } from "./kit.ts";

/** Answers with the number of its calls, or as the arguments say. */
const SERVER = `
import json, os, sys, time
count = 0
for line in sys.stdin:
    request = json.loads(line)
    if request.get("method") != "execute":
        continue
    count += 1
    do = request["params"]["arguments"]
    def answer(**fields):
        print(json.dumps(dict({"jsonrpc": "2.0", "id": request["id"]}, **fields)), flush=True)
    if do == "die":
        print("dying", file=sys.stderr, flush=True)
        os._exit(3)
    if do == "hang":
        for line in sys.stdin:
            print(line, file=sys.stderr, flush=True)
            if "notifications/cancelled" in line:
                open("cancelled", "w").write(line)
                sys.exit(0)
    if do == "fail":
        print("for the error", file=sys.stderr, flush=True)
        answer(error={"code": 7, "message": "failed"})
        continue
    if do == "much":
        sys.stdout.write("x" * (17 * 1024 * 1024))
        sys.stdout.flush()
    if do == "foreign":
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"] - 1, "result": "foreign"}), flush=True)
    if do == "slow":
        time.sleep(0.3)
    answer(result=[os.getpid(), count, request["id"]])
    if do == "late":
        print("printed late", flush=True)
        answer(result="twice")
`;

async function startPersistent(options: Omit<PersistentOptions, "onStray"> = {}) {
  const home = await temporaryHome();
  const { kernel, ...running } = await startKernel({ home: home.path });
  const file = join(home.path, "server.py");
  await writeFile(file, SERVER);
  const stray: string[] = [];
  const started: Process[] = [];
  const persistent = new PersistentProcesses({ ...options, onStray: (_key, text) => stray.push(text) });
  const start = async () => {
    const process = await kernel.get(Processes)!.spawn({ program: "/usr/bin/python3", args: [file], cwd: home.path });
    started.push(process);
    return process;
  };
  const converse = async (
    args: unknown,
    { signal = new AbortController().signal, timeoutMs = 20_000, key = "a" } = {},
  ): Promise<Answer> => {
    const { process, id } = await persistent.begin(key, start, signal);
    const session = new ScriptSession(process, {
      id,
      name: "server",
      title: 'Script "server"',
      protocol: 1,
      call: createCall({ signal }),
      toolbox: kernel.get(Toolbox)!,
      catalog: kernel.get(Catalog)!,
      library: kernel.get(ToolLibrary)!,
      memory: undefined,
      roots: () => Promise.resolve([]),
      request: JSON.stringify({ jsonrpc: "2.0", method: "execute", id, params: { arguments: args } }),
      isStdinClosed: false,
      timeoutMs,
      longerBy: "sets timeout_ms",
      redaction: NO_REDACTION,
    });
    try {
      return await session.converse();
    } finally {
      void session.end();
    }
  };
  return {
    home: home.path,
    persistent,
    stray,
    started,
    start,
    converse,
    /** Calls, and gives process id, count and id. */
    call: async (args: unknown = "count", more = {}): Promise<readonly number[]> => {
      const answer = await converse(args, more);
      assert.equal(answer.kind, "result");
      return (answer as { result: readonly number[] }).result;
    },
    [Symbol.asyncDispose]: async () => {
      await persistent.close();
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

describe("PersistentProcesses", () => {
  test("one process serves the calls of a key in turn, those of another have another", async () => {
    await using kit = await startPersistent();
    const calls = await Promise.all([kit.call("slow"), kit.call(), kit.call(), kit.call("count", { key: "b" })]);
    const pid = calls[0]![0];
    assert.deepEqual(calls.slice(0, 3), [[pid, 1, 1], [pid, 2, 2], [pid, 3, 3]]);
    assert.notEqual(calls[3]![0], pid);
    assert.equal(kit.started.length, 2);
  });

  test("what is printed after an answer, or answers another request, is dropped", async () => {
    await using kit = await startPersistent();
    const [pid] = await kit.call("late");
    await until(() => kit.stray.includes("printed late"), "the line that comes late");
    assert.deepEqual(await kit.call(), [pid, 2, 2]);
    assert.deepEqual(await kit.call("foreign"), [pid, 3, 3]);
    assert.deepEqual(await kit.call(), [pid, 4, 4]);
    assert.deepEqual(kit.stray.filter((it) => it === "printed late"), ["printed late"]);
  });

  test("an answer that is an error comes with stderr, and the process goes on", async () => {
    await using kit = await startPersistent();
    const [pid] = await kit.call();
    await assert.rejects(kit.call("fail"), /Error 7: failed\nstderr:\nfor the error$/);
    assert.deepEqual(await kit.call(), [pid, 3, 3]);
  });

  test("a process that dies, or writes without end, fails its call, and the next has a new one", async () => {
    await using kit = await startPersistent();
    const [pid] = await kit.call();
    await assert.rejects(kit.call("die"), /ended with exit code 3\nstderr:\ndying/);
    const [next] = await kit.call();
    assert.notEqual(next, pid);
    await assert.rejects(kit.call("much"), /wrote a line of more than 16 MiB/);
    assert.deepEqual((await kit.call()).slice(1), [1, 1]);
    assert.equal(kit.started.length, 3);
  });

  test("a call that is cancelled or takes too long ends the process, and the next does not wait for that", async () => {
    await using kit = await startPersistent();
    await kit.call();
    const over = new AbortController();
    const hanging = kit.call("hang", { signal: over.signal });
    const waiting = kit.call();
    await sleep(100);
    over.abort(new Error("enough"));
    await assert.rejects(hanging, /Cancelled: enough/);
    assert.deepEqual((await waiting).slice(1), [1, 1]);
    await assert.rejects(kit.call("hang", { timeoutMs: 100 }), /did not answer within its time limit/);
    await kit.started[0]!.exited;
    await kit.started[1]!.exited;
    assert.deepEqual((await kit.call()).slice(1), [1, 1]);
  });

  test("a call that waits can be cancelled, and takes no turn", async () => {
    await using kit = await startPersistent();
    const over = new AbortController();
    const first = kit.call("slow");
    const second = kit.call("count", { signal: over.signal });
    const third = kit.call();
    over.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    assert.deepEqual((await first).slice(1), [1, 1]);
    assert.deepEqual((await third).slice(1), [2, 2]);
    await assert.rejects(kit.persistent.begin("a", kit.start, over.signal), /enough/);
  });

  test("a process serves so many calls, and so long", async () => {
    await using kit = await startPersistent({ maxCalls: 2 });
    for (const count of [1, 2, 1, 2, 1]) assert.equal((await kit.call())[1], count);
    assert.equal(kit.started.length, 3);
    await using old = await startPersistent({ maxAgeMs: 1 });
    for (let i = 0; i < 2; i++) assert.equal((await old.call())[1], 1);
  });

  test("a process ends when nobody calls it, and close() leaves nothing", async () => {
    await using kit = await startPersistent({ idleMs: 100 });
    await kit.call();
    await kit.started[0]!.exited;
    await kit.call();
    const refused = assert.rejects(Promise.all([kit.call("hang"), kit.call()]), /the server is stopping/);
    await sleep(50);
    await kit.persistent.close();
    await refused;
    await Promise.all(kit.started.map(({ exited }) => exited));
    assert.equal(kit.started.length, 2);
  });

  test("a process that cannot be started fails the call that would start it", async () => {
    await using kit = await startPersistent();
    const { signal } = new AbortController();
    const failing = kit.persistent.begin("a", () => Promise.reject(new Error("cannot start")), signal);
    const other = kit.call();
    await assert.rejects(failing, /cannot start/);
    assert.deepEqual((await other).slice(1), [1, 1]);
  });
});
