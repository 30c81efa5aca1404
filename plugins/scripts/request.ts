/**
 * The `execute` request: what a script is told when it starts.
 *
 * @module
 */
import type { Call, Environment, JsonObject } from "../../kernel/mod.ts";
import { capabilitiesOf } from "./messages.ts";

/** Variables of the server that every script is told. */
const TOLD = ["HOME", "USER", "LANG", "PATH", "TERM"] as const;
const SECRET_PREFIX = "SKILLZ_";
/** How long a client may think about its roots. */
const ROOTS_MS = 5_000;

/** What the request is made of. */
export interface RequestOptions {
  readonly name: string;
  readonly arguments: unknown;
  /** What the script gets beside the minimal environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly toolsFolder: string;
  readonly roots: readonly string[];
  /** Whether the script can use `memory/…`. */
  readonly hasMemory: boolean;
  readonly call: Call;
  readonly environment: Environment;
}

/** Writes the request as one line, in the shape of skillz. */
export function executeRequest(options: RequestOptions): string {
  const { call, environment, env } = options;
  const told = TOLD.map((name) => [name, environment.variable(name)]).filter(([, value]) => value !== undefined);
  const secrets = Object.entries(env).filter(([name]) => name.startsWith(SECRET_PREFIX));
  const { progressToken } = call.meta;
  const context: JsonObject = {
    roots: options.roots,
    working_directory: options.workingFolder,
    tool_name: options.name,
    environment: Object.fromEntries([...told, ...secrets]),
    tools_dir: options.toolsFolder,
    capabilities: capabilitiesOf(call, options),
    _meta: progressToken === undefined ? {} : { progressToken },
  };
  return JSON.stringify({
    jsonrpc: "2.0",
    method: "execute",
    id: 1,
    params: { arguments: options.arguments, context },
  });
}

/** Gives the roots of a script: those of the client, else those that the operator named, else the working folder. */
export async function rootsOf(call: Call, environment: Environment): Promise<readonly string[]> {
  const client = (await clientRoots(call)).map(pathOf).filter((it) => it !== undefined);
  if (client.length > 0) return client;
  const named = environment.variable("COLLET_ROOTS") ?? environment.variable("SKILLZ_ROOTS") ?? "";
  // a Windows path holds a colon
  const roots = named.split(environment.os === "windows" ? ";" : ":").filter((it) => it !== "");
  return roots.length > 0 ? roots.map((it) => environment.expand(it)) : [environment.cwd];
}

/** Asks the client; one that fails or is slow to answer has none, which must not keep a tool from running. */
async function clientRoots(call: Call): Promise<readonly { readonly uri: string }[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<readonly []>((resolve) => timer = setTimeout(() => resolve([]), ROOTS_MS));
  try {
    return await Promise.race([call.roots().catch(() => []), late]);
  } finally {
    clearTimeout(timer);
  }
}

function pathOf({ uri }: { readonly uri: string }): string | undefined {
  try {
    const { protocol, pathname } = new URL(uri);
    if (protocol !== "file:") return undefined;
    const path = decodeURIComponent(pathname);
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return undefined;
  }
}
