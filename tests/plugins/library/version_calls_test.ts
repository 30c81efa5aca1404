import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, Environment, Files, Kernel, ToolError, valueOf } from "../../../kernel/mod.ts";
import { createEdgeEnvironment } from "../../../kernel/platform/edge.ts";
import { fakeLog, memoryFiles, provide } from "../../../kernel/testing.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import library from "../../../plugins/library/mod.ts";
import { UnlistedTool } from "../../../plugins/library/offered_tool.ts";
import { VersionCalls } from "../../../plugins/library/version_calls.ts";
import { defer, until } from "../../support/wait.ts";
import { answeringKind, kindPlugin } from "./kit.ts";

const call = createCall();
const DRAFT = { name: "a", description: "x", tool_type: "answering" };

/** Starts a kernel whose kind tells what it loads, runs and disposes of. */
async function start() {
  const events: string[] = [];
  const files = memoryFiles();
  const held = { wait: Promise.resolve() };
  const kernel = new Kernel({ log: fakeLog(), exposeErrors: true })
    .use(provide(Environment, createEdgeEnvironment()))
    .use(provide(Files, files))
    .use(library);
  const kind = kindPlugin(answeringKind({
    load: ({ answer, refuses }) => {
      if (refuses === true) throw new ToolError("no interpreter");
      events.push(`load ${answer}`);
      return {
        async run(args, running) {
          events.push(`run ${answer}`);
          if (args["again"] !== undefined) {
            const next = { args: {}, call: running };
            return { result: await tools.callVersion("a", String(args["again"]), next) };
          }
          await held.wait;
          return { value: answer };
        },
        dispose: () => void events.push(`dispose ${answer}`),
      };
    },
  }));
  await kernel.use(kind).start();
  const tools = kernel.get(ToolLibrary)!;
  const save = (answer: unknown, more = {}) => tools.save({ ...DRAFT, answer, ...more }, {}, { overwrite: true, call });
  const run = async (version: string, args = {}) => valueOf(await tools.callVersion("a", version, { args, call }));
  const take = () => events.splice(0);
  return { kernel, kind, files, tools, held, save, run, take, [Symbol.asyncDispose]: () => kernel.stop() };
}

describe("calls of versions", () => {
  test("load a version once, and dispose of it at the end", async () => {
    const kit = await start();
    for (let i = 1; i <= 3; i++) await kit.save(i);
    kit.take();
    assert.deepEqual([await kit.run("1.0.0"), await kit.run("1.0.0"), await kit.run("1.0.1")], [1, 1, 2]);
    assert.equal(await kit.run("1.0.2"), 3, "the current one is the tool itself");
    assert.deepEqual(kit.take(), ["load 1", "run 1", "run 1", "load 2", "run 2", "run 3"]);
    await kit.kernel.stop();
    assert.deepEqual(kit.take().sort(), ["dispose 1", "dispose 2", "dispose 3"]);
  });

  test("go on with a version that is pruned meanwhile, which is then disposed of", async () => {
    await using kit = await start();
    await kit.save(1);
    await kit.save(2);
    kit.take();
    const release = defer();
    kit.held.wait = release.promise;
    const running = kit.run("1.0.0");
    await until(() => kit.take().includes("run 1"), "the call");
    await kit.tools.prune("a", ["1.0.0"]);
    assert.deepEqual(kit.take(), []);
    await assert.rejects(kit.run("1.0.0"), /No version "1\.0\.0"/);
    release.resolve();
    assert.equal(await running, 1);
    assert.deepEqual(kit.take(), ["dispose 1"]);
  });

  test("do not reach the version of a tool that had the name before", async () => {
    await using kit = await start();
    for (const word of ["old", "new"]) {
      await kit.save(`${word} 1`);
      await kit.save(`${word} 2`);
      assert.equal(await kit.run("1.0.0"), `${word} 1`);
      if (word === "old") await kit.tools.remove("a");
    }
    // moved away and replaced by somebody, not by this server
    await kit.files.move("tools/a/versions/1.0.0", "tools/gone");
    await kit.files.writeAtomic(
      "tools/a/versions/1.0.0/manifest.json",
      JSON.stringify({ ...DRAFT, answer: "by hand" }),
    );
    assert.equal(await kit.run("1.0.0"), "by hand");
  });

  test("need the kind of the version, and say why one cannot be used", async () => {
    await using kit = await start();
    await kit.save(1);
    await kit.save(2);
    assert.equal(await kit.run("1.0.0"), 1);
    kit.take();
    await kit.kernel.unload("kind_answering");
    assert.ok(kit.take().includes("dispose 1"));
    await assert.rejects(kit.run("1.0.0"), /version "1\.0\.0" of tool "a": nothing provides kind "answering"/);
    await assert.rejects(kit.run("1.0.1"), /the tool is unavailable: not available: kind "answering"/);
    await kit.kernel.load(kit.kind);
    assert.equal(await kit.run("1.0.0"), 1);
    await kit.files.writeAtomic("tools/a/versions/1.0.0/manifest.json", JSON.stringify({ ...DRAFT, refuses: true }));
    for (let i = 0; i < 2; i++) await assert.rejects(kit.run("1.0.0"), /version "1\.0\.0" of tool "a": no interpreter/);
    await kit.files.writeAtomic("tools/a/versions/1.0.0/manifest.json", "{");
    await assert.rejects(kit.run("1.0.0"), /its manifest is not JSON/);
  });

  test("end in no circle, through whatever versions it leads", async () => {
    await using kit = await start();
    await kit.save(1);
    await kit.save(2);
    await assert.rejects(kit.run("1.0.0", { again: "1.0.0" }), /in a circle: a -> a/);
    const viaCurrent = await kit.tools.callVersion("a", "1.0.1", { args: { again: "1.0.0" }, call });
    assert.equal(viaCurrent.isError, true);
  });

  test("look again where another server is replacing the tool", async () => {
    await using kit = await start();
    await kit.save(1);
    await kit.save(2);
    // half way: the new folder is in place, and the versions are with the old one
    const tools = kit.files.at("tools");
    const release = await tools.lock("library");
    await tools.move("a/versions", ".staging/a.old-00000000-0000-0000-0000-000000000000/versions");
    const asked = kit.run("1.0.0");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await release();
    assert.equal(await asked, 1);
  });
});

describe("VersionCalls", () => {
  test("release a version when nobody has called it for a while, and load it again", async () => {
    const calls = new VersionCalls(fakeLog(), 20);
    const events: string[] = [];
    const load = () => {
      events.push("load");
      const tool = { run: () => Promise.resolve({ value: 1 }), dispose: () => void events.push("dispose") };
      return Promise.resolve(new UnlistedTool({ ...DRAFT, version: "1.0.0" }, tool));
    };
    const found = { folder: "a/versions/1.0.0", fingerprint: "1" };
    await calls.call(found, { args: {}, call, load });
    await calls.call(found, { args: {}, call, load });
    assert.deepEqual(events, ["load"]);
    await until(() => events.includes("dispose"), "the release");
    await calls.call(found, { args: {}, call, load });
    assert.deepEqual(events, ["load", "dispose", "load"]);
    await calls.release();
    assert.deepEqual(events, ["load", "dispose", "load", "dispose"]);
  });
});
