import assert from "node:assert/strict";
import { test } from "node:test";
import { type Event, event, Kernel, KernelStarted, ResourceUpdated } from "../../kernel/mod.ts";
import { quietKernel, small } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

const Rang: Event<{ times: number }> = event("bell:rang");

test("a failing listener stops no other, and is logged with the event's id", async () => {
  const { kernel, log } = quietKernel();
  const heard: string[] = [];
  kernel.on(Rang, () => {
    throw new Error("sync");
  });
  kernel.on(Rang, () => Promise.reject(new Error("async")));
  kernel.on(Rang, ({ times }) => void heard.push(`heard ${times}`));
  kernel.emit(Rang, { times: 2 });
  assert.deepEqual(heard, ["heard 2"]);
  await until(() => log.entries.length === 2);
  assert.deepEqual(log.take("error").map((it) => it.message), [
    'Listener of event "bell:rang" failed: sync',
    'Listener of event "bell:rang" failed: async',
  ]);
});

test("listeners are called in the order they came, each as often as it listens, until they leave", () => {
  const { kernel } = quietKernel();
  const heard: string[] = [];
  const twice = () => void heard.push("twice");
  const leave = kernel.on(Rang, twice);
  kernel.on(Rang, () => void heard.push("other"));
  kernel.on(Rang, twice);
  kernel.emit(Rang, { times: 1 });
  leave();
  leave();
  kernel.emit(Rang, { times: 1 });
  assert.deepEqual(heard, ["twice", "other", "twice", "other", "twice"]);
  assert.equal(kernel.listenerCount, 2);
});

test("events match by id, and reach plugins from plugins", async () => {
  const twin = { kind: "event", id: "bell:rang" } as Event<{ times: number }>;
  const heard: number[] = [];
  let ring: ((times: number) => void) | undefined;
  await using _ = await quietKernel().kernel
    .use(small("ear", { setup: ({ on }) => void on(twin, ({ times }) => void heard.push(times)) }))
    .use(small("bell", { setup: ({ emit }) => void (ring = (times) => emit(Rang, { times })) })).start();
  ring!(3);
  assert.deepEqual(heard, [3]);
});

test("a listener may stop listening, or start another, while it is told", () => {
  const { kernel } = quietKernel();
  const heard: string[] = [];
  const leave = kernel.on(Rang, () => {
    heard.push("once");
    leave();
    kernel.on(Rang, () => void heard.push("new"));
  });
  kernel.emit(Rang, { times: 1 });
  kernel.emit(Rang, { times: 2 });
  assert.deepEqual(heard, ["once", "new"]);
});

test("ctx.updated() announces a resource", async () => {
  const { kernel } = quietKernel();
  const heard: string[] = [];
  kernel.on(ResourceUpdated, ({ uri }) => void heard.push(uri));
  await using _ = await kernel.use(small("it", { setup: ({ updated }) => updated("a://b") })).start();
  assert.deepEqual(heard, ["a://b"]);
});

test("Kernel.on() refuses what is no event", () => {
  assert.throws(() => new Kernel().on({ kind: "contract", id: "x" } as never, () => {}), { code: "OPTION_INVALID" });
});

test("a plugin that is loaded into a running kernel is told of the start, once its setup is done", async () => {
  const heard: string[] = [];
  const listener = (name: string) =>
    small(name, {
      async setup(ctx) {
        ctx.on(KernelStarted, () => void heard.push(`${name} heard`));
        await Promise.resolve();
        heard.push(`${name} set up`);
      },
    });
  const { kernel } = quietKernel();
  await kernel.use(listener("early")).start();
  await kernel.load(listener("late"));
  assert.deepEqual(heard, ["early set up", "early heard", "late set up", "late heard"]);
  await kernel.stop();
});
