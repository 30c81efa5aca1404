/**
 * The plugin `services`: databases and other servers in containers, run by Docker or Podman. It registers the tool
 * `services`, and provides the contract `Services`, by which tools have those started that they require.
 *
 * @example Services are defined without an engine, which is looked for when one is started
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import services from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = await new Kernel().use(await detectPlatform({ home })).use(services).start();
 * await kernel.call("services", { action: "define", name: "cache", image: "redis:7", ports: ["6379"] });
 * const { structuredContent } = await kernel.call("services", { action: "list" });
 * await kernel.stop();
 * await Deno.remove(home, { recursive: true });
 * const { services: [cache] } = structuredContent as { services: { name: string; image: string }[] };
 * if (cache?.name !== "cache" || cache.image !== "redis:7") throw new Error(JSON.stringify(structuredContent));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  definePlugin,
  Diagnostics,
  Environment,
  Files,
  messageOf,
  optional,
  type Plugin,
  Processes,
  Sockets,
} from "../../kernel/mod.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { EngineContainers } from "./containers/engine_containers.ts";
import { homeId } from "./containers/naming.ts";
import { Permissions } from "./containers/permissions.ts";
import { Services } from "./contract.ts";
import { Definitions } from "./definition/definitions.ts";
import { Engines } from "./engine/engines.ts";
import { Starter } from "./starter.ts";
import { registerServicesTool } from "./tool/services_tool.ts";

/** Where definitions are, in the home folder, and in the folder of skillz's tools. */
const FOLDER = "services";

// an address in brackets, or one of numbers, and a port or `*`
const EXPOSE_REGEXP = /^(?:\[[0-9A-Fa-f:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3}):(?:\d{1,5}|\*)$/;

/** Settings of the plugin, as a caller writes them. */
export interface ServicesConfig {
  /** What runs containers; `auto` by default: Docker where it answers, else Podman. */
  readonly engine?: "auto" | "docker" | "podman" | undefined;
  /** Address of its daemon, such as `unix:///run/docker.sock`; what the engine's own variables and settings say by default. */
  readonly host?: string | undefined;
  /**
   * Where services may be reached from other machines: `address:port` of this one, with `*` for any port, such as
   * `0.0.0.0:8080`; nowhere by default.
   */
  readonly expose?: string[] | undefined;
  /** Networks made by others that services may join; none by default. */
  readonly networks?: string[] | undefined;
  /** Most milliseconds of pulling one image; 1,800,000 by default. */
  readonly pull_timeout_ms?: number | undefined;
}

const services: Plugin<ServicesConfig> = definePlugin({
  name: "services",
  version: "1.0.0",
  description: "Databases and other servers in containers",
  config: v.strictObject({
    engine: v.optional(v.picklist(["auto", "docker", "podman"]), "auto"),
    host: v.optional(v.pipe(v.string(), v.minLength(1))),
    expose: v.optional(
      v.array(v.pipe(v.string(), v.regex(EXPOSE_REGEXP, 'expected "address:port", such as "0.0.0.0:8080"'))),
      [],
    ),
    networks: v.optional(v.array(v.pipe(v.string(), v.minLength(1))), []),
    pull_timeout_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1)), 1_800_000),
  }),
  requires: {
    files: Files,
    environment: Environment,
    processes: Processes,
    sockets: Sockets,
    policy: optional(GrantPolicy),
    secrets: optional(Secrets),
    diagnostics: optional(Diagnostics),
  },
  provides: [Services],
  async setup(ctx) {
    const { config, deps } = ctx;
    const { files, environment, processes, sockets, policy, secrets, diagnostics } = deps;
    const toolsFolder = environment.variable("TOOLS_DIR");
    const definitions = new Definitions({
      folder: files.at(FOLDER),
      older: toolsFolder ? files.open(environment.expand(toolsFolder)).at(FOLDER) : undefined,
    });
    const engines = new Engines({ wanted: config.engine, host: config.host, processes, environment });
    ctx.own("search for an engine", () => engines.close());
    const containers = new EngineContainers({
      engines,
      permissions: new Permissions({ files, environment, policy, secrets, expose: config.expose }),
      home: await homeId(files.path),
      folder: files,
      networks: config.networks,
      pullMs: config.pull_timeout_ms,
    });
    const starter = new Starter({ definitions, containers, sockets });
    ctx.own("services that are being started", () => starter.close());
    ctx.provide(Services, starter);
    registerServicesTool({ tool: ctx.tool, definitions, containers, starter, files, environment, policy });
    if (diagnostics === undefined) return;
    const check = async (signal: AbortSignal) => {
      try {
        return { ok: true, detail: await containers.engine({ signal }) };
      } catch (thrown) {
        const isNeeded = (await definitions.list()).length > 0;
        const detail = isNeeded ? messageOf(thrown) : `${messageOf(thrown)} (no service is defined, so none is needed)`;
        return { ok: !isNeeded, detail };
      }
    };
    ctx.own("probe", diagnostics.add({ area: "services", name: "engine", check }));
  },
});

export default services;
