/**
 * `unload_skill`: takes the tools of a skill away.
 *
 * @module
 */
import * as v from "valibot";
import type { SkillTools } from "./mod.ts";
import { answer } from "./texts.ts";

/** Registers the tool. */
export function registerUnloadSkill({ tool, catalog, lookup, unload }: SkillTools): void {
  tool({
    name: "unload_skill",
    description: "Unload a skill that is loaded: its tools are gone, for everybody, until it is loaded again.",
    input: v.strictObject({ skill_name: v.string() }),
    output: v.object({ unloaded: v.literal(true), skill_name: v.string(), tools_removed: v.number() }),
    annotations: {
      title: "Unload a skill",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: false,
      openWorldHint: false,
    },
    complete: (argument, value) => argument === "skill_name" ? lookup.complete(value) : [],
    run: async ({ skill_name: asked }, call) => {
      const { name } = await lookup.require(asked, { verb: "unload", call });
      const removed = await (unload?.(name, call) ?? catalog.unloadSkill(name));
      const text = `Unloaded skill "${name}"; ${removed} ${removed === 1 ? "tool is" : "tools are"} gone`;
      return answer([text], { unloaded: true, skill_name: name, tools_removed: removed });
    },
  });
}
