/**
 * Opens gates for tests, speaks to them as a client, and makes the services that they lead to.
 *
 * @module
 */
import { createServer as createHttp, type RequestListener } from "node:http";
import { connect, createServer, type Server, type Socket as NodeSocket } from "node:net";
import type { Sockets } from "../../../kernel/mod.ts";
import { createSockets } from "../../../kernel/platform/sockets.ts";
import { type FakeLog, fakeLog } from "../../../kernel/testing.ts";
import { NetworkGate, type NetworkGateOptions } from "../../../plugins/sandbox/network/gate.ts";

/** A service on a loopback port. */
export interface Service extends AsyncDisposable {
  readonly port: number;
}

/** Starts a service that speaks over TCP; both halves of its connections end by themselves. */
export async function serveTcp(onConnection: (socket: NodeSocket) => void): Promise<Service> {
  return await serve(createServer({ allowHalfOpen: true }, onConnection));
}

/** Starts a service that speaks HTTP. */
export async function serveHttp(listener: RequestListener): Promise<Service> {
  return await serve(createHttp(listener));
}

/** Listens on a free port; what is open at the end is broken off. */
export async function serve(server: Server): Promise<Service> {
  const open = new Set<NodeSocket>();
  server.on("connection", (socket: NodeSocket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A gate with real sockets. */
export interface TestGate extends AsyncDisposable {
  readonly gate: NetworkGate;
  readonly sockets: Sockets;
  readonly log: FakeLog;
}

/** What a gate is made with. */
export interface TestGateOptions {
  readonly limits?: NonNullable<NetworkGateOptions["limits"]>;
  /** Says at which loopback port an address is found, as a resolver and a router would. */
  readonly outside?: Readonly<Record<string, number>>;
}

/** Makes a gate. */
export function startGate({ limits, outside = {} }: TestGateOptions = {}): TestGate {
  const own = createSockets();
  const log = fakeLog();
  const sockets: Sockets = {
    listen: own.listen,
    connect({ host, port, ...rest }) {
      const found = outside[`${host}:${port}`];
      return own.connect({ ...rest, ...(found === undefined ? { host, port } : { host: "127.0.0.1", port: found }) });
    },
  };
  const gate = new NetworkGate({ sockets, log, ...(limits && { limits }) });
  return {
    gate,
    sockets,
    log,
    async [Symbol.asyncDispose]() {
      await gate.close();
      await own.close();
    },
  };
}

/** Opens a connection to a gate, whose both halves end by themselves. */
export async function dial(path: string): Promise<NodeSocket> {
  const client = connect({ path, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => client.once("connect", resolve).once("error", reject));
  return client.on("error", () => {});
}

/** Reads to the end of a connection; what breaks it off ends it as well. */
export function readToEnd(client: NodeSocket): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    client.on("data", (bytes) => text += bytes.toString("latin1"));
    client.on("end", () => resolve(text));
    client.on("close", () => resolve(text));
  });
}

/** Says something to a gate, and gives its whole answer. */
export async function ask(path: string, text: string | Uint8Array): Promise<string> {
  const client = await dial(path);
  const answer = readToEnd(client);
  client.write(text);
  const whole = await answer;
  client.destroy();
  return whole;
}

/** Opens a tunnel, and gives the connection after its answer. */
export async function openTunnel(path: string, target: string): Promise<NodeSocket> {
  const client = await dial(path);
  client.write(`CONNECT ${target} HTTP/1.1\r\n\r\n`);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const bytes = client.read(1) as Uint8Array | null;
    if (bytes !== null) head += String.fromCharCode(bytes[0]!);
    else if (client.destroyed || client.readableEnded) throw new Error(`the gate ended after ${JSON.stringify(head)}`);
    else await new Promise<void>((resolve) => client.once("readable", resolve).once("close", resolve));
  }
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head);
  return client;
}
