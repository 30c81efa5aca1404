/**
 * `search_skills`: ranked search. It is listed from the start, so its description is short.
 *
 * @module
 */
import * as v from "valibot";
import type { JsonObject } from "../../../kernel/mod.ts";
import type { MatchReason } from "../../library/contract.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { SCOPES } from "../discovery/scope.ts";
import type { SkillTools } from "./mod.ts";
import { answer, countTools, oneLine, skillItem } from "./texts.ts";
import { waitingField, waitingText } from "./waiting_skills.ts";

interface Hit {
  readonly skill: CatalogSkill;
  readonly reasons?: readonly string[];
}

/** Registers the tool. */
export function registerSearchSkills({ tool, catalog, waiting }: SkillTools): void {
  tool({
    name: "search_skills",
    description: "Find skills, which bring instructions and tools for a kind of work, to use by activate_skill.",
    input: v.strictObject({
      query: v.optional(v.string()),
      tags: v.optional(v.pipe(v.array(v.string()), v.description("All of them"))),
      dcc: v.optional(v.pipe(v.string(), v.description("Application, such as maya"))),
      scope: v.optional(v.picklist(SCOPES)),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 20),
      reasons: v.optional(v.pipe(v.boolean(), v.description("Say why each matches")), false),
    }),
    annotations: { title: "Search skills", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    run: async ({ query = "", ...narrowing }, call) => {
      const projects = await waiting.settle(call);
      const { total, matches } = catalog.index.search({ query, ...narrowing });
      const hits = matches.flatMap(({ name, reasons }): readonly Hit[] => {
        const skill = catalog.find(name);
        return skill === undefined ? [] : [{ skill, ...(reasons && { reasons: reasons.map(describeReason) }) }];
      });
      const found = { total, query, skills: hits.map(hitOf), ...waitingField(projects) };
      return answer([...describeHits(hits, { total, query }), ...waitingText(projects)], found);
    },
  });
}

function hitOf({ skill, reasons }: Hit): JsonObject {
  const { name, metadata, found, state, error } = skill;
  return {
    name,
    description: oneLine(metadata.description),
    tools: countTools(skill),
    loaded: state === "loaded",
    dcc: metadata.dcc,
    scope: found.scope,
    tags: metadata.tags,
    ...(metadata.searchHint !== "" && { search_hint: oneLine(metadata.searchHint) }),
    ...(error !== undefined && { status: state, error: oneLine(error) }),
    ...(reasons !== undefined && { reasons }),
  };
}

function describeHits(hits: readonly Hit[], { total, query }: { readonly total: number; readonly query: string }) {
  const [first] = hits;
  if (first === undefined) {
    return [query.trim() === "" ? "No skill matches" : `No skill matches "${oneLine(query, 100)}"; try other words`];
  }
  const items = hits.map(({ skill, reasons }) => skillItem(skill, reasons && [`matches ${reasons.join("; ")}`]));
  const more = total > hits.length ? ` ${total - hits.length} more match; narrow the search to see them.` : "";
  const use = JSON.stringify({ name: first.skill.name });
  return [items.join("\n"), `Use one by \`activate_skill\`, such as \`${use}\`.${more}`];
}

function describeReason({ word, found, fields }: MatchReason): string {
  return `${word === found ? `"${word}"` : `"${word}" as "${found}"`} in ${fields.join(", ")}`;
}
