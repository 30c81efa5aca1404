/**
 * What a plugin under test finds around it: fakes of the platform and collectors, for all that nobody else provides,
 * and the look afterwards whether anything was left in them.
 *
 * @module
 */
import { collectCommands, collectDiagnostics, collectRoutes } from "../collectors.ts";
import { Environment, Fetch, Files, Processes } from "../contracts.ts";
import type { Kernel } from "../kernel.ts";
import { createEdgeEnvironment } from "../platform/edge.ts";
import { memoryFiles } from "../platform/memory_files.ts";
import type { Plugin } from "../plugin.ts";
import { fakeFetch, fakeProcesses, provide } from "./fakes.ts";

/** A plugin, or one with its configuration. */
export type PluginUse = Plugin | readonly [Plugin, config: unknown];

/** Plugins for a kernel, and what to ask once they are unloaded. */
export interface Surroundings {
  readonly plugins: readonly PluginUse[];
  /** Names what is left though its owner is gone. */
  findLeaks(kernel: Kernel): string[];
}

/** Uses a plugin, whatever its configuration. */
export function usePlugin(kernel: Kernel, use: PluginUse): void {
  const [plugin, config] = isPair(use) ? use : [use, undefined];
  kernel.use(plugin, config);
}

/** Gives the plugin of a {@linkcode PluginUse}. */
export function pluginOf(use: PluginUse): Plugin {
  return isPair(use) ? use[0] : use;
}

function isPair(use: PluginUse): use is readonly [Plugin, unknown] {
  return Array.isArray(use);
}

/** Makes the surroundings of plugins: `given` come first, fakes stand in for what none of all provides. */
export function makeSurroundings(given: readonly PluginUse[], plugin: Plugin): Surroundings {
  const processes = fakeProcesses();
  const collectors = { http: collectRoutes(), commands: collectCommands(), diagnostics: collectDiagnostics() };
  const provided = new Set([...given.map(pluginOf), plugin].flatMap((it) => it.provides ?? []).map((it) => it.id));
  const fakes: readonly Plugin[] = [
    provide(Environment, createEdgeEnvironment()),
    provide(Fetch, fakeFetch()),
    provide(Files, memoryFiles()),
    provide(Processes, processes),
    ...Object.values(collectors).map((it) => it.plugin),
  ];
  return {
    plugins: [...fakes.filter((it) => !it.provides?.some(({ id }) => provided.has(id))), ...given],
    findLeaks(kernel) {
      const loaded = new Set(kernel.inspect().map((it) => it.name));
      const items = [kernel.tools, kernel.resources, kernel.prompts].flatMap((registry) =>
        registry.entries().filter(({ owner }) => !loaded.has(owner)).map(({ key }) => `${registry.kind} "${key}"`)
      );
      return [
        ...items,
        ...collectors.http.items.map(({ path }) => `HTTP routes below "${path}"`),
        ...collectors.commands.items.map(({ name }) => `command "${name}"`),
        ...collectors.diagnostics.items.map(({ area, name }) => `probe "${area}/${name}"`),
        ...(processes.running > 0 ? [`${processes.running} running processes`] : []),
      ];
    },
  };
}
