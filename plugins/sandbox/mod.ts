/**
 * The plugin `sandbox`: isolation of child processes. It provides the contract `Sandbox`, and registers the resource
 * `collet://sandbox` and the prompt `explain_refusal`.
 *
 * @example A command sees neither the home of the user nor the network
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import { Sandbox } from "./contract.ts";
 * import sandbox from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * await using kernel = await new Kernel().use(await detectPlatform({ home })).use(sandbox).start();
 * const confined = await kernel.get(Sandbox)!.confine({ network: false });
 * const process = await confined.spawn({ program: "sh", args: ["-c", `test -e "$1"; echo $?`, "sh", home] });
 * await process.end();
 * for await (const text of process.stdout) {
 *   const isHidden = text.trim() === "1";
 *   if (isHidden !== (await kernel.get(Sandbox)!.mechanism() !== undefined)) throw new Error(text);
 * }
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
  Lazy,
  optional,
  type Plugin,
  Processes,
  Sockets,
} from "../../kernel/mod.ts";
import { Sandbox } from "./contract.ts";
import { registerExplainRefusal } from "./explain_refusal.ts";
import { type Mode, MODES } from "./modes.ts";
import { registerSandboxResource, sandboxProbes } from "./state.ts";

const MIB = 2 ** 20;
/** What the mechanisms are in PATH. */
const PROGRAMS: readonly string[] = ["bwrap", "nsjail", "firejail"];
const Count = v.pipe(v.number(), v.integer(), v.minValue(1));

const Config = v.strictObject({
  sandbox: v.optional(v.picklist(MODES), "auto"),
  sandbox_network: v.optional(v.boolean(), false),
  disk_mb: v.optional(Count, 256),
  file_mb: v.optional(Count, 256),
  descriptors: v.optional(v.pipe(Count, v.minValue(64)), 1_024),
});

/** Settings of the plugin, as a caller writes them. */
export interface SandboxConfig {
  /** What confines; `auto`, the strongest that works, by default. */
  readonly sandbox?: Mode | undefined;
  /** Whether commands have the network when nothing is said of it; `false` by default. */
  readonly sandbox_network?: boolean | undefined;
  /** MiB that each folder in memory may hold: the private one, `/tmp` and `/dev/shm`; 256 by default. */
  readonly disk_mb?: number | undefined;
  /** MiB of the largest file that a command may write; 256 by default. */
  readonly file_mb?: number | undefined;
  /** Files that a process may have open; 1,024 by default. */
  readonly descriptors?: number | undefined;
}

const sandbox: Plugin<SandboxConfig> = definePlugin({
  name: "sandbox",
  version: "1.0.0",
  description: "Isolation of child processes",
  config: Config,
  requires: {
    files: Files,
    processes: Processes,
    environment: Environment,
    sockets: optional(Sockets),
    diagnostics: optional(Diagnostics),
  },
  provides: [Sandbox],
  async setup(ctx) {
    const { files, processes, environment, sockets, diagnostics } = ctx.deps;
    const { sandbox: mode, sandbox_network: hasNetwork, disk_mb, file_mb, descriptors } = ctx.config;
    const guard = new Lazy(async () => {
      const { Guard } = await import("./guard.ts");
      return new Guard({
        ...{ mode, hasNetwork, files, processes, environment, sockets, log: ctx.log },
        bounds: { diskBytes: disk_mb * MIB, fileBytes: file_mb * MIB, descriptors },
        serverFolder: serverFolder(),
      });
    });
    ctx.own("connections of confined commands", async () => await (await guard.loading)?.close());
    ctx.provide(Sandbox, {
      hasNetwork,
      mechanism: async () => await (await guard.get()).mechanism(),
      canMove: async () => await (await guard.get()).canMove(),
      confine: async (confinement) => await (await guard.get()).confine(confinement),
    });
    const state = { guard, settings: ctx.config, processes };
    registerSandboxResource({ resource: ctx.resource, ...state });
    registerExplainRefusal({ prompt: ctx.prompt, ...state });
    for (const probe of sandboxProbes(guard)) if (diagnostics) ctx.own("probe", diagnostics.add(probe));
    // who asks for one by name is told at the start that there is none
    if (mode !== "auto" && mode !== "off") await (await guard.get()).mechanism();
    if (mode === "off") ctx.log.info("No sandbox: it is switched off, so scripts have all rights of this user");
    if (mode === "auto" && await isNoneInstalled(processes)) await (await guard.get()).mechanism();
  },
});

export default sandbox;

async function isNoneInstalled({ which }: Processes): Promise<boolean> {
  const found = await Promise.all(PROGRAMS.map((program) => which(program)));
  return found.every((path) => path === undefined);
}

/** Gives the folder that this module ships in: of the repository or the package, or of the bundle that it is in. */
function serverFolder(): string {
  const path = decodeURIComponent(new URL(import.meta.url).pathname);
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.replace(/\/(?:plugins\/sandbox|dist)$/, "");
}
