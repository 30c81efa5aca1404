/**
 * Boot order: providers before their users, and the order of `use()` where dependencies leave it free.
 *
 * @module
 */
import { KernelError } from "./errors.ts";
import type { Plugin } from "./plugin.ts";

/** What plugins can count on besides each other. */
export interface Surroundings {
  /** Ids of contracts that are provided already, with their provider's name. */
  readonly provided: ReadonlyMap<string, string>;
}

/**
 * Orders plugins by their contracts.
 *
 * @throws {KernelError} `CONTRACT_DUPLICATE` when two provide the same contract, `CONTRACT_MISSING` when none provides
 * a required one, `CONTRACT_CYCLE` with the path when plugins wait for each other.
 */
export function orderPlugins<P extends Plugin>(plugins: readonly P[], { provided }: Surroundings): P[] {
  const providers = findProviders(plugins, provided);
  const ordered: P[] = [];
  const done = new Set<P>();
  const path: { plugin: P; contract: string }[] = [];

  function visit(plugin: P): void {
    if (done.has(plugin)) return;
    const start = path.findIndex((step) => step.plugin === plugin);
    if (start >= 0) throw cycleError(path.slice(start));
    for (const token of Object.values(plugin.requires ?? {})) {
      const provider = providers.get(token.id);
      if (provider === undefined) {
        if (token.kind === "contract" && !provided.has(token.id)) throw missingError(plugin, token.id, plugins);
        continue;
      }
      path.push({ plugin, contract: token.id });
      visit(provider);
      path.pop();
    }
    done.add(plugin);
    ordered.push(plugin);
  }

  for (const plugin of plugins) visit(plugin);
  return ordered;
}

function findProviders<P extends Plugin>(plugins: readonly P[], provided: ReadonlyMap<string, string>): Map<string, P> {
  const providers = new Map<string, P>();
  for (const plugin of plugins) {
    for (const { id } of plugin.provides ?? []) {
      const other = providers.get(id)?.name ?? provided.get(id);
      if (other !== undefined) {
        throw new KernelError(
          "CONTRACT_DUPLICATE",
          `Cannot load plugin "${plugin.name}": contract "${id}" is already provided by "${other}"`,
          { plugin: plugin.name, fix: `leave out "${plugin.name}" or "${other}"` },
        );
      }
      providers.set(id, plugin);
    }
  }
  return providers;
}

function missingError(plugin: Plugin, id: string, plugins: readonly Plugin[]): KernelError {
  const platform = plugins.find((it) => it.name === "platform");
  const offers = platform?.provides?.map((it) => it.id).sort().join(", ");
  return new KernelError(
    "CONTRACT_MISSING",
    `Cannot load plugin "${plugin.name}": no plugin provides contract "${id}"`,
    {
      plugin: plugin.name,
      details: [
        `required by ${plugin.name} ${plugin.version}${
          offers === undefined ? "" : `; the platform provides: ${offers}`
        }`,
      ],
      fix: `load a plugin that provides "${id}", or leave out "${plugin.name}"`,
    },
  );
}

function cycleError(steps: readonly { plugin: Plugin; contract: string }[]): KernelError {
  const names = [...steps.map((step) => step.plugin.name), steps[0]!.plugin.name];
  return new KernelError("CONTRACT_CYCLE", `Cannot order plugins: they wait for each other: ${names.join(" -> ")}`, {
    plugin: names[0],
    details: steps.map((step, i) => `"${step.plugin.name}" requires "${step.contract}" of "${names[i + 1]}"`),
    fix: "let one of them announce an event instead of requiring the other",
  });
}
