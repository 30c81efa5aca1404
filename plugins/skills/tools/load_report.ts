/**
 * What `load_skill` answers: what is loaded, the tools that came, what could not be loaded, and what to do next.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import type { Refusal } from "../catalog/refusal.ts";
import { listGroupsOf } from "../catalog/groups.ts";
import type { RegisteredTool, ToolRegistry } from "../catalog/registry.ts";
import type { Diagnostic } from "../format/diagnostics.ts";
import { SKILL_FILE, skillUri } from "../knowledge/uris.ts";
import type { OfferDiagnostic } from "../running/offered_tools.ts";
import { describeDiagnostic, describeRefusal, oneLine } from "./texts.ts";

// more is behind get_skill_info
const MAX_TOOLS = 100;
const MAX_SCHEMA_LENGTH = 20_000;
const MAX_FAULTS = 20;

/** A skill that is loaded now. */
export interface LoadedSkill {
  readonly skill: CatalogSkill;
  /** Whether this call loaded it. */
  readonly isNew: boolean;
  /** Whether it was asked for; others are those that one depends on. */
  readonly isAsked: boolean;
}

/** A skill that could not be loaded. */
export interface LoadFailure {
  readonly name: string;
  readonly message: string;
  /** Code, refusals and such. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** What came of a call. */
export interface Loading {
  readonly loaded: readonly LoadedSkill[];
  readonly failed: readonly LoadFailure[];
  /** Tools of loaded skills that nobody can call, and why. */
  readonly held: readonly OfferDiagnostic[];
}

/** Writes what came of a call, for programs. */
export function loadReport(loading: Loading, registry: ToolRegistry): JsonObject {
  const { loaded, failed } = loading;
  const tools = toolsOf(loading, registry);
  const groups = groupsOf(loaded, registry);
  const active = groups.filter((it) => it.active).map((it) => it.name);
  const dependencies = namesOf(loaded.filter((it) => !it.isAsked));
  const faults = faultsOf(loading);
  return {
    loaded: loaded.length > 0,
    partial: loaded.length > 0 && failed.length > 0,
    registered_tools: tools.slice(0, MAX_TOOLS).map((it) => it.name),
    tool_count: tools.length,
    newly_loaded: namesOf(loaded.filter((it) => it.isNew)),
    already_loaded: namesOf(loaded.filter((it) => !it.isNew)),
    ...(dependencies.length > 0 && { dependencies }),
    tools: describeTools(tools),
    ...(groups.length > 0 && { available_groups: groups, activated_groups: active }),
    ...(faults.length > 0 && { diagnostics: faults.map(({ skill, fault }) => ({ ...fault, skill_name: skill })) }),
    ...(failed.length > 0 &&
      { errors: failed.map(({ name, message, data }) => ({ ...data, skill_name: name, error: message })) }),
    next_step: nextStep(loading, tools),
  };
}

/** Writes the same for a model. */
export function loadText(loading: Loading, registry: ToolRegistry): readonly string[] {
  const { loaded, failed } = loading;
  const tools = toolsOf(loading, registry);
  const shown = tools.slice(0, MAX_TOOLS).map(({ name, description }) => `- \`${name}\`: ${oneLine(description, 200)}`);
  const more = tools.length > MAX_TOOLS ? [`- and ${tools.length - MAX_TOOLS} more, as get_skill_info tells`] : [];
  const groups = groupsOf(loaded, registry).filter((it) => !it.active).map((it) =>
    `${it.name} (${countTools(it.tools)})`
  );
  return [
    ...loaded.map((it) => describeLoaded(it, tools)),
    shown.length === 0 ? "" : `Tools:\n${[...shown, ...more].join("\n")}`,
    groups.length === 0 ? "" : `Groups that are not active, see activate_tool_group: ${groups.join(", ")}`,
    describeFaults(faultsOf(loading)),
    ...failed.map(describeFailure),
    nextStep(loading, tools),
  ];
}

/** Writes why a skill could not be loaded. */
export function describeFailure({ name, message, data }: LoadFailure): string {
  const refusals = data["refusals"] as readonly Refusal[] | undefined;
  if (refusals === undefined || refusals.length === 0) return message;
  return `Cannot load skill "${name}":\n${refusals.map((it) => `- ${describeRefusal(it)}`).join("\n")}`;
}

function describeLoaded({ skill: { name }, isNew, isAsked }: LoadedSkill, tools: readonly RegisteredTool[]): string {
  const own = tools.filter((it) => it.skillName === name).length;
  return `${isAsked ? "Skill" : "Dependency"} "${name}" ${isNew ? "is loaded" : "was loaded already"}, with ${
    countTools(own)
  }`;
}

interface Fault {
  readonly skill: string;
  readonly fault: Diagnostic;
}

/** Lists what of loaded skills was left out, such as tools of impossible names; get_skill_info has the warnings too. */
function faultsOf({ loaded, held }: Loading): readonly Fault[] {
  const faults = loaded.flatMap(({ skill: { name, diagnostics } }) =>
    diagnostics.filter(({ severity }) => severity === "error").map((fault) => ({ skill: name, fault }))
  );
  return [...held.map((fault) => ({ skill: fault.skill, fault })), ...faults].slice(0, MAX_FAULTS);
}

function describeFaults(faults: readonly Fault[]): string {
  if (faults.length === 0) return "";
  return `Not all of it can be used:\n${
    faults.map(({ skill, fault }) => `- ${oneLine(skill, 100)}: ${describeDiagnostic(fault)}`).join("\n")
  }`;
}

function countTools(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}

function nextStep({ loaded, failed }: Loading, tools: readonly RegisteredTool[]): string {
  if (loaded.length === 0) {
    return failed.length === 0 ? "" : "Mend what is said above, or find another skill with search_skills";
  }
  const asked = loaded.find((it) => it.isAsked) ?? loaded[0]!;
  const read = `its instructions are at ${skillUri(asked.skill.name, SKILL_FILE)}`;
  const [first] = tools;
  return first === undefined
    ? `Follow the instructions of "${asked.skill.name}": it brings no tools that are active; ${read}`
    : `Call its tools by name, such as ${first.name}, or with call_tool; ${read}`;
}

function toolsOf({ loaded, held }: Loading, registry: ToolRegistry): readonly RegisteredTool[] {
  const without = new Set(held.map(({ tool }) => tool));
  return loaded.flatMap(({ skill }) => registry.listBySkill(skill.name))
    .filter((it) => it.enabled && !without.has(it.name));
}

function describeTools(tools: readonly RegisteredTool[]): readonly JsonObject[] {
  let length = 0;
  return tools.slice(0, MAX_TOOLS).map(({ name, description, inputSchema, outputSchema, skillName }) => {
    const schemas = { inputSchema, ...(outputSchema && { outputSchema }) };
    length += JSON.stringify(schemas).length;
    return {
      name,
      description: oneLine(description),
      ...(length <= MAX_SCHEMA_LENGTH && schemas),
      skill_name: skillName,
    };
  });
}

function groupsOf(loaded: readonly LoadedSkill[], registry: ToolRegistry) {
  return loaded.flatMap(({ skill: { name, metadata, activeGroups } }) =>
    listGroupsOf(metadata).map((group) => ({
      name: `${name}:${group.name}`,
      ...(group.description !== "" && { description: oneLine(group.description) }),
      active: activeGroups.includes(group.name),
      tools: registry.listInGroup(name, group.name).length,
    }))
  );
}

function namesOf(loaded: readonly LoadedSkill[]): readonly string[] {
  return loaded.map(({ skill }) => skill.name);
}
