/**
 * The debugger's door of a running server, to have its garbage collected before its memory is measured: what is left
 * then is what it holds. The door is the runtime's; the server's own code is what ships.
 *
 * Source: the Chrome DevTools protocol, domains `HeapProfiler` and `Runtime`, which Node and Deno serve alike.
 *
 * @module
 */

/** What a debugger's answer looks like. */
interface Answer {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number };
  readonly error?: { readonly message: string };
}

/** A connection to the debugger's door. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(reason: Error): void }>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const answer: Answer = JSON.parse(String(data));
      if (answer.id === undefined) return;
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    socket.addEventListener("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("Cannot inspect: the server has ended"));
    });
  }

  /** Connects to the address that the runtime announced. */
  static connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    return new Promise((resolve, reject) => {
      socket.addEventListener("open", () => resolve(new Inspector(socket)), { once: true });
      socket.addEventListener("error", () => reject(new Error(`Cannot inspect ${url}`)), { once: true });
    });
  }

  /**
   * Collects garbage, thrice: what the first pass finalizes is free for the next.
   *
   * @returns bytes in use on the heap afterwards.
   */
  async collect(): Promise<number> {
    for (let pass = 0; pass < 3; pass++) await this.#send("HeapProfiler.collectGarbage");
    return (await this.#send("Runtime.getHeapUsage")).result?.usedSize ?? NaN;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #send(method: string): Promise<Answer> {
    const id = ++this.#lastId;
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method }));
    });
    if (answer.error !== undefined) throw new Error(`Cannot inspect: ${method}: ${answer.error.message}`);
    return answer;
  }
}
