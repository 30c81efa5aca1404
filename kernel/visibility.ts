/**
 * What lists show: the narrowings of plugins, one over the other.
 *
 * @module
 */
import type { View, Viewer, Visibility } from "./contracts.ts";
import type { Disposer } from "./plugin.ts";

type Narrowing = (viewer: Viewer) => View;

const EVERYTHING: View = Object.freeze({ key: "*", has: () => true });

/** Holds the narrowings of a kernel, and makes of them what a viewer sees. */
export class Narrowings implements Visibility {
  readonly #onChange: () => void;
  // numbers tell two narrowings with equal keys apart, so that no page is cached beyond the narrowing it was made by
  readonly #narrowings = new Map<number, Narrowing>();
  #lastNumber = 0;

  /** @param onChange Runs when a narrowing comes or goes. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  narrow(view: Narrowing): Disposer {
    const number = ++this.#lastNumber;
    this.#narrowings.set(number, view);
    this.#onChange();
    return () => {
      if (this.#narrowings.delete(number)) this.#onChange();
    };
  }

  /** Gives what a viewer sees now. */
  view(viewer: Viewer): View {
    if (this.#narrowings.size === 0) return EVERYTHING;
    const views = Array.from(this.#narrowings, ([number, view]) => ({ number, view: view(viewer) }));
    return {
      key: JSON.stringify(views.map(({ number, view }) => [number, view.key])),
      has: (kind, name, owner) => views.every(({ view }) => view.has(kind, name, owner)),
    };
  }
}
