/**
 * The plugin `exposure`: lists a small set of tools to start with, and those made at run time; all others are reached
 * by name. It is used when the server is started with `--expose start`.
 *
 * ```ts
 * import { Kernel } from "collet";
 * import exposure from "./mod.ts";
 *
 * await using kernel = await new Kernel().use(exposure).start();
 * const view = kernel.view({ sessionId: undefined, principal: undefined, client: undefined });
 * if (!view.has("tool", "search_tools", "library")) throw new Error("unexpected");
 * if (view.has("tool", "delete_tool", "library")) throw new Error("unexpected");
 * ```
 *
 * @module
 */
import { definePlugin, optional, type Plugin, type View, Visibility } from "../../kernel/mod.ts";
import { ToolLibrary } from "../library/contract.ts";

/** Names of the tools that every client sees at the start. */
export const START_TOOLS: readonly string[] = Object.freeze([
  "list_tools",
  "search_tools",
  "call_tool",
  "register_script",
  "execute_code",
  "memory",
  "search_skills",
  "activate_skill",
  "deactivate_skill",
  "suggest_skill",
]);

const exposure: Plugin<void> = definePlugin({
  name: "exposure",
  version: "1.0.0",
  description: "Lists a small set of tools to start with, and those made at run time",
  requires: { visibility: Visibility, library: optional(ToolLibrary) },
  setup({ own, deps: { visibility, library } }) {
    const view: View = {
      key: "start",
      has: (kind, name) => kind !== "tool" || START_TOOLS.includes(name) || library?.get(name)?.state === "ready",
    };
    own("narrowing", visibility.narrow(() => view));
  },
});

export default exposure;
