/** The connector of the plugin and real programs: many starts, calls, crashes and removals leave nothing. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { readdir } from "node:fs/promises";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { detectPlatform, Environment, Fetch, Files, Kernel, Processes } from "../../../../mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import { createConnector } from "../../../../plugins/upstream/connection/connector.ts";
import { SupervisedUpstreams } from "../../../../plugins/upstream/supervisor/supervised_upstreams.ts";
import type { Upstream } from "../../../../plugins/upstream/supervisor/supervisor.ts";
import { temporaryFolder } from "../../../platform/temporary.ts";
import { processesWith } from "../../../support/process_list.ts";
import { until } from "../../../support/wait.ts";
import { definition, namesOf } from "./kit.ts";

const PROGRAM = fileURLToPath(new URL("./shell_server.sh", import.meta.url));
/** `COLLET_TEST_STARTS=1000` for the whole of it. */
const STARTS = Number(process.env.COLLET_TEST_STARTS ?? 40);
const AT_A_TIME = 20;

/** A signal that knows how many listen to it. */
function countedSignal() {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  const heard = new Set<unknown>();
  signal.addEventListener = (type: string, listener: never, options?: never) => {
    heard.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never, options?: never) => {
    heard.delete(listener);
    remove(type, listener, options);
  };
  return { signal, count: () => heard.size };
}

const call = (upstream: Upstream, name: string, signal: AbortSignal) =>
  upstream.use(
    (connection) => connection.request("tools/call", { name, arguments: {} }, { signal, timeoutMs: 30_000 }),
    { signal },
  );

const descriptors = async () => (await readdir("/proc/self/fd")).length;

test("starts, calls, crashes and removals leave no process, descriptor or listener", {
  skip: process.platform !== "linux",
}, async () => {
  const mark = randomUUID();
  await using folder = await temporaryFolder();
  const kernel = await new Kernel({ log: fakeLog() }).use(await detectPlatform({ home: folder.path })).start();
  const connector = createConnector({
    processes: kernel.get(Processes)!,
    fetch: kernel.get(Fetch)!,
    files: kernel.get(Files)!,
    environment: kernel.get(Environment)!,
    signal: new AbortController().signal,
  });
  const upstreams = new SupervisedUpstreams({ connector, log: fakeLog(), limits: { running: 15, backoffMs: 1 } });
  const { signal, count } = countedSignal();

  async function live(number: number): Promise<void> {
    const target = { kind: "stdio", command: "sh", args: [PROGRAM], env: { MARK: mark } } as const;
    const upstream = upstreams.add(definition(`s${number}`, { target }));
    const answers = await Promise.all([call(upstream, "pid", signal), call(upstream, "pid", signal)]);
    assert.deepEqual(answers[0], answers[1], "one process for all");
    assert.deepEqual(namesOf((await upstream.catalog.refresh(signal)).tools), ["pid", "crash"]);
    if (number % 2 === 0) {
      const hanging = assert.rejects(call(upstream, "hang", signal), /it was not sent again/);
      await until(() => upstream.status.inFlight === 1, "the call to be in flight");
      await (number % 4 === 0 ? upstream.restart() : upstream.stop());
      await hanging;
    } else {
      await assert.rejects(call(upstream, "crash", signal), /ended during this, and may have done it/);
      await until(() => upstream.logs(10).some((line) => line === "about to crash"), "its last words");
    }
    assert.equal(await upstreams.remove(`s${number}`), true);
  }

  // what is loaded and opened once is not left behind
  await live(0);
  const before = await descriptors();
  for (let first = 1; first <= STARTS; first += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => live(first + i)));
  }
  await upstreams.close();
  await until(async () => (await processesWith(mark)).length === 0, "all processes to be gone");
  await until(async () => await descriptors() <= before, "all descriptors to be closed");
  assert.equal(count(), 0);
  await kernel.stop();
});
