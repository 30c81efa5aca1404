import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Contract,
  contract,
  isKernelError,
  Kernel,
  type KernelError,
  optional,
  type Plugin,
  Toolbox,
} from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { quietKernel, small } from "../support/plugins.ts";
import { freshSeed, seededRandom } from "../support/random.ts";

type Named = { by: string };
const A: Contract<Named> = contract("a");
const B: Contract<Named> = contract("b");
const C: Contract<Named> = contract("c");

async function orderOf(...plugins: Plugin<void>[]): Promise<string[]> {
  const { kernel } = quietKernel();
  for (const plugin of plugins) kernel.use(plugin);
  await kernel.start();
  const names = kernel.inspect().map((it) => it.name);
  await kernel.stop();
  return names;
}

async function refusal(...plugins: Plugin<void>[]): Promise<KernelError> {
  const thrown = await orderOf(...plugins).then(() => assert.fail("expected a refusal"), (thrown: unknown) => thrown);
  assert.ok(isKernelError(thrown), String(thrown));
  return thrown;
}

test("providers are set up before their users, and use() order is kept where it is free", async () => {
  assert.deepEqual(await orderOf(small("z"), small("y"), small("x")), ["z", "y", "x"]);
  assert.deepEqual(
    await orderOf(
      small("first"),
      small("needs_b", { requires: { b: B } }),
      small("needs_a", { requires: { a: A } }),
      small("gives_a", { provides: [A] }),
      small("gives_b", { provides: [B], requires: { a: A } }),
      small("last"),
    ),
    ["first", "gives_a", "gives_b", "needs_b", "needs_a", "last"],
  );
});

test("an optional contract is there when somebody provides it, whatever the use() order, and undefined otherwise", async () => {
  const seen: unknown[] = [];
  const user = () => small("user", { requires: { a: optional(A) }, setup: ({ deps }) => void seen.push(deps.a) });
  assert.deepEqual(await orderOf(user()), ["user"]);
  assert.deepEqual(await orderOf(user(), small("gives_a", { provides: [A] })), ["gives_a", "user"]);
  assert.deepEqual(seen, [undefined, { by: "gives_a" }]);
});

test("contracts match by id, so that a token of another copy of the kernel fits", async () => {
  const twin = { kind: "contract", id: "a" } as Contract<Named>;
  assert.deepEqual(await orderOf(small("user", { requires: { a: twin } }), small("gives_a", { provides: [A] })), [
    "gives_a",
    "user",
  ]);
});

test("CONTRACT_MISSING names the plugin, the contract and what the platform provides", async () => {
  const error = await refusal(small("platform", { provides: [C, A] }), small("repos", { requires: { b: B } }));
  assert.equal(error.code, "CONTRACT_MISSING");
  assert.equal(
    error.format(),
    [
      'error[CONTRACT_MISSING] Cannot load plugin "repos": no plugin provides contract "b"',
      "  required by repos 1.0.0; the platform provides: a, c",
      '  fix: load a plugin that provides "b", or leave out "repos"',
    ].join("\n"),
  );
});

test("CONTRACT_DUPLICATE names both providers", async () => {
  const error = await refusal(small("one", { provides: [A] }), small("two", { provides: [A] }));
  assert.equal(error.code, "CONTRACT_DUPLICATE");
  assert.match(error.message, /"two": contract "a" is already provided by "one"/);
});

test("Kernel.load() refuses a second provider and what requires a missing contract", async () => {
  await using kernel = await quietKernel().kernel.use(small("one", { provides: [A] })).start();
  await assert.rejects(kernel.load(small("two", { provides: [A] })), { code: "CONTRACT_DUPLICATE" });
  await assert.rejects(kernel.load(small("needy", { requires: { b: B } })), { code: "CONTRACT_MISSING" });
  await kernel.load(small("user", { requires: { a: A } }));
});

test("nobody may provide what the kernel provides", async () => {
  const error = await refusal(small("impostor", { provides: [Toolbox] }));
  assert.equal(error.code, "CONTRACT_DUPLICATE");
  assert.match(error.message, /"kernel"/);
});

test("CONTRACT_CYCLE tells the path, without those that only lead to it", async () => {
  const error = await refusal(
    small("outside", { requires: { a: A } }),
    small("one", { provides: [A], requires: { b: B } }),
    small("two", { provides: [B], requires: { c: C } }),
    small("three", { provides: [C], requires: { a: A } }),
  );
  assert.equal(error.code, "CONTRACT_CYCLE");
  assert.match(error.message, /one -> two -> three -> one$/);
  assert.deepEqual(error.details, [
    '"one" requires "b" of "two"',
    '"two" requires "c" of "three"',
    '"three" requires "a" of "one"',
  ]);
});

test("a plugin that requires what it provides itself is a cycle of one", async () => {
  const error = await refusal(small("narcissus", { provides: [A], requires: { a: A } }));
  assert.equal(error.code, "CONTRACT_CYCLE");
  assert.match(error.message, /narcissus -> narcissus$/);
});

// a set of plugins in which any may be missing: chains, diamonds, optional links
const SET: readonly Plugin<void>[] = (() => {
  const ids = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
  const tokens = new Map(ids.map((id) => [id, contract<Named>(id)]));
  const needs: Record<string, string[]> = { p1: ["p0"], p2: ["p0", "p1"], p4: ["p3"], p5: ["p2", "p4"], p7: ["p6"] };
  const likes: Record<string, string[]> = { p3: ["p1"], p6: ["p5", "p0"] };
  return ids.map((id) =>
    small(`plugin_${id}`, {
      provides: [tokens.get(id)!],
      requires: Object.fromEntries([
        ...(needs[id] ?? []).map((need) => [need, tokens.get(need)!] as const),
        ...(likes[id] ?? []).map((like) => [like, optional(tokens.get(like)!)] as const),
      ]),
    })
  );
})();

async function tryKernel(plugins: readonly Plugin<void>[]): Promise<string | undefined> {
  const kernel = new Kernel({ log: fakeLog() });
  for (const plugin of plugins) kernel.use(plugin);
  try {
    await kernel.start();
  } catch (thrown) {
    assert.ok(isKernelError(thrown) && thrown.code === "CONTRACT_MISSING", String(thrown));
    assert.deepEqual([kernel.inspect(), kernel.tools.size], [[], 0]);
    return /no plugin provides contract "(.+)"$/.exec(thrown.message)?.[1] ?? assert.fail(thrown.message);
  }
  const names = kernel.inspect().map((it) => it.name);
  for (const plugin of plugins) {
    for (const { id } of Object.values(plugin.requires ?? {})) {
      const provider = names.indexOf(`plugin_${id}`);
      assert.ok(provider < names.indexOf(plugin.name), `${plugin.name} comes after the provider of ${id}`);
    }
  }
  await kernel.stop();
  assert.equal(kernel.listenerCount, 0);
  return undefined;
}

test("any subset of plugins, in any order, starts or names a contract that is missing", async () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const shuffled = SET.map((plugin) => [random(), plugin] as const).sort(([a], [b]) => a - b).map(([, it]) => it);
    const subset = shuffled.slice(0, Math.floor(random() * (SET.length + 1)));
    const there = new Set(subset.flatMap((it) => it.provides ?? []).map((it) => it.id));
    const absent = subset.flatMap((it) => Object.values(it.requires ?? {}))
      .filter((it) => it.kind === "contract" && !there.has(it.id)).map((it) => it.id);
    const missing = await tryKernel(subset);
    const about = `seed ${seed}, round ${round}: ${subset.map((it) => it.name)}`;
    if (absent.length === 0) assert.equal(missing, undefined, about);
    else assert.ok(missing !== undefined && absent.includes(missing), `${about}: ${missing} of ${absent}`);
  }
});
