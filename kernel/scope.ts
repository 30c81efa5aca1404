/**
 * Ownership: whatever a plugin registers goes into its scope, and is undone when the scope closes.
 *
 * @module
 */
import { KernelError } from "./errors.ts";
import type { Disposable, Disposer } from "./plugin.ts";

interface Owned {
  readonly label: string;
  readonly dispose: Disposer;
}

/** A list of cleanups with labels, run last in first out. */
export class Scope {
  readonly #owner: string;
  readonly #owned = new Set<Owned>();
  #closing: Promise<void> | undefined;

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Labels of what is owned now, oldest first. */
  get labels(): readonly string[] {
    return [...this.#owned].map((it) => it.label);
  }

  /** Throws `SCOPE_CLOSED` once the scope has closed. */
  assertOpen(): void {
    if (this.#closing !== undefined) {
      throw new KernelError("SCOPE_CLOSED", `Cannot use the context of plugin "${this.#owner}": it is unloaded`, {
        plugin: this.#owner,
      });
    }
  }

  /**
   * Takes over a cleanup. It runs once: when the scope closes, or earlier through the disposable.
   *
   * @throws {KernelError} `SCOPE_CLOSED` when the scope has closed.
   */
  own(label: string, dispose: Disposer): Disposable {
    this.assertOpen();
    const owned: Owned = { label, dispose };
    this.#owned.add(owned);
    const run = async () => {
      if (this.#owned.delete(owned)) await dispose();
    };
    return { dispose: run, [Symbol.asyncDispose]: run };
  }

  /**
   * Runs every cleanup in reverse order, each awaited, also when others fail. Closing again waits for the same.
   *
   * @throws {AggregateError} with every failure, once all have run.
   */
  close(): Promise<void> {
    // a microtask later, so that the scope counts as closed before the first cleanup runs
    return this.#closing ??= Promise.resolve().then(() => this.#cleanUp());
  }

  async #cleanUp(): Promise<void> {
    const failures: unknown[] = [];
    // cleanups may own nothing new, but they may dispose of others: read the last one afresh each time
    for (let last = [...this.#owned].pop(); last !== undefined; last = [...this.#owned].pop()) {
      this.#owned.delete(last);
      try {
        await last.dispose();
      } catch (thrown) {
        failures.push(new Error(`Cannot clean up "${last.label}" of plugin "${this.#owner}"`, { cause: thrown }));
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, `Cannot clean up plugin "${this.#owner}": ${failures.length} failed`);
    }
  }
}
