/**
 * How far a run is: each step has a share, which steps within it and items of loops divide among them.
 *
 * @module
 */
import type { Call } from "../../../kernel/mod.ts";

/** Reports per run, besides one per step. */
const REPORTS = 100;
/** Shares are fractions, which do not add up exactly. */
const TOLERANCE = 1e-6;

/** A share of the whole, of which more and more is done. */
export class Share {
  readonly #outer: Share | undefined;
  readonly #size: number;
  #done = 0;

  constructor(size: number, outer?: Share) {
    this.#size = size;
    this.#outer = outer;
  }

  protected get done(): number {
    return this.#done;
  }

  /** Notes that more is done; never more than there is, since attempts repeat what was done already. */
  add(size: number): void {
    const more = Math.min(size, this.#size - this.#done);
    if (more <= 0) return;
    this.#done += more;
    this.#outer?.add(more);
  }

  /** Notes that all is done. */
  complete(): void {
    this.add(this.#size - this.#done);
  }
}

/** Tells a call how far its run is: in steps, with fractions for what is within them. */
export class Progress extends Share {
  readonly #call: Call;
  readonly #total: number;
  #message = "";
  #told = -1;

  constructor(call: Call, total: number) {
    super(total);
    this.#call = call;
    this.#total = total;
  }

  /** Notes that a step begins. */
  begin(index: number, label: string): void {
    this.#message = `Step ${index + 1} of ${this.#total}: ${label}`;
    this.#tell(index);
  }

  /** Notes that the last step is done. */
  end(): void {
    this.#tell(this.#total);
  }

  override add(size: number): void {
    super.add(size);
    const { done } = this;
    // a step that is done is told with the next one
    if (Math.abs(done - Math.round(done)) < TOLERANCE) return;
    if (done - this.#told >= this.#total / REPORTS) this.#tell(done);
  }

  #tell(done: number): void {
    if (done <= this.#told) return;
    this.#told = done;
    // nobody waits for it, and a client that is gone is noticed elsewhere
    this.#call.progress(done, this.#total, this.#message).catch(() => {});
  }
}
