/**
 * Compiles Go, by the programs of Go itself: from 1.21 on they have WASI among their targets.
 *
 * @module
 */
import { type Environment, type Files, type Folder, ToolError } from "../../../../kernel/mod.ts";
import { isThere } from "../../../sandbox/contract.ts";
import { GO_MODULE } from "../../author_modules/files.ts";
import { type CompilerCommands, type CompilerStep, type FinishedStep, OFFLINE_NOTE, WORK_INSIDE } from "../commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  type Source,
} from "../compiler.ts";
import { readLocated, withoutFolders } from "../located_diagnostics.ts";
import { operatorVariables } from "../operator_variables.ts";
import { mainFileOf, refuseOwnFiles } from "../source_files.ts";
import { FLAGS, type GoToolchain, GoToolchains } from "./toolchains.ts";
import { findUnasked, fits, type GoModule, HELPER, manifestOf, readModules, readSums } from "./modules.ts";

const MAIN = mainFileOf("go");
const OWN_FILES_REGEXP = /^(?:.*\/)?(?:go\.(?:mod|sum|work|work\.sum|env))$|^vendor\//i;
const MENTION_REGEXP = /"collet_tool"/;
const SOURCES = "src";
const OUTPUT = "tool.wasm";
/** Where packages come from, and what they are checked against. */
const NETWORK_NAMES: readonly string[] = [
  ...["GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH", "GOVCS", "GOFIPS140"],
];
/** Caches, in the home. Go itself removes from the cache of builds what was not used for some days. */
const CACHES = "cache/wasm/go";
/** A new cache of modules is begun each month, so that it is bounded, and nothing is removed that a build reads. */
const MODULES_REGEXP = /^modules-\d{4}-\d{2}$/;
const MODULES_KEPT = 2;
// what Go says of an import that no dependency has
const UNASKED_REGEXP = /(?:: import lookup disabled by -mod=readonly|; to add it:)$/;
const CHATTER_REGEXP = /^go: (?:downloading|finding|found|added|upgraded|trying)\b|^# /;

/** What {@linkcode GoCompiler} works with. */
export interface GoCompilerOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
}

/** Compiles Go. */
export class GoCompiler implements Compiler {
  readonly languages: readonly Language[] = ["go"];
  readonly lockFile = "go.sum";
  readonly #options: GoCompilerOptions;
  readonly #toolchains: GoToolchains;

  constructor(options: GoCompilerOptions) {
    this.#options = options;
    this.#toolchains = new GoToolchains(options);
  }

  check(source: Source): void {
    const { dependencies, lock } = source;
    readModules(dependencies);
    refuseOwnFiles(source, { paths: OWN_FILES_REGEXP, reason: "the server writes it; name modules as dependencies" });
    if (lock !== undefined) readSums(lock);
  }

  find(_source: Pick<Source, "language">, options: CompileOptions): Promise<GoToolchain> {
    return this.#toolchains.find(options);
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const toolchain = await this.find(source, options);
    const asked = readModules(source.dependencies);
    return await this.#options.commands.inWorkFolder(async (work) => {
      const caches = await this.#caches();
      const how: Attempt = { work, toolchain, caches, options };
      const hasHelper = await writeTool(work, source, toolchain);
      const write = async (modules: readonly GoModule[]) => {
        const manifest = manifestOf({ goVersion: toolchain.goVersion, modules, hasHelper });
        await work.writeAtomic(`${SOURCES}/go.mod`, manifest);
      };
      await write([]);
      if (asked.length > 0) await this.#fetch(source, { asked, write }, how);
      options.report(`compiling with ${toolchain.title}`);
      const { code, stdout, stderr } = await this.#go(["build", ...FLAGS, "-o", `../${OUTPUT}`, "."], how);
      if (code !== 0) throw failureOf(stdout + stderr, source, work);
      const bytes = await work.readBytes(OUTPUT);
      if (bytes === undefined) throw new ToolError("go built no module");
      const lock = asked.length === 0 ? undefined : await work.readText(`${SOURCES}/go.sum`);
      return { artifact: { kind: "module", bytes }, lock, warnings: [] };
    });
  }

  /** Fetches modules and decides on versions, unless the lock has them and they are there. */
  async #fetch(
    source: Source,
    { asked, write }: {
      readonly asked: readonly GoModule[];
      readonly write: (modules: readonly GoModule[]) => Promise<void>;
    },
    how: Attempt,
  ): Promise<void> {
    const { work, options } = how;
    const locked = readSums(source.lock ?? "");
    const isLocked = source.lock !== undefined && fits(locked, asked);
    const tidy = ["mod", "tidy"];
    if (isLocked) {
      await write(locked);
      await work.writeAtomic(`${SOURCES}/go.sum`, source.lock!);
      // what is in the cache needs no network
      const { code } = await this.#go(tidy, { ...how, isFetching: true, isOffline: true });
      if (code === 0) return await this.#checkAsked(work, asked);
      await write(locked);
      await work.writeAtomic(`${SOURCES}/go.sum`, source.lock!);
    }
    options.report("fetching modules");
    const release = await this.#options.files.lock("wasm-go", { signal: options.signal });
    try {
      const online = { ...how, isFetching: true };
      const words = asked.map(({ path, version }) => `${path}@${version}`);
      for (const args of isLocked ? [tidy] : [["get", ...words], tidy]) {
        const { code, stdout, stderr } = await this.#go(args, online);
        if (code !== 0) throw this.#fetchFailure(stdout + stderr, source, work);
      }
      await this.#evict();
    } finally {
      await release();
    }
    await this.#checkAsked(work, asked);
  }

  // a file that cannot be read by Go is told of by its place, and is no failure of the network
  #fetchFailure(said: string, source: Source, work: Folder): Error {
    const failure = failureOf(said, source, work);
    if (failure.diagnostics.some(({ file }) => file !== undefined)) return failure;
    const text = failure.output.slice(-4_000) || "go fetched no modules, and does not say why";
    return new ToolError(this.#options.commands.isOffline ? `${text}\n${OFFLINE_NOTE}` : text);
  }

  async #checkAsked(work: Folder, asked: readonly GoModule[]): Promise<void> {
    const unasked = findUnasked(await work.readText(`${SOURCES}/go.mod`) ?? "", asked);
    if (unasked === undefined) return;
    throw new ToolError(`the code imports module "${unasked}", which is not among the dependencies; name it there`);
  }

  async #go(
    args: readonly string[],
    { work, toolchain: { program, mounts }, caches, options, isFetching = false, isOffline = false }: Attempt,
  ): Promise<FinishedStep> {
    const { environment, commands } = this.#options;
    const isOnline = isFetching && !isOffline && !commands.isOffline;
    const step: CompilerStep = {
      name: `go ${args[0]}`,
      ...{ program, args, work, cwd: SOURCES, network: isOnline },
      mounts: [
        { from: caches.modules, to: "/cache/go/modules", writable: isFetching },
        { from: caches.build, to: "/cache/go/build", writable: true },
        ...mounts,
      ],
      env: {
        ...(isOnline && operatorVariables(environment, { names: NETWORK_NAMES })),
        ...(isOnline && await this.#settings()),
        ...(!isOnline && { GOENV: "off", GOPROXY: "off" }),
        GOMODCACHE: caches.modules,
        GOCACHE: caches.build,
        GOPATH: `${work.path}/gopath`,
        GOTMPDIR: `${work.path}/tmp`,
        // what is fetched can be removed again
        GOFLAGS: isFetching ? "-mod=mod -modcacherw" : "-mod=readonly",
        ...{ GOOS: "wasip1", GOARCH: "wasm", CGO_ENABLED: "0" },
        ...{ GOTOOLCHAIN: "local", GOTELEMETRY: "off", GOWORK: "off" },
      },
    };
    return await commands.run(step, options);
  }

  /** Gives the variables that name settings in the home of the user, which is another one in the sandbox. */
  async #settings(): Promise<Readonly<Record<string, string>>> {
    const { files, environment: { userHome, os } } = this.#options;
    const folder = os === "darwin" ? "Library/Application Support" : ".config";
    const found: Record<string, string> = {};
    const places = { GOENV: `${userHome}/${folder}/go/env`, NETRC: `${userHome}/.netrc` };
    for (const [name, path] of Object.entries(places)) {
      const told = this.#options.environment.variable(name);
      if (told !== undefined) found[name] = told;
      else if (await isThere(files, path)) found[name] = path;
    }
    return found;
  }

  async #caches(): Promise<Caches> {
    const { files } = this.#options;
    const [modules, build] = [`${CACHES}/modules-${new Date().toISOString().slice(0, 7)}`, `${CACHES}/build`];
    await files.makeFolder(modules);
    await files.makeFolder(build);
    return { modules: await files.resolve(modules), build: await files.resolve(build) };
  }

  async #evict(): Promise<void> {
    const { files } = this.#options;
    const months = (await files.list(CACHES)).map(({ path }) => path).filter((path) => MODULES_REGEXP.test(path));
    for (const path of months.sort().slice(0, -MODULES_KEPT)) await files.remove(`${CACHES}/${path}`);
  }
}

interface Caches {
  readonly modules: string;
  readonly build: string;
}

interface Attempt {
  readonly work: Folder;
  readonly toolchain: GoToolchain;
  readonly caches: Caches;
  readonly options: CompileOptions;
  /** Whether modules may be added to the cache. */
  readonly isFetching?: boolean;
  readonly isOffline?: boolean;
}

/** Writes the sources; tells whether they use the module that talks to the server. */
async function writeTool(work: Folder, { code, files }: Source, { goVersion }: GoToolchain): Promise<boolean> {
  const all = { ...files, [MAIN]: code };
  for (const [path, text] of Object.entries(all)) await work.writeAtomic(`${SOURCES}/${path}`, text);
  await work.makeFolder("tmp");
  if (!Object.values(all).some((text) => MENTION_REGEXP.test(text))) return false;
  await work.writeAtomic(`${HELPER}/go.mod`, `module ${HELPER}\n\ngo ${goVersion}\n`);
  await work.writeAtomic(`${HELPER}/${HELPER}.go`, GO_MODULE);
  return true;
}

function failureOf(said: string, { files }: Source, { path }: Folder): CompileFailure {
  const text = cleaned(said, path);
  const diagnostics = readLocated(text, (file) => file === MAIN || Object.hasOwn(files, file))
    .filter(({ message }) => message !== "too many errors")
    .map((it) => ({ ...it, message: it.message.replace(UNASKED_REGEXP, "; name its module among the dependencies") }));
  return new CompileFailure(diagnostics, text);
}

function cleaned(said: string, path: string): string {
  const lines = said.split("\n").filter((line) => !CHATTER_REGEXP.test(line));
  const folders = [`${path}/${SOURCES}`, `${WORK_INSIDE}/${SOURCES}`, path, WORK_INSIDE, "/cache/go/modules"];
  return withoutFolders(lines.join("\n").trim(), folders);
}
