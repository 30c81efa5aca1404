/**
 * Why tools are not there that calls name, by whoever knows.
 *
 * @module
 */
import type { Disposer } from "./plugin.ts";

type Explain = (name: string) => string | undefined;

/** Collects those who know why a tool is not there. */
export class MissingTools {
  readonly #explainers = new Set<Explain>();

  /** Adds one that gives the reason and the remedy; the disposer ends that. */
  add(explain: Explain): Disposer {
    const own: Explain = (name) => explain(name);
    this.#explainers.add(own);
    return () => void this.#explainers.delete(own);
  }

  /** Says why a tool cannot be called, in the words of the first who knows; `undefined` when nobody does. */
  explain(name: string): string | undefined {
    for (const explain of this.#explainers) {
      const reason = explain(name);
      if (reason !== undefined) return `Cannot call tool "${name}": ${reason}`;
    }
    return undefined;
  }
}
