/**
 * Tells subscribers of the resource of a run that it changed: often enough to follow it, and not for each of many steps.
 *
 * @module
 */
import { runUri } from "./run_texts.ts";

const EVERY_MS = 100;

/** Tells of runs that changed. */
export class Announcer {
  readonly #tell: (uri: string) => void;
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** @param tell Tells subscribers of a URI. */
  constructor(tell: (uri: string) => void) {
    this.#tell = tell;
  }

  /** Notes that a run changed. */
  note(run: string): void {
    if (this.#isClosed) return;
    this.#changed.add(run);
    this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS);
  }

  /** Tells nothing more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    const runs = [...this.#changed];
    this.#changed.clear();
    for (const run of runs) {
      const uri = runUri(run);
      this.#tell(uri);
      this.#tell(uri.replace(/^collet:/, "skillz:"));
    }
  }
}
