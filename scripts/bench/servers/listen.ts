/**
 * Serves a handler as the documentation of each runtime tells, and says where.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";

type Fetch = (request: Request) => Response | Promise<Response>;

/** What of Deno is used here; its types are not there where this is compiled for Node. */
interface DenoServer {
  serve(
    options: { hostname: string; port: number; onListen(address: { port: number }): void },
    handler: Fetch,
  ): unknown;
}

const HOST = "127.0.0.1";

/** Serves on a free port of this machine. */
export async function listen(fetch: Fetch): Promise<void> {
  const announce = ({ port }: { port: number }) => void process.stderr.write(`listening on http://${HOST}:${port}\n`);
  const { Deno } = globalThis as { Deno?: DenoServer };
  if (Deno !== undefined) {
    Deno.serve({ hostname: HOST, port: 0, onListen: announce }, fetch);
    return;
  }
  const { serve } = await import("@hono/node-server");
  serve({ fetch, hostname: HOST, port: 0 }, announce);
}

/** Gives how many tools the command line asks for. */
export function toolsWanted(): number {
  const { values } = parseArgs({ options: { tools: { type: "string", default: "0" } } });
  return Number(values.tools);
}
