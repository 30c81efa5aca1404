/**
 * The contract `Compilers`, by what builds tools.
 *
 * @module
 */
import { type Folder, type Lazy, ToolError } from "../../../kernel/mod.ts";
import type { Compilers } from "../contract.ts";
import type { Children } from "./children.ts";
import type { CompilerCommands, CompilerStep, FinishedStep } from "./commands.ts";
import type { CompileOptions } from "./compiler.ts";
import type { NpmToolchain, ToolchainName } from "./npm_toolchains.ts";

/** Lends compilers and their sandbox to other plugins. */
export class SharedCompilers implements Compilers {
  readonly #children: Pick<Children, "commands" | "toolchains"> | undefined;

  constructor(children: Pick<Children, "commands" | "toolchains"> | undefined) {
    this.#children = children;
  }

  async install(name: ToolchainName, options: CompileOptions): Promise<NpmToolchain> {
    const toolchains = this.#children?.toolchains;
    if (toolchains !== undefined) return await toolchains.install(name, options);
    throw new ToolError(`Cannot install toolchain "${name}": this server installs no packages`);
  }

  async inWorkFolder<T>(use: (folder: Folder) => Promise<T>): Promise<T> {
    return await (await this.#commands().get()).inWorkFolder(use);
  }

  async run(step: CompilerStep, options: CompileOptions): Promise<FinishedStep> {
    return await (await this.#commands().get()).run(step, options);
  }

  #commands(): Lazy<CompilerCommands> {
    if (this.#children !== undefined) return this.#children.commands;
    throw new ToolError("Cannot run a compiler: this server starts no programs");
  }
}
