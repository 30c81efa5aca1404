/**
 * Replies to the requests of a run of code, on their way to it: those that are there at the same time go together.
 *
 * @module
 */
import { type Answer, writeAnswers } from "../worker/answers.ts";
import { soon } from "./pacer.ts";

/** How many replies are not kept waiting for others, since code could go on with them. */
const ENOUGH = 16;
/** Most characters that go together; one alone may be longer. */
const MOST_CHARACTERS = 1024 * 1024;

/** Where replies go. */
export interface AnswersOptions {
  /** Tells whether there is room for more; where there is none, {@linkcode Answers.flush} is called when there is. */
  hasRoom(): boolean;
  /** Gives the code a text, which may be empty. */
  give(text: string): void;
  /** Is called when the code has all the replies. */
  onEmpty?(): void;
}

/** Gives code its replies. */
export class Answers {
  readonly #options: AnswersOptions;
  #waiting: Answer[] = [];
  /** How many replies are still to come. */
  #open = 0;
  /** How many waited when it was last looked. */
  #seen = 0;
  /** Whether the code waits to be told that all was taken. */
  #isPaused = false;
  #isLooking = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Says that so many replies will come. */
  expect(count: number): void {
    this.#open += count;
  }

  /** Adds the reply to a request; it goes at once when no other is to come. */
  add(id: number, json: string): void {
    this.#waiting.push({ id, json });
    this.#open--;
    if (this.#open === 0 || this.#waiting.length >= ENOUGH) this.flush();
    else this.#look();
  }

  /** Tells the code that all that it said was taken. */
  resume(): void {
    this.#isPaused = true;
    this.flush();
  }

  // a thread that is woken for each takes longer than most calls
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    soon(() => {
      this.#isLooking = false;
      const isLast = this.#waiting.length === this.#seen;
      this.#seen = this.#waiting.length;
      if (isLast) this.flush();
      else this.#look();
    });
  }

  /** Gives the code what waits for it, if there is room. */
  flush(): void {
    const { hasRoom, give, onEmpty } = this.#options;
    let hasGiven = false;
    while ((this.#isPaused || this.#waiting.length > 0) && hasRoom()) {
      if (this.#isPaused) {
        this.#isPaused = false;
        give("");
      } else {
        give(writeAnswers(this.#next()));
        hasGiven = true;
      }
    }
    if (hasGiven && this.#open === 0 && this.#waiting.length === 0) onEmpty?.();
  }

  #next(): readonly Answer[] {
    let characters = 0;
    const end = this.#waiting.findIndex(({ json }, i) => (characters += json.length) > MOST_CHARACTERS && i > 0);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }
}
