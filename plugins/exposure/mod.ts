/**
 * The plugin `exposure`: lists a small set of tools to start with, those made at run time or imported from other servers,
 * and those of active skills; all others are reached by name. `serve` uses it unless it is started with `--expose all`.
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
import {
  definePlugin,
  optional,
  type Plugin,
  Toolbox,
  type View,
  type ViewChange,
  ViewChanged,
  Visibility,
} from "../../kernel/mod.ts";
import { namespaceOf, ToolLibrary } from "../library/contract.ts";
import { Activation } from "../skills/contract.ts";
import { START_TOOLS } from "./contract.ts";

export { START_TOOLS } from "./contract.ts";

const exposure: Plugin<void> = definePlugin({
  name: "exposure",
  version: "1.0.0",
  description: "Lists a small set of tools to start with, those made at run time, and those of active skills",
  requires: {
    visibility: Visibility,
    toolbox: Toolbox,
    library: optional(ToolLibrary),
    activation: optional(Activation),
  },
  setup({ own, emit, deps: { visibility, toolbox, library, activation } }) {
    const start = new Set(START_TOOLS);
    const isImported = (name: string) => {
      const tool = toolbox.get(name);
      return tool !== undefined && namespaceOf(tool) !== undefined;
    };
    const isMade = (name: string) => library?.get(name)?.state === "ready" || isImported(name);
    const listsMadeTools = activation?.hidesMadeTools !== true;
    const narrowing = visibility.narrow((viewer): View => {
      const shown = activation?.shows(viewer);
      return {
        key: shown?.key ?? "",
        has: (kind, name, owner) =>
          kind !== "tool" || start.has(name) || shown?.has(name, owner) === true || (listsMadeTools && isMade(name)),
      };
    });
    own("narrowing", narrowing);
    if (activation === undefined) return;
    own("active skills", activation.onChange((change) => emit<ViewChange>(ViewChanged, { ...change, kind: "tool" })));
  },
});

export default exposure;
