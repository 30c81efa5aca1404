/** Any order of events keeps what supervision promises; servers that are none, and a clock that is moved by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { defer, type Deferred, pause } from "../../../support/wait.ts";
import { definition, type FakeConnection, settle, supervise } from "./kit.ts";

const NAMES = ["a", "b", "c"] as const;
const CAP = 2;

const name = fc.constantFrom(...NAMES);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("use" as const), name, isLong: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("answer" as const, "abort" as const), nth: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("die" as const, "break" as const, "hang" as const, "mend" as const),
      name,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("stop" as const, "restart" as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("keep" as const, "replace" as const), name }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(0, 600, 10_000, 70_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A call that goes on. */
interface Flight {
  readonly gate: Deferred<string>;
  readonly controller: AbortController;
}

class World {
  readonly parts = supervise({ limits: { running: CAP } });
  readonly flights: Flight[] = [];
  readonly calls: Promise<void>[] = [];
  readonly runs: number[] = [];
  readonly releases: (() => void)[] = [];
  readonly faults: string[] = [];

  constructor() {
    for (const name of NAMES) {
      this.parts.upstreams.add(this.#definition(name));
      // an end takes its time
      this.parts.connector.server(name).closing = () => pause(1);
    }
  }

  #definition(name: string) {
    return definition(name, { idleMs: 30_000, lifetimeMs: 90_000 });
  }

  async do(step: Step): Promise<void> {
    const { upstreams, connector, clock } = this.parts;
    switch (step.do) {
      case "use":
        return this.#use(step.name, step.isLong);
      case "answer":
        return this.flights.splice(step.nth, 1)[0]?.gate.resolve("done");
      case "abort":
        return this.flights[step.nth]?.controller.abort(new Error("given up"));
      case "die":
        return [...connector.server(step.name).live][0]?.die();
      case "break":
        return void (connector.server(step.name).opening = () => Promise.reject(new Error("broken")));
      case "hang":
        return void (connector.server(step.name).opening = () => new Promise(() => {}));
      case "mend":
        return void (connector.server(step.name).opening = () => Promise.resolve());
      case "stop":
        return void this.calls.push(upstreams.get(step.name)!.stop());
      case "restart":
        return void this.calls.push(upstreams.get(step.name)!.restart().catch(() => {}));
      case "keep":
        return void this.releases.push(upstreams.get(step.name)!.keep());
      case "replace":
        return void await upstreams.replace(this.#definition(step.name));
      case "wait":
        return await clock.advance(step.ms);
    }
  }

  #use(name: string, isLong: boolean): void {
    const flight: Flight = { gate: defer<string>(), controller: new AbortController() };
    if (isLong) this.flights.push(flight);
    else flight.gate.resolve("done");
    const id = this.runs.push(0) - 1;
    const { signal } = flight.controller;
    const work = (connection: unknown) => {
      this.runs[id]!++;
      const { hasToldEnd, closes } = connection as FakeConnection;
      // of an end at this very moment nobody has heard; an end that is wanted is known at once
      if (hasToldEnd || closes > 0) this.faults.push("it is given a connection that has ended");
      return flight.gate.promise;
    };
    const call = this.parts.upstreams.get(name)!.use(work, { signal });
    this.calls.push(call.then((value) => assert.equal(value, "done"), () => {}));
  }

  check(): void {
    const { connector } = this.parts;
    for (const name of NAMES) assert.ok(connector.server(name).mostLive <= 1, `two of ${name} at once`);
    assert.ok(connector.live <= CAP, `${connector.live} run`);
    assert.deepEqual(this.faults, []);
    assert.ok(this.runs.every((runs) => runs <= 1), "a call was sent twice");
  }

  async end(): Promise<void> {
    const { upstreams, connector, clock } = this.parts;
    await upstreams.close();
    for (const { gate } of this.flights) gate.resolve("done");
    await settle();
    await Promise.all(this.calls);
    this.check();
    assert.deepEqual([connector.live, clock.pending], [0, 0], "something is left");
  }
}

test("whatever happens, one of each runs at most, the cap holds, no call is sent twice, and nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const world = new World();
      for (const step of steps) {
        await world.do(step);
        world.check();
      }
      await world.end();
    }),
    { numRuns: 60 },
  );
});
