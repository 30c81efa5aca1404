/**
 * Finds a cargo and a rustc that build for WASI together, by asking them: which one of a machine's several does is known
 * by trying alone.
 *
 * A newer cargo cannot use an older rustc (it passes flags that this does not know), and an older cargo cannot read what
 * the registry has today. So one cargo builds, and the newest decides on versions and fetches crates.
 *
 * @module
 */
import { type Environment, type Files, type Folder, sha256 } from "../../../../kernel/mod.ts";
import type { Mount } from "../../../sandbox/contract.ts";
import { RUST_MODULE } from "../../author_modules/files.ts";
import type { CompilerCommands, CompilerStep, FinishedStep } from "../commands.ts";
import { type CompileOptions, MissingToolchain, type Toolchain } from "../compiler.ts";
import { findInstalled, folderOf, type InstalledProgram, mountsOf, nameOf } from "../installed_programs.ts";
import { quietly, Search } from "../search.ts";
import { manifestOf } from "./crates.ts";

/** Names of the target, the newer one first: rustc renamed it in version 1.78, and dropped the older in 1.84. */
const TARGETS: readonly string[] = ["wasm32-wasip1", "wasm32-wasi"];
/** What a toolchain of rustup consists of. */
const FOLDERS: readonly string[] = ["bin", "lib", "libexec"];
const MOST_PROGRAMS = 16;
/** Major, minor and patch version. */
type Version = readonly [number, number, number];
const VERSION_REGEXP = /^(?:cargo|release:|rustc) (\d+)\.(\d+)\.(\d+)/m;
const TITLE_REGEXP = /^rustc \S+/m;
const TRIAL = 'fn main() { println!("{}", std::env::args().count()); }\n';

/** A program of Rust, with what it says of itself. */
export interface RustProgram {
  /** Absolute. */
  readonly path: string;
  readonly version: Version;
  /** What it says of itself, whole. */
  readonly text: string;
  /** What a confined command has to see of it; of a cargo that is not beside its rustc, the program alone will do. */
  readonly mounts: readonly Mount[];
}

/** A cargo and a rustc that build together, and the cargo that fetches for them. */
export interface RustToolchain extends Toolchain {
  readonly rustc: RustProgram;
  /** Builds. */
  readonly cargo: RustProgram;
  /** Decides on versions and fetches crates: the newest that is there. */
  readonly fetcher: RustProgram;
}

/** What {@linkcode RustToolchains} works with. */
export interface RustToolchainsOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
}

/** Finds toolchains, and remembers what was found until programs change. */
export class RustToolchains {
  readonly #options: RustToolchainsOptions;
  readonly #last = new Search<RustToolchain>();

  constructor(options: RustToolchainsOptions) {
    this.#options = options;
  }

  /**
   * Gives the toolchain to build with: the newest rustc that has a standard library for WASI.
   *
   * @throws {MissingToolchain} when there is none.
   */
  async find(options: CompileOptions): Promise<RustToolchain> {
    const cargos = await this.#installed("cargo");
    const rustcs = await this.#installed("rustc");
    const look = () => this.#search(cargos, rustcs);
    return await this.#last.find(JSON.stringify([cargos, rustcs]), look, options);
  }

  /** Lists the programs of a name, those of rustup as they are: its proxies find nothing in the sandbox. */
  async #installed(name: string): Promise<readonly InstalledProgram[]> {
    const { files, environment } = this.#options;
    const { userHome } = environment;
    const rustup = environment.variable("RUSTUP_HOME") ?? `${userHome}/.rustup`;
    const toolchains = await files.open(rustup).list("toolchains").catch(() => []);
    const found = await findInstalled([name], {
      ...{ files, environment },
      first: [
        ...toolchains.map(({ path }) => `${rustup}/toolchains/${path}/bin`),
        `${environment.variable("CARGO_HOME") ?? `${userHome}/.cargo`}/bin`,
      ],
    });
    return found.filter(({ path }) => !/^rustup(?:\.exe)?$/.test(nameOf(path))).slice(0, MOST_PROGRAMS);
  }

  async #search(
    cargos: readonly InstalledProgram[],
    rustcs: readonly InstalledProgram[],
  ): Promise<RustToolchain> {
    const { commands } = this.#options;
    const failures: string[] = [];
    return await commands.inWorkFolder(async (work) => {
      const compilers = await this.#ask(rustcs, { work, args: ["-vV"] });
      const builders = await this.#ask(cargos, { work, args: ["-V"] });
      for (const rustc of compilers) {
        const target = await this.#targetOf(rustc, { work });
        if (target === undefined) {
          failures.push(`${titleOf(rustc)} has no ${TARGETS[0]}`);
          continue;
        }
        for (const cargo of nearest(builders, rustc)) {
          const { code, stderr } = await this.#tryToBuild({ cargo, rustc, target }, { work });
          if (code === 0) return await toolchainOf({ rustc, cargo, target, fetcher: builders[0]! });
          failures.push(`cargo ${versionOf(cargo)} cannot build with ${titleOf(rustc)}: ${reasonIn(stderr)}`);
        }
        if (builders.length === 0) failures.push(`${titleOf(rustc)} can build for ${target}, but there is no cargo`);
      }
      throw new MissingToolchain("rust", await this.#remedies(), failures.join("; ") || undefined);
    });
  }

  /** Asks programs for their version; the newest release comes first, and what does not answer is left out. */
  async #ask(
    programs: readonly InstalledProgram[],
    { args, ...how }: Attempt & { readonly args: readonly string[] },
  ): Promise<readonly RustProgram[]> {
    const found: RustProgram[] = [];
    for (const { path } of programs) {
      const mounts = await mountsOf(this.#options.files, path, FOLDERS);
      const { code, stdout } = await this.#run({ name: nameOf(path), program: path, args, mounts }, how);
      const numbers = VERSION_REGEXP.exec(stdout)?.slice(1).map(Number);
      if (code !== 0 || numbers === undefined || found.some(({ text }) => text === stdout)) continue;
      found.push({ path, version: [numbers[0]!, numbers[1]!, numbers[2]!], text: stdout, mounts });
    }
    return found.sort((a, b) => Number(isStable(b)) - Number(isStable(a)) || compareVersions(b.version, a.version));
  }

  /** Gives the target that a rustc has a standard library and a linker for. */
  async #targetOf({ path, mounts }: RustProgram, how: Attempt): Promise<string | undefined> {
    await how.work.writeAtomic("trial.rs", TRIAL);
    for (const target of TARGETS) {
      const args = ["--target", target, "trial.rs", "-o", "trial.wasm"];
      const { code } = await this.#run({ name: "rustc", program: path, args, mounts }, how);
      if (code === 0) return target;
    }
    return undefined;
  }

  async #tryToBuild(
    { cargo, rustc, target }: Pick<RustToolchain, "cargo" | "rustc" | "target">,
    how: Attempt,
  ): Promise<FinishedStep> {
    const manifest = { crates: [], main: "../trial.rs", rustVersion: versionOf(rustc), hasHelper: false };
    await how.work.writeAtomic("trial/Cargo.toml", manifestOf(manifest));
    return await this.#run({
      ...{ name: "cargo build", program: cargo.path, cwd: "trial", mounts: rustc.mounts },
      args: ["build", "--release", "--offline", "--quiet", "--target", target],
      env: { RUSTC: rustc.path, CARGO_HOME: `${how.work.path}/cargo` },
    }, how);
  }

  // what cannot even be started will not do either
  async #run(step: Omit<CompilerStep, "work">, { work }: Attempt): Promise<FinishedStep> {
    try {
      return await this.#options.commands.run({ ...step, work }, quietly());
    } catch (error) {
      return { code: undefined, stdout: "", stderr: error instanceof Error ? error.message : String(error) };
    }
  }

  async #remedies(): Promise<readonly string[]> {
    const { files, environment } = this.#options;
    const has = async (...names: string[]) => (await findInstalled(names, { files, environment })).length > 0;
    const { os } = environment;
    const home = environment.variable("CARGO_HOME") ?? `${environment.userHome}/.cargo`;
    const hasRustup = (await findInstalled(["rustup"], { files, environment, first: [`${home}/bin`] })).length > 0;
    return [
      ...(hasRustup ? [`rustup target add ${TARGETS[0]}`] : []),
      ...(await has("apt-get") ? ["apt-get install rustc cargo libstd-rust-dev-wasm32 lld"] : []),
      ...(await has("dnf") ? ["dnf install cargo rust-std-static-wasm32-wasip1 lld"] : []),
      ...(await has("apk") ? ["apk add rustup && rustup-init -y --target wasm32-wasip1"] : []),
      ...(os === "darwin" && !hasRustup ? ["brew install rustup && rustup target add wasm32-wasip1"] : []),
      ...(hasRustup ? [] : ["install rustup (rustup.rs), then: rustup target add wasm32-wasip1"]),
    ];
  }
}

interface Attempt {
  readonly work: Folder;
}

/** Writes a version. */
export function versionOf({ version }: Pick<RustProgram, "version">): string {
  return version.join(".");
}

/** Tells whether a program has a version or a later one. */
export function isAtLeast({ version }: Pick<RustProgram, "version">, minor: number): boolean {
  return compareVersions(version, [1, minor, 0]) >= 0;
}

/** Compares versions, as sorting wants it. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((it, at) => it !== b[at]);
  return index < 0 ? 0 : a[index]! - (b[index] ?? 0);
}

function isStable({ text }: RustProgram): boolean {
  return !/-(?:nightly|beta|dev)/.test(text);
}

// what came with the compiler first, then what is of about the same time
function nearest(cargos: readonly RustProgram[], rustc: RustProgram): readonly RustProgram[] {
  const distance = ({ path, version: [major, minor] }: RustProgram) =>
    folderOf(path) === folderOf(rustc.path)
      ? -1
      : Math.abs(major - rustc.version[0]) * 1_000 + Math.abs(minor - rustc.version[1]);
  return [...cargos].sort((a, b) => distance(a) - distance(b));
}

async function toolchainOf(
  { rustc, cargo, target, fetcher }: Pick<RustToolchain, "rustc" | "cargo" | "target" | "fetcher">,
): Promise<RustToolchain> {
  const flags = manifestOf({ crates: [], main: "", rustVersion: versionOf(rustc) });
  const identity = JSON.stringify([cargo.text, rustc.text, target, flags, await sha256(RUST_MODULE)]);
  return { title: titleOf(rustc), identity, target, rustc, cargo, fetcher };
}

function titleOf({ text }: RustProgram): string {
  return TITLE_REGEXP.exec(text)?.[0] ?? "rustc";
}

function reasonIn(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return (lines.find((line) => line.startsWith("error")) ?? lines.at(-1) ?? "it says nothing").slice(0, 300);
}
