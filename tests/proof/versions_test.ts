import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCall, Environment, Files, type Folder, isToolError, Kernel } from "../../kernel/mod.ts";
import { createEdgeEnvironment } from "../../kernel/platform/edge.ts";
import { fakeLog, memoryFiles, provide } from "../../kernel/testing.ts";
import { ToolLibrary } from "../../plugins/library/contract.ts";
import { listCode } from "../../plugins/library/digest.ts";
import library from "../../plugins/library/mod.ts";
import { answeringKind, kindPlugin } from "../plugins/library/kit.ts";
import { CrashingFiles } from "../support/crashing_files.ts";
import { announceSeed, check, FUZZ_RUNS } from "./settings.ts";

/** A step of a sequence; `pick` chooses among the versions that there are then. */
interface Step {
  readonly does: "save" | "rollback" | "prune" | "delete" | "edit" | "renumber" | "break";
  readonly tool: "a" | "b";
  readonly pick: number;
  /** At which change of the files the process dies, if the step has so many. */
  readonly diesAt: number | undefined;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  does: fc.oneof(
    { weight: 8, arbitrary: fc.constant("save" as const) },
    { weight: 4, arbitrary: fc.constant("rollback" as const) },
    { weight: 4, arbitrary: fc.constant("prune" as const) },
    { weight: 3, arbitrary: fc.constant("edit" as const) },
    { weight: 2, arbitrary: fc.constant("renumber" as const) },
    ...(["delete", "break"] as const).map((it) => ({ weight: 1, arbitrary: fc.constant(it) })),
  ),
  tool: fc.oneof({ weight: 4, arbitrary: fc.constant("a" as const) }, {
    weight: 1,
    arbitrary: fc.constant("b" as const),
  }),
  pick: fc.nat(99),
  diesAt: fc.option(fc.nat(14), { freq: 3, nil: undefined }),
});

/** A server on files that outlive it. */
async function startServer(files: Files) {
  const process = new CrashingFiles(files);
  const kernel = new Kernel({ log: fakeLog() })
    .use(provide(Environment, createEdgeEnvironment()))
    .use(provide(Files, process.files))
    .use(library)
    .use(kindPlugin(answeringKind()));
  await kernel.start();
  return { process, kernel, tools: kernel.get(ToolLibrary)! };
}
type Server = Awaited<ReturnType<typeof startServer>>;

class Trial {
  readonly #files = memoryFiles();
  #server!: Server;
  /** Contents by number, of the tools that are there. */
  readonly #known = { a: new Map<string, string>(), b: new Map<string, string>() };
  /** Everything that was ever what a tool is, but for what somebody overwrote by hand. */
  readonly #owed = new Set<string>();
  #count = 0;

  async start(): Promise<void> {
    this.#server = await startServer(this.#files);
  }

  async stop(): Promise<void> {
    await this.#server.kernel.stop();
  }

  async run(step: Step): Promise<void> {
    const { process } = this.#server;
    if (step.diesAt !== undefined) process.dieAt(step.diesAt);
    try {
      await this.#do(step);
    } catch (error) {
      if (!process.isDead) throw error;
    }
    process.live();
    if (process.isDead) {
      await this.#server.kernel.stop().catch(() => {});
      await this.start();
    }
    await this.#verify(step.tool);
  }

  async #do({ does, tool, pick }: Step): Promise<void> {
    const { tools } = this.#server;
    const content = `${tool} ${this.#count++}`;
    if (does === "save") {
      // one helper in three: files that come along are part of the content
      const files = { "code.txt": content, ...(pick % 3 === 0 && { [`lib/helper_${pick}.txt`]: `helper ${content}` }) };
      await tools.save({ name: tool, description: "x", tool_type: "answering" }, files, {
        overwrite: true,
        call: createCall(),
      });
      return;
    }
    if (!(await tools.list()).some((it) => it.name === tool)) return;
    const versions = await tools.versions(tool);
    const chosen = versions[pick % versions.length]?.version;
    switch (does) {
      case "rollback":
        if (chosen !== undefined) await this.#rollBack(tool, chosen);
        break;
      case "prune": {
        const old = versions.filter((it) => !it.isCurrent).slice(pick % 4).map((it) => it.version);
        // thrown away on purpose; the trash still has it
        if (old.length > 0) await tools.prune(tool, old);
        break;
      }
      case "delete":
        await tools.remove(tool);
        break;
      default:
        await this.#editByHand(does, { tool, content, pick });
    }
  }

  async #rollBack(tool: string, version: string): Promise<void> {
    const { tools } = this.#server;
    const before = await codeOf(await tools.files(tool, version));
    try {
      const { manifest } = await tools.rollback(tool, version, { call: createCall() });
      assert.deepEqual(await codeOf(await tools.files(tool)), before, "every file is that of the version");
      assert.equal(manifest.rolled_back_from, version);
    } catch (error) {
      // a version whose manifest somebody broke cannot be restored
      if (!isToolError(error) || !/not JSON/.test(error.message)) throw error;
    }
  }

  /** Does what a person does, whom no server's death concerns. */
  async #editByHand(
    does: Step["does"],
    { tool, content, pick }: { readonly tool: Step["tool"]; readonly content: string; readonly pick: number },
  ): Promise<void> {
    const folder = this.#files.at(`tools/${tool}`);
    if (does === "edit") {
      // what somebody overwrites is theirs to lose, unless another copy is kept
      this.#owed.delete(await contentOf(folder) ?? "");
      await folder.writeAtomic("code.txt", content);
      return;
    }
    const text = await folder.readText("manifest.json") ?? "{}";
    if (does === "break") return await folder.writeAtomic("manifest.json", `broken ${text}`);
    if (text.startsWith("broken")) return;
    const given = [...this.#known[tool].keys(), "1.0.20"];
    const version = given[pick % given.length];
    await folder.writeAtomic("manifest.json", JSON.stringify({ ...JSON.parse(text), version }));
  }

  /** Compares what the library says with what is on disk, and with what was known before. */
  async #verify(name: Step["tool"]): Promise<void> {
    const { tools } = this.#server;
    const stored = (await tools.list()).find((it) => it.name === name);
    if (stored === undefined) this.#known[name].clear();
    else await this.#verifyVersions(name);
    const found = await this.#allContents();
    for (const content of this.#owed) assert.ok(found.has(content), `"${content}" is lost`);
    const staging = await this.#files.list("tools/.staging");
    assert.ok(!staging.some(({ path }) => path.includes(".old-")), "nothing is left aside");
  }

  async #verifyVersions(name: Step["tool"]): Promise<void> {
    const { tools } = this.#server;
    const contents = this.#known[name];
    const versions = await tools.versions(name);
    const folders = await this.#files.list(`tools/${name}/versions`);
    assert.deepEqual(
      versions.filter((it) => !it.isCurrent).map((it) => it.version).sort(),
      folders.filter((it) => it.kind === "folder").map((it) => it.path).sort(),
      "the list and the folders agree",
    );
    for (const { version, isCurrent, isEdited, manifest } of versions) {
      const folder = isCurrent ? `tools/${name}` : `tools/${name}/versions/${version}`;
      const content = await contentOf(this.#files.at(folder));
      assert.ok(content, `version ${version} of "${name}" has code`);
      this.#owed.add(content);
      if (manifest === undefined) continue;
      // a person may have given the current version the number of another, which is found again once it is replaced
      const isTwin = versions.filter((it) => it.version === version).length > 1;
      if (!isTwin) assert.equal(await tools.files(name, version).then(contentOf), content);
      if (isCurrent && (isEdited || isTwin || await this.#isRenumbered(name, version))) continue;
      const before = contents.get(version);
      assert.ok(
        before === undefined || before === content,
        `${version} of "${name}" meant ${before}, means ${content}`,
      );
      contents.set(version, content);
    }
  }

  /** Tells whether a person gave the current version its number. */
  async #isRenumbered(name: string, version: string): Promise<boolean> {
    const text = await this.#files.readText(`tools/${name}/versions/numbers.json`);
    return (JSON.parse(text ?? "{}") as { highest?: string }).highest !== version;
  }

  /** Reads all code that is anywhere but in the staging folder. */
  async #allContents(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { path } of await this.#files.list("tools", { recursive: true })) {
      if (path.startsWith(".staging/") || !path.endsWith("code.txt")) continue;
      const content = await contentOf(this.#files.at(`tools/${path.slice(0, -"/code.txt".length)}`));
      if (content !== undefined) found.add(content);
    }
    return found;
  }
}

/** Gives the code of a tool. */
async function contentOf(folder: Pick<Files, "readText">): Promise<string | undefined> {
  return await folder.readText("code.txt");
}

/** Gives all files of a tool but its manifest. */
async function codeOf(folder: Folder): Promise<Readonly<Record<string, string | undefined>>> {
  const paths = (await listCode(folder)).map(({ path }) => path).filter((path) => path !== "manifest.json").sort();
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await folder.readText(path)])));
}

describe("versions, whatever happens to the tools", { timeout: 60 * 60_000 }, () => {
  test("no content is lost, no number means two, and the list is what is there, through crashes and edits", async () => {
    announceSeed("versions");
    const property = fc.asyncProperty(fc.array(STEP, { minLength: 4, maxLength: 30, size: "max" }), async (steps) => {
      const trial = new Trial();
      await trial.start();
      try {
        for (const step of steps) await trial.run(step);
      } finally {
        await trial.stop().catch(() => {});
      }
    });
    await check(property, FUZZ_RUNS / 5);
  });
});
