/**
 * One connection to the proxy: reads what is asked, refuses it or connects, and passes bytes both ways.
 *
 * @module
 */
import { type Log, messageOf, type Socket, type Sockets } from "../../../kernel/mod.ts";
import type { Address } from "./address.ts";
import { readHead, type ReceivedHead, receiveHead, toBytes } from "./request_head.ts";

const MOST_NAMED = 20;
/** Who is refused may still be sending, and hears nothing when that is not read. */
const LINGER_MS = 2_000;
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** How long a connection may take, in milliseconds. */
export interface ConnectionLimits {
  /** Until the head of the request is there. */
  readonly headMs: number;
  /** Until the address answers. */
  readonly connectMs: number;
  /** Without a byte either way. */
  readonly idleMs: number;
}

/** What connections are served with. */
export interface ConnectionOptions {
  readonly sockets: Sockets;
  /** The addresses that may be reached, by their text. */
  readonly allowed: ReadonlyMap<string, Address>;
  readonly limits: ConnectionLimits;
  readonly log: Log;
}

/** Serves a connection to its end; never throws. */
export function serveConnection(client: Socket, options: ConnectionOptions): Promise<void> {
  return attend(client, options, () => serve(client, options));
}

/** Tells who connects that there are too many connections; never throws. */
export function refuseForNumber(client: Socket, options: ConnectionOptions): Promise<void> {
  return attend(client, options, () => refuse(client, 503, "There are too many connections at a time"));
}

async function attend(client: Socket, { log }: ConnectionOptions, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    log.debug("A connection of a sandbox broke off", { reason: messageOf(error) });
  } finally {
    client.destroy();
  }
}

async function serve(client: Socket, options: ConnectionOptions): Promise<void> {
  const { allowed, limits, log } = options;
  const received = await within(limits.headMs, client, () => receiveHead(client));
  if (received === undefined) return;
  if (received === "large") return await refuse(client, 431, "The head of the request is too large");
  const request = readHead(received.text);
  if ("problem" in request) return await refuse(client, 400, `Cannot read the request: ${request.problem}`);
  const { text } = request.address;
  const address = allowed.get(text);
  if (address === undefined) {
    log.debug("Refused a connection of a sandbox", { address: text });
    return await refuse(client, 403, explain(text, [...allowed.keys()]));
  }
  const server = await reach(client, address, options);
  if (server === undefined) return;
  try {
    await start(client, server, { head: request.head, received });
    await exchange(client, server, limits.idleMs);
  } finally {
    server.destroy();
  }
}

/** Says which address was refused and how it is asked for. */
function explain(address: string, allowed: readonly string[]): string {
  const named = allowed.slice(0, MOST_NAMED).join(", ") + (allowed.length > MOST_NAMED ? " and others" : "");
  return `"${address}" is not granted to this tool: it may ask for grants: {network: ["${address}"]} in its manifest\n` +
    `It reaches ${named === "" ? "nothing" : named}`;
}

async function reach(client: Socket, address: Address, options: ConnectionOptions): Promise<Socket | undefined> {
  const { sockets, limits: { connectMs } } = options;
  const { host, port } = address;
  // for a client that has gone, nothing needs to be reached
  const gone = new AbortController();
  void client.closed.then(() => gone.abort());
  try {
    return await sockets.connect({ host, port, timeoutMs: connectMs, signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted) throw error;
    await refuse(client, (error as Error).name === "TimeoutError" ? 504 : 502, messageOf(error));
    return undefined;
  }
}

/** Sends what comes before the bytes that pass as they are. */
async function start(
  client: Socket,
  server: Socket,
  { head, received }: { readonly head: string | undefined; readonly received: ReceivedHead },
): Promise<void> {
  if (head === undefined) await client.write(toBytes("HTTP/1.1 200 Connection established\r\n\r\n"));
  else await server.write(toBytes(head));
  if (received.rest.length > 0) await server.write(received.rest);
}

/** Passes bytes both ways until both have ended, or one fails. */
async function exchange(client: Socket, server: Socket, idleMs: number): Promise<void> {
  let active = performance.now();
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    const left = active + idleMs - performance.now();
    if (left > 0) return void (timer = setTimeout(look, left));
    client.destroy();
    server.destroy();
  };
  timer = setTimeout(look, idleMs);
  const pass = async (from: Socket, to: Socket) => {
    for (let bytes = await from.read(); bytes !== undefined; bytes = await from.read()) {
      active = performance.now();
      await to.write(bytes);
      active = performance.now();
    }
    to.end();
  };
  try {
    await Promise.all([pass(client, server), pass(server, client)]);
    await Promise.all([client.closed, server.closed]);
  } finally {
    clearTimeout(timer);
  }
}

/** Answers, and reads for a while what comes yet. */
async function refuse(client: Socket, status: number, message: string): Promise<void> {
  await within(LINGER_MS, client, async () => {
    await send(client, status, message);
    while (await client.read() !== undefined);
  });
}

// the reason goes into the first line as well: many programs show that alone
async function send(client: Socket, status: number, message: string): Promise<void> {
  const body = new TextEncoder().encode(`${message}\n`);
  const reason = (TITLES[status] === undefined ? "" : `${TITLES[status]}: `) + message.split("\n")[0];
  const head =
    `HTTP/1.1 ${status} ${reason.replace(/[^\x20-\x7e]/g, "?")}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(toBytes(head));
  bytes.set(body, head.length);
  await client.write(bytes);
  client.end();
}

/** Does what a connection has to do in time, and breaks it off when it does not. */
async function within<T>(ms: number, client: Socket, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => client.destroy(), ms);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
