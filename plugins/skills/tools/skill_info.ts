/**
 * `get_skill_info`: all that is known of one skill.
 *
 * @module
 */
import * as v from "valibot";
import { SKILL_FILE, skillUri } from "../knowledge/uris.ts";
import type { SkillTools } from "./mod.ts";
import { answer, describeRefusal } from "./texts.ts";

/** Registers the tool. */
export function registerSkillInfo({ tool, catalog, lookup, refusals, notOffered }: SkillTools): void {
  tool({
    name: "get_skill_info",
    description: "Tell all about one skill: its tools with their schemas, groups, requirements and diagnostics.",
    input: v.strictObject({ skill_name: v.string() }),
    annotations: { title: "Get skill info", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    complete: (argument, value) => argument === "skill_name" ? lookup.complete(value) : [],
    run: async ({ skill_name: asked }, call) => {
      const { name, metadata, state } = await lookup.require(asked, { verb: "describe", call });
      const unmet = state === "loaded" ? [] : await refusals?.(metadata) ?? [];
      const held = notOffered?.().filter(({ skill }) => skill === name) ?? [];
      const known = catalog.getSkillInfo(name);
      const info = {
        ...known,
        diagnostics: [...known?.diagnostics ?? [], ...held],
        instructions: skillUri(name, SKILL_FILE),
        ...(unmet.length > 0 && { refusals: unmet }),
      };
      const refused = unmet.length === 0 ? [] : [`It cannot be loaded:\n${unmet.map(describeRefusal).join("\n")}`];
      const load = `Load it with \`load_skill\`: \`${JSON.stringify({ skill_name: name })}\``;
      return answer([JSON.stringify(info), ...refused, state === "loaded" || unmet.length > 0 ? "" : load], info);
    },
  });
}
