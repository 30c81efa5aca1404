/**
 * The command `serve`: a started kernel behind stdio or HTTP, until a signal or the client ends it.
 *
 * @module
 */
import process from "node:process";
import { messageOf } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import type { Log } from "../plugin.ts";
import { CEILING_PLUGIN, type Composition, SANDBOX_PLUGIN, SERVERS_PLUGIN } from "./compose.ts";
import { type Door, openHttp, openStdio } from "./doors.ts";
import type { ProgramIo } from "./io.ts";
import type { Program } from "./program.ts";
import type { Setup } from "./setup.ts";
import { awaitSignal, endWithin, STOP_MS } from "./shutdown.ts";
import type { FoundToken } from "./token.ts";

/** What serving needs. */
export interface ServeOptions {
  readonly program: Program;
  readonly setup: Setup;
  readonly log: Log;
  readonly io: ProgramIo;
}

/** Starts the kernel, serves it, and stops it. Gives the exit code. */
export async function serve(composition: Composition, options: ServeOptions): Promise<number> {
  const { kernel } = composition;
  const { setup: { settings }, log } = options;
  const signalled = awaitSignal(log);
  announceSettings(composition, options);
  const token = await tokenFor(options);
  const starting = kernel.start();
  const isStarted = await Promise.race([starting.then(() => true), signalled.then(() => false)]);
  const door = isStarted ? await open(composition, { ...options, token }) : undefined;
  if (door === undefined) starting.catch((thrown) => log.debug(`The start was given up: ${messageOf(thrown)}`));
  const reason = await Promise.race([signalled, door?.closed.then(() => "end of input") ?? signalled]);
  log.info(`Stopping: ${reason}`);
  endWithin(settings.limits.graceMs + STOP_MS, log);
  await stop(kernel, door, log);
  return 0;
}

// whatever is wrong with the token is found before any plugin begins to work
async function tokenFor({ setup: { settings, environment }, log }: ServeOptions): Promise<FoundToken | undefined> {
  if (settings.transport !== "http") return undefined;
  const { findToken } = await import("./token.ts");
  const token = await findToken({ settings, home: environment.home, variable: environment.variable });
  if (token.warning !== undefined) log.warn(token.warning);
  return token;
}

async function open(
  { kernel, routes }: Composition,
  { program, setup: { settings }, log, io, token }: ServeOptions & { readonly token: FoundToken | undefined },
): Promise<Door> {
  const opening = { info: program.info, settings, io };
  if (token === undefined) {
    log.info(`Serving ${kernel.tools.size} tools over stdio`);
    if (process.stdin.isTTY) io.warn("waiting for an MCP client on stdin; see --help for what else there is");
    return await openStdio(kernel, opening);
  }
  try {
    return await openHttp(kernel, { ...opening, token, routes: routes.items });
  } catch (thrown) {
    await kernel.stop();
    throw thrown;
  }
}

async function stop(kernel: Kernel, door: Door | undefined, log: Log): Promise<void> {
  const attempt = async (what: string, work: () => Promise<void> | undefined) => {
    try {
      await work();
    } catch (thrown) {
      log.error(`Cannot ${what} cleanly`, { error: thrown });
    }
  };
  await attempt("close the transport", () => door?.close());
  await attempt("stop the kernel", () => kernel.stop());
  await attempt("end connections", () => door?.end());
}

function announceSettings(
  { choices }: Composition,
  { setup: { settings, config, configPath }, log }: ServeOptions,
): void {
  const isUsed = (name: string) => choices.some(({ plugin }) => plugin.name === name);
  if (settings.sandbox !== "off" && !isUsed(SANDBOX_PLUGIN)) {
    log.warn("No sandbox: its plugin is left out, so child processes have all rights of this user");
  }
  const readers = { ceiling: CEILING_PLUGIN, mcpServers: SERVERS_PLUGIN } as const;
  for (const key of ["ceiling", "mcpServers"] as const) {
    if (config[key] === undefined || isUsed(readers[key])) continue;
    log.warn(`No use of "${key}" in "${configPath}": the plugin "${readers[key]}", which reads it, is left out`);
  }
}
