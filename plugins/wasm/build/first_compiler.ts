/**
 * Several compilers of the same languages as one: the first that is there compiles.
 *
 * @module
 */
import { type Compiled, type CompileOptions, type Compiler, type Language, MissingToolchain } from "./compiler.ts";
import type { Source, Toolchain } from "./compiler.ts";

/** Compiles by the first of several compilers that is there. */
export class FirstCompiler implements Compiler {
  readonly #compilers: readonly Compiler[];

  /** @param compilers Compile the same languages; the better first. */
  constructor(compilers: readonly Compiler[]) {
    this.#compilers = compilers;
  }

  get languages(): readonly Language[] {
    return this.#compilers[0]?.languages ?? [];
  }

  check(source: Source): void {
    for (const compiler of this.#compilers) compiler.check(source);
  }

  async find(source: Pick<Source, "language">, options: CompileOptions): Promise<Toolchain> {
    return (await this.#choose(source, options)).toolchain;
  }

  async compile(source: Source, options: CompileOptions): Promise<Compiled> {
    return await (await this.#choose(source, options)).compiler.compile(source, options);
  }

  async #choose(
    { language }: Pick<Source, "language">,
    options: CompileOptions,
  ): Promise<{ readonly compiler: Compiler; readonly toolchain: Toolchain }> {
    const missing: MissingToolchain[] = [];
    for (const compiler of this.#compilers) {
      try {
        return { compiler, toolchain: await compiler.find({ language }, options) };
      } catch (error) {
        if (!(error instanceof MissingToolchain)) throw error;
        missing.push(error);
      }
    }
    // what can be installed by this server comes first
    const commands = [...missing].reverse().flatMap((it) => it.commands);
    throw new MissingToolchain(language, commands, missing.map(({ message }) => message).join("; "));
  }
}
