/**
 * One kept connection of HTTP/1.1, with one request in flight at a time.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { type Answer, AnswerReader } from "./answer_reader.ts";

/** The only address that the benchmark talks to. */
export const HOST = "127.0.0.1";

interface Waiting {
  resolve(answer: Answer): void;
  reject(reason: Error): void;
}

/** A client's connection. Where the server closes it after an answer, the next request opens it anew. */
export class HttpConnection {
  readonly #port: number;
  readonly #reader = new AnswerReader();
  #socket: Socket | undefined;
  #waiting: Waiting | undefined;
  #opened = 0;

  /** @param port Port of this machine; connected to by the first request. */
  constructor(port: number) {
    this.#port = port;
  }

  /** How often it was opened. */
  get opened(): number {
    return this.#opened;
  }

  /**
   * Sends a request as it is and waits for the answer to it.
   *
   * @throws {Error} when the connection ends before, or what comes is no answer.
   */
  send(request: string | Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket ??= this.#open();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    this.#opened++;
    const socket = connect({ host: HOST, port: this.#port, noDelay: true });
    const fail = (error: Error) => {
      // of one that was closed on purpose nothing is expected
      if (socket === this.#socket) this.#fail(error);
    };
    socket.on("data", (bytes) => this.#take(bytes as Buffer));
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("Cannot go on: the server closed the connection without an answer")));
    return socket;
  }

  #take(bytes: Buffer): void {
    try {
      const answer = this.#reader.push(bytes);
      if (answer === undefined) return;
      if (answer.isLast) this.close();
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(answer);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.close();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
