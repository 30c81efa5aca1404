/**
 * Finds a Go that has WASI among its targets, by asking it.
 *
 * @module
 */
import { type Environment, type Files, sha256 } from "../../../../kernel/mod.ts";
import type { Mount } from "../../../sandbox/contract.ts";
import { GO_MODULE } from "../../author_modules/files.ts";
import type { CompilerCommands } from "../commands.ts";
import { type CompileOptions, MissingToolchain, type Toolchain } from "../compiler.ts";
import { findInstalled, type InstalledProgram, mountsOf } from "../installed_programs.ts";
import { quietly, Search } from "../search.ts";

/** How tools are built. */
export const FLAGS: readonly string[] = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
const OLDEST_MINOR = 21;
/** What a distribution of Go consists of. */
const FOLDERS: readonly string[] = ["bin", "lib", "pkg", "src", "misc", "VERSION", "go.env"];
const MOST_PROGRAMS = 6;
const VERSION_REGEXP = /^go version go(\d+)\.(\d+)\S*/;

/** A Go that compiles for WASI. */
export interface GoToolchain extends Toolchain {
  /** Absolute. */
  readonly program: string;
  /** What a confined command has to see of it. */
  readonly mounts: readonly Mount[];
  /** Of the language, such as `1.26`. */
  readonly goVersion: string;
}

/** What {@linkcode GoToolchains} works with. */
export interface GoToolchainsOptions {
  readonly commands: CompilerCommands;
  readonly files: Files;
  readonly environment: Environment;
}

/** Finds toolchains, and remembers what was found until programs change. */
export class GoToolchains {
  readonly #options: GoToolchainsOptions;
  readonly #last = new Search<GoToolchain>();

  constructor(options: GoToolchainsOptions) {
    this.#options = options;
  }

  /**
   * Gives the first that is new enough.
   *
   * @throws {MissingToolchain} when there is none.
   */
  async find(options: CompileOptions): Promise<GoToolchain> {
    const { files, environment } = this.#options;
    const root = environment.variable("GOROOT");
    const first = [...(root === undefined ? [] : [`${root}/bin`]), "/usr/local/go/bin"];
    const programs = (await findInstalled(["go"], { files, environment, first })).slice(0, MOST_PROGRAMS);
    return await this.#last.find(JSON.stringify(programs), () => this.#search(programs), options);
  }

  async #search(programs: readonly InstalledProgram[]): Promise<GoToolchain> {
    const { commands, files } = this.#options;
    const problems: string[] = [];
    return await commands.inWorkFolder(async (work) => {
      for (const { path: program } of programs) {
        const mounts = await mountsOf(files, program, FOLDERS);
        const step = { name: "go version", program, args: ["version"], work, mounts, env: { GOTOOLCHAIN: "local" } };
        const { stdout } = await commands.run(step, quietly()).catch(() => ({ stdout: "" }));
        const [said, major, minor] = VERSION_REGEXP.exec(stdout) ?? [];
        if (said === undefined) continue;
        const title = said.replace(/^go version go/, "go ");
        if (Number(major) > 1 || Number(minor) >= OLDEST_MINOR) {
          const identity = JSON.stringify([stdout, FLAGS, await sha256(GO_MODULE)]);
          return { title, identity, target: "wasip1/wasm", program, mounts, goVersion: `${major}.${minor}` };
        }
        problems.push(`${title} is older than 1.${OLDEST_MINOR}`);
      }
      throw new MissingToolchain("go", await this.#remedies(), problems.join("; ") || undefined);
    });
  }

  async #remedies(): Promise<readonly string[]> {
    const has = async (name: string) => (await findInstalled([name], this.#options)).length > 0;
    return [
      ...(this.#options.environment.os === "darwin" ? ["brew install go"] : []),
      ...(await has("dnf") ? ["dnf install golang"] : []),
      ...(await has("apk") ? ["apk add go"] : []),
      ...(await has("apt-get") ? ["apt-get install golang-go # Debian 13, Ubuntu 24.04 or later"] : []),
      `unpack go1.${OLDEST_MINOR} or later from go.dev/dl to /usr/local/go`,
    ];
  }
}
