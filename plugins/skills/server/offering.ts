/**
 * Plugins that are used for their contracts, and offer clients less than they could.
 *
 * @module
 */
import type { Disposable, Plugin, PluginContext, Registration } from "../../../kernel/mod.ts";

/** What stands for an item that is not registered. */
const NOTHING: Registration<never> & Disposable = Object.freeze({
  update() {},
  dispose: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

/**
 * Gives a plugin that registers the named tools alone, and neither resources nor prompts; its contracts stay.
 *
 * @param plugin The plugin.
 * @param tools Names of the tools.
 */
export function offering<C>(plugin: Plugin<C>, tools: readonly string[]): Plugin<C> {
  return {
    ...plugin,
    setup: (context) =>
      plugin.setup(
        Object.freeze({
          ...context,
          tool: (definition: Parameters<PluginContext["tool"]>[0]) =>
            tools.includes(definition.name) ? context.tool(definition) : NOTHING,
          resource: () => NOTHING,
          prompt: () => NOTHING,
        }) as PluginContext<unknown>,
      ),
  };
}
