/**
 * Compiles Rust, by cargo.
 *
 * @module
 */
import { type Environment, type Files, type Folder, ToolError } from "../../../../kernel/mod.ts";
import type { Sandbox } from "../../../sandbox/contract.ts";
import { type CompilerCommands, WORK_INSIDE } from "../commands.ts";
import {
  type Compiled,
  CompileFailure,
  type CompileOptions,
  type Compiler,
  type Language,
  type Source,
} from "../compiler.ts";
import { withoutFolders } from "../located_diagnostics.ts";
import { mainFileOf, refuseOwnFiles } from "../source_files.ts";
import { CrateSets, keyOf } from "./crate_sets.ts";
import { type Crate, manifestOf, PACKAGE, readCrates } from "./crates.ts";
import { readCargoMessages } from "./diagnostics.ts";
import { CrateFetcher, CRATES, HELPER_FILES, PROJECT } from "./fetching.ts";
import { asOlderLock, readLock } from "./lock.ts";
import { type RustToolchain, RustToolchains, versionOf } from "./toolchains.ts";

const MAIN = mainFileOf("rust");
// what cargo would heed, or would never see
const OWN_FILES_REGEXP = /^(?:Cargo\.(?:toml|lock)|build\.rs|rust-toolchain(?:\.toml)?|\.cargo(?:\/.*)?)$/i;
const TARGET = "target";
/** Where cargo finds the crates instead of in the registry. */
const SOURCES = `[source.crates-io]
replace-with = "crates"

[source.crates]
directory = "../${CRATES}"
`;
const CHATTER_REGEXP = /^\s*(?:Compiling|Finished|Blocking|warning: `)/;

/** What {@linkcode RustCompiler} works with. */
export interface RustCompilerOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
  readonly sandbox: Sandbox;
}

/** Compiles Rust. */
export class RustCompiler implements Compiler {
  readonly languages: readonly Language[] = ["rust"];
  readonly lockFile = "Cargo.lock";
  readonly #options: RustCompilerOptions;
  readonly #toolchains: RustToolchains;
  readonly #fetcher: CrateFetcher;
  readonly #sets: CrateSets;

  constructor(options: RustCompilerOptions) {
    this.#options = options;
    this.#toolchains = new RustToolchains(options);
    this.#sets = new CrateSets(options.files);
    this.#fetcher = new CrateFetcher({ ...options, sets: this.#sets });
  }

  check(source: Source): void {
    const { dependencies, lock } = source;
    readCrates(dependencies);
    refuseOwnFiles(source, {
      paths: OWN_FILES_REGEXP,
      reason: "what cargo does is decided by the server; name crates as dependencies",
    });
    if (lock !== undefined) readLock(lock);
  }

  find(_source: Pick<Source, "language">, options: CompileOptions): Promise<RustToolchain> {
    return this.#toolchains.find(options);
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    const toolchain = await this.#toolchains.find(options);
    const crates = readCrates(source.dependencies);
    const lock = crates.length === 0 ? undefined : await this.#lockFor(source, { crates, toolchain }, options);
    const key = await keyOf([toolchain.identity, crates, lock]);
    const release = await this.#sets.lock(key, options.signal);
    try {
      const set = await this.#sets.open(key);
      const made = await this.#prepare(set, { crates, toolchain, lock }, options);
      const compiled = await this.#build(source, { set, crates, toolchain, lock: made }, options);
      await this.#sets.touch(key);
      return compiled;
    } finally {
      await release();
    }
  }

  async #lockFor(
    { lock }: Source,
    { crates, toolchain }: Crates,
    options: CompileOptions,
  ): Promise<string> {
    if (lock !== undefined) return asOlderLock(lock);
    const key = await keyOf([crates, toolchain.identity]);
    const known = await this.#sets.readResolved(key);
    if (known !== undefined) return known;
    const decided = await this.#fetcher.decide(crates, toolchain, options);
    await this.#sets.writeResolved(key, decided);
    return decided;
  }

  /** Fetches the crates of a set, unless they are there; gives the lock as cargo writes it. */
  async #prepare(
    set: Folder,
    { crates, toolchain, lock }: Crates & { readonly lock: string | undefined },
    options: CompileOptions,
  ): Promise<string | undefined> {
    if (lock === undefined) {
      // a file that is written anew is compiled anew
      if (await set.stat(HELPER_PATH) !== undefined) return undefined;
      for (const [path, text] of Object.entries(HELPER_FILES)) await set.writeAtomic(path, text);
      return undefined;
    }
    const there = await set.readText("Cargo.lock");
    if (there !== undefined && await set.stat(CRATES) !== undefined) return there;
    await set.remove(CRATES);
    const made = await this.#fetcher.fetch({ work: set, crates, lock }, toolchain, options);
    await set.writeAtomic("Cargo.lock", made);
    return made;
  }

  async #build(
    source: Source,
    { set, crates, toolchain, lock }: Crates & { readonly set: Folder; readonly lock: string | undefined },
    options: CompileOptions,
  ): Promise<Compiled> {
    const { cargo, rustc, target } = toolchain;
    try {
      await writeTool(set, source, { crates, toolchain, lock });
      options.report(`compiling with ${toolchain.title}`);
      const { code, stdout, stderr } = await this.#options.commands.run({
        name: "cargo build",
        program: cargo.path,
        args: [
          ...["build", "--release", "--offline", "--target", target, "--message-format", "json"],
          ...(lock === undefined ? [] : ["--locked"]),
        ],
        work: set,
        cwd: PROJECT,
        mounts: [
          ...rustc.mounts,
          ...(lock === undefined ? [] : [{ from: `${set.path}/${CRATES}`, to: `${WORK_INSIDE}/${CRATES}` }]),
        ],
        env: {
          RUSTC: rustc.path,
          CARGO_HOME: `${set.path}/cargo`,
          CARGO_TARGET_DIR: `${set.path}/${TARGET}`,
          CARGO_INCREMENTAL: "0",
          TMPDIR: `${set.path}/tmp`,
          ...await this.#flags(set),
        },
      }, options);
      const { diagnostics, rendered } = readCargoMessages(
        stdout,
        (path) => path === MAIN || Object.hasOwn(source.files, path),
      );
      if (code !== 0) {
        if (!diagnostics.some(({ severity }) => severity === "error")) await forgetCrates(set);
        throw failureOf({ diagnostics, rendered, stderr }, set);
      }
      const bytes = await set.readBytes(`${TARGET}/${target}/release/${PACKAGE}.wasm`);
      if (bytes === undefined) throw new ToolError("cargo built no module");
      return { artifact: { kind: "module", bytes }, warnings: diagnostics, lock };
    } finally {
      await removeTool(set, target);
    }
  }

  // where folders keep their names, they are in what panics say
  async #flags({ path }: Folder): Promise<Readonly<Record<string, string>>> {
    if (await this.#options.sandbox.canMove()) return {};
    return { CARGO_ENCODED_RUSTFLAGS: `--remap-path-prefix=${path}=${WORK_INSIDE}` };
  }
}

const HELPER_PATH = Object.keys(HELPER_FILES).at(-1)!;

interface Crates {
  readonly crates: readonly Crate[];
  readonly toolchain: RustToolchain;
}

async function writeTool(
  set: Folder,
  { code, files }: Source,
  { crates, toolchain, lock }: Crates & { readonly lock: string | undefined },
): Promise<void> {
  await set.remove(PROJECT);
  await set.makeFolder("tmp");
  const own: Readonly<Record<string, string>> = {
    ...files,
    [MAIN]: code,
    "Cargo.toml": manifestOf({ crates, main: MAIN, rustVersion: versionOf(toolchain.rustc) }),
    ...(lock !== undefined && { "Cargo.lock": lock, ".cargo/config.toml": SOURCES }),
  };
  for (const [path, text] of Object.entries(own)) await set.writeAtomic(`${PROJECT}/${path}`, text);
}

/** Removes what the next tool with the same crates could read of this one. */
async function removeTool(set: Folder, target: string): Promise<void> {
  await set.remove(PROJECT);
  await set.remove("tmp");
  const release = `${TARGET}/${target}/release`;
  for (const folder of [release, `${release}/deps`, `${release}/.fingerprint`]) {
    for (const { path } of await set.list(folder)) {
      if (/^tool(?:-[0-9a-f]+)?(?:\.|$)/.test(path)) await set.remove(`${folder}/${path}`);
    }
  }
}

/** Removes what is kept of the crates, which may be damaged. */
async function forgetCrates(set: Folder): Promise<void> {
  for (const path of ["Cargo.lock", CRATES, TARGET]) await set.remove(path);
}

function failureOf(
  { diagnostics, rendered, stderr }: ReturnType<typeof readCargoMessages> & { readonly stderr: string },
  { path }: Folder,
): CompileFailure {
  const clean = (text: string) => withoutFolders(text, [path, WORK_INSIDE]);
  const said = clean(stderr.split("\n").filter((line) => !CHATTER_REGEXP.test(line)).join("\n").trim());
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  // a build script that fails, and a crate that needs a newer compiler, are told of in words alone
  const all = errors.length > 0 ? diagnostics : [...diagnostics, { severity: "error" as const, message: said }];
  return new CompileFailure(
    all.map((it) => ({ ...it, message: clean(it.message) })),
    clean(rendered.trim()) || said,
  );
}
