/**
 * What scripts wait for: replies and timers.
 *
 * @module
 */
import { Timers } from "./timers.ts";

/** Milliseconds; what is longer, a timer takes for none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
/** How long a thread turns to others until it looks whether the scripts were ended, in milliseconds: nothing tells it. */
const LOOK_MS = 250;

/** Something outside that scripts wait for. */
export interface Expected {
  /** Tells the scripts, once it is their turn. */
  happen(event: () => void): void;
  /** It will not happen. */
  cancel(): void;
}

/** Waits for so many milliseconds at most; blocks the thread. */
export type Wait = (ms: number) => void;

/** What has happened outside, and what is expected there. */
export class Outside {
  readonly #timers = new Timers();
  /** What has happened, and the scripts have not been told of. */
  readonly #events: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #expected = 0;
  #isClosed = false;

  /** Whether anything is expected. */
  get isExpected(): boolean {
    return this.#expected > 0;
  }

  /** Says that something will happen. */
  expect(): Expected {
    this.#expected++;
    let isOpen = true;
    const end = () => {
      if (!isOpen) return false;
      isOpen = false;
      this.#expected--;
      return !this.#isClosed;
    };
    return {
      happen: (event) => {
        if (!end()) return;
        this.#events.push(event);
        this.#wake?.();
      },
      cancel: () => void end(),
    };
  }

  /** Has something happen after a time; gives what cancels it. Who waits by blocking the thread gives `wait`. */
  after(ms: number, event: () => void, { wait }: { readonly wait?: Wait | undefined }): () => void {
    const expected = this.expect();
    const fire = () => expected.happen(event);
    const end = wait === undefined ? startTimer(ms, fire) : this.#timers.start(ms, fire);
    return () => {
      end();
      expected.cancel();
    };
  }

  /** Takes what has happened first, if anything has. */
  next(): (() => void) | undefined {
    return this.#events.shift();
  }

  /** Waits by blocking the thread, so many milliseconds at most. */
  block(wait: Wait, ms: number): void {
    wait(Math.min(this.#timers.leftMs, ms));
    this.#timers.fireDue();
  }

  /** Waits while the thread turns to others, so many milliseconds at most; it may be less. */
  turn(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, Math.min(ms, LOOK_MS));
      this.#wake = wake;
    });
  }

  /** Drops what comes later. */
  close(): void {
    this.#isClosed = true;
  }
}

function startTimer(ms: number, fire: () => void): () => void {
  const timer = setTimeout(fire, Math.min(ms, LONGEST_TIMEOUT));
  return () => clearTimeout(timer);
}
