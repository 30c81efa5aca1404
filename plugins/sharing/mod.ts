/**
 * The plugin `sharing`: tools come from git repositories, gists, archives and folders by `import_tool`, and go to
 * others by `export_tool`.
 *
 * @example Export a tool, and import it elsewhere under another name
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import library from "../library/mod.ts";
 * import scripts from "../scripts/mod.ts";
 * import sharing from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(library).use(scripts).use(sharing);
 * await kernel.start();
 * await kernel.call("register_script", {
 *   name: "hello",
 *   description: "Greet someone",
 *   interpreter: "sh",
 *   code: 'read -r request; echo "hello"',
 * });
 * await kernel.call("export_tool", { tool_name: "hello", to: `${home}/hello.zip` });
 * await kernel.call("import_tool", { source: `${home}/hello.zip`, name: "salute" });
 * const { content } = await kernel.call("salute", {});
 * await kernel.stop();
 * await Deno.remove(home, { recursive: true });
 * if (JSON.stringify(content) !== '[{"type":"text","text":"hello"}]') throw new Error(JSON.stringify(content));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  definePlugin,
  Environment,
  Fetch,
  Files,
  Lazy,
  LOCAL_PRINCIPAL,
  optional,
  type Plugin,
  Processes,
} from "../../kernel/mod.ts";
import { ToolLibrary } from "../library/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { Sources } from "./contract.ts";
import { registerExportTool } from "./export_tool.ts";
import { registerImportTool } from "./import_tool.ts";
import type { Limits } from "./limits.ts";

const MIB = 1024 * 1024;

function count(fallback: number, most = Number.MAX_SAFE_INTEGER) {
  return v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most)), fallback);
}

const Config = v.strictObject({
  max_total_bytes: count(64 * MIB, 1024 * MIB),
  max_file_bytes: count(16 * MIB, 1024 * MIB),
  max_files: count(2_000),
  max_path_characters: count(200, 1_000),
  max_path_depth: count(16, 100),
  max_ratio: count(200),
  max_clone_bytes: count(256 * MIB),
  max_inline_bytes: count(512 * 1024),
  timeout_ms: count(120_000, 2 ** 31 - 1),
  github_api_url: v.optional(v.pipe(v.string(), v.url()), "https://api.github.com"),
  shared_paths: v.optional(v.boolean(), false),
});

/** Settings of the plugin, as a caller writes them. */
export type SharingConfig = { readonly [K in keyof Limits]?: Limits[K] | undefined } & {
  /** Address of the API that gists come from; that of a GitHub Enterprise Server ends in `/api/v3`. */
  readonly github_api_url?: string | undefined;
  /**
   * Whether principals other than `local` count as the user of this machine as well, whose paths may be imported from
   * and exported to, and whose keys git may use; `false` by default.
   */
  readonly shared_paths?: boolean | undefined;
};

const sharing: Plugin<SharingConfig> = definePlugin({
  name: "sharing",
  version: "1.0.0",
  description: "Import of tools from elsewhere, and their export",
  config: Config,
  requires: {
    files: Files,
    environment: Environment,
    fetch: Fetch,
    library: ToolLibrary,
    processes: optional(Processes),
    secrets: optional(Secrets),
  },
  provides: [Sources],
  setup(ctx) {
    const { files, environment, fetch, library, processes, secrets } = ctx.deps;
    const { github_api_url: githubApi, shared_paths: isShared, ...limits } = ctx.config;
    // an embedder's own call has no principal
    const isOwnUser = ({ principal }: Call) => isShared || (principal?.id ?? LOCAL_PRINCIPAL.id) === LOCAL_PRINCIPAL.id;
    const { log } = ctx;
    const importer = new Lazy(async () => {
      const [{ Importer }, { removeLeftovers }] = await Promise.all([import("./importer.ts"), import("./git.ts")]);
      await removeLeftovers(files);
      return new Importer({ files, environment, fetch, processes, githubApi, limits, library, log, isOwnUser });
    });
    const exporter = new Lazy(async () => {
      const { Exporter } = await import("./exporter.ts");
      return new Exporter({ library, files, expand: environment.expand, secrets, limits, isOwnUser });
    });
    const sources = new Lazy(async () => {
      const { GitSources } = await import("./git_sources.ts");
      return new GitSources({ files, environment, processes, limits });
    });
    ctx.provide(Sources, {
      openGit: async (address, options) => await (await sources.get()).openGit(address, options),
    });
    registerImportTool({ tool: ctx.tool, importer });
    registerExportTool({ tool: ctx.tool, exporter, library });
  },
});

export default sharing;
