import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { collectCommands, type CommandIo, type CommandVerb, definePlugin, Kernel } from "../../../kernel/mod.ts";
import { detectPlatform } from "../../../kernel/platform/mod.ts";
import { createEdgePlatform } from "../../../kernel/platform/edge.ts";
import { conformance, type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { Store } from "../../../plugins/store/contract.ts";
import store, { type StoreConfig } from "../../../plugins/store/mod.ts";
import { temporaryFolder } from "../../platform/temporary.ts";

conformance(store, { engine: "memory" });

interface Started extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly log: FakeLog;
  readonly store: Store;
  readonly verbs: readonly CommandVerb[];
}

/** Starts a kernel with the store on a home. */
async function start(home: string, config?: StoreConfig): Promise<Started> {
  const log = fakeLog();
  const commands = collectCommands();
  const kernel = new Kernel({ log }).use(await detectPlatform({ home })).use(commands.plugin);
  await kernel.use(store, config ?? {}).start();
  const found = kernel.get(Store);
  assert.ok(found);
  return { kernel, log, store: found, verbs: commands.items, [Symbol.asyncDispose]: () => kernel.stop() };
}

/** Runs a verb; gives what it printed, and what it warned of. */
async function run(verbs: readonly CommandVerb[], name: string, options: Partial<CommandIo>): Promise<string[][]> {
  const [printed, warned]: [string[], string[]] = [[], []];
  const verb = verbs.find((it) => it.name === name);
  assert.ok(verb, `no verb "${name}"`);
  const io: CommandIo = {
    args: [],
    json: false,
    print: (line) => void printed.push(line),
    warn: (line) => void warned.push(line),
    ...options,
  };
  await verb.run(io);
  return [printed, warned];
}

describe("plugin store", () => {
  test("keeps the state in state.db of the home, which it makes when it is first used", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "state.db");
    {
      await using started = await start(folder.path);
      assert.equal(existsSync(path), false);
      await started.store.namespace("n").set("k", 1);
      assert.equal(existsSync(path), true);
      assert.deepEqual(started.log.entries.filter(({ level }) => level !== "debug" && level !== "info"), []);
    }
    await using again = await start(folder.path, { engine: "sqlite", synchronous: "full" });
    assert.equal((await again.store.namespace("n").get("k"))?.value, 1);
  });

  test("keeps it in memory when asked to, and leaves the home alone", async () => {
    await using folder = await temporaryFolder();
    await using started = await start(folder.path, { engine: "memory" });
    await started.store.namespace("n").set("k", 1);
    assert.deepEqual(readdirSync(folder.path).filter((name) => name.startsWith("state")), []);
    assert.deepEqual(started.verbs, []);
    assert.deepEqual(started.log.take("warn"), []);
  });

  test("keeps it in memory where the platform has no SQLite, and warns; refuses when SQLite was asked for", async () => {
    const log = fakeLog();
    await using kernel = await new Kernel({ log }).use(createEdgePlatform()).use(store, {}).start();
    await kernel.get(Store)?.namespace("n").set("k", 1);
    assert.match(log.take("warn")[0]?.message ?? "", /lost when the process ends/);
    const refusing = new Kernel({ log }).use(createEdgePlatform()).use(store, { engine: "sqlite" });
    await assert.rejects(refusing.start(), /no plugin provides contract "sql"/);
  });

  test("refuses an engine that it does not know, and keys that it does not know", async () => {
    const starting = (config: object) =>
      new Kernel({ log: fakeLog() }).use(createEdgePlatform()).use(store, config as StoreConfig).start();
    await assert.rejects(starting({ engine: "redis://127.0.0.1" }), { code: "CONFIG_INVALID" });
    await assert.rejects(starting({ url: "redis://127.0.0.1" }), { code: "CONFIG_INVALID" });
  });

  test("serves other plugins, and is closed after them", async () => {
    await using folder = await temporaryFolder();
    const user = definePlugin({
      name: "user",
      version: "1.0.0",
      requires: { store: Store },
      async setup(ctx) {
        const ns = ctx.deps.store.namespace("user/counts");
        ctx.own("watch", await ns.watch("", () => {}));
        await ns.increment("starts");
        ctx.own("last words", async () => void await ns.increment("stops"));
      },
    });
    for (let i = 0; i < 2; i++) {
      await using started = await start(folder.path);
      await started.kernel.load(user);
    }
    await using started = await start(folder.path);
    const { items } = await started.store.namespace("user/counts").scan();
    assert.deepEqual(items.map(({ key, value }) => [key, value]), [["starts", 2], ["stops", 2]]);
  });

  test("can be unloaded and loaded again", async () => {
    await using folder = await temporaryFolder();
    await using started = await start(folder.path);
    await started.store.namespace("n").set("k", 1);
    await started.kernel.unload("store");
    await assert.rejects(started.store.namespace("n").get("k"), { code: "SCOPE_CLOSED" });
    assert.deepEqual(started.verbs, []);
    await started.kernel.load(store, {});
    assert.equal((await started.kernel.get(Store)?.namespace("n").get("k"))?.value, 1);
  });

  test("its verbs write and restore a backup, and say so", async () => {
    await using folder = await temporaryFolder();
    await using started = await start(join(folder.path, "home"));
    const ns = started.store.namespace("n");
    await ns.set("k", 1);
    const file = join(folder.path, "one.tar.gz");
    const [wrote] = await run(started.verbs, "backup", { args: [file] });
    assert.match(wrote?.[0] ?? "", /^Wrote 1 files to .*one\.tar\.gz \(\d+ bytes\)$/);
    await ns.set("k", 2);
    const [restored] = await run(started.verbs, "restore", { args: [file], json: true });
    const report = JSON.parse(restored?.[0] ?? "");
    assert.deepEqual([report.file, report.files, report.kept.length], [file, 1, 1]);
    assert.equal((await ns.get("k"))?.value, 1);
    assert.ok(readFileSync(report.kept[0]).length > 0);
    for (const args of [[], ["a", "b"], [""]]) {
      await assert.rejects(run(started.verbs, "backup", { args }), { code: "OPTION_INVALID" });
      await assert.rejects(run(started.verbs, "restore", { args }), { code: "OPTION_INVALID" });
    }
  });
});
