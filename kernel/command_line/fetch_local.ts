/**
 * The `fetch` handler on a machine: as `serve` over HTTP, but for the port, which is the host's.
 *
 * @module
 */
import process from "node:process";
import { KernelError } from "../errors.ts";
import { createApp } from "../transports/app.ts";
import { appOptions } from "./app_options.ts";
import type { OpenedApp } from "./fetch.ts";
import { composeFor, logFor } from "./local.ts";
import type { Program } from "./program.ts";
import { readSetup } from "./setup.ts";
import { awaitSignal, endWithin, STOP_MS } from "./shutdown.ts";
import { findToken } from "./token.ts";

/**
 * Opens the program for requests, until a signal ends the process.
 *
 * @throws {KernelError} when the kernel cannot start, or it would be open to everybody.
 */
export async function openLocally(program: Program): Promise<OpenedApp> {
  const setup = await readSetup({ settings: new Map(), home: undefined, config: undefined });
  const { settings, environment } = setup;
  const log = logFor(setup, "info");
  if (settings.noToken) {
    throw new KernelError("OPTION_INVALID", "Cannot serve without a token: who reaches this host is not known here", {
      fix: "leave out no_token, or serve with --transport http",
    });
  }
  const token = await findToken({ settings, home: environment.home, variable: environment.variable });
  const { kernel, routes } = await composeFor({ program, setup, log, exposeErrors: false });
  await kernel.start();
  const app = createApp(kernel, program.info, { ...appOptions(settings, token.token), routes: routes.items });
  log.info(`Serving ${kernel.tools.size} tools at /mcp; the token is ${token.source}`);
  if (token.isNew) log.info(`The token was made now, and is shown this once: ${token.token}`);
  awaitSignal(log).then(async () => {
    endWithin(settings.limits.graceMs + STOP_MS, log);
    await app.close();
    await kernel.stop();
    process.exit(0);
  }).catch((thrown) => log.error("Cannot stop cleanly", { error: thrown }));
  return app;
}
