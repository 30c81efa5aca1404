/**
 * The ways in to a kernel that the command line opens: stdio, or HTTP on a port.
 *
 * @module
 */
import type { MountedApp } from "../collectors.ts";
import type { Kernel } from "../kernel.ts";
import type { ServerInfo } from "../transports/engine.ts";
import type { ProgramIo } from "./io.ts";
import type { Settings } from "./settings.ts";
import type { FoundToken } from "./token.ts";

/** An open way in. */
export interface Door {
  /** Resolves when the client has gone; never while others can come. */
  readonly closed: Promise<void>;
  /** Lets nobody in any more, and ends sessions. */
  close(): Promise<void>;
  /** Lets last answers leave, once the kernel has stopped. Connections that stay open end with the process. */
  end(): Promise<void>;
}

/** What opening a door needs. */
export interface DoorOptions {
  readonly info: ServerInfo;
  readonly settings: Settings;
  readonly io: ProgramIo;
}

const DRAIN_MS = 500;

/** Opens stdin and stdout. */
export async function openStdio(kernel: Kernel, { info, settings, io }: DoorOptions): Promise<Door> {
  const { serveStdio } = await import("../transports/stdio.ts");
  const { maxMessageBytes, maxParked, parkedMs } = settings.limits;
  const connection = serveStdio(kernel, info, {
    output: io.stdout,
    maxMessageBytes,
    parking: { maxParked, ttlMs: parkedMs },
  });
  return { closed: connection.closed, close: () => connection.close(), end: () => io.flush() };
}

/** Opens a port, and tells the operator where it is. */
export async function openHttp(
  kernel: Kernel,
  { info, settings, io, token, routes }: DoorOptions & {
    readonly token: FoundToken;
    readonly routes: readonly MountedApp[];
  },
): Promise<Door> {
  const [{ createApp }, { listen }, { appOptions }] = await Promise.all([
    import("../transports/app.ts"),
    import("../platform/listen.ts"),
    import("./app_options.ts"),
  ]);
  const app = createApp(kernel, info, { ...appOptions(settings, token.token), routes });
  const { host, port } = settings;
  const listener = await listen((request) => app.fetch(request), { host, port, quick: app.quick });
  io.warn(`listening on ${listener.url}`);
  io.warn(`  for clients: ${listener.url}/mcp, for older ones: ${listener.url}/sse`);
  for (const { path } of routes) io.warn(`  also: ${listener.url}${path}`);
  io.warn(`  token: ${token.source}`);
  if (token.isNew) io.warn(`  it was made now, and is shown this once: ${token.token}`);
  let drained: Promise<void> | undefined;
  return {
    closed: new Promise(() => {}),
    async close() {
      drained = listener.close();
      await app.close();
    },
    async end() {
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
    },
  };
}
