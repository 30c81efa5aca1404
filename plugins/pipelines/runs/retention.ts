/**
 * Removes runs whose time is over, and the oldest where a principal has too many.
 *
 * @module
 */
import { type Log, messageOf } from "../../../kernel/mod.ts";
import { type Namespace, scanAll } from "../../store/contract.ts";
import { dataOf, headsOf, nestedHeadsOf } from "./places.ts";
import type { RunHead } from "./record.ts";

const HOUR_MS = 3_600_000;
// how far a principal may be above the limits until somebody looks, as a part of them, and at most
const SLACK = 20;
const MOST_SLACK = 50;
const PAGE = 500;

/** What decides on what is kept. */
export interface RetentionOptions {
  readonly entries: Namespace;
  readonly keptMs: number;
  readonly keptRuns: number;
  readonly keptCharacters: number;
  readonly log: Log;
  readonly now: () => number;
  /** Gives a test of whether a server runs a run. */
  served(): Promise<(head: RunHead) => boolean>;
}

/** Sees to it that runs do not pile up. It looks when runs begin, so that a server that runs none does nothing. */
export class Retention {
  readonly #options: RetentionOptions;
  #begun = 0;
  #characters = 0;
  #lookedAt = -Infinity;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Hears that a run begins which is no part of another. */
  noteBegin(): void {
    const { keptRuns, now } = this.#options;
    const slack = Math.max(1, Math.min(MOST_SLACK, Math.floor(keptRuns / SLACK)));
    if (++this.#begun >= slack || now() - this.#lookedAt >= HOUR_MS) this.#look();
  }

  /** Hears that such a run has ended, and how much is kept of it. */
  noteEnd(characters: number): void {
    this.#characters += characters;
    if (this.#characters > this.#options.keptCharacters / SLACK) this.#look();
  }

  #look(): void {
    const { now, log } = this.#options;
    if (this.#isClosed || this.#looking !== undefined) return;
    this.#begun = 0;
    this.#characters = 0;
    this.#lookedAt = now();
    this.#looking = this.sweep()
      .catch((error) => log.warn(`Old runs are not removed: ${messageOf(error)}`))
      .then(() => void (this.#looking = undefined));
  }

  /** Tells whether the time of a run is over. */
  isOver({ endedAt, updatedAt }: RunHead): boolean {
    return (endedAt ?? updatedAt) + this.#options.keptMs <= this.#options.now();
  }

  /** Removes what is not to be kept. */
  async sweep(): Promise<void> {
    const { entries, served } = this.#options;
    const isServed = await served();
    let [owner, count, characters] = ["", 0, 0];
    for await (const { key, value, version } of scanAll(entries, { prefix: headsOf(), reverse: true, limit: PAGE })) {
      if (this.#isClosed) return;
      const head = value as unknown as RunHead;
      const ownerOfThis = key.split("/")[2]!;
      if (ownerOfThis !== owner) [owner, count, characters] = [ownerOfThis, 0, 0];
      count++;
      characters += head.characters ?? 0;
      if (isServed(head) || this.#isKept(head, { count, characters })) continue;
      await this.#remove({ key, head, version, owner });
    }
  }

  /** Waits until nothing is removed any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#looking;
  }

  // `of` the runs of a principal, from the newest to this one
  #isKept(head: RunHead, of: { readonly count: number; readonly characters: number }): boolean {
    const { keptRuns, keptCharacters } = this.#options;
    // the newest one is kept, however much it is
    const isAmongKept = of.count <= keptRuns && (of.count === 1 || of.characters <= keptCharacters);
    return isAmongKept && !this.isOver(head) && !head.isRemoved;
  }

  // nobody sees, or takes up, what is removed by half
  async #remove(
    { key, head, version, owner }: { key: string; head: RunHead; version: number; owner: string },
  ): Promise<void> {
    const { entries } = this.#options;
    const isMarked = await entries.compareAndSet(key, { ...head, isRemoved: true }, { ifVersion: version });
    if (isMarked === undefined) return;
    await this.#removeAll(nestedHeadsOf(owner, head.id));
    await this.#removeAll(dataOf(owner, head.id));
    await entries.delete(key);
  }

  // in parts, since a run may have many steps, and other calls wait
  async #removeAll(prefix: string): Promise<void> {
    const { entries } = this.#options;
    while (true) {
      const { items } = await entries.keys({ prefix, limit: PAGE });
      if (items.length === 0) return;
      await entries.batch(items.map(({ key }) => ({ type: "delete", key })));
    }
  }
}
