/**
 * One connection while it is in use.
 *
 * @module
 */
import { isProtocolError, type ToolError } from "../../../kernel/mod.ts";
import type { Connection } from "../connection/connection.ts";
import type { Clock } from "../clock.ts";

/** What a session is made of. */
export interface SessionOptions {
  readonly connection: Connection;
  readonly clock: Clock;
}

/** Counts what is in flight over a connection, and ends that when the connection ends. */
export class Session {
  readonly connection: Connection;
  readonly startedAt: number;
  readonly #clock: Clock;
  // a race against one promise of the session's end would keep something of each call until then
  readonly #flights = new Set<(reason: unknown) => void>();
  readonly #quiet = new Set<() => void>();
  #isOpen = true;
  #lastAnswerAt: number;
  #isSuspect = false;

  constructor({ connection, clock }: SessionOptions) {
    this.connection = connection;
    this.#clock = clock;
    this.startedAt = this.#lastAnswerAt = clock.now();
  }

  /** Whether it takes work. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How much work is in flight. */
  get flights(): number {
    return this.#flights.size;
  }

  /** When the server last answered, in milliseconds since 1970. */
  get lastAnswerAt(): number {
    return this.#lastAnswerAt;
  }

  /** Whether the last work failed otherwise than by an answer of the server's. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /**
   * Does work, once; only while the session is open.
   *
   * @throws what the work throws, or the reason with which the session ends.
   */
  run<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#flights.add(reject);
      const end = (hasAnswered: boolean) => {
        if (hasAnswered) this.answered();
        else this.#isSuspect = true;
        if (this.#flights.delete(reject) && this.#flights.size === 0) this.#tellQuiet();
      };
      start(work, this.connection).then((value) => {
        resolve(value);
        end(true);
      }, (thrown) => {
        reject(thrown);
        end(isProtocolError(thrown));
      });
    });
  }

  /** Notes that the server answered. */
  answered(): void {
    this.#lastAnswerAt = this.#clock.now();
    this.#isSuspect = false;
  }

  /** Resolves when nothing is in flight, at once when nothing is. */
  quiet(): Promise<void> {
    return new Promise((resolve) => void (this.#flights.size === 0 ? resolve() : this.#quiet.add(resolve)));
  }

  /** Takes no more work, and fails what is in flight. */
  end(reason: ToolError): void {
    this.#isOpen = false;
    for (const reject of this.#flights) reject(reason);
    this.#flights.clear();
    this.#tellQuiet();
  }

  #tellQuiet(): void {
    for (const resolve of this.#quiet) resolve();
    this.#quiet.clear();
  }
}

async function start<T>(work: (connection: Connection) => Promise<T>, connection: Connection): Promise<T> {
  return await work(connection);
}
