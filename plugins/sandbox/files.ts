/**
 * Files of ours that confined processes see or are started with, written to the home folder on first use.
 *
 * @module
 */
import { type Files, sha256 } from "../../kernel/mod.ts";

/** Where the files are kept, in the home folder. */
const FOLDER = "sandbox";

/** Writes files, and names them by their content: two servers at once write the same. */
export class OwnFiles {
  readonly #home: Files;
  readonly #written = new Map<string, Promise<string>>();

  constructor(home: Files) {
    this.#home = home;
  }

  /** Gives the absolute path of a folder with these files, by their names in it. */
  async folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const place = `${FOLDER}/${(await sha256(JSON.stringify(files))).slice(0, 16)}/${name}`;
    const writing = this.#written.get(place) ?? this.#writeAll(place, files);
    this.#written.set(place, writing);
    writing.catch(() => this.#written.delete(place));
    return await writing;
  }

  async #writeAll(place: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, text] of Object.entries(files)) await this.#write(`${place}/${name}`, text);
    return await this.#home.resolve(place);
  }

  /** Gives the absolute path of a file with this content. */
  async path(name: string, content: string | Uint8Array): Promise<string> {
    const place = `${FOLDER}/${(await sha256(content)).slice(0, 16)}/${name}`;
    const writing = this.#written.get(place) ?? this.#write(place, content);
    this.#written.set(place, writing);
    writing.catch(() => this.#written.delete(place));
    return await writing;
  }

  async #write(place: string, content: string | Uint8Array): Promise<string> {
    if (await this.#home.stat(place) === undefined) await this.#home.writeAtomic(place, content);
    return await this.#home.resolve(place);
  }
}
