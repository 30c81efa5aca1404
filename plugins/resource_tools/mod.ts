/**
 * Resources and prompts as tools, for the many clients that read neither: `list_resources`, `read_resource`,
 * `list_prompts` and `get_prompt`. They are not listed to clients that need them not.
 *
 * @example Read a resource by a tool
 * ```ts
 * import { Kernel } from "collet";
 * import guide from "../guide/mod.ts";
 * import resourceTools from "./mod.ts";
 *
 * await using kernel = await new Kernel().use(guide).use(resourceTools).start();
 * const { content } = await kernel.call("read_resource", { uri: "collet://guide", length: 8 });
 * if (JSON.stringify(content[0]) !== '{"type":"text","text":"# Collet"}') throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { Catalog, definePlugin, optional, type Plugin, type View, Visibility } from "../../kernel/mod.ts";
import { AnswerLimit } from "../results/contract.ts";
import { type Feature, featuresOf } from "./clients.ts";
import { PROMPT_TOOLS, registerPromptTools } from "./prompts.ts";
import { registerResourceTools, RESOURCE_TOOLS } from "./resources.ts";

const TOOLS: Readonly<Record<Feature, readonly string[]>> = { resources: RESOURCE_TOOLS, prompts: PROMPT_TOOLS };

/** Settings of the plugin, as a caller writes them. */
export interface ResourceToolsConfig {
  /**
   * Whom the tools are listed to: everyone but those clients that are known to read resources, or prompts, themselves
   * (`auto`, the default), everyone (`always`), or nobody (`never`). They can be called by name all the same.
   */
  readonly show?: "auto" | "always" | "never" | undefined;
}

const resourceTools: Plugin<ResourceToolsConfig> = definePlugin({
  name: "resource_tools",
  version: "1.0.0",
  description: "Resources and prompts as tools, for clients that read neither",
  config: v.strictObject({ show: v.optional(v.picklist(["auto", "always", "never"]), "auto") }),
  requires: { catalog: Catalog, visibility: Visibility, answerLimit: optional(AnswerLimit) },
  setup({ config, tool, own, deps: { catalog, visibility, answerLimit } }) {
    registerResourceTools(tool, { catalog, limit: answerLimit?.characters ?? Infinity });
    registerPromptTools(tool, catalog);
    if (config.show === "always") return;
    const isNever = config.show === "never";
    own(
      "narrowing",
      visibility.narrow(({ client }) => viewWithout(isNever ? ["resources", "prompts"] : featuresOf(client))),
    );
  },
});

export default resourceTools;

function viewWithout(features: readonly Feature[]): View {
  const hidden = features.flatMap((feature) => TOOLS[feature]);
  return { key: features.join(), has: (kind, name) => kind !== "tool" || !hidden.includes(name) };
}
