/**
 * What carries messages to a server and back.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../../kernel/mod.ts";

/** Most characters of one message. */
export const MOST_MESSAGE = 16 * 1024 * 1024;

/** A request that waits for its answer. */
export interface Flight {
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
}

/** Takes what comes from the server. */
export interface Receiver {
  /** Takes a message; `flight` is the request on whose own stream it came. */
  receive(message: unknown, flight?: Flight): void;
  /** Takes that a request has no answer, and why. */
  fail(id: number, error: unknown): void;
  /** Takes what is no message. */
  noise(text: string): void;
}

/** Carries messages both ways. */
export interface Wire {
  /** Whether each request has a stream of its own, so that what comes on it is known to belong to it. */
  readonly hasStreams: boolean;
  /** Begins to read. */
  attach(receiver: Receiver): void;
  /** Sends a request; what comes of it, a failure as well, goes to the receiver. */
  request(flight: Flight, text: string): void;
  /** Sends what has no answer. Rejects when it cannot be sent. */
  tell(text: string): Promise<void>;
  /** Gives a request up. `text` tells the server so, where leaving does not and it may be told. */
  cancel(flight: Flight, text: string | undefined): void;
  /** Takes that the server was greeted with `initialize`: which revision is spoken from now on. */
  begin(version: string): void;
  /** Resolves with why it ended; with `undefined` when it was closed from this side. */
  readonly closed: Promise<string | undefined>;
  /** Ends it. */
  close(): Promise<void>;
}

/** The end of a wire: told once, first come. */
export class Ending {
  readonly closed: Promise<string | undefined>;
  #resolve!: (reason: string | undefined) => void;
  #isOver = false;

  constructor() {
    this.closed = new Promise((resolve) => this.#resolve = resolve);
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells that it ended. */
  end(reason: string | undefined): void {
    this.#isOver = true;
    this.#resolve(reason);
  }
}

/** Says that a message is too large. */
export function tooLarge(): ToolError {
  return new ToolError(`The server sent a message of more than ${MOST_MESSAGE} characters; ask it for less`);
}
