import { test } from "node:test";
import * as v from "valibot";
import {
  type ConfigArgs,
  type Contract,
  contract,
  definePlugin,
  type Event,
  event,
  Kernel,
  optional,
  type Plugin,
  type Resolved,
} from "../../kernel/mod.ts";
import type { Equal, Expect } from "../support/types.ts";

interface Memory {
  get(key: string): string | undefined;
}
const Memory: Contract<Memory> = contract("memory");
const Clock: Contract<() => number> = contract("clock");
const Rang: Event<{ times: number }> = event("bell:rang");

// everything below is checked by the compiler; nothing of it runs but this
test("the types of plugins are checked by the compiler", () => {});

export function configIsInferred(): void {
  const plugin = definePlugin({
    name: "it",
    version: "1.0.0",
    config: v.strictObject({ locale: v.optional(v.string(), "en"), depth: v.pipe(v.string(), v.transform(Number)) }),
    setup(ctx) {
      type _Config = Expect<Equal<typeof ctx.config, { locale: string; depth: number }>>;
    },
  });
  type _Plugin = Expect<Equal<typeof plugin, Plugin<{ locale?: string | undefined; depth: string }>>>;

  const plain = definePlugin({
    name: "it",
    version: "1.0.0",
    setup(ctx) {
      type _Config = Expect<Equal<typeof ctx.config, undefined>>;
    },
  });
  type _Plain = Expect<Equal<typeof plain, Plugin<void>>>;
}

export function configArgumentsFollowTheConfig(): void {
  type _None = Expect<Equal<ConfigArgs<void>, []>>;
  type _Optional = Expect<Equal<ConfigArgs<{ a?: string }>, [config?: { a?: string }]>>;
  type _MayBeAbsent = Expect<Equal<ConfigArgs<{ a: string } | undefined>, [config?: { a: string } | undefined]>>;
  type _Required = Expect<Equal<ConfigArgs<{ a: string }>, [config: { a: string }]>>;
  // deno-lint-ignore no-explicit-any -- what a list of plugins holds
  type _Any = Expect<Equal<ConfigArgs<any>, [config?: any]>>;
  type _Unknown = Expect<Equal<ConfigArgs<unknown>, [config?: unknown]>>;
}

export function useChecksTheConfig(plugins: readonly Plugin[]): void {
  const kernel = new Kernel();
  const none = definePlugin({ name: "none", version: "1.0.0", setup() {} });
  const lax = definePlugin({
    name: "lax",
    version: "1.0.0",
    config: v.strictObject({ a: v.optional(v.string()) }),
    setup() {},
  });
  const strict = definePlugin({
    name: "strict",
    version: "1.0.0",
    config: v.strictObject({ a: v.string() }),
    setup() {},
  });
  kernel.use(none).use(lax).use(lax, {}).use(lax, { a: "x" }).use(strict, { a: "x" });
  for (const plugin of plugins) kernel.use(plugin).use(plugin, { anything: true });
  // @ts-expect-error -- it takes no configuration
  kernel.use(none, {});
  // @ts-expect-error -- a is a string
  kernel.use(lax, { a: 1 });
  // @ts-expect-error -- there is no b
  kernel.use(lax, { b: "x" });
  // @ts-expect-error -- the configuration is required
  kernel.use(strict);
  // @ts-expect-error -- a is required
  kernel.use(strict, {});
  // @ts-expect-error -- the same holds for load
  void kernel.load(strict);
  void kernel.load(strict, { a: "x" });
}

export function dependenciesAreInferred(): void {
  definePlugin({
    name: "it",
    version: "1.0.0",
    requires: { memory: Memory, clock: optional(Clock) },
    setup({ deps }) {
      type _Memory = Expect<Equal<typeof deps.memory, Memory>>;
      type _Clock = Expect<Equal<typeof deps.clock, (() => number) | undefined>>;
      deps.memory.get("a");
      deps.clock?.();
      // @ts-expect-error -- an optional contract may be undefined
      deps.clock();
      // @ts-expect-error -- nobody asked for it
      deps.other;
      // @ts-expect-error -- dependencies are given, not set
      deps.memory = { get: () => undefined };
    },
  });
  definePlugin({
    name: "it",
    version: "1.0.0",
    setup({ deps }) {
      // @ts-expect-error -- nothing was asked for
      deps.memory;
    },
  });
  const requires = { memory: Memory, clock: optional(Clock) };
  type _Resolved = Expect<
    Equal<Resolved<typeof requires>, { readonly memory: Memory; readonly clock: (() => number) | undefined }>
  >;
}

export function contractsAndEventsAreTyped(kernel: Kernel): void {
  const memory = kernel.get(Memory);
  type _Memory = Expect<Equal<typeof memory, Memory | undefined>>;
  kernel.on(Rang, (payload) => {
    type _Payload = Expect<Equal<typeof payload, { times: number }>>;
  });
  kernel.emit(Rang, { times: 1 });
  // @ts-expect-error -- times is a number
  kernel.emit(Rang, { times: "1" });
  // @ts-expect-error -- a contract is no event
  kernel.on(Memory, () => {});
  // @ts-expect-error -- contracts of different types do not stand for each other
  const _clock: Contract<() => number> = Memory;
  definePlugin({
    name: "it",
    version: "1.0.0",
    provides: [Memory],
    setup(ctx) {
      ctx.provide(Memory, { get: () => "x" });
      // @ts-expect-error -- it has no get
      ctx.provide(Memory, {});
      // @ts-expect-error -- an optional contract is asked for, not provided
      ctx.provide(optional(Memory), { get: () => "x" });
    },
  });
}

export function setupMayCleanUp(): void {
  definePlugin({ name: "it", version: "1.0.0", setup: () => () => {} });
  definePlugin({ name: "it", version: "1.0.0", setup: async () => await Promise.resolve(async () => {}) });
  // @ts-expect-error -- what setup returns is a clean-up
  definePlugin({ name: "it", version: "1.0.0", setup: () => "done" });
  // @ts-expect-error -- the version is required
  definePlugin({ name: "it", setup() {} });
}
