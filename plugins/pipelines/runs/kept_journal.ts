/**
 * The journal of a run in the store.
 *
 * A step that may be repeated leaves no trace of its beginning; that of any other is durable before its tool is called.
 * What finished is durable before the next step begins, in the same write as that beginning, and soon in any case.
 *
 * @module
 */
import { type BegunStep, type FinishedStep, type Journal, RunStopped } from "../engine/journal.ts";
import { beginOf, finishOf, type KeptStep, type RunMemory } from "./kept_steps.ts";
import type { Ledger } from "./ledger.ts";
import type { RunPlace } from "./places.ts";

/** What a journal is made with. */
export interface KeptJournalOptions {
  readonly ledger: Ledger;
  readonly place: RunPlace;
  /** What earlier attempts left. */
  readonly memory: RunMemory;
  /** Whether steps of which nobody knows what they did may run again. */
  readonly redo: boolean;
  readonly now: () => number;
}

/** Writes down the steps of a run. */
export class KeptJournal implements Journal {
  readonly #options: KeptJournalOptions;
  /** Keys of steps that are in flight and may not be repeated. */
  readonly #begun = new Set<string>();

  constructor(options: KeptJournalOptions) {
    this.#options = options;
  }

  finished(key: string): FinishedStep | undefined {
    return this.#options.memory.finished.get(key);
  }

  async begin(step: BegunStep): Promise<void> {
    const { ledger, place, memory, redo, now } = this.#options;
    if (!step.isRepeatable) {
      const cut = memory.cut.get(step.key);
      if (cut !== undefined && !redo) throw new RunStopped(cutText([cut]));
      ledger.add(beginOf(place, step, now()));
      this.#begun.add(step.key);
    }
    if (!ledger.isDurable) await ledger.flush();
  }

  finish(step: FinishedStep): Promise<void> {
    return new Promise((resolve) => {
      const { ledger, place } = this.#options;
      const isCut = this.#begun.delete(step.key) && step.isEnded === true;
      for (const operation of finishOf(place, step, { isCut })) ledger.add(operation);
      resolve();
    });
  }
}

/** Says that nobody knows what steps did. */
export function cutText(steps: readonly KeptStep[]): string {
  const shown = steps.slice(0, 5).map(({ key, name, tool }) => {
    const label = `"${name ?? key}"`;
    return tool === undefined ? label : `${label} (tool "${tool}")`;
  });
  const more = steps.length > shown.length ? ` and ${steps.length - shown.length} more` : "";
  const [were, they, their] = steps.length === 1 ? ["was", "it", "its"] : ["were", "they", "their"];
  return `${steps.length === 1 ? "step" : "steps"} ${
    shown.join(", ")
  }${more} ${were} in flight when the run was cut off, ` +
    `and nobody knows whether ${they} did ${their} work`;
}
