/**
 * The tool `skill_repos`: what is done with repositories of skills after they were added.
 *
 * @module
 */
import * as v from "valibot";
import { type Call, rankCompletions, ToolError } from "../../kernel/mod.ts";
import { type RepoTools, resultOf } from "./add_skill_repo.ts";
import type { Operations } from "./operations.ts";
import type { Report } from "./reports.ts";

const OPERATIONS = ["list", "update", "remove", "pin", "unpin", "diff", "trust", "install"] as const;
const MOST = 50;

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

const Input = v.strictObject({
  operation: described(v.picklist(OPERATIONS), "What to do"),
  name: v.optional(
    described(v.string(), "Name of the repository; list, update and install take all of them without it"),
  ),
  skill: v.optional(described(v.string(), "One skill of it, for diff and trust")),
  commit: v.optional(described(v.string(), "For pin: the commit to stay at; that which is there by default")),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MOST)), 20),
  offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
});
type Request = v.InferOutput<typeof Input>;

const DESCRIPTION = `Manage git repositories of skills that add_skill_repo added:
- list: the repositories, or the skills of one with whether their scripts may run
- diff: what an update would bring
- update: take what is new, of one or all
- pin, unpin: stay at a commit, or follow the branch again
- trust: ask the user to allow the scripts of a repository, or of one skill
- install: fetch what is known and not on this machine
- remove: forget a repository, its skills and what was allowed of them

Examples: {"operation": "list"}, {"operation": "trust", "name": "obsidian-skills", "skill": "json-canvas"}`;

/** Registers the tool. */
export function registerSkillRepos({ tool, operations }: RepoTools): void {
  tool({
    name: "skill_repos",
    description: DESCRIPTION,
    input: Input,
    annotations: {
      title: "Manage skill repositories",
      readOnlyHint: false,
      destructiveHint: true,
      openWorldHint: true,
    },
    complete: async (argument, value) =>
      argument === "name" ? rankCompletions(value, (await operations.get()).names()) : [],
    run: async (request, call) => resultOf(await operate(await operations.get(), request, call)),
  });
}

async function operate(operations: Operations, request: Request, call: Call): Promise<Report> {
  const { operation, name, skill, commit, limit, offset } = request;
  const page = { limit, offset };
  if (operation === "list") return await operations.list(name, page);
  if (operation === "update") return await operations.update(name, call);
  if (operation === "install") return await operations.install(name, call);
  if (name === undefined) {
    throw new ToolError(`Cannot ${operation}: "name" is missing; name a repository, as skill_repos list does`);
  }
  switch (operation) {
    case "remove":
      return await operations.remove(name, call);
    case "pin":
      return await operations.pin(name, { commit }, call);
    case "unpin":
      return await operations.pin(name, { off: true }, call);
    case "diff":
      return await operations.diff(name, { skill, page }, call);
    case "trust":
      return await operations.permissions.ask(name, { skill }, call);
  }
}
