/**
 * The way out of a sandbox that has no network: a Unix socket that speaks as an HTTP proxy, and connects to the addresses
 * of an allow-list alone.
 *
 * @module
 */
import type { Log, Socket, SocketListener, Sockets } from "../../../kernel/mod.ts";
import { type Address, readAllowList } from "./address.ts";
import { type ConnectionLimits, refuseForNumber, serveConnection } from "./connection.ts";

const MOST_CONNECTIONS = 256;
const LIMITS: ConnectionLimits = { headMs: 30_000, connectMs: 30_000, idleMs: 600_000 };

/** What a {@linkcode NetworkGate} works with. */
export interface NetworkGateOptions {
  readonly sockets: Sockets;
  readonly log: Log;
  /** Half a minute for the head of a request and for a connection, ten minutes without a byte, by default. */
  readonly limits?: Partial<ConnectionLimits>;
}

/** The way to the addresses of one allow-list. */
export interface OpenGate {
  /** Absolute path of the socket, to be seen inside. */
  readonly socketPath: string;
  /** Says that it is used no more; the last one who says so closes it, with the connections that are open. */
  release(): Promise<void>;
}

/** Lets sandboxes reach the addresses that each was granted; those with the same list share a socket. */
export class NetworkGate {
  readonly #options: NetworkGateOptions;
  readonly #doors = new Map<string, Door>();

  constructor(options: NetworkGateOptions) {
    this.#options = options;
  }

  /**
   * Opens a way to the addresses of a list.
   *
   * @param list Each `host:port`: a name, an IPv4 address, or an IPv6 address in brackets.
   * @throws {ToolError} naming what is no address.
   * @throws {Error} when no socket can be made.
   */
  async open(list: readonly string[]): Promise<OpenGate> {
    const allowed = new Map(readAllowList(list).map((address) => [address.text, address]));
    const key = [...allowed.keys()].join(" ");
    const door = this.#doors.get(key) ?? new Door(allowed, this.#options);
    this.#doors.set(key, door);
    door.users++;
    let isReleased = false;
    const release = async () => {
      if (isReleased) return;
      isReleased = true;
      if (--door.users > 0) return;
      if (this.#doors.get(key) === door) this.#doors.delete(key);
      await door.close();
    };
    try {
      return { socketPath: (await door.listening).path, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Closes all that is open. */
  async close(): Promise<void> {
    const doors = [...this.#doors.values()];
    this.#doors.clear();
    await Promise.all(doors.map((door) => door.close()));
  }
}

/** One socket and its connections. */
class Door {
  users = 0;
  readonly listening: Promise<SocketListener>;
  readonly #clients = new Set<Socket>();
  #isClosed = false;

  constructor(allowed: ReadonlyMap<string, Address>, options: NetworkGateOptions) {
    const shared = { ...options, allowed, limits: { ...LIMITS, ...options.limits } };
    const serve = async (client: Socket) => {
      const { size } = this.#clients;
      // some more are told that there are too many; who does not listen to that is not answered
      if (this.#isClosed || size >= 2 * MOST_CONNECTIONS) return client.destroy();
      this.#clients.add(client);
      await (size < MOST_CONNECTIONS ? serveConnection : refuseForNumber)(client, shared);
      this.#clients.delete(client);
    };
    this.listening = options.sockets.listen((client) => void serve(client));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const client of this.#clients) client.destroy();
    // one that could not be opened has nothing to close
    await this.listening.then((listener) => listener.close(), () => {});
  }
}
