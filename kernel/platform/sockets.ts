/**
 * Connections between programs, over `node:net`, which Deno and Bun have as well.
 *
 * @module
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp, createServer, type Socket as NodeSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConnectOptions, Socket, SocketListener, Sockets } from "../contracts.ts";
import { messageOf } from "../errors.ts";
import { denoNet, listenOnDeno, type UnixListener } from "./deno_listener.ts";
import { codeOf } from "./real_path.ts";

const CONNECT_MS = 30_000;
/** An address of a Unix socket has 104 bytes on macOS, 108 on Linux, with a NUL at its end. Source: unix(4), unix(7). */
const LONGEST_PATH = 99;
/** Says what the codes of errors mean. */
const REASONS: Readonly<Record<string, string>> = {
  EAI_AGAIN: "its name cannot be resolved now",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it broke the connection off",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to its network",
  ENOTFOUND: "its name is not known",
  ETIMEDOUT: "it does not answer",
};

/** The sockets of a server, and their end. */
export interface OwnedSockets extends Sockets {
  /** Breaks every connection off, and removes every socket. */
  close(): Promise<void>;
}

/** Makes the sockets of a server. */
export function createSockets(): OwnedSockets {
  const open = new Set<Pick<Socket, "destroy">>();
  const listeners = new Set<SocketListener>();
  let isClosed = false;
  const own = (socket: NodeSocket): NodeSocket => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    if (isClosed) socket.destroy();
    return socket;
  };
  const ownSocket = (socket: Socket): Socket => {
    open.add(socket);
    void socket.closed.then(() => open.delete(socket));
    if (isClosed) socket.destroy();
    return socket;
  };
  return {
    async listen(handler) {
      const { path, close } = await listenPrivately((socket) => handler(ownSocket(socket)));
      const listener: SocketListener = {
        path,
        async close() {
          if (listeners.delete(listener)) await close();
        },
      };
      listeners.add(listener);
      if (isClosed) await listener.close();
      return listener;
    },
    connect: async (options) => new DuplexSocket(await connect(options, own)),
    async close() {
      isClosed = true;
      for (const socket of open) socket.destroy();
      await Promise.all([...listeners].map((listener) => listener.close()));
    },
  };
}

async function listenPrivately(onConnection: (socket: Socket) => void): Promise<SocketListener> {
  const folder = await makePrivateFolder();
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, "socket");
  try {
    const net = denoNet();
    const listener = net === undefined ? await listenOnNode(path, onConnection) : listenOnDeno(net, path, onConnection);
    await chmod(path, 0o600);
    return {
      path,
      async close() {
        listener.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw new Error(`Cannot listen on a socket at "${path}": ${messageOf(error)}`, { cause: error });
  }
}

async function listenOnNode(path: string, onConnection: (socket: Socket) => void): Promise<UnixListener> {
  const server = createServer({ allowHalfOpen: true }, (socket) => onConnection(new DuplexSocket(socket)));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // one connection that cannot be taken, as when descriptors are used up, is no end of the others
  server.on("error", () => {});
  return { close: () => void server.close() };
}

async function makePrivateFolder(): Promise<string> {
  const prefixes = [tmpdir(), "/tmp"].map((folder) => join(folder, "collet-"));
  const prefix = prefixes.find((it) => new TextEncoder().encode(`${it}XXXXXX/socket`).length <= LONGEST_PATH);
  // no user but its owner enters what mkdtemp makes
  return await mkdtemp(prefix ?? join("/tmp", "collet-"));
}

async function connect(
  { host, port, signal, timeoutMs = CONNECT_MS }: ConnectOptions,
  own: (socket: NodeSocket) => NodeSocket,
): Promise<NodeSocket> {
  signal?.throwIfAborted();
  const where = `"${host.includes(":") ? `[${host}]` : host}:${port}"`;
  const socket = own(connectTcp({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true }));
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      // what it says later is for whoever reads, and must not be unheard when nobody does
      socket.on("error", (error) => reject(unconnected(where, error)));
      socket.once("close", () => reject(new Error(`Cannot connect to ${where}: it was broken off`)));
      const late = () => reject(new DOMException(`Waited ${timeoutMs} ms in vain for ${where}`, "TimeoutError"));
      timer = setTimeout(late, timeoutMs);
      onAbort = () => reject(signal!.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

function unconnected(where: string, error: unknown): Error {
  // of several addresses, each has an error of its own
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const reason = REASONS[String(codeOf(first))] ?? messageOf(first);
  return new Error(`Cannot connect to ${where}: ${reason}`, { cause: error });
}

/** A stream of Node as pieces to ask for. */
class DuplexSocket implements Socket {
  readonly closed: Promise<void>;
  readonly #stream: NodeSocket;
  #error: Error | undefined;
  #wake = (): void => {};

  constructor(stream: NodeSocket) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => stream.once("close", () => resolve()));
    const wake = () => this.#wake();
    stream.on("error", (error) => this.#error = error);
    for (const event of ["readable", "end", "close"]) stream.on(event, wake);
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes: Uint8Array | null = this.#stream.read();
      if (bytes !== null) return bytes;
      if (this.#stream.readableEnded) return undefined;
      if (this.#error !== undefined) throw this.#error;
      if (this.#stream.destroyed) throw new Error("Cannot read: the connection is broken off");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => error === null || error === undefined ? resolve() : reject(error));
    });
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}
