/**
 * Makes skill servers on the machine that this runs on: composes the kernel, and opens the port.
 *
 * @module
 */
import { createLog, Kernel, type Plugin } from "../../../kernel/mod.ts";
import { listen } from "../../../kernel/platform/listen.ts";
import { detectEnvironment, detectPlatform, type PlatformOptions } from "../../../kernel/platform/mod.ts";
import { type AppOptions, createApp } from "../../../kernel/transports/mod.ts";
import dependencies from "../../dependencies/mod.ts";
import grants from "../../grants/mod.ts";
import library from "../../library/mod.ts";
import memory from "../../memory/mod.ts";
import results from "../../results/mod.ts";
import sandbox from "../../sandbox/mod.ts";
import scripts from "../../scripts/mod.ts";
import secrets from "../../secrets/mod.ts";
import store from "../../store/mod.ts";
import tasks from "../../tasks/mod.ts";
import trust from "../../trust/mod.ts";
import { appVariables, foldersOfVariable } from "../discovery/places.ts";
import skills from "../mod.ts";
import { checkConfig, type McpHttpConfig, type ServerSettings, type SkillServerOptions } from "./config.ts";
import { offering } from "./offering.ts";
import { SkillAccess } from "./skill_access.ts";
import { McpHttpServer } from "./skill_server.ts";

/** Where the app serves the protocol. */
const PROTOCOL_PATH = "/mcp";
/** Tools of the library that are for skills too; the others make tools, which is no part of a skill server. */
const LIBRARY_TOOLS: readonly string[] = ["search_tools", "call_tool"];

/**
 * Makes a server.
 *
 * @throws {SkillValueError} when a setting is wrong.
 */
export async function composeServer(
  appName: string,
  config: McpHttpConfig,
  options: SkillServerOptions,
): Promise<McpHttpServer> {
  const settings = await checkConfig(appName, config, options);
  const machine = settings.home === undefined ? {} : { home: settings.home };
  const app = options.dccName || appName;
  // the plugin reads the variables of one application
  const named = app === appName ? [] : await foldersOf(appName, machine);
  const kernel = new Kernel({ log: options.log ?? createLog({ level: "warn" }) });
  kernel.use(await detectPlatform(machine));
  addServices(kernel);
  kernel.use(skills, {
    ...{ app, paths: [...options.extraPaths ?? [], ...named], keep_active: false, stubs: settings.stubs },
    products: [...new Set([appName, app])],
    bundled: settings.bundledSkills,
    timeout_ms: settings.requestTimeoutMs,
  });
  await kernel.start();
  try {
    return await makeServer(kernel, { settings, options });
  } catch (error) {
    await kernel.stop();
    throw error;
  }
}

/** Lists the folders that the variables of an application name. */
async function foldersOf(appName: string, machine: PlatformOptions): Promise<readonly string[]> {
  const environment = await detectEnvironment(machine);
  return appVariables(appName).flatMap((name) => foldersOfVariable(environment, name));
}

/** Adds what skills need: to run scripts is part of it, to make tools is not. */
function addServices(kernel: Kernel): void {
  const inner: readonly Plugin[] = [grants, memory, sandbox, dependencies, scripts];
  kernel.use(store).use(results).use(secrets);
  for (const plugin of inner) kernel.use(offering(plugin, []) as Plugin<unknown>);
  kernel.use(offering(library, LIBRARY_TOOLS), { hot_reload: false });
  kernel.use(tasks).use(trust);
}

interface Made {
  readonly settings: ServerSettings;
  readonly options: SkillServerOptions;
}

async function makeServer(kernel: Kernel, { settings, options }: Made): Promise<McpHttpServer> {
  const access = kernel.get(SkillAccess)!;
  // what the folders hold now, not what an index remembers
  await access.refresh();
  const { serverName: name, serverVersion: version, host, port, endpointPath } = settings;
  const app = createApp(kernel, { name, version }, appOptions(settings, options));
  const isDirect = endpointPath === PROTOCOL_PATH;
  const fetch = isDirect ? app.fetch : (request: Request) => app.fetch(redirect(request, endpointPath));
  return new McpHttpServer({
    ...{ kernel, access, name, host, endpointPath },
    app: { fetch: (request) => fetch(request), close: () => app.close() },
    listen: () => listen((request) => fetch(request), { host, port, ...(isDirect && { quick: app.quick }) }),
  });
}

function appOptions(
  { allowedHosts, allowedOrigins, token, sessionTtlSecs, maxSessions }: ServerSettings,
  { authenticate }: SkillServerOptions,
): AppOptions {
  return {
    allowedHosts,
    allowedOrigins,
    ...(token !== undefined && { token }),
    ...(authenticate !== undefined && { authenticate }),
    sessions: { idleMs: sessionTtlSecs * 1000, maxSessions },
  };
}

/** Takes a request to where the app serves the protocol; what asks there by itself finds nothing. */
function redirect(request: Request, endpointPath: string): Request {
  const url = new URL(request.url);
  const { pathname } = url;
  if (pathname === PROTOCOL_PATH) url.pathname = "/none";
  if (pathname === endpointPath) url.pathname = PROTOCOL_PATH;
  return new Request(url, request);
}
