/**
 * The provider of the contract `Trust`.
 *
 * @module
 */
import { type Call, type Disposer, type Folder, type Log, messageOf } from "../../kernel/mod.ts";
import { Asking } from "./asking.ts";
import type { Trust, TrustEntry, TrustSubject } from "./contract.ts";
import { TRUST_FILE, TrustRecord } from "./record.ts";

/** Keeps what is trusted, and tells of changes. */
export class TrustKeeper implements Trust {
  readonly #home: Folder;
  readonly #log: Log;
  readonly #record: TrustRecord;
  readonly #asking: Asking;
  readonly #listeners = new Set<() => void>();
  #stopWatching: Disposer | undefined;
  /** The record that listeners were told of last. */
  #told: string | undefined;

  constructor({ home, log }: { readonly home: Folder; readonly log: Log }) {
    this.#home = home;
    this.#log = log;
    this.#record = new TrustRecord(home);
    this.#asking = new Asking({ record: this.#record, onTrusted: () => this.#tell() });
  }

  /** Absolute path of the record, for messages. */
  get path(): string {
    return this.#record.path;
  }

  async isTrusted(subject: TrustSubject): Promise<boolean> {
    return await this.#record.has(subject);
  }

  async ask(subject: TrustSubject, call: Call): Promise<boolean> {
    return await this.#asking.ask(subject, call);
  }

  async trust(subject: TrustSubject): Promise<void> {
    await this.#record.add(subject);
    this.#asking.forget(subject);
    await this.#tell();
  }

  async renew(subject: TrustSubject): Promise<void> {
    await this.#record.renew(subject);
  }

  async revoke(subject: TrustSubject): Promise<boolean> {
    const wasThere = await this.#record.remove(subject);
    if (wasThere) await this.#tell();
    return wasThere;
  }

  async list(): Promise<readonly TrustEntry[]> {
    return await this.#record.list();
  }

  onChange(listener: () => void): Disposer {
    const own = () => listener();
    this.#listeners.add(own);
    this.#stopWatching ??= this.#home.watch(TRUST_FILE, () => void this.#tell());
    return async () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) await this.close();
    };
  }

  /** Ends watching the record. */
  async close(): Promise<void> {
    const stop = this.#stopWatching;
    this.#stopWatching = undefined;
    await stop?.();
  }

  /** Tells of a change, once: those of this server are seen by the watcher as well. */
  async #tell(): Promise<void> {
    if (this.#listeners.size === 0) return;
    const fingerprint = await this.#record.fingerprint().catch(messageOf);
    if (fingerprint === this.#told) return;
    this.#told = fingerprint;
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (thrown) {
        this.#log.error(`Cannot tell of a change of what is trusted: ${messageOf(thrown)}`);
      }
    }
  }
}
