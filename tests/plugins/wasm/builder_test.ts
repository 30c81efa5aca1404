import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createCall, isToolError, Lazy, ToolError } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { fakeLog } from "../../../kernel/testing.ts";
import { BuildCache } from "../../../plugins/wasm/build/build_cache.ts";
import { Builder, type BuilderOptions } from "../../../plugins/wasm/build/builder.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Diagnostic,
  MissingToolchain,
  type Source,
} from "../../../plugins/wasm/build/compiler.ts";
import { loadCompilers } from "../../../plugins/wasm/build/languages.ts";
import { until } from "../../support/wait.ts";
import { temporaryHome } from "../library/kit.ts";

/** A compiler whose artifacts are its sources. */
class Copier implements Compiler {
  readonly languages = ["javascript"] as const;
  version = 1;
  compilations = 0;
  running = 0;
  mostRunning = 0;
  lock: string | undefined;
  work: (options: CompileOptions) => Promise<unknown> = () => Promise.resolve();

  check({ dependencies }: Source): void {
    if (dependencies.includes("no good")) throw new ToolError('Cannot use package "no good"');
  }

  find() {
    return Promise.resolve({ title: `copier ${this.version}`, identity: `copier ${this.version}`, target: "copies" });
  }

  async compile({ code, lock }: Source, options: CompileOptions): Promise<Compiled> {
    this.compilations++;
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      await this.work(options);
      const bytes = new TextEncoder().encode(code);
      return { artifact: { kind: "bundle", bytes }, lock: lock ?? this.lock, warnings: [] };
    } finally {
      this.running--;
    }
  }
}

const SOURCE: Source = { name: "one", language: "javascript", code: "1", files: {}, dependencies: [] };

async function startBuilder(options: Partial<BuilderOptions> = {}) {
  const home = await temporaryHome();
  const log = fakeLog();
  const compiler = new Copier();
  const missing: Compiler = {
    languages: ["go"],
    check: () => {},
    find: () => Promise.reject(new MissingToolchain("go", ["apt-get install golang"], "go 1.19 is too old")),
    compile: () => Promise.reject(new Error("not reached")),
  };
  const compilers = loadCompilers({ children: undefined, workers: undefined, timeoutMs: 1 });
  const builder = new Builder({
    compilers: {
      ...compilers,
      javascript: new Lazy<Compiler>(() => Promise.resolve(compiler)),
      go: new Lazy<Compiler>(() => Promise.resolve(missing)),
    },
    cache: new BuildCache({ folder: createFiles(home.path).at("cache/wasm"), maxBytes: 1_000_000, log }),
    log,
    timeoutMs: 60_000,
    parallelism: 2,
    ...options,
  });
  return {
    home,
    compiler,
    builder,
    build: (more: Partial<Source> = {}, call = createCall({})) => builder.build({ ...SOURCE, ...more }, call),
    async [Symbol.asyncDispose]() {
      await builder.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<ToolError> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown);
  assert.ok(isToolError(error), String(error));
  return error;
}

function wait(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  // as a child does: the timer of a signal keeps no program running
  const alive = setInterval(() => {}, 1_000);
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      clearInterval(alive);
      reject(signal.reason);
    }, { once: true });
  });
}

test("Builder compiles a source once, and finds it afterwards", async () => {
  await using kit = await startBuilder();
  const first = await kit.build();
  const second = await kit.build();
  assert.deepEqual([first.isCached, second.isCached, kit.compiler.compilations], [false, true, 1]);
  assert.deepEqual(second.bytes, first.bytes);
  assert.equal(second.record.compiler, "copier 1");
  assert.match(second.record.engine_digest ?? "", /^[0-9a-f]{64}$/);
});

test("Builder names a build by all that its outcome depends on, and not by the name of the tool", async () => {
  await using kit = await startBuilder({ foundMs: 0 });
  const compilationsAfter = async (more: Partial<Source>) => {
    await kit.build(more);
    return kit.compiler.compilations;
  };
  assert.equal(await compilationsAfter({}), 1);
  assert.equal(await compilationsAfter({ name: "two" }), 1);
  assert.equal(await compilationsAfter({ code: "2" }), 2);
  assert.equal(await compilationsAfter({ files: { "a.js": "1", "b.js": "2" } }), 3);
  assert.equal(await compilationsAfter({ files: { "b.js": "2", "a.js": "1" } }), 3);
  assert.equal(await compilationsAfter({ dependencies: ["x"] }), 4);
  assert.equal(await compilationsAfter({ dependencies: ["x"], lock: "x 2" }), 5);
  kit.compiler.version = 2;
  assert.equal(await compilationsAfter({}), 6);
});

test("Builder finds a build by the lock that it gave", async () => {
  await using kit = await startBuilder();
  kit.compiler.lock = "x 1";
  const { lock } = await kit.build({ dependencies: ["x"] });
  assert.equal(lock, "x 1");
  const again = await kit.build({ dependencies: ["x"], lock });
  assert.deepEqual([again.isCached, again.lock, kit.compiler.compilations], [true, "x 1", 1]);
});

test("Builder compiles again what was damaged", async () => {
  await using kit = await startBuilder();
  const { record } = await kit.build();
  await writeFile(join(kit.home.path, "cache/wasm/artifacts", record.digest), "something else");
  const again = await kit.build();
  assert.deepEqual([again.isCached, new TextDecoder().decode(again.bytes)], [false, "1"]);
  assert.equal((await kit.build()).isCached, true);
});

test("Builder compiles equal sources once at a time, and others beside it up to its bound", async () => {
  await using kit = await startBuilder();
  kit.compiler.work = () => new Promise((resolve) => setTimeout(resolve, 50));
  const codes = ["1", "1", "1", "2", "3", "4", "5"];
  const built = await Promise.all(codes.map((code) => kit.build({ code })));
  assert.deepEqual(built.map(({ bytes }) => new TextDecoder().decode(bytes)), codes);
  assert.equal(kit.compiler.compilations, 5);
  assert.equal(kit.compiler.mostRunning, 2);
});

test("Builder ends a compilation when the last who waits for it gives up", async () => {
  await using kit = await startBuilder({ parallelism: 1 });
  kit.compiler.work = ({ signal }) => wait(signal);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = kit.build({}, createCall({ signal: one.signal }));
  const second = kit.build({}, createCall({ signal: two.signal }));
  const queued = kit.build({ code: "2" }, createCall({ signal: two.signal }));
  await until(() => kit.compiler.running === 1);
  one.abort(new ToolError("Cancelled by the client"));
  await failureOf(first);
  await until(() => kit.compiler.running === 1);
  two.abort(new ToolError("Cancelled by the client"));
  assert.equal((await failureOf(second)).message, "Cancelled by the client");
  await failureOf(queued);
  kit.compiler.work = () => Promise.resolve();
  assert.equal((await kit.build()).isCached, false);
  assert.deepEqual(await readdir(join(kit.home.path, "cache/wasm/artifacts")).then((it) => it.length), 1);
});

test("Builder ends a compilation that takes too long, and says so", async () => {
  await using kit = await startBuilder({ timeoutMs: 100 });
  kit.compiler.work = ({ signal }) => wait(signal);
  const { message } = await failureOf(kit.build());
  assert.equal(message, 'Cannot build "one" from javascript: it took longer than 0.1 s (build.timeout_ms)');
});

test("Builder tells what the compiler said, errors first, with its places, and bounded", async () => {
  await using kit = await startBuilder();
  const said: Diagnostic[] = [
    { severity: "warning", file: "src.js", line: 1, message: "unused" },
    { severity: "error", file: "src.js", line: 2, column: 3, code: "E1", message: "no such name" },
    ...Array.from({ length: 40 }, (_, i): Diagnostic => ({ severity: "error", message: `${i} ${"x".repeat(5_000)}` })),
  ];
  kit.compiler.work = () => Promise.reject(new CompileFailure(said, "raw"));
  const { message, data } = await failureOf(kit.build());
  assert.match(
    message,
    /^Cannot build "one": the source does not compile \(41 errors\)\n\nsrc\.js:2:3: error\[E1\]: no such/,
  );
  assert.match(message, /more characters\)/);
  assert.match(message, /\nand \d+ more$/);
  assert.ok(message.length < 20_000, String(message.length));
  const { diagnostics, total_diagnostics: total } = data as Readonly<Record<string, readonly unknown[]>>;
  assert.equal(total, 42);
  assert.ok(diagnostics!.length <= 20);
  assert.deepEqual(diagnostics![0], {
    ...{ severity: "error", message: "no such name", file: "src.js", line: 2, column: 3, code: "E1" },
  });
});

test("Builder tells what the compiler printed when there are no diagnostics", async () => {
  await using kit = await startBuilder();
  kit.compiler.work = () => Promise.reject(new CompileFailure([], "linker: no memory\n"));
  assert.match((await failureOf(kit.build())).message, /does not compile\n\nlinker: no memory$/);
});

test("Builder tells of a missing compiler what installs it, and what is there", async () => {
  await using kit = await startBuilder();
  const error = await failureOf(kit.build({ language: "go" }));
  assert.match(error.message, /^Cannot build "one" from go: go 1\.19 is too old\n/);
  assert.match(error.message, /- apt-get install golang\n\nAvailable now: javascript, wasm\.$/);
  assert.ok(error.cause instanceof MissingToolchain);
  assert.deepEqual(error.data, {
    ...{ language: "go", missing: "go 1.19 is too old", commands: ["apt-get install golang"] },
    available: ["javascript", "wasm"],
  });
  assert.match(
    (await failureOf(kit.build({ language: "c" }))).message,
    /from c: this server runs where no program can be started/,
  );
});

test("Builder does not take a compiler for available that could not be fetched", async () => {
  await using kit = await startBuilder();
  kit.compiler.work = () => Promise.reject(new MissingToolchain("javascript", [], "no network"));
  assert.match((await failureOf(kit.build())).message, /: no network\n\nAvailable now: wasm\.$/);
});

test("Builder passes on what is wrong with a source before anything is compiled", async () => {
  await using kit = await startBuilder();
  assert.equal((await failureOf(kit.build({ dependencies: ["no good"] }))).message, 'Cannot use package "no good"');
  assert.equal(kit.compiler.compilations, 0);
});

test("Builder reports progress to who waits", async () => {
  await using kit = await startBuilder();
  const seen: [number, string | undefined][] = [];
  kit.compiler.work = ({ report }) => Promise.resolve(report("half way"));
  const progress = (done: number, _total?: number, message?: string) =>
    Promise.resolve(void seen.push([done, message]));
  await kit.build({}, createCall({ progress }));
  assert.deepEqual(seen, [[1, "one: half way"]]);
});
