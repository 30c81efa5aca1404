/**
 * The tool `dependencies`: what is installed for the tools, and for which of them.
 *
 * @module
 */
import * as v from "valibot";
import { didYouMean, type PluginContext, rankCompletions, ToolError, toolResult } from "../../kernel/mod.ts";
import type { Dependencies, EnvironmentEntry } from "../dependencies/contract.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { PackageNeed, ScriptPackages } from "./packages.ts";

const ACTIONS = ["list", "info", "install", "reinstall", "prune"] as const;

const Input = v.strictObject({
  action: v.pipe(
    v.picklist(ACTIONS),
    v.description(
      "list: what is installed, and for which tools; info, install, reinstall: the packages of tool_name; " +
        "prune: remove what no tool uses",
    ),
  ),
  tool_name: v.optional(v.pipe(v.string(), v.description("A script tool, for info, install and reinstall"))),
});

const Environment = v.object({
  key: v.string(),
  language: v.string(),
  packages: v.array(v.string()),
  runtime: v.string(),
  path: v.string(),
  size_bytes: v.number(),
  installed_at: v.string(),
  tools: v.array(v.string()),
});
const Tool = v.object({
  name: v.string(),
  language: v.string(),
  packages: v.array(v.string()),
  requires: v.optional(v.string()),
  state: v.picklist(["installed", "not installed"]),
  key: v.optional(v.string()),
  path: v.optional(v.string()),
  lock: v.optional(v.string()),
});
const Output = v.object({
  environments: v.optional(v.array(Environment)),
  tool: v.optional(Tool),
  removed: v.optional(v.array(Environment)),
});

/** An installation, and the tools that use it. */
type UsedEnvironment = v.InferOutput<typeof Environment>;
/** What is known of the packages of one tool. */
type ToolPackages = v.InferOutput<typeof Tool>;

/** What the tool needs. */
export interface DependenciesToolContext {
  readonly tool: PluginContext["tool"];
  readonly library: ToolLibrary;
  readonly dependencies: Dependencies;
  readonly packages: ScriptPackages;
}

/** Registers the tool. */
export function registerDependenciesTool(context: DependenciesToolContext): void {
  const { tool, packages } = context;
  tool({
    name: "dependencies",
    description: "Look at the packages that are installed for script tools, install them anew, and remove unused ones",
    input: Input,
    output: Output,
    annotations: { title: "Packages of tools", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    complete: (argument, value) =>
      argument === "tool_name" ? rankCompletions(value, [...new Set(packages.needs.map((need) => need.tool))]) : [],
    async run({ action, tool_name: name }, call) {
      switch (action) {
        case "list": {
          const environments = await listUsed(context);
          return answer(describeList(environments), { environments });
        }
        case "prune": {
          const removed = await prune(context);
          return answer(describePruned(removed), { removed });
        }
        default: {
          const need = await findNeed(context, { action, name });
          if (action !== "info") await need.install(call, { reinstall: action === "reinstall" });
          const found = await inspect(need);
          return answer(describeTool(found), { tool: found });
        }
      }
    },
  });
}

function answer(text: string, structuredContent: v.InferOutput<typeof Output>) {
  return toolResult({ content: [{ type: "text", text }], structuredContent });
}

/** Gives what the current version of each tool needs; of older versions nothing is kept for their sake. */
async function currentNeeds({ library, packages }: DependenciesToolContext): Promise<readonly PackageNeed[]> {
  const folders = new Set<string>();
  for (const { name } of await library.list()) folders.add((await library.files(name)).path);
  return packages.needs.filter((need) => folders.has(need.folder));
}

async function listUsed(context: DependenciesToolContext): Promise<UsedEnvironment[]> {
  const { dependencies } = context;
  const users = new Map<string, string[]>();
  for (const need of await currentNeeds(context)) {
    // an interpreter that is gone is no user
    const key = await need.find().then((it) => it?.key, () => undefined);
    if (key !== undefined) users.set(key, [...users.get(key) ?? [], need.tool].sort());
  }
  return (await dependencies.list()).map((entry) => describeEntry(entry, users.get(entry.key) ?? []));
}

function describeEntry(
  { key, language, packages, runtime, path, size, installedAt }: EnvironmentEntry,
  tools: readonly string[],
): UsedEnvironment {
  return {
    ...{ key, language, runtime, path },
    packages: [...packages],
    size_bytes: size,
    installed_at: installedAt,
    tools: [...tools],
  };
}

async function prune(context: DependenciesToolContext): Promise<UsedEnvironment[]> {
  const removed: UsedEnvironment[] = [];
  for (const environment of await listUsed(context)) {
    if (environment.tools.length > 0) continue;
    if (await context.dependencies.remove(environment.key)) removed.push(environment);
  }
  return removed;
}

async function findNeed(
  context: DependenciesToolContext,
  { action, name }: { readonly action: string; readonly name: string | undefined },
): Promise<PackageNeed> {
  if (name === undefined) throw new ToolError(`Cannot ${action} packages: "tool_name" is missing`);
  const needs = await currentNeeds(context);
  const need = needs.find((it) => it.tool === name);
  if (need !== undefined) return need;
  const stored = context.library.get(name);
  if (stored === undefined) {
    const names = needs.map((it) => it.tool);
    throw new ToolError(`Cannot ${action} packages: no tool "${name}" was made at run time${didYouMean(name, names)}`);
  }
  throw new ToolError(
    `Cannot ${action} packages: tool "${name}" ` +
      (stored.reason === undefined ? "needs none that are installed here" : `is ${stored.state}: ${stored.reason}`),
  );
}

async function inspect(need: PackageNeed): Promise<ToolPackages> {
  const set = await need.set();
  const found = await need.find();
  const lock = found?.lock ?? set.lock;
  return {
    name: need.tool,
    language: set.language,
    packages: [...set.packages],
    ...(set.requires !== undefined && { requires: set.requires }),
    state: found === undefined ? "not installed" : "installed",
    ...(found !== undefined && { key: found.key, path: found.path }),
    ...(lock !== undefined && { lock }),
  };
}

function describeList(environments: readonly UsedEnvironment[]): string {
  if (environments.length === 0) return "No packages are installed.";
  return environments.map(describeEnvironment).join("\n");
}

function describePruned(removed: readonly UsedEnvironment[]): string {
  if (removed.length === 0) return "Every installation is used by a tool; nothing was removed.";
  const bytes = removed.reduce((sum, { size_bytes: size }) => sum + size, 0);
  return [`Removed ${removed.length} installations, ${megabytes(bytes)}:`, ...removed.map(describeEnvironment)].join(
    "\n",
  );
}

function describeEnvironment({ runtime, packages, size_bytes: size, tools, key }: UsedEnvironment): string {
  const users = tools.length === 0 ? "used by no tool" : `used by ${tools.join(", ")}`;
  return `- ${runtime}: ${packages.join(", ") || "no packages"} (${megabytes(size)}, ${users}, ${key})`;
}

function describeTool({ name, language, packages, requires, state, path, lock }: ToolPackages): string {
  return [
    `Tool "${name}" (${language}): ${packages.join(", ") || "no packages"}; ${state}`,
    ...(requires === undefined ? [] : [`- Requires: ${requires}`]),
    ...(path === undefined ? [] : [`- Folder: ${path}`]),
    ...(lock === undefined ? [] : ["", lock.trimEnd()]),
  ].join("\n");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
