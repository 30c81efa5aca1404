/**
 * Unix sockets on Deno by its own interface: those of its `node:net` are inherited open by every child process.
 *
 * @module
 */
import type { Socket } from "../contracts.ts";

const READ_BYTES = 64 * 1024;

/** A connection of Deno, as far as it is used here. */
interface Connection {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
}

interface Listener extends AsyncIterable<Connection> {
  close(): void;
}

interface DenoNet {
  listen(options: { readonly transport: "unix"; readonly path: string }): Listener;
}

/** Gives what listens on Deno; `undefined` elsewhere. */
export function denoNet(): DenoNet | undefined {
  return (globalThis as { readonly Deno?: DenoNet }).Deno;
}

/** What listens on a Unix socket, and its connections. */
export interface UnixListener {
  /** Takes no more connections. */
  close(): void;
}

/** Listens on a Unix socket. */
export function listenOnDeno(net: DenoNet, path: string, onConnection: (socket: Socket) => void): UnixListener {
  const listener = net.listen({ transport: "unix", path });
  const accept = async () => {
    for await (const connection of listener) onConnection(new ConnectionSocket(connection));
  };
  // it ends with the listener; one connection that cannot be taken is no end of the others
  void accept().catch(() => {});
  return { close: () => listener.close() };
}

/** A connection of Deno as pieces to ask for. */
class ConnectionSocket implements Socket {
  readonly closed: Promise<void>;
  readonly #connection: Connection;
  #onClosed = (): void => {};
  #isClosed = false;
  #isReadToEnd = false;
  #writing: Promise<unknown> = Promise.resolve();
  #isEnded = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.closed = new Promise((resolve) => this.#onClosed = resolve);
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isReadToEnd) return undefined;
    const buffer = new Uint8Array(READ_BYTES);
    const count = await this.#attempt(this.#connection.read(buffer));
    if (count !== null) return buffer.subarray(0, count);
    this.#isReadToEnd = true;
    this.#closeWhenOver();
    return undefined;
  }

  write(bytes: Uint8Array): Promise<void> {
    const writing = this.#writing.then(() => this.#attempt(this.#writeAll(bytes)));
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  end(): void {
    void this.#writing.then(async () => {
      if (this.#isEnded || this.#isClosed) return;
      await this.#connection.closeWrite().catch(() => {});
      this.#isEnded = true;
      this.#closeWhenOver();
    });
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    this.#onClosed();
  }

  #closeWhenOver(): void {
    if (this.#isReadToEnd && this.#isEnded) this.destroy();
  }

  /** What fails ends both halves: nothing comes of it any more. */
  async #attempt<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.destroy();
      throw error;
    }
  }
}
