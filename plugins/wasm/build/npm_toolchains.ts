/**
 * Compilers that come from npm on first use: too large for every installation, they lie in the home once they are there.
 *
 * @module
 */
import { createCall, type Environment, isToolError, type Processes, ToolError } from "../../../kernel/mod.ts";
import type { Dependencies, InstalledPackages, PackageSet } from "../../dependencies/contract.ts";
import { type CompileOptions, type Language, MissingToolchain } from "./compiler.ts";
import { typescriptFor } from "./native_typescript.ts";

/** What a toolchain from npm consists of. */
export interface ToolchainDefinition {
  /** Names it and its version, for people. */
  readonly title: string;
  /** What it is for. */
  readonly description: string;
  /** Exact versions, those that its packages need among them. */
  readonly packages: readonly string[];
  /** Their SHA-512, as registries and locks write it; what has other content is not used. Unchecked by default. */
  readonly digests?: readonly string[];
  /** Bytes on disk, about. */
  readonly size: number;
}

/** The names of the toolchains. */
export const TOOLCHAIN_NAMES = ["assemblyscript", "clang", "components", "typescript"] as const;
/** Names a toolchain. */
export type ToolchainName = typeof TOOLCHAIN_NAMES[number];

/** The toolchains that are the same everywhere. */
export const TOOLCHAINS: Readonly<Record<Exclude<ToolchainName, "typescript">, ToolchainDefinition>> = {
  assemblyscript: {
    title: "AssemblyScript 0.28.20",
    description: "Compiles AssemblyScript",
    packages: [
      "assemblyscript@0.28.20",
      "@assemblyscript/wasi-shim@0.1.0",
      "binaryen@131.0.0-nightly.20260721",
      "long@5.3.2",
    ],
    digests: [
      "sha512-5PM7GZpvcLypHcLmi30aP8mqm5HjU+LL3BdV1xDyA3USGtL2w+iMiUnhtH+vW8+2kOuHlAyPu7M+QgyEw5he1g==",
      "sha512-fSLH7MdJHf2uDW5llA5VCF/CG62Jp2WkYGui9/3vIWs3jDhViGeQF7nMYLUjpigluM5fnq61I6obtCETy39FZw==",
      "sha512-AAQIkhfbYXh4FBObwBrlO+5L+6Rp6OOMOjh6AdT0M+GLNLyrwKWgtW+EzmizNgx9CWDfTJPfDtKoZi62QESbtg==",
      "sha512-mNAgZ1GmyNhD7AuqnTG3/VQ26o760+ZYBPKjPvugO8+nLbYfX6TVpJPseBvopbdY+qpZ/lKUnmEc1LeZYS3QAA==",
    ],
    size: 105_000_000,
  },
  clang: {
    title: "Clang 22 as WebAssembly",
    description: "Compiles C and C++ where no clang with a WASI library is installed",
    packages: ["@yowasp/clang@22.0.0-git20542-10"],
    digests: [
      "sha512-V31/z9GrJECKeACTDUyvg2llbEUiFi3bxtL5HSg7H/6sydSxdI/AoVAD9F5ozrfLjotWl0B9rghR87m+DUM/zg==",
    ],
    size: 106_000_000,
  },
  components: {
    title: "jco-transpile 0.12.1",
    description: "Runs components of WASI preview 2",
    packages: [
      "@bytecodealliance/jco-transpile@0.12.1",
      "@bytecodealliance/preview2-shim@0.22.0",
      "@bytecodealliance/preview3-shim@0.5.0",
      "binaryen@130.0.0",
      "oxc-minify@0.136.0",
    ],
    digests: [
      "sha512-8bAYnPAkuHf8OVDeXfpDyEwymPPN6KUwzAk//cO7ixT8dFgYN1pKxBJRX4SXIKlfCjEYepJe4BVLGtL9v4hsOw==",
      "sha512-xQclicSPicWpEkCJ7f4JiI1JuxZcktmVExh++fDxerPfP+MknUd7Yx3jjk5R9uYhTD9bdefYHw8J0zehXGQL1A==",
      "sha512-Tse27SdCca9cNU/GAXyP4cTxjiO681DOCCIrkcPXMu0D0H+VsXk4KtwTMHnbbT4lqmoVsunLZiDUUvyUI0PQBg==",
      "sha512-XDrb+zql0RbFPKgj7MuH9zOc78R3Fa/P/VSGnnpdwYsvNZPWjcMYMdAkKCOQEL2A7yqgjSMTDRFp6gfSDW+/QQ==",
      "sha512-u9UvPFTYVwQ/i1kpp/c20S/SbvLaLV0Ngzyhgi0YV4B1SlxM7RgnnePl4vY9N3Z9sTRcozL1MRStI3PlUN9RFA==",
    ],
    size: 108_000_000,
  },
};

/** A runtime that can install from npm, and run what comes from there. */
export type NpmRuntime = "node" | "deno";

/** A toolchain that is installed. */
export interface NpmToolchain {
  readonly name: string;
  /** Absolute path of the folder that has `node_modules`. */
  readonly path: string;
  /** What runs the programs of the toolchain. */
  readonly runtime: NpmRuntime;
  /** Path of that runtime, absolute. */
  readonly program: string;
  /** Words for it before the file that it runs. */
  readonly args: readonly string[];
  readonly packages: readonly string[];
}

/** What installs npm, by the program that does it. */
const NPM_INSTALLERS: Readonly<Record<string, string>> = {
  "apt-get": "apt-get install npm",
  dnf: "dnf install npm",
  apk: "apk add npm",
  pacman: "pacman -S npm",
  brew: "brew install node",
  winget: "winget install OpenJS.NodeJS",
};
const NO_NPM = "it comes from npm, and neither npm nor Deno is on this machine; install Node with npm, or Deno";

/** What is known of a toolchain, installed or not. */
export interface ToolchainState extends ToolchainDefinition {
  readonly name: string;
  readonly isInstalled: boolean;
  /** Absolute path of its folder. */
  readonly path?: string;
}

/** What {@linkcode NpmToolchains} works with. */
export interface NpmToolchainsOptions {
  readonly dependencies: Dependencies;
  readonly processes: Processes;
  readonly environment: Environment;
  /** {@linkcode TOOLCHAINS} and that of TypeScript by default. */
  readonly definitions?: Readonly<Record<string, ToolchainDefinition>>;
}

/** Finds, installs and removes toolchains from npm. */
export class NpmToolchains {
  readonly #options: NpmToolchainsOptions;
  readonly #definitions: Readonly<Record<string, ToolchainDefinition>>;

  constructor(options: NpmToolchainsOptions) {
    this.#options = options;
    this.#definitions = options.definitions ?? { ...TOOLCHAINS, ...typescriptFor(options.environment) };
  }

  /** Lists the names of all. */
  get names(): readonly string[] {
    return Object.keys(this.#definitions);
  }

  /** Tells of all, installed or not. */
  async list(): Promise<readonly ToolchainState[]> {
    return await Promise.all(
      Object.entries(this.#definitions).map(async ([name, definition]) => {
        const found = await this.find(name);
        return {
          ...definition,
          name,
          isInstalled: found !== undefined,
          ...(found !== undefined && { path: found.path }),
        };
      }),
    );
  }

  /** Finds a toolchain that is installed, whether or not there is a network. */
  async find(name: string): Promise<NpmToolchain | undefined> {
    for (const runtime of await this.#runtimes()) {
      const installed = await this.#options.dependencies.find(this.#setOf(name, runtime));
      if (installed !== undefined && this.#isGenuine(name, installed)) {
        return this.#toolchain(name, { runtime, installed });
      }
    }
    return undefined;
  }

  /**
   * Installs a toolchain, or finds it installed.
   *
   * @throws {ToolError} when neither npm nor Deno is there, or it cannot be fetched.
   */
  async install(name: string, { signal, report }: CompileOptions): Promise<NpmToolchain> {
    const found = await this.find(name);
    if (found !== undefined) return found;
    const [runtime] = await this.#runtimes();
    if (runtime === undefined) throw new ToolError(`Cannot install toolchain "${name}": ${NO_NPM}`);
    const { title, size } = this.#definition(name);
    report(`installing ${title} (${megabytes(size)} from npm), which is done once`);
    const installed = await this.#options.dependencies.install(this.#setOf(name, runtime), {
      call: createCall({ signal, progress: (_done, _total, message) => Promise.resolve(report(message ?? "")) }),
      owner: `toolchain ${name}`,
    });
    if (!this.#isGenuine(name, installed)) {
      await this.#options.dependencies.remove(installed.key);
      throw new ToolError(
        `Cannot install toolchain "${name}": the registry gave other content than this server knows of ${
          this.#definition(name).packages.join(", ")
        }; check which registry npm is set to`,
      );
    }
    return this.#toolchain(name, { runtime, installed });
  }

  /**
   * Tells a compiler of its toolchain, and installs nothing.
   *
   * @returns What has to be fetched first, such as `105 MB from npm`; `undefined` when it is installed.
   * @throws {MissingToolchain} when it is not installed, and nothing here can install it.
   */
  async look(name: ToolchainName, language: Language): Promise<string | undefined> {
    if (await this.find(name) !== undefined) return undefined;
    if ((await this.#runtimes()).length === 0) {
      throw new MissingToolchain(language, [...await this.#npmCommands(), ...this.commands(name)], NO_NPM);
    }
    return `${megabytes(this.#definition(name).size)} from npm`;
  }

  /**
   * Gives a toolchain to a compiler: as it is installed, or installed now.
   *
   * @throws {MissingToolchain} when it is not installed and cannot be.
   * @throws the reason of the signal when it was cancelled.
   */
  async get(name: ToolchainName, language: Language, options: CompileOptions): Promise<NpmToolchain> {
    try {
      return await this.install(name, options);
    } catch (error) {
      options.signal.throwIfAborted();
      if (!isToolError(error)) throw error;
      throw new MissingToolchain(language, this.commands(name), error.message);
    }
  }

  /** Removes a toolchain; tells whether it was there. */
  async remove(name: string): Promise<boolean> {
    let isRemoved = false;
    for (const runtime of await this.#runtimes()) {
      const installed = await this.#options.dependencies.find(this.#setOf(name, runtime));
      if (installed !== undefined) isRemoved = await this.#options.dependencies.remove(installed.key) || isRemoved;
    }
    return isRemoved;
  }

  /** Gives the commands that install a toolchain ahead of time. */
  commands(name: string): readonly string[] {
    const start = this.#options.environment.runtime === "deno" ? "deno run -A mod.ts" : "node dist/mod.js";
    return [`collet toolchain install ${name}`, `${start} toolchain install ${name}`];
  }

  async #npmCommands(): Promise<readonly string[]> {
    for (const [program, command] of Object.entries(NPM_INSTALLERS)) {
      if (await this.#options.processes.which(program) !== undefined) return [command];
    }
    return [];
  }

  #definition(name: string): ToolchainDefinition {
    const definition = Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined;
    if (definition !== undefined) return definition;
    throw new ToolError(`Cannot find toolchain "${name}": the toolchains are ${this.names.join(", ")}`);
  }

  // what is installed was checked by its lock
  #isGenuine(name: string, { lock = "" }: InstalledPackages): boolean {
    return (this.#definition(name).digests ?? []).every((digest) => lock.includes(JSON.stringify(digest)));
  }

  #setOf(name: string, language: NpmRuntime): PackageSet {
    return { language, packages: packagesFor(this.#definition(name).packages, language) };
  }

  #toolchain(
    name: string,
    { runtime, installed }: { readonly runtime: NpmRuntime; readonly installed: InstalledPackages },
  ): NpmToolchain {
    const { path, program, args } = installed;
    return { name, path, runtime, program, args, packages: this.#definition(name).packages };
  }

  /** Lists the runtimes here that npm's packages can be installed for, the better first. */
  async #runtimes(): Promise<readonly NpmRuntime[]> {
    const { processes, environment } = this.#options;
    const isThere = async (name: string) => await processes.which(name) !== undefined;
    const hasNode = await isThere("npm") && (environment.runtime === "node" || await isThere("node"));
    const hasDeno = environment.runtime === "deno" || await isThere("deno");
    return [...(hasNode ? ["node"] as const : []), ...(hasDeno ? ["deno"] as const : [])];
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}

/** Writes packages of npm as a runtime has them. */
export function packagesFor(packages: readonly string[], language: NpmRuntime): readonly string[] {
  return language === "node" ? packages : packages.map((word) => `npm:${word}`);
}
