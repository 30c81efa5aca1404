/**
 * The plugin `dependencies`: packages that scripts need, installed once for each set of them. It provides the contract
 * `Dependencies`.
 *
 * @example Ask what is installed
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import { Dependencies } from "./contract.ts";
 * import dependencies from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * await using kernel = await new Kernel().use(await detectPlatform({ home })).use(dependencies).start();
 * const installed = kernel.get(Dependencies)!;
 * await installed.check({ language: "python", packages: ["requests>=2.31"] });
 * if ((await installed.list()).length !== 0) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, Environment, Files, Lazy, optional, type Plugin, Processes } from "../../kernel/mod.ts";
import { Sandbox, Unconfined } from "../sandbox/contract.ts";
import { Dependencies, type PackageLanguage } from "./contract.ts";
import { mergePackages } from "./merge.ts";
import { readProject } from "./project.ts";

const Config = v.strictObject({
  offline: v.optional(v.boolean(), false),
  install_timeout_ms: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 600_000),
  env: v.optional(v.array(v.string()), []),
});

/** Settings of the plugin, as a caller writes them. */
export interface DependenciesConfig {
  /** Installs only what is cached on this machine; `false` by default. */
  readonly offline?: boolean | undefined;
  /** Time limit of one installation, in milliseconds; 600,000 by default. */
  readonly install_timeout_ms?: number | undefined;
  /** Names of variables of the server's environment that installers get beside the usual ones; none by default. */
  readonly env?: string[] | undefined;
}

const dependencies: Plugin<DependenciesConfig> = definePlugin({
  name: "dependencies",
  version: "1.0.0",
  description: "Packages that scripts need, installed once for each set",
  config: Config,
  requires: { files: Files, processes: Processes, environment: Environment, sandbox: optional(Sandbox) },
  provides: [Dependencies],
  setup(ctx) {
    const { files, processes, environment } = ctx.deps;
    const { sandbox = new Unconfined({ home: files, processes }) } = ctx.deps;
    const { offline, install_timeout_ms: timeoutMs, env } = ctx.config;
    // most servers start without a tool that has packages
    const installations = new Lazy(async () => {
      const { Installations } = await import("./installations.ts");
      const made = new Installations({
        home: files,
        sandbox,
        processes,
        environment,
        log: ctx.log,
        timeoutMs,
        isOffline: offline,
        variables: env,
      });
      await made.cleanUp();
      return made;
    });
    ctx.own("installations", async () => await (await installations.loading)?.close());
    ctx.provide(Dependencies, {
      isOffline: offline,
      check: async (set) => await (await installations.get()).check(set),
      async declared(language, source) {
        return mayDeclare(language, source)
          ? await (await installations.get()).declared(language, source)
          : { packages: [] };
      },
      merge: mergePackages,
      project: readProject,
      install: async (set, options) => await (await installations.get()).install(set, options),
      find: async (set) => await (await installations.get()).find(set),
      list: async () => await (await installations.get()).list(),
      remove: async (key) => await (await installations.get()).remove(key),
    });
  },
});

export default dependencies;

// looked at for every script at every start
function mayDeclare(language: PackageLanguage, source: string): boolean {
  return language === "python" && source.includes("# /// script");
}
