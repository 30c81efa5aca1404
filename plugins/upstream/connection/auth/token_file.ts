/**
 * What is known of the authorization at one server, in a file that its owner alone reads.
 *
 * @module
 */
import type { StoredOAuthClientInformation, StoredOAuthTokens } from "@modelcontextprotocol/client";
import { type Folder, isObject } from "../../../../kernel/mod.ts";

const FOLDER = "upstream/auth";

/** What is kept. */
export interface KeptAuthorization {
  /** Address of the server; what is kept is for no other. */
  readonly serverUrl: string;
  readonly tokens?: StoredOAuthTokens | undefined;
  /** What this client was registered as. */
  readonly client?: StoredOAuthClientInformation | undefined;
  /** Who gives tokens, as was found out at first; a client that was registered by hand goes to no other. */
  readonly issuer?: string | undefined;
  /** Port that answers of authorization come to. */
  readonly port?: number | undefined;
}

/** The file of one server. */
export class TokenFile {
  readonly #folder: Folder;
  readonly #serverUrl: string;
  readonly #path: string;
  readonly #lock: string;

  /** @param name Of the definition; it has been checked, since it becomes a file's. */
  constructor(folder: Folder, { name, serverUrl }: { readonly name: string; readonly serverUrl: string }) {
    this.#folder = folder;
    this.#serverUrl = serverUrl;
    this.#path = `${FOLDER}/${name}.json`;
    this.#lock = `upstream-auth-${name}`.slice(0, 100);
  }

  /** Reads it; what is malformed, or of another address, is forgotten. */
  async read(): Promise<KeptAuthorization> {
    const nothing = { serverUrl: this.#serverUrl };
    const text = await this.#folder.readText(this.#path);
    if (text === undefined) return nothing;
    try {
      const kept: unknown = JSON.parse(text);
      return isObject(kept) && kept["serverUrl"] === this.#serverUrl ? kept as unknown as KeptAuthorization : nothing;
    } catch {
      return nothing;
    }
  }

  /** Writes it. */
  async write(kept: KeptAuthorization): Promise<void> {
    await this.#folder.writeAtomic(this.#path, `${JSON.stringify(kept, undefined, 2)}\n`, { mode: 0o600 });
  }

  /** Removes it. */
  async remove(): Promise<void> {
    await this.#folder.remove(this.#path);
  }

  /** Runs work while no other server that shares this home changes it. */
  async locked<T>(work: () => Promise<T>): Promise<T> {
    const unlock = await this.#folder.lock(this.#lock);
    try {
      return await work();
    } finally {
      await unlock();
    }
  }
}
