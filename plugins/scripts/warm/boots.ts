/**
 * Puts the boots of interpreters where interpreters find them.
 *
 * @module
 */
import { type Files, sha256 } from "../../../kernel/mod.ts";

/** Where boots are kept, in the home folder. */
const BOOTS_FOLDER = "boots";

/** Writes the boots to disk on first use. */
export class Boots {
  readonly #home: Files;
  #writing: Promise<string> | undefined;

  /** @param home The home folder of the server. */
  constructor(home: Files) {
    this.#home = home;
  }

  /** Gives the absolute path of the folder that {@linkcode WarmStart.boots} is, on this machine. */
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
    const { FILES } = await import("./files.ts");
    const name = `${BOOTS_FOLDER}/${(await sha256(JSON.stringify(FILES))).slice(0, 16)}`;
    for (const [path, text] of Object.entries(FILES)) {
      if (await this.#home.stat(`${name}/${path}`) === undefined) {
        await this.#home.writeAtomic(`${name}/${path}`, text);
      }
    }
    return await this.#home.resolve(name);
  }
}
