/**
 * The contract suite of `Workers`.
 *
 * @module
 */
import type { Worker, Workers } from "../workers.ts";
import { openSuite, type Provided, type SuiteTools } from "./suite_tools.ts";
import type { ProbeRequest } from "./workers_probe.ts";

const PROBE = new URL("./workers_probe.ts", import.meta.url);
const ABSENT = new URL("file:///absent/module.js");
const MEGABYTE = 1024 * 1024;
/** A module whose export `answer` gives 42. */
const ANSWER_MODULE = Uint8Array.from(
  "0061736d010000000105016000017f03020100070a0106616e7377657200000a06010400412a0b".match(/../g) ?? [],
  (pair) => parseInt(pair, 16),
);

/**
 * Registers the tests that every provider of `Workers` passes.
 *
 * @param name Stands before the name of each test.
 * @param make Makes workers for one test.
 */
export async function testWorkers(
  name: string,
  make: () => Provided<Workers> | Promise<Provided<Workers>>,
): Promise<void> {
  const tools = keepAlive(await openSuite(name, make));
  testMessages(tools);
  testSharing(tools);
  testTermination(tools);
  testDeaths(tools);
}

/** Keeps the program running during a test, which workers by themselves do not. */
function keepAlive(tools: SuiteTools<Workers>): SuiteTools<Workers> {
  return {
    assert: tools.assert,
    test(fact, run) {
      tools.test(fact, async (workers) => {
        const timer = setInterval(() => {}, 60_000);
        try {
          await run(workers);
        } finally {
          clearInterval(timer);
        }
      });
    },
  };
}

/** A worker that runs the probe. */
interface Probe {
  readonly worker: Worker;
  ask(request: ProbeRequest, transfer?: readonly ArrayBuffer[]): void;
  /** Gives the next message of the worker. */
  next(): Promise<unknown>;
}

async function startProbe(workers: Workers): Promise<Probe> {
  const worker = workers.start(PROBE);
  const messages: unknown[] = [];
  let wake = (): void => {};
  worker.listen((message) => {
    messages.push(message);
    wake();
  });
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) await new Promise<void>((resolve) => wake = resolve);
    return messages.shift();
  };
  if (await next() !== "begun") throw new Error("Cannot use the probe: its first message is another");
  return { worker, ask: (request, transfer) => worker.post(request, transfer), next };
}

function testMessages({ test, assert }: SuiteTools<Workers>): void {
  test("messages go both ways, in order", async (workers) => {
    const { ask, next } = await startProbe(workers);
    for (let value = 0; value < 100; value++) ask({ ask: "echo", value });
    for (let value = 0; value < 100; value++) assert.equal(await next(), value);
    const value = { text: "größer ☃", big: 2n ** 70n, bytes: new Uint8Array([1, 2]), map: new Map([["a", [null]]]) };
    ask({ ask: "echo", value });
    assert.deepEqual(await next(), value);
  });
  test("messages that come before a listener are kept, on both sides", async (workers) => {
    const worker = workers.start(PROBE);
    worker.post({ ask: "echo", value: 1 } satisfies ProbeRequest);
    worker.post({ ask: "echo", value: 2 } satisfies ProbeRequest);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const messages: unknown[] = [];
    await new Promise<void>((resolve) => {
      worker.listen((message) => {
        messages.push(message);
        if (messages.length === 3) resolve();
      });
    });
    assert.deepEqual(messages, ["begun", 1, 2]);
  });
  test("a message that cannot be cloned is refused", async (workers) => {
    const { ask, next } = await startProbe(workers);
    assert.throws(() => ask({ ask: "echo", value: () => {} }), { name: "DataCloneError" });
    ask({ ask: "echo", value: "after" });
    assert.equal(await next(), "after");
  });
  test("a worker sees neither variables nor arguments", async (workers) => {
    const { ask, next } = await startProbe(workers);
    ask({ ask: "look" });
    assert.deepEqual(await next(), { variables: [], words: [] });
  });
  test("parallelism is a number of threads", async (workers) => {
    assert.ok(Number.isInteger(workers.parallelism) && workers.parallelism > 0);
    await Promise.resolve();
  });
}

function testSharing({ test, assert }: SuiteTools<Workers>): void {
  test("buffers are given away, there and back", async (workers) => {
    const { ask, next } = await startProbe(workers);
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    ask({ ask: "transfer", buffer }, [buffer]);
    assert.equal(buffer.byteLength, 0);
    assert.deepEqual([...new Uint8Array(await next() as ArrayBuffer)], [1, 2, 3]);
  });
  test("compiled modules are shared", async (workers) => {
    const { ask, next } = await startProbe(workers);
    ask({ ask: "call", module: await WebAssembly.compile(ANSWER_MODULE) });
    assert.equal(await next(), 42);
  });
  test("memory is shared, and wakes who waits for it", async (workers) => {
    const shared = new SharedArrayBuffer(4);
    const [waiting, adding] = await Promise.all([startProbe(workers), startProbe(workers)]);
    waiting.ask({ ask: "wait", shared });
    assert.equal(await waiting.next(), "waiting");
    adding.ask({ ask: "add", shared });
    assert.equal(await adding.next(), "added");
    // it may not have waited yet when the number changed
    assert.match(String(await waiting.next()), /^(ok|not-equal)$/);
    assert.equal(new Int32Array(shared)[0], 1);
  });
}

function testTermination({ test, assert }: SuiteTools<Workers>): void {
  test("terminate() ends an endless loop, where it can or the loop asks", async (workers) => {
    const { worker, ask, next } = await startProbe(workers);
    ask({ ask: workers.canInterrupt ? "run" : "poll" });
    assert.equal(await next(), "running");
    await worker.terminate();
    assert.equal(await worker.ended, undefined);
  });
  test("terminate() ends a thread that waits for shared memory", async (workers) => {
    const { worker, ask, next } = await startProbe(workers);
    ask({ ask: "wait", shared: new SharedArrayBuffer(4) });
    assert.equal(await next(), "waiting");
    await worker.terminate();
    assert.equal(await worker.ended, undefined);
  });
  test("terminate() ends a worker that has not begun, and may be called again", async (workers) => {
    const worker = workers.start(PROBE);
    await Promise.all([worker.terminate(), worker.terminate()]);
    await worker.terminate();
    assert.equal(await worker.ended, undefined);
  });
  test("post() to a worker that ended is dropped", async (workers) => {
    const { worker, ask } = await startProbe(workers);
    await worker.terminate();
    ask({ ask: "echo", value: 1 });
    const died = await startProbe(workers);
    died.ask({ ask: "exit" });
    await died.worker.ended;
    died.ask({ ask: "echo", value: 1 });
  });
}

function testDeaths({ test, assert }: SuiteTools<Workers>): void {
  const deaths = [["throw", /thrown in a worker/], ["reject", /rejected in a worker/], [
    "exit",
    /exit code 7/,
  ]] as const;
  for (const [request, message] of deaths) {
    test(`ended tells of a worker that died of "${request}", and no other is touched`, async (workers) => {
      const [dying, other] = await Promise.all([startProbe(workers), startProbe(workers)]);
      dying.ask({ ask: request });
      const error = await dying.worker.ended;
      assert.match(error?.message ?? "", message);
      await dying.worker.terminate();
      other.ask({ ask: "echo", value: "alive" });
      assert.equal(await other.next(), "alive");
    });
  }
  test("ended tells of a module that cannot be loaded, or exports no function", async (workers) => {
    const absent = await workers.start(ABSENT).ended;
    assert.match(absent?.message ?? "", /^Cannot load the module ".*" in a worker: /);
    const empty = new URL(`data:text/javascript,${encodeURIComponent("export default 1")}`);
    const useless = await workers.start(empty).ended;
    assert.match(
      useless?.message ?? "",
      /^Cannot run the module ".*" in a worker: its default export is not a function/,
    );
  });
  test("heapBytes leaves room for what is below it", async (workers) => {
    const worker = workers.start(PROBE, { heapBytes: 256 * MEGABYTE });
    const taken = new Promise((resolve) => worker.listen((message) => message === "taken" && resolve(message)));
    worker.post({ ask: "take", bytes: 16 * MEGABYTE } satisfies ProbeRequest);
    assert.equal(await taken, "taken");
  });
}
