/**
 * Skills that are not loaded, for those who search tools.
 *
 * @module
 */
import { isToolError } from "../../../kernel/mod.ts";
import { type CandidateSource, type SkillCandidate, termsOf } from "../../library/contract.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { actionName } from "../catalog/naming.ts";
import { oneLine } from "../tools/texts.ts";
import type { SkillMatch } from "./skill_index.ts";
import { stemOf } from "./stems.ts";

const MAX_DESCRIPTION_LENGTH = 200;
const MAX_TOOLS = 10;
// a skill without tools is none for those who search tools, and neither is one that is loaded
const SPARE = 20;

/** Makes the source of candidates for `search_tools`: skills with tools that are not loaded. */
export function createCandidates(catalog: Pick<SkillCatalog, "index" | "find">): CandidateSource {
  return {
    search: (query, { limit }) => {
      const { matches } = catalog.index.search({ query, limit: limit + SPARE, reasons: true });
      return matches.flatMap((match) => candidateOf(match, catalog.find(match.name)) ?? []).slice(0, limit);
    },
  };
}

function candidateOf(match: SkillMatch, skill: CatalogSkill | undefined): SkillCandidate | undefined {
  if (skill === undefined || skill.state === "loaded") return undefined;
  const { name, metadata: { description } } = skill;
  const tools = toolsOf(skill);
  if (tools.length === 0) return undefined;
  const found = new Set(match.reasons?.map((it) => it.found));
  const matching = tools.filter(({ text }) => termsOf(text).some((term) => found.has(term)));
  return {
    kind: "skill_candidate",
    skill_name: name,
    description: oneLine(description, MAX_DESCRIPTION_LENGTH),
    matching_tools: matching.slice(0, MAX_TOOLS).map((it) => it.name),
    requires_load_skill: true,
    load_hint: { tool: "activate_skill", arguments: { name } },
  };
}

/** Gives the tools that a skill would bring, and what each says; one for each script where it declares none. */
function toolsOf({ metadata }: CatalogSkill): readonly { readonly name: string; readonly text: string }[] {
  const { tools, scripts } = metadata;
  const said = tools.length > 0
    ? tools.map(({ name, searchAliases, description }) => ({
      name,
      text: [name, ...searchAliases, description].join(" "),
    }))
    : scripts.map((path) => ({ name: stemOf(path), text: stemOf(path) }));
  return said.flatMap(({ name, text }) => {
    const registered = registeredName(metadata.name, name);
    return registered === undefined ? [] : [{ name: registered, text }];
  });
}

// a tool whose name cannot be used is not registered
function registeredName(skill: string, tool: string): string | undefined {
  try {
    return actionName(skill, tool);
  } catch (thrown) {
    if (!isToolError(thrown)) throw thrown;
    return undefined;
  }
}
