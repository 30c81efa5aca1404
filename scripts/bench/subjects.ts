/**
 * What is measured: Collet as the program that ships, and the servers it is compared with, each a process of its own.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inRepository } from "../lib/repository.ts";
import type { RuntimeName } from "./options.ts";
import { awaitAnnouncements, type Command, end, start } from "./processes.ts";
import { makeScratchFolder } from "./scratch.ts";

/** The servers that Collet is compared with; their sources are in `servers/`. */
export const RIVALS = {
  sdk_stateless: "(a′) as (a), with the low-level Server",
  sdk_parsed: "(a″) as (a′), given the parsed body",
  sdk_high_level: "(a) SDK, stateless handler",
  sdk_stdio: "(a) SDK, stdio",
  sdk_session: "(b) SDK, one transport a session",
  hono_echo: "(c) Hono, parse and echo",
} as const;

/** Name of a server that Collet is compared with. */
export type Rival = keyof typeof RIVALS;

/** Name of a server. */
export type Subject = "collet" | Rival;

/** Names of servers for readers. */
export const TITLES: Readonly<Record<Subject, string>> = { collet: "Collet", ...RIVALS };

/** How one runtime starts programs. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Such as `Deno 2.9.5`. */
  readonly version: string;
  readonly binary: string;
  /** Folder of the bundled rivals; on Deno they run from their sources. */
  readonly bundles?: string;
}

/** How a server is started. */
export interface ServeOptions {
  /** Tools that it lists, named `tool_00001` and so on; without, it has the tool `echo`. */
  readonly tools?: number;
  /** Opens the debugger's door. */
  readonly isInspected?: boolean;
  /** Plugins that are left out of Collet; none by default. */
  readonly without?: readonly string[];
  /** Settings of plugins of Collet, by their names. */
  readonly plugins?: Readonly<Record<string, object>>;
  /** More arguments of Collet. */
  readonly args?: readonly string[];
}

/** A server that listens. */
export interface Server extends AsyncDisposable {
  readonly subject: Subject;
  readonly pid: number;
  readonly port: number;
  /** Address of the debugger's door, when it is open. */
  readonly inspectorUrl: string | undefined;
}

/** Absolute path of the plugin that each Collet has, unless it is left out. */
export const BENCH_PLUGIN: string = inRepository("scripts", "bench", "servers", "plugin.ts");
const LISTENING_REGEXP = /listening on http:\/\/[^\s/]+:(\d+)/;
const INSPECTOR_REGEXP = /Debugger listening on (ws:\S+)/;
/** Enough for all that are abandoned. */
const MAX_SESSIONS = 100_000;
const INSPECT = "--inspect=127.0.0.1:0";

/** Gives the command that starts a server. */
export function commandFor(
  runtime: Runtime,
  subject: Subject,
  { args, isInspected = false }: { readonly args: readonly string[]; readonly isInspected?: boolean },
): Command {
  const inspect = isInspected ? [INSPECT] : [];
  if (runtime.name === "deno") {
    const file = subject === "collet"
      ? inRepository("mod.ts")
      : inRepository("scripts", "bench", "servers", `${subject}.ts`);
    return [runtime.binary, "run", "-A", ...inspect, file, ...args];
  }
  const file = subject === "collet" ? inRepository("dist", "mod.js") : join(runtime.bundles ?? "", `${subject}.js`);
  return [runtime.binary, ...inspect, file, ...args];
}

/** Starts a server on a free port of this machine. */
export async function serve(runtime: Runtime, subject: Subject, options: ServeOptions = {}): Promise<Server> {
  const { tools = 0, isInspected = false } = options;
  const args = subject === "collet"
    ? ["--transport", "http", "--port", "0", "--no-token", "--home", await makeHome(options), ...options.args ?? []]
    : ["--tools", String(tools)];
  const child = start(commandFor(runtime, subject, { args, isInspected }));
  child.stdout.resume();
  try {
    const [port, inspectorUrl] = await awaitAnnouncements(child, [
      LISTENING_REGEXP,
      ...(isInspected ? [INSPECTOR_REGEXP] : []),
    ]);
    return {
      subject,
      pid: child.pid ?? NaN,
      port: Number(port),
      inspectorUrl,
      [Symbol.asyncDispose]: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Makes a home for Collet whose configuration adds the benchmark's plugin. */
export async function makeHome({ tools = 0, without = [], plugins: settings = {} }: ServeOptions): Promise<string> {
  const home = await makeScratchFolder("home");
  const plugins = {
    [BENCH_PLUGIN]: { tools },
    ...settings,
    ...Object.fromEntries(without.map((name) => [name, false])),
  };
  await writeFile(
    join(home, "collet.json"),
    JSON.stringify({ plugins, server: { limits: { max_sessions: MAX_SESSIONS } } }),
  );
  return home;
}
