/**
 * The `execute` request: what a script is told when it starts.
 *
 * @module
 */
import type { Call, Environment, JsonObject, Root } from "../../kernel/mod.ts";
import { capabilitiesOf } from "./messages.ts";

/** Variables of the server that every script is told. */
const TOLD = ["HOME", "USER", "LANG", "PATH", "TERM"] as const;
/** How long a client may think about its roots. */
const ROOTS_MS = 5_000;

/** What the request is made of. */
export interface RequestOptions {
  readonly id: number;
  readonly name: string;
  readonly arguments: unknown;
  /** What the script is given by name; shown to it beside the usual variables. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly toolsFolder: string;
  /** What the usual variables are for the script, where they are not those of the server. */
  readonly surroundings: Readonly<Record<string, string>>;
  readonly roots: readonly Root[];
  /** Whether the script can use `memory/…`. */
  readonly hasMemory: boolean;
  readonly call: Call;
  readonly environment: Environment;
}

/** Writes the request as one line, in the shape of skillz. */
export function executeRequest(options: RequestOptions): string {
  const { id, call, environment, secrets, surroundings } = options;
  const told = TOLD.map((name) => [name, surroundings[name] ?? environment.variable(name)])
    .filter(([, value]) => value !== undefined);
  const { progressToken } = call.meta;
  const context: JsonObject = {
    roots: options.roots.map(pathOf),
    working_directory: options.workingFolder,
    tool_name: options.name,
    environment: { ...Object.fromEntries(told), ...secrets },
    tools_dir: options.toolsFolder,
    capabilities: capabilitiesOf(call, options),
    _meta: progressToken === undefined ? {} : { progressToken },
  };
  return JSON.stringify({
    jsonrpc: "2.0",
    method: "execute",
    id,
    params: { arguments: options.arguments, context },
  });
}

/**
 * Gives the roots of a script, folders all of them: those of the client, else those that the operator named, else the
 * working folder of the server.
 */
export async function rootsOf(call: Call, environment: Environment): Promise<readonly Root[]> {
  const client = (await clientRoots(call)).filter((it) => pathOf(it) !== undefined);
  if (client.length > 0) return client;
  const named = environment.variable("COLLET_ROOTS") ?? environment.variable("SKILLZ_ROOTS") ?? "";
  // a Windows path holds a colon
  const paths = named.split(environment.os === "windows" ? ";" : ":").filter((it) => it !== "");
  const folders = paths.length > 0 ? paths.map((it) => environment.expand(it)) : [environment.cwd];
  return folders.map((path) => ({ uri: uriOf(path, environment.os) }));
}

/** Asks the client; one that fails or is slow has none, which must keep no tool from running, nor from ending. */
async function clientRoots(call: Call): Promise<readonly Root[]> {
  const over = new AbortController();
  const late = new Promise<readonly []>((resolve) => {
    const stop = () => resolve([]);
    const timer = setTimeout(stop, ROOTS_MS);
    call.signal.addEventListener("abort", stop, { signal: over.signal });
    over.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  });
  try {
    return await Promise.race([call.roots().catch(() => []), late]);
  } finally {
    over.abort();
  }
}

/** Gives the path of a root; `undefined` when it is none of this machine. */
export function pathOf({ uri }: Root): string | undefined {
  try {
    const { protocol, pathname } = new URL(uri);
    if (protocol !== "file:") return undefined;
    const path = decodeURIComponent(pathname);
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return undefined;
  }
}

function uriOf(path: string, os: Environment["os"]): string {
  const slashed = os === "windows" ? `/${path.replaceAll("\\", "/")}` : path;
  return `file://${encodeURI(slashed).replace(/[?#]/g, encodeURIComponent)}`;
}
