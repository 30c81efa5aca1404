/**
 * The port of this machine to which a browser is sent back with the answer of an authorization.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";

const HOST = "127.0.0.1";
const PATH = "/callback";
const PAGE = (text: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Collet</title><p>${text}</p></html>\n`;

/** What a browser brings. */
export interface RedirectAnswer {
  readonly code: string;
  /** Who gave it, where the server says so. */
  readonly issuer: string | undefined;
}

/** Gives the address that a browser is sent back to. */
export function redirectUrlOf(port: number): string {
  return `http://${HOST}:${port}${PATH}`;
}

/** Waits for one answer. */
export class RedirectListener {
  readonly port: number;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  /**
   * Begins to listen on loopback.
   *
   * @param options.port 0 for any that is free.
   * @param options.onRequest Answers a request with the status and the text of a page.
   * @throws {Error} when the port is taken.
   */
  static async open({ port, onRequest }: {
    readonly port: number;
    readonly onRequest: (query: URLSearchParams) => { readonly status: number; readonly text: string };
  }): Promise<RedirectListener> {
    const { serve } = await import("@hono/node-server");
    return await new Promise((resolve, reject) => {
      const server = serve({
        hostname: HOST,
        port,
        // a server of Deno takes no other responses than its own
        overrideGlobalObjects: false,
        fetch: ({ method, url }) => {
          const { pathname, searchParams } = new URL(url);
          const { status, text } = method === "GET" && pathname === PATH
            ? onRequest(searchParams)
            : { status: 404, text: "Nothing is here." };
          const headers = { "content-type": "text/html; charset=utf-8", connection: "close" };
          return new Response(PAGE(text), { status, headers });
        },
      }, (info) => resolve(new RedirectListener(info.port, () => void server.close())));
      server.once("error", reject);
    });
  }

  /** Listens no more. */
  close(): void {
    this.#close();
  }
}

/**
 * Reads what a browser brings.
 *
 * @throws {ToolError} when the person, or the server, refused.
 */
export function readRedirect(query: URLSearchParams): RedirectAnswer {
  const code = query.get("code");
  if (code !== null) return { code, issuer: query.get("iss") ?? undefined };
  const said = query.get("error_description") ?? query.get("error") ?? "no code came";
  throw new ToolError(`Authorization was refused: ${said.slice(0, 300)}`);
}
