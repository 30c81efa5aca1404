/**
 * Listens for HTTP requests on a port of this machine, on Deno and on Node.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import { KernelError } from "../errors.ts";
import type { QuickAnswer } from "../http_answer.ts";
import { codeOf } from "./real_path.ts";

/** Answers requests. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** Where to listen. */
export interface ListenOptions {
  /** Answers what needs no `Request`, where that is lighter. */
  readonly quick?: QuickAnswer;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/** An open port. */
export interface Listener {
  readonly port: number;
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more connections, and resolves when the requests that are open have ended. */
  close(): Promise<void>;
}

/**
 * Begins to listen.
 *
 * @throws {KernelError} `PORT_UNAVAILABLE` when the port is taken or may not be used, or the host is no address of this
 * machine.
 */
export async function listen(fetch: Fetch, options: ListenOptions): Promise<Listener> {
  const { Deno } = globalThis as { Deno?: DenoServer };
  try {
    return Deno === undefined ? await listenOnNode(fetch, options) : await listenOnDeno(fetch, options, Deno);
  } catch (thrown) {
    throw unavailable(thrown, options);
  }
}

/** What of Deno is used here; the types of Deno are not there where this is compiled for Node. */
interface DenoServer {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: Fetch,
  ): { shutdown(): Promise<void>; readonly addr: { readonly port: number } };
}

function listenOnDeno(fetch: Fetch, { host, port }: ListenOptions, Deno: DenoServer): Promise<Listener> {
  const options = { hostname: host, port, onListen() {}, onError: responseTo };
  const server = Deno.serve(options, (request) => fetch(request));
  const actual = server.addr.port;
  return Promise.resolve({ port: actual, url: urlOf(host, actual), close: () => server.shutdown() });
}

async function listenOnNode(fetch: Fetch, { host, port, quick }: ListenOptions): Promise<Listener> {
  const { getRequestListener } = await import("@hono/node-server");
  const { createServer } = await import("node:http");
  const { mayBeQuick, QuickRequest, sendAnswer } = await import("./quick_http.ts");
  const ordinary = getRequestListener(fetch);
  const server = createServer((incoming, outgoing) => {
    const answering = mayBeQuick(incoming) ? quick?.(new QuickRequest(incoming, outgoing)) : undefined;
    if (answering === undefined) return void ordinary(incoming, outgoing);
    answering.then((answer) => sendAnswer(answer, outgoing)).catch(() => {
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
    });
  });
  // requests that wait behind others on one connection all listen to it
  server.on("connection", (socket) => void socket.setMaxListeners(0));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return {
    port: actual,
    url: urlOf(host, actual),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

// the address of a request is read when somebody asks for it, and may be none
function responseTo(error: unknown): Response {
  const isInvalidUrl = error instanceof TypeError && error.message.startsWith("Invalid URL");
  return isInvalidUrl
    ? new Response("Bad Request: the address is no URL", { status: 400 })
    : new Response("Internal Server Error", { status: 500 });
}

/** Gives the base URL of a host and port. */
export function urlOf(host: string, port: number): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function unavailable(thrown: unknown, { host, port }: ListenOptions): KernelError {
  const what = `Cannot listen on ${urlOf(host, port)}`;
  const options = (fix: string) => ({ cause: thrown, fix });
  switch (codeOf(thrown)) {
    case "EADDRINUSE":
      return new KernelError(
        "PORT_UNAVAILABLE",
        `${what}: the port is taken`,
        options("stop the program that uses it, or choose another with --port; --port 0 takes any free one"),
      );
    case "EACCES":
      return new KernelError(
        "PORT_UNAVAILABLE",
        `${what}: this user may not use the port`,
        options("choose a port above 1023 with --port"),
      );
    default:
      return new KernelError(
        "PORT_UNAVAILABLE",
        `${what}: the address cannot be used`,
        options("choose an address of this machine with --host, such as 127.0.0.1"),
      );
  }
}
