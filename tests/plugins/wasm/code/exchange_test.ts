import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type CodeKit, startCode, startInline } from "./code_kit.ts";

const kits: Readonly<Record<string, CodeKit>> = { workers: await startCode(), line: await startInline() };
after(async () => {
  for (const kit of Object.values(kits)) await kit[Symbol.asyncDispose]();
});

for (const [place, kit] of Object.entries(kits)) {
  test(`answers of any size come to the calls that they belong to in ${place}, while much is logged`, async () => {
    const value = await kit.value(
      `const sizes = Array.from({ length: 150 }, (_, i) => i % 25 === 0 ? 700_000 + i : i % 5 === 0 ? 20_000 + i : i);
      return await Promise.all(sizes.map(async (size, i) => {
        if (i % 10 === 0) console.log("x".repeat(15_000));
        const [{ value }, { n }] = await Promise.all([large({ size }), echo({ n: i })]);
        console.log("y".repeat(5_000));
        return value.length === size && n === i;
      }));`,
    );
    assert.deepEqual(value, Array(150).fill(true));
  });

  test(`timers fire in ${place} while calls go on, in their order`, async () => {
    const value = await kit.value(
      `const seen = [];
      const sleep = (ms) => new Promise((resolve) => setTimeout(() => (seen.push(ms), resolve(ms)), ms));
      const calls = slow({ ms: 300 }).then(() => seen.push("call"));
      const first = await Promise.race([slow({ ms: 2_000 }).catch(() => {}), sleep(20)]);
      await Promise.all([sleep(60), sleep(30), sleep(0), echo({})]);
      let ticks = 0;
      const every = setInterval(() => ticks++, 5);
      await calls;
      clearInterval(every);
      return { first, seen, hasTicked: ticks > 3 };`,
    );
    assert.deepEqual(value, { first: 20, seen: [20, 0, 30, 60, "call"], hasTicked: true });
  });

  test(`one slow call holds up no other in ${place}`, async () => {
    const value = await kit.value(
      `const order = [];
      const late = slow({ ms: 400 }).then(() => order.push("slow"));
      for (let i = 0; i < 20; i++) await echo({ i });
      order.push("quick");
      await late;
      return order;`,
    );
    assert.deepEqual(value, ["quick", "slow"]);
  });

  test(`requests overtake in ${place} no log that was written before them`, async () => {
    const events: string[] = [];
    await kit.value(
      `for (let i = 0; i < 60; i++) {
        if (i % 3 === 1) console.log("log of " + i);
        await files.write("call " + i, "");
      }`,
      {
        call: { log: (_level, message) => void events.push(message) },
        serve(_method, { name }) {
          events.push(String(name));
          return Promise.resolve({});
        },
      },
    );
    assert.deepEqual(
      events,
      Array.from({ length: 60 }, (_, i) => i % 3 === 1 ? [`log of ${i}`, `call ${i}`] : [`call ${i}`]).flat(),
    );
  });
}
