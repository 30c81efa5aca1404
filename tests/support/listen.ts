/**
 * A real HTTP server on a loopback port, on either runtime.
 *
 * @module
 */
import { createAdaptorServer } from "@hono/node-server";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A listening server. */
export interface Listening extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves requests on a free port. */
export async function listen(fetch: (request: Request) => Response | Promise<Response>): Promise<Listening> {
  const { port, close } = await ("Deno" in globalThis ? listenOnDeno(fetch) : listenOnNode(fetch));
  return { url: `http://127.0.0.1:${port}`, close, [Symbol.asyncDispose]: close };
}

interface Port {
  readonly port: number;
  close(): Promise<void>;
}

interface DenoServer {
  readonly addr: { readonly port: number };
  shutdown(): Promise<void>;
  readonly finished: Promise<void>;
}

function listenOnDeno(fetch: (request: Request) => Response | Promise<Response>): Promise<Port> {
  const { Deno } = globalThis as unknown as { Deno: { serve(options: object, handler: typeof fetch): DenoServer } };
  const controller = new AbortController();
  const options = { port: 0, hostname: "127.0.0.1", signal: controller.signal, onListen() {} };
  const server = Deno.serve(options, fetch);
  return Promise.resolve({
    port: server.addr.port,
    async close() {
      controller.abort();
      await server.finished;
    },
  });
}

async function listenOnNode(fetch: (request: Request) => Response | Promise<Response>): Promise<Port> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => error === undefined ? resolve() : reject(error));
        server.closeAllConnections();
      }),
  };
}
