/**
 * The tools `activate_skill` and `deactivate_skill`.
 *
 * @module
 */
import {
  type Call,
  type JsonObject,
  type PluginContext,
  rankCompletions,
  type Toolbox,
  ToolError,
  toolResult,
} from "../../../kernel/mod.ts";
import { START_TOOLS } from "../../exposure/contract.ts";
import type { Activated, Activation, ActivationOutcome, DeactivationOutcome } from "./activation.ts";
import type { Bundles } from "./bundles.ts";
import type { Directory } from "./directory.ts";
import { type InstructionsOptions, readInstructions } from "./instructions.ts";
import { ToldSkills } from "./told_skills.ts";

/** What the tools need. */
export interface ActivateToolsContext extends InstructionsOptions {
  readonly tool: PluginContext["tool"];
  readonly activation: Activation;
  readonly directory: Directory;
  readonly bundles: Bundles;
  readonly toolbox: Pick<Toolbox, "get">;
}

const NAMES: JsonObject = { type: ["string", "array"], items: { type: "string" } };
// beyond this, instructions of further skills are left for another call; those of one are given whole
const MAX_INSTRUCTIONS = 60_000;
const SHOWN_TOOLS = 40;
const KINDS = { skill: "skill", virtual: "virtual skill", tool: "made tool" } as const;

/** A skill that was activated, and what it instructs. */
interface Answered extends Activated {
  readonly instructions?: string | undefined;
  /** Why there are no instructions, though the skill has some. */
  readonly withheld?: "told" | "long" | undefined;
}

/** Registers the tools. */
export function registerActivateTools(context: ActivateToolsContext): void {
  registerActivate(context);
  registerDeactivate(context);
}

function registerActivate(context: ActivateToolsContext): void {
  const { tool, activation } = context;
  const told = new ToldSkills();
  tool({
    name: "activate_skill",
    description:
      "Show the tools of skills, and read their instructions. A name is that of a skill, of a made tool, a " +
      "@bundle such as @dev-full, or virtual: dev (make and manage tools), sys, memory, or a plugin.",
    input: {
      type: "object",
      properties: {
        name: { ...NAMES, description: "One, or a list" },
        force: { type: "boolean", description: "Give instructions again" },
      },
      required: ["name"],
      additionalProperties: false,
    },
    annotations: {
      title: "Activate skills",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    complete: (argument, typed) => complete(argument, typed, context),
    run: async ({ name, force }, call) => {
      const outcome = await activation.activate(namesIn(name), call);
      if (outcome.skills.length === 0) throw new ToolError(refusal(outcome));
      const skills = await withInstructions(outcome.skills, { ...context, told, call, force: force === true });
      return toolResult({
        content: [{ type: "text", text: activatedText({ ...outcome, skills }, context) }],
        structuredContent: {
          activated: skills.map(entryOf),
          ...(outcome.failed.length > 0 && { failed: outcome.failed }),
          ...(outcome.problems.length > 0 && { problems: outcome.problems }),
        },
      });
    },
  });
}

function registerDeactivate(context: ActivateToolsContext): void {
  const { tool, activation } = context;
  tool({
    name: "deactivate_skill",
    description: "Hide the tools of skills that activate_skill has shown. They can still be called.",
    input: { type: "object", properties: { name: NAMES }, required: ["name"], additionalProperties: false },
    annotations: {
      title: "Deactivate skills",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    complete: (argument, typed) => complete(argument, typed, context),
    run: async ({ name }, call) => {
      const all = await activation.deactivate(namesIn(name), call);
      // what every client sees stays listed, whatever is active
      const outcome = { ...all, hidden: all.hidden.filter((tool) => !START_TOOLS.includes(tool)) };
      const { deactivated, dependencies, notActive, hidden } = outcome;
      return toolResult({
        content: [{ type: "text", text: deactivatedText(outcome) }],
        structuredContent: { deactivated, dependencies, not_active: notActive, hidden_tools: hidden },
      });
    },
  });
}

function namesIn(name: unknown): readonly string[] {
  const names = (Array.isArray(name) ? name : [name]) as readonly string[];
  if (names.some((it) => it.trim() !== "")) return names.filter((it) => it.trim() !== "");
  throw new ToolError('Cannot tell which skill is meant: "name" is empty; suggest_skill and search_skills know names');
}

async function complete(
  argument: string,
  typed: string,
  { directory, bundles }: ActivateToolsContext,
): Promise<readonly string[]> {
  if (argument !== "name") return [];
  return rankCompletions(typed, [...(await bundles.current()).bundles.keys(), ...await directory.names()]);
}

function refusal({ failed, problems }: ActivationOutcome): string {
  const reasons = [...failed.map(({ reason }) => reason), ...problems];
  return reasons.length === 1 ? reasons[0]! : `Cannot activate anything: ${reasons.join("; ")}`;
}

interface InstructionsContext extends ActivateToolsContext {
  readonly told: ToldSkills;
  readonly call: Call;
  readonly force: boolean;
}

async function withInstructions(skills: readonly Activated[], context: InstructionsContext): Promise<Answered[]> {
  const { told, call, force } = context;
  const answered: Answered[] = [];
  let length = 0;
  for (const it of skills) {
    const { skill } = it;
    const isTold = skill !== undefined && it.wasActive && told.has(call, skill);
    const read = skill === undefined ? undefined : await readInstructions(skill, context);
    const withheld = read === undefined
      ? undefined
      : isTold && !force
      ? "told"
      : length > 0 && length + read.length > MAX_INSTRUCTIONS
      ? "long"
      : undefined;
    const instructions = withheld === undefined ? read : undefined;
    if (instructions !== undefined && skill !== undefined) {
      length += instructions.length;
      told.add(call, skill);
    }
    answered.push({ ...it, instructions, withheld });
  }
  return answered;
}

function entryOf({ name, kind, tools, wasActive, neededBy, others, instructions }: Answered): JsonObject {
  return {
    name,
    kind,
    tools,
    already_active: wasActive,
    ...(neededBy !== undefined && { needed_by: neededBy }),
    ...(others.length > 0 && { other_skills_of_the_name: others }),
    ...(instructions !== undefined && { instructions }),
  };
}

function activatedText(
  { skills, failed, problems }: Omit<ActivationOutcome, "skills"> & { readonly skills: readonly Answered[] },
  { toolbox }: Pick<ActivateToolsContext, "toolbox">,
): string {
  const tools = [...new Set(skills.flatMap((it) => it.tools))].sort();
  const shown = tools.slice(0, SHOWN_TOOLS).map((name) =>
    `- ${name}: ${firstSentence(toolbox.get(name)?.description)}`
  );
  const list = tools.length === 0 ? [] : [
    [
      "",
      ...shown,
      ...(tools.length > shown.length ? [`- and ${tools.length - shown.length} more: ask list_tools`] : []),
      "",
      "A tool that your list does not show is called with call_tool; search_tools gives its parameters with " +
      '`"schemas": true`.',
    ].join("\n"),
  ];
  return [
    ...skills.map(lineOf),
    ...failed.map(({ name, reason }) => `Not activated: ${JSON.stringify(name)}. ${reason}`),
    ...problems,
    ...list,
    ...skills.flatMap(({ instructions }) => instructions === undefined ? [] : [`\n${instructions}`]),
  ].join("\n");
}

function lineOf({ name, kind, tools, wasActive, neededBy, others, withheld }: Answered): string {
  const count = tools.length === 1 ? "1 tool" : `${tools.length} tools`;
  const what = kind === "tool" ? KINDS.tool : `${KINDS[kind]}, ${count}`;
  return [
    `${wasActive ? "Already active" : "Activated"}: "${name}" (${what})`,
    ...(neededBy === undefined ? [] : [`, which "${neededBy}" depends on`]),
    ...(withheld === undefined ? [] : [
      withheld === "told" ? "; its instructions were given before" : "; its instructions are long",
      `: activate_skill ${JSON.stringify({ name, ...(withheld === "told" && { force: true }) })} gives them`,
    ]),
    ...(others.length === 0 ? [] : [`; also of that name: ${others.join(", ")}`]),
  ].join("");
}

function deactivatedText({ deactivated, dependencies, notActive, hidden }: DeactivationOutcome): string {
  const list = (names: readonly string[]) => names.map((it) => `"${it}"`).join(", ");
  return [
    ...(deactivated.length > 0 ? [`Deactivated: ${list(deactivated)}`] : []),
    ...(dependencies.length > 0 ? [`No longer needed, and deactivated too: ${list(dependencies)}`] : []),
    ...(notActive.length > 0 ? [`Was not active: ${list(notActive)}`] : []),
    ...(hidden.length > 0 ? [`Tools of no active skill now: ${hidden.join(", ")}`] : []),
  ].join("\n");
}

// made tools and skills describe themselves: one line each, and a short one
function firstSentence(text = ""): string {
  const line = text.trim().split(/\n\s*\n/)[0]!.replace(/\s+/g, " ");
  const sentence = /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
  return sentence.length > 160 ? `${sentence.slice(0, 160)}…` : sentence;
}
