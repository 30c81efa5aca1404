/**
 * How much an import may bring, and an export may hold.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";

/** Bounds of imports and exports, as the configuration has them. */
export interface Limits {
  /** Most bytes of all files of one import or export together; 67,108,864 by default. An archive unpacks to no more. */
  readonly max_total_bytes: number;
  /** Most bytes of one file; 16,777,216 by default. */
  readonly max_file_bytes: number;
  /** Most files of one import or export; 2,000 by default. */
  readonly max_files: number;
  /** Most characters of a path within a tool; 200 by default. */
  readonly max_path_characters: number;
  /** Most parts of a path within a tool; 16 by default. */
  readonly max_path_depth: number;
  /** How many times larger than itself an archive, or a file in it, may unpack, beyond its first MiB; 200 by default. */
  readonly max_ratio: number;
  /** Most bytes that git may load for one import; 268,435,456 by default. */
  readonly max_clone_bytes: number;
  /** Most bytes of an archive that comes as the answer itself; 524,288 by default. */
  readonly max_inline_bytes: number;
  /** Milliseconds for getting and reading a source; 120,000 by default. What is installed has its own limit. */
  readonly timeout_ms: number;
}

/** Counts what all tools of one import or export take together. */
export class Budget {
  readonly #limits: Limits;
  #files = 0;
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /**
   * Takes files by their sizes.
   *
   * @throws {ToolError} when one is too large, or there are too many.
   */
  take(files: readonly { readonly path: string; readonly size: number }[]): void {
    const { max_file_bytes: mostOfFile, max_total_bytes: mostOfAll, max_files: mostFiles } = this.#limits;
    const large = files.find((it) => it.size > mostOfFile);
    if (large !== undefined) {
      throw new ToolError(
        `its file ${
          JSON.stringify(large.path)
        } has ${large.size} bytes, at most ${mostOfFile} are taken (max_file_bytes)`,
      );
    }
    const bytes = files.reduce((sum, it) => sum + it.size, 0);
    if (this.#files + files.length > mostFiles) {
      throw new ToolError(
        `it has too many files: ${this.#files + files.length}, at most ${mostFiles} are taken (max_files)`,
      );
    }
    if (this.#bytes + bytes > mostOfAll) {
      throw new ToolError(
        `its files are too large: ${
          this.#bytes + bytes
        } bytes together, at most ${mostOfAll} are taken (max_total_bytes)`,
      );
    }
    this.#files += files.length;
    this.#bytes += bytes;
  }
}
