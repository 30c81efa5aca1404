/**
 * Files that ship within the program and that scripts find on disk: written to the home folder on first use.
 *
 * @module
 */
import { type Files, sha256 } from "../../kernel/mod.ts";

/** What is written, and where. */
export interface ShippedFilesOptions {
  /** The home folder of the server. */
  readonly home: Files;
  /** Name of the folder in it that holds them, by their digest. */
  readonly name: string;
  /** Loads the texts, by path. */
  load(): Promise<Readonly<Record<string, string>>>;
}

/** Writes files once, whoever asks at the same time. */
export class ShippedFiles {
  readonly #options: ShippedFilesOptions;
  #writing: Promise<string> | undefined;

  constructor(options: ShippedFilesOptions) {
    this.#options = options;
  }

  /** Gives the absolute path of the folder that has them. */
  async folder(): Promise<string> {
    this.#writing ??= this.#write();
    try {
      return await this.#writing;
    } catch (error) {
      this.#writing = undefined;
      throw error;
    }
  }

  /** Writes what is not there; two servers at once write the same. */
  async #write(): Promise<string> {
    const { home, name, load } = this.#options;
    const files = await load();
    const folder = `${name}/${(await sha256(JSON.stringify(files))).slice(0, 16)}`;
    for (const [path, text] of Object.entries(files)) {
      if (await home.stat(`${folder}/${path}`) === undefined) await home.writeAtomic(`${folder}/${path}`, text);
    }
    return await home.resolve(folder);
  }
}
