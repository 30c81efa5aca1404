/**
 * The program as a `fetch` handler, for `deno serve` and for hosts such as Workers: the kernel is composed and started
 * by the first request.
 *
 * @module
 */
import { NO_CONFIG } from "../config.ts";
import { isObject } from "../content.ts";
import { Toolbox } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import { createLog } from "../log.ts";
import { createEdgeEnvironment, createEdgePlatform } from "../platform/edge.ts";
import { detectEnvironment } from "../platform/mod.ts";
import type { Plugin } from "../plugin.ts";
import { createApp } from "../transports/app.ts";
import { appOptions } from "./app_options.ts";
import { compose } from "./compose.ts";
import { formatFailure } from "./failure_text.ts";
import type { Program } from "./program.ts";
import { resolveSettings, TOKEN_VARIABLE } from "./settings.ts";

/** What answers requests, once it is open. */
export interface OpenedApp {
  fetch(request: Request): Response | Promise<Response>;
}

let opened: Promise<OpenedApp> | undefined;

/**
 * Answers a request; the first one opens the program.
 *
 * @param env Variables, where the host gives them along with a request.
 */
export async function answer(program: Program, request: Request, env: unknown): Promise<Response> {
  const opening = opened ??= openApp(program, env);
  let app: OpenedApp;
  try {
    app = await opening;
  } catch (thrown) {
    // what was wrong may be mended by the next request
    if (opened === opening) opened = undefined;
    // deno-lint-ignore no-console -- console.error is stderr on every runtime
    console.error(formatFailure(thrown));
    return new Response("The server cannot start; its log says why\n", { status: 500 });
  }
  return await app.fetch(request);
}

async function openApp(program: Program, env: unknown): Promise<OpenedApp> {
  const { runtime } = await detectEnvironment();
  if (runtime === "edge") return await openOnEdge(program, env);
  return await (await import("./fetch_local.ts")).openLocally(program);
}

async function openOnEdge(program: Program, env: unknown): Promise<OpenedApp> {
  const given = Object.entries(isObject(env) ? env : {});
  const variables = Object.fromEntries(
    given.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  const { [TOKEN_VARIABLE]: token, ...others } = variables;
  if (!token) {
    throw new KernelError("OPTION_INVALID", "Cannot serve HTTP: no token was given", {
      fix: `set the secret ${TOKEN_VARIABLE} of the host`,
    });
  }
  const { variable, expand } = createEdgeEnvironment(others);
  const settings = resolveSettings({ flags: new Map(), variable, file: {}, expand, expandFromFile: expand });
  const log = createLog({ level: settings.logLevel ?? "info", json: settings.json });
  const { shipped, exposure } = await program.plugins();
  const platform = createEdgePlatform({ variables: others });
  const { able, unable } = splitByNeeds(shipped, [platform]);
  for (const { name, lacks } of unable) {
    log.warn(`Plugin "${name}" is left out: no plugin provides contract "${lacks}"`);
  }
  const composition = await compose({ ...program, plugins: () => Promise.resolve({ shipped: able, exposure }) }, {
    ...{ settings, platform, log },
    config: NO_CONFIG,
    exposeErrors: false,
    load: (specifier) => Promise.reject(new TypeError(`Cannot import "${specifier}" on this runtime`)),
  });
  const kernel = await composition.kernel.start();
  const options = appOptions({ ...settings, allowedHosts: settings.allowedHosts ?? ["*"] }, token);
  return createApp(kernel, program.info, { ...options, routes: composition.routes.items });
}

/** A plugin that cannot be used here, and the contract that it lacks. */
interface UnablePlugin {
  readonly name: string;
  readonly lacks: string;
}

// a host without processes serves what it can
function splitByNeeds(
  shipped: readonly Plugin[],
  others: readonly Plugin[],
): { readonly able: readonly Plugin[]; readonly unable: readonly UnablePlugin[] } {
  const unable: UnablePlugin[] = [];
  let able = [...shipped];
  for (let count = -1; count !== able.length;) {
    count = able.length;
    const provided = new Set([
      Toolbox.id,
      ...[...others, ...able].flatMap(({ provides = [] }) => provides.map((it) => it.id)),
    ]);
    able = able.filter(({ name, requires = {} }) => {
      const lacks = Object.values(requires).find(({ kind, id }) => kind === "contract" && !provided.has(id))?.id;
      if (lacks !== undefined) unable.push({ name, lacks });
      return lacks === undefined;
    });
  }
  return { able, unable };
}
