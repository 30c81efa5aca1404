/**
 * Decides on the versions of crates, and fetches their sources: the one step that reaches the network. No code of a crate
 * runs in it.
 *
 * @module
 */
import { type Environment, type Files, type Folder, ToolError } from "../../../../kernel/mod.ts";
import { isThere } from "../../../sandbox/contract.ts";
import { RUST_MODULE } from "../../author_modules/files.ts";
import { type CompilerCommands, type FinishedStep, OFFLINE_NOTE, WORK_INSIDE } from "../commands.ts";
import type { CompileOptions } from "../compiler.ts";
import { withoutFolders } from "../located_diagnostics.ts";
import { operatorVariables } from "../operator_variables.ts";
import { type Crate, HELPER, helperManifest, manifestOf } from "./crates.ts";
import type { CrateSets } from "./crate_sets.ts";
import { asOlderLock, readLock } from "./lock.ts";
import { isAtLeast, type RustToolchain, versionOf } from "./toolchains.ts";
import { demanded, findTooNew, findUnreadable, type Version, VersionBounds } from "./version_bounds.ts";

/** Folder of the manifest and the lock. */
export const PROJECT = "project";
/** Folder of the sources of crates, beside the project. */
export const CRATES = "crates";
const MOST_ROUNDS = 40;
/** From this minor version on cargo reads the registry without Git. */
const SPARSE_MINOR = 70;
const PREFIXES: readonly string[] = ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_"];
const NAMES: readonly string[] = ["CARGO_REGISTRY_CREDENTIAL_PROVIDER", "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS"];
/** Settings of the operator, below the home of cargo. */
const SETTINGS: readonly string[] = ["config.toml", "config", "credentials.toml", "credentials"];
const CHATTER_REGEXP = /^\s*(?:Updating|Downloading|Downloaded|Vendoring|Locking|Adding|Compiling|Blocking)\b/;

/** What {@linkcode CrateFetcher} works with. */
export interface CrateFetcherOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
  readonly sets: CrateSets;
}

/** Fetches crates. */
export class CrateFetcher {
  readonly #options: CrateFetcherOptions;

  constructor(options: CrateFetcherOptions) {
    this.#options = options;
  }

  /**
   * Decides on the newest versions that the compiler can compile.
   *
   * @returns the lock.
   * @throws {ToolError} with cargo's words, such as of a crate that there is not.
   */
  async decide(crates: readonly Crate[], toolchain: RustToolchain, options: CompileOptions): Promise<string> {
    options.report("deciding on versions");
    return await this.#options.commands.inWorkFolder(async (work) => {
      const bounds = new VersionBounds();
      let best: string | undefined;
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const { lock, tooNew, problem } = await this.#round({ work, crates, toolchain, bounds }, options);
        // what cannot be had with the bounds is had without, and the compiler says what is too new
        if (problem !== undefined && best === undefined) throw new ToolError(problem);
        best = lock ?? best;
        if (problem !== undefined || !tooNew.map((it) => bounds.tighten(it)).includes(true)) break;
      }
      if (best === undefined) throw new ToolError("cargo found no versions of the crates that it can read");
      return asOlderLock(best);
    });
  }

  async #round({ work, crates, toolchain, bounds }: Deciding, options: CompileOptions): Promise<Round> {
    const cargo = { work, toolchain, options };
    await work.remove(`${PROJECT}/Cargo.lock`);
    if (!bounds.isEmpty) {
      await writeProject(work, { crates, toolchain, bounds });
      const { code, stderr } = await this.#cargo(["generate-lockfile"], cargo);
      if (code !== 0) return { tooNew: [], problem: this.#problemIn(stderr, work) };
    }
    await writeProject(work, { crates, toolchain });
    const { code, stderr } = await this.#vendor(cargo);
    const lock = await work.readText(`${PROJECT}/Cargo.lock`);
    if (code !== 0) {
      const unreadable = findUnreadable(stderr);
      return unreadable.length > 0 ? { tooNew: unreadable } : { tooNew: [], problem: this.#problemIn(stderr, work) };
    }
    const tooNew = await findTooNew(work.at(CRATES), toolchain.rustc.version);
    return { lock, tooNew: demanded(tooNew, readLock(lock ?? "")) };
  }

  /**
   * Fetches the crates of a lock to the folder {@linkcode CRATES} of a set.
   *
   * @returns the lock, with what is built from beside the tool.
   * @throws {ToolError} with cargo's words, or when the lock is not one of these crates.
   */
  async fetch(
    { work, crates, lock }: { readonly work: Folder; readonly crates: readonly Crate[]; readonly lock: string },
    toolchain: RustToolchain,
    options: CompileOptions,
  ): Promise<string> {
    options.report("fetching crates");
    const known = new Set(readLock(lock).map(nameLocked));
    await writeProject(work, { crates, toolchain });
    await work.writeAtomic(`${PROJECT}/Cargo.lock`, lock);
    const { code, stderr } = await this.#vendor({ work, toolchain, options });
    if (code !== 0) throw new ToolError(this.#problemIn(stderr, work));
    const made = asOlderLock(await work.readText(`${PROJECT}/Cargo.lock`) ?? "");
    const other = readLock(made).find((it) => it.checksum !== undefined && !known.has(nameLocked(it)));
    if (other === undefined) return made;
    throw new ToolError(
      `Cargo.lock does not fit the dependencies: it has no "${other.name}" ${other.version}; build without it`,
    );
  }

  async #vendor(cargo: CargoOptions): Promise<FinishedStep> {
    await cargo.work.makeFolder(CRATES);
    return await this.#cargo(["vendor", "--respect-source-config", "--versioned-dirs", `../${CRATES}`], cargo);
  }

  async #cargo(words: readonly string[], { work, toolchain, options }: CargoOptions): Promise<FinishedStep> {
    const { commands, environment, files, sets } = this.#options;
    const { fetcher, rustc } = toolchain;
    const { userHome } = environment;
    const folder = environment.variable("CARGO_HOME") ?? `${userHome}/.cargo`;
    const settings: string[] = [];
    for (const name of SETTINGS) {
      const isNewer = settings.some((path) => path === `${folder}/${name}.toml`);
      if (!isNewer && await isThere(files, `${folder}/${name}`)) settings.push(`${folder}/${name}`);
    }
    await using home = await sets.lockCargo(options.signal);
    return await commands.run({
      name: `cargo ${words[0]}`,
      program: fetcher.path,
      args: [...words, ...settings.flatMap((path) => ["--config", path])],
      work,
      cwd: PROJECT,
      network: true,
      mounts: [
        { from: home.path, to: "/cache/cargo", writable: true },
        ...settings.map((from, index) => ({ from, to: `/settings/cargo/${index}.toml` })),
        ...fetcher.mounts,
      ],
      env: {
        ...operatorVariables(environment, { prefixes: PREFIXES, names: NAMES }),
        CARGO_HOME: home.path,
        ...(commands.isOffline && { CARGO_NET_OFFLINE: "true" }),
        // it asks none for what it does here
        RUSTC: rustc.path,
        CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: "fallback",
        ...(!isAtLeast(fetcher, SPARSE_MINOR) && {
          // what was not for everybody then
          RUSTC_BOOTSTRAP: "1",
          CARGO_UNSTABLE_SPARSE_REGISTRY: "true",
          CARGO_REGISTRIES_CRATES_IO_PROTOCOL: "sparse",
        }),
      },
    }, options);
  }

  #problemIn(stderr: string, { path }: Folder): string {
    const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !CHATTER_REGEXP.test(line));
    const said = withoutFolders(lines.join("\n").trim().slice(-4_000), [path, WORK_INSIDE, "/cache/cargo"]);
    return this.#options.commands.isOffline ? `${said}\n${OFFLINE_NOTE}` : said;
  }
}

interface CargoOptions {
  readonly work: Folder;
  readonly toolchain: RustToolchain;
  readonly options: CompileOptions;
}

interface Deciding {
  readonly work: Folder;
  readonly crates: readonly Crate[];
  readonly toolchain: RustToolchain;
  readonly bounds: VersionBounds;
}

interface Round {
  readonly lock?: string | undefined;
  readonly tooNew: readonly Version[];
  /** Why there is no lock. */
  readonly problem?: string;
}

/** The files of the crate that tools talk to the server with, by path beside the project. */
export const HELPER_FILES: Readonly<Record<string, string>> = {
  [`${HELPER}/Cargo.toml`]: helperManifest(),
  [`${HELPER}/${HELPER}.rs`]: RUST_MODULE,
};

/** Writes what cargo has to find to decide and to fetch. */
async function writeProject(
  work: Folder,
  { crates, toolchain, bounds }: Pick<Deciding, "crates" | "toolchain"> & { readonly bounds?: VersionBounds },
): Promise<void> {
  const manifest = manifestOf({
    ...{ crates, main: "src.rs", rustVersion: versionOf(toolchain.rustc) },
    ...(bounds !== undefined && { bounds }),
  });
  await work.writeAtomic(`${PROJECT}/Cargo.toml`, manifest);
  await work.writeAtomic(`${PROJECT}/src.rs`, "fn main() {}\n");
  for (const [path, text] of Object.entries(HELPER_FILES)) await work.writeAtomic(path, text);
}

function nameLocked({ name, version, checksum }: Version & { readonly checksum: string | undefined }): string {
  return `${name} ${version} ${checksum}`;
}
