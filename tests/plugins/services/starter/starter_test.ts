/**
 * In which order services are started, and for whom: with a fake of the engine's containers.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Call, createCall } from "../../../../kernel/mod.ts";
import { Starter } from "../../../../plugins/services/starter.ts";
import { type Behaviour, fakeContainers, NO_SOCKETS, type Written } from "../fake_containers.ts";

const HEALTHY = { health: "healthy" } as const;

function start(written: Readonly<Record<string, Written>>, behaviours: Readonly<Record<string, Behaviour>> = {}) {
  const checked = Object.fromEntries(
    Object.entries(written).map(([name, it]) => [name, { healthcheck: { cmd: "true" }, ...it }]),
  );
  const healthy = Object.fromEntries(
    Object.keys(written).map((name) => [name, { states: [HEALTHY], ...behaviours[name] }]),
  );
  const fake = fakeContainers(checked, healthy);
  return { ...fake, starter: new Starter({ ...fake, sockets: NO_SOCKETS }) };
}

/** Resolves when it is told to. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => open = resolve);
  return { passed, open: () => open() };
}

/** A client that gives up. */
function impatient(parts: Partial<Call> = {}) {
  const controller = new AbortController();
  return {
    call: createCall({ ...parts, signal: controller.signal }),
    leave: () => controller.abort(new Error("left")),
  };
}

describe("the order of services", () => {
  test("what a service depends on is ready before it starts; what is independent starts at the same time", async () => {
    const begun: string[] = [];
    const together = gate();
    const meet = async (name: string) => {
      begun.push(name);
      if (begun.length === 2) together.open();
      await together.passed;
    };
    const starting = { health: "starting" } as const;
    const { starter, events } = start({
      web: { depends_on: ["db", "cache"] },
      db: { depends_on: [] },
      cache: {},
    }, {
      db: { onStart: () => meet("db"), states: [starting, starting, HEALTHY] },
      cache: { onStart: () => meet("cache") },
    });
    const started = await starter.start(["web"], createCall());
    assert.deepEqual(begun.sort(), ["cache", "db"]);
    assert.equal(events.at(-1), "start web");
    assert.equal(events.filter((it) => it === "look db").length, 2);
    assert.deepEqual(started.map((it) => it.state.name), ["db", "cache", "web"]);
  });

  test("one that several depend on is started once", async () => {
    const { starter, events } = start({ a: { depends_on: ["c"] }, b: { depends_on: ["c"] }, c: {} });
    await starter.start(["a", "b"], createCall());
    assert.deepEqual(events, ["start c", "start a", "start b"]);
  });

  const refused: readonly [what: string, names: readonly string[], written: Record<string, Written>, words: RegExp][] =
    [
      [
        "a circle",
        ["a"],
        { a: { depends_on: ["b"] }, b: { depends_on: ["c"] }, c: { depends_on: ["b"] } },
        /^Cannot start service "b": services depend on each other in a circle \(b → c → b\); take one of them out/,
      ],
      ["itself", ["a"], { a: { depends_on: ["a"] } }, /\(a → a\)/],
      ["an unknown name", ["z"], {}, /^Cannot find service "z"/],
      [
        "an unknown dependency",
        ["a"],
        { a: { depends_on: ["z"] } },
        /^Cannot start service "a", which depends on "z": Cannot find service "z"/,
      ],
      ["no name", ["../x"], {}, /^Cannot require service "\.\.\/x": a name has 1 to 64/],
      [
        "two of the same variables",
        ["my-db", "my_DB"],
        { "my-db": {}, my_DB: {} },
        /both have the variables MY_DB_HOST/,
      ],
    ];
  for (const [what, names, written, words] of refused) {
    test(`${what} is refused, and nothing is started`, async () => {
      const { starter, events } = start(written);
      await assert.rejects(starter.ensure(names, { call: createCall() }), { message: words });
      assert.deepEqual(events, []);
    });
  }

  test("what is not defined is told", async () => {
    const { starter } = start({ db: {} });
    assert.deepEqual(await starter.missing(["cache", "db", "queue"]), ["cache", "queue"]);
  });

  test("one that fails breaks off what is beside it and after it, and its reason is what is told", async () => {
    let broken: unknown;
    const { starter, events } = start({ web: { depends_on: ["db", "cache"] }, db: {}, cache: {} }, {
      db: {
        onStart: async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          broken = signal.reason;
          signal.throwIfAborted();
        },
      },
      cache: { onStart: () => Promise.reject(new Error("no such image")) },
    });
    await assert.rejects(starter.start(["web"], createCall()), { message: "no such image" });
    assert.match(String(broken), /no such image/);
    assert.ok(!events.includes("start web"));
  });
});

describe("services that several wait for", () => {
  test("are started once; each hears how it goes, and gives up alone", async () => {
    const go = gate();
    const begun = gate();
    const { starter, events } = start({ db: {} }, {
      db: {
        onStart: async (call) => {
          begun.open();
          await go.passed;
          await call.progress(0, undefined, "Pulling image x");
        },
      },
    });
    const heard: (readonly [number, string | undefined])[][] = [];
    const clients = Array.from({ length: 20 }, () => {
      const lines: (readonly [number, string | undefined])[] = [];
      heard.push(lines);
      return impatient({
        progress: (done, _, message) => {
          lines.push([done, message]);
          return Promise.resolve();
        },
      });
    });
    const waiting = clients.map(({ call }) => starter.ensure(["db"], { call }));
    await begun.passed;
    clients[0]!.leave();
    clients[7]!.leave();
    await assert.rejects(waiting[0]!, { message: "left" });
    await assert.rejects(waiting[7]!, { message: "left" });
    go.open();
    const ready = await Promise.allSettled(waiting);
    assert.equal(ready.filter((it) => it.status === "fulfilled").length, 18);
    assert.deepEqual(events, ["start db"]);
    assert.deepEqual(heard[1]!.map(([, line]) => line), [
      "Pulling image x",
      'Started service "db"; waiting until it is ready',
    ]);
    const done = heard[1]!.map(([it]) => it);
    assert.ok(done.every((it, i) => it > (done[i - 1] ?? 0) && it < 1), "it rises, and leaves room for the tool's own");
    assert.deepEqual(heard[0], []);
  });

  test("are broken off when the last one leaves, and begun anew by the next", async () => {
    const begun = gate();
    let count = 0;
    const { starter } = start({ db: {} }, {
      db: {
        onStart: async ({ signal }) => {
          begun.open();
          if (count++ === 0) {
            await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
          }
        },
      },
    });
    const one = impatient();
    const waiting = starter.ensure(["db"], { call: one.call });
    await begun.passed;
    one.leave();
    await assert.rejects(waiting, { message: "left" });
    await starter.ensure(["db"], { call: createCall() });
    assert.equal(count, 2);
  });

  test("are begun anew for the others when who began is gone and was asked something", async () => {
    const begun = gate();
    const asked: (string | undefined)[] = [];
    const elicit = (name: string) => ({
      principal: { id: name, scopes: [] },
    });
    const { starter } = start({ db: {} }, {
      db: {
        onStart: async ({ principal }) => {
          asked.push(principal?.id);
          if (principal?.id !== "ada") return;
          begun.open();
          // as a question to a client that has gone
          await new Promise((_, reject) => ada.call.signal.addEventListener("abort", () => reject(new Error("gone"))));
        },
      },
    });
    const ada = impatient(elicit("ada"));
    const first = starter.ensure(["db"], { call: ada.call });
    const second = starter.ensure(["db"], { call: createCall(elicit("bob")) });
    await begun.passed;
    ada.leave();
    await assert.rejects(first, { message: "left" });
    await second;
    assert.deepEqual(asked, ["ada", "bob"]);
  });

  test("are ended with the server", async () => {
    const begun = gate();
    const { starter } = start({ db: {} }, {
      db: {
        onStart: async ({ signal }) => {
          begun.open();
          await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      },
    });
    const waiting = starter.ensure(["db"], { call: createCall() });
    const rejected = assert.rejects(waiting, /the server is stopping/);
    await begun.passed;
    await starter.close();
    await rejected;
  });
});

test("a container that was made anew is told to whoever called", async () => {
  const { starter } = start({ db: {} }, { db: { outcome: "recreated" } });
  const logged: string[] = [];
  await starter.ensure(["db"], { call: createCall({ log: (_, message) => void logged.push(message) }) });
  assert.deepEqual(logged, ['The container of service "db" was made anew, since its definition has changed']);
});
