/**
 * A real HTTP server on a loopback port, on either runtime: the one that the program listens with.
 *
 * @module
 */
import { listen as listenOnPlatform } from "../../kernel/platform/listen.ts";
import type { KernelApp } from "../../kernel/transports/mod.ts";

/** A listening server. */
export interface Listening extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

type Fetch = (request: Request) => Response | Promise<Response>;

// what is still open then is cut off
const CLOSE_MS = 1_000;

/** Serves requests on a free port; those of an app also by its quick way. */
export async function listen(served: Fetch | KernelApp): Promise<Listening> {
  const options = { host: "127.0.0.1", port: 0 };
  const { url, close: stop } = typeof served === "function"
    ? await listenOnPlatform(served, options)
    : await listenOnPlatform((request) => served.fetch(request), { ...options, quick: served.quick });
  const close = async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
    await Promise.race([stop(), late]);
    clearTimeout(timer);
  };
  return { url, close, [Symbol.asyncDispose]: close };
}
