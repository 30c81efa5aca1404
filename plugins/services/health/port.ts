/**
 * Whether somebody listens at a port.
 *
 * @module
 */
import type { Socket, Sockets } from "../../../kernel/mod.ts";

const CONNECT_MS = 2_000;
/** A service that is there keeps a connection for longer, or says something. */
const LOOK_MS = 250;

/** Where to look. */
export interface PortPlace {
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
}

/**
 * Tells whether a port takes connections. Engines take them themselves before the service does, and break them off at
 * once; that does not count.
 *
 * @throws the reason of `signal` when it aborts.
 */
export async function takesConnections(
  sockets: Pick<Sockets, "connect">,
  { host, port, signal }: PortPlace,
): Promise<boolean> {
  let socket: Socket;
  try {
    socket = await sockets.connect({ host, port, signal, timeoutMs: CONNECT_MS });
  } catch {
    signal.throwIfAborted();
    return false;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isKept = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(true), LOOK_MS));
  const hasSpoken = socket.read().then((bytes) => bytes !== undefined, () => false);
  try {
    return await Promise.race([isKept, hasSpoken]);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
