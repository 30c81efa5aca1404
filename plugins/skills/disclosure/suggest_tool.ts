/**
 * The tool `suggest_skill`.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, toolResult } from "../../../kernel/mod.ts";
import type { Activation } from "./activation.ts";
import type { Target } from "./directory.ts";
import type { Suggestions } from "./suggestions.ts";

/** What the tool needs. */
export interface SuggestToolContext {
  readonly tool: PluginContext["tool"];
  readonly suggestions: Suggestions;
  readonly activation: Pick<Activation, "isActive">;
}

/** Most characters of a description in the answer. */
const MAX_DESCRIPTION_LENGTH = 300;

const Limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(20));

/** Registers the tool. */
export function registerSuggest({ tool, suggestions, activation }: SuggestToolContext): void {
  tool({
    name: "suggest_skill",
    description: "Suggest skills to activate for a task.",
    input: v.strictObject({
      context: v.pipe(v.string(), v.trim(), v.minLength(1), v.description("What you are about to do")),
      limit: v.optional(Limit, 5),
    }),
    annotations: { title: "Suggest skills", readOnlyHint: true, openWorldHint: false },
    run: async ({ context, limit }, call) => {
      const { targets, by } = await suggestions.suggest(context, { limit, call });
      const entries = targets.map(({ id, kind, name, description }) => ({
        name,
        kind,
        description: clip(description),
        active: activation.isActive(call, id),
      }));
      return toolResult({
        content: [{ type: "text", text: suggestedText(targets) }],
        structuredContent: { suggestions: entries, by },
      });
    },
  });
}

function suggestedText(targets: readonly Target[]): string {
  if (targets.length === 0) return "No skill seems to fit; list_skills and search_tools show what there is";
  const lines = targets.map(({ name, description }) => `- ${name}: ${clip(description)}`);
  return [
    `Suggested skills: ${targets.map(({ name }) => name).join(", ")}`,
    "",
    ...lines,
    "",
    "activate_skill shows their tools and gives their instructions.",
  ].join("\n");
}

function clip(text: string): string {
  const line = text.trim().split(/\n\s*\n/)[0]!.replace(/\s+/g, " ");
  return line.length > MAX_DESCRIPTION_LENGTH ? `${line.slice(0, MAX_DESCRIPTION_LENGTH)}…` : line;
}
