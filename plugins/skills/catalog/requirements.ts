/**
 * What a skill asks of the place that it is used at, and whether that is so here.
 *
 * @module
 */
import type { Environment, Processes } from "../../../kernel/mod.ts";
import type { Secrets } from "../../secrets/contract.ts";
import type { SkillMetadata } from "../format/metadata.ts";
import type { ExternalDependency } from "../format/metadata_parts.ts";
import { placeOf, SKILL_FILE } from "./places.ts";
import type { Refusal } from "./refusal.ts";
import type { RegisteredTool } from "./registry.ts";

/** What a skill can be asked about. */
export interface RequirementsOptions {
  readonly environment: Pick<Environment, "variable" | "os">;
  /** Finds programs; without it there are none. */
  readonly processes?: Pick<Processes, "which"> | undefined;
  readonly secrets?: Pick<Secrets, "names"> | undefined;
  /** What this server is, in any letter case; a skill for other products is refused. Every skill fits when left out. */
  readonly products?: readonly string[] | undefined;
  /** Tells whether there is a tool, or a server whose tools there are, of a name. */
  readonly hasTool?: ((name: string) => boolean) | undefined;
}

/** How a skill is going to be used. */
export interface UseOptions {
  /** Whether a model chose it, and no person asked for it; `false` by default. */
  readonly isImplicit?: boolean | undefined;
  /** Variables that it is given beside those of the server, such as those of its `.env`; none by default. */
  readonly given?: Readonly<Record<string, string>> | undefined;
}

/** How long a program that was found counts as there, in milliseconds; one that was not is looked for each time. */
const FOUND_MS = 30_000;
const NONE: readonly Refusal[] = Object.freeze([]);
const SYSTEMS: ReadonlyMap<string, Environment["os"]> = new Map([
  ["mac", "darwin"],
  ["macos", "darwin"],
  ["osx", "darwin"],
  ["win", "windows"],
  ["win32", "windows"],
]);
const REMEDIES = Object.freeze({
  bin: "Install it, or put it in PATH",
  env_var: "Set it in the environment of the server, or keep a secret of that name",
});

/** Checks what skills require. A skill that requires nothing costs nothing, so a call can ask again. */
export class Requirements {
  readonly #options: RequirementsOptions;
  readonly #programs = new Map<string, number>();

  constructor(options: RequirementsOptions) {
    this.#options = options;
  }

  /** Gives the rules that keep a skill from being used now, each with its place and what to do; none when it can be. */
  async check(
    metadata: SkillMetadata,
    { isImplicit = false, given = {} }: UseOptions = {},
  ): Promise<readonly Refusal[]> {
    const isGiven = (name: string) => (given[name] ?? "") !== "";
    const externalDeps = metadata.externalDeps.filter(({ type, value }) => type !== "env_var" || !isGiven(value));
    const refusals = [
      ...this.#checkProducts(metadata),
      ...(isImplicit ? checkInvocation(metadata) : []),
      ...this.#checkSystem(metadata),
      ...metadata.requiredEnvVars().flatMap((name) => isGiven(name) ? [] : this.#checkVariable(name, metadata)),
      ...await this.#checkPrograms(metadata),
      ...(await Promise.all(externalDeps.map((it) => this.#checkExternal(it, metadata)))).flat(),
    ];
    return refusals.length === 0 ? NONE : refusals;
  }

  /** Says why a skill that is for other products is not for this server; at once, so that lists can tell. */
  refuseProducts(metadata: SkillMetadata): string | undefined {
    return this.#checkProducts(metadata)[0]?.message;
  }

  #checkProducts(metadata: SkillMetadata): Refusal[] {
    const { products } = this.#options;
    const wanted = metadata.policy.products;
    if (products === undefined || wanted.length === 0) return [];
    if (products.some((product) => metadata.matchesProduct(product))) return [];
    return [{
      rule: "products",
      message: `Skill "${metadata.name}" is for ${list(wanted)}, and this server is for ${list(products)}`,
      remedy: `Name ${wanted.length === 1 ? list(wanted) : "one of them"} among the "products" of the server, or ` +
        "the server's among those of the skill",
      ...placeOf(metadata, ["products"]),
    }];
  }

  #checkSystem(metadata: SkillMetadata): Refusal[] {
    const wanted = metadata.osRestrictions();
    const { os } = this.#options.environment;
    if (wanted.length === 0 || wanted.some((name) => systemOf(name) === os)) return [];
    return [{
      rule: "os",
      message: `Skill "${metadata.name}" is for ${list(wanted)}, and this is "${os}"`,
      remedy: "Use it on such an operating system",
      ...placeOf(metadata, ["os"]),
    }];
  }

  #checkVariable(name: string, metadata: SkillMetadata): Refusal[] {
    if (this.#hasVariable(name)) return [];
    return [{
      rule: "env",
      message: `Skill "${metadata.name}" needs the variable "${name}", which is not set`,
      remedy: REMEDIES.env_var,
      ...placeOf(metadata, ["env"]),
    }];
  }

  async #checkPrograms(metadata: SkillMetadata): Promise<Refusal[]> {
    const refusals: Refusal[] = [];
    for (const name of metadata.requiredBins()) {
      if (await this.#hasProgram(name)) continue;
      const message = `Skill "${metadata.name}" needs the program "${name}", which is not in PATH`;
      refusals.push({ rule: "bin", message, remedy: REMEDIES.bin, ...placeOf(metadata, ["bins"]) });
    }
    const choices = metadata.anyBins();
    if (choices.length === 0 || await this.#hasAny(choices)) return refusals;
    const message = `Skill "${metadata.name}" needs one of the programs ${list(choices)}, and none is in PATH`;
    return [...refusals, { rule: "bin", message, remedy: REMEDIES.bin, ...placeOf(metadata, ["anyBins"]) }];
  }

  async #checkExternal(dependency: ExternalDependency, metadata: SkillMetadata): Promise<Refusal[]> {
    const { type, value, description = "" } = dependency;
    if (await this.#hasExternal(dependency)) return [];
    const kind = { bin: "program", env_var: "variable", mcp: "tool or MCP server" }[type];
    const purpose = description === "" ? "" : ` (${description})`;
    return [{
      rule: "external-dep",
      message: `Skill "${metadata.name}" needs the ${kind} "${value}"${purpose}, which is not there`,
      remedy: type === "mcp" ? describeServer(dependency) : REMEDIES[type],
      ...placeOf(metadata, ["external-deps"]),
    }];
  }

  #hasExternal({ type, value }: ExternalDependency): boolean | Promise<boolean> {
    switch (type) {
      case "bin":
        return this.#hasProgram(value);
      case "env_var":
        return this.#hasVariable(value);
      case "mcp":
        return this.#options.hasTool?.(value) === true;
    }
  }

  #hasVariable(name: string): boolean {
    const { environment, secrets } = this.#options;
    return (environment.variable(name) ?? "") !== "" || secrets?.names().includes(name) === true;
  }

  async #hasAny(programs: readonly string[]): Promise<boolean> {
    for (const program of programs) if (await this.#hasProgram(program)) return true;
    return false;
  }

  async #hasProgram(name: string): Promise<boolean> {
    // a path is none of the names that PATH is for
    if (name === "" || /[\\/]/.test(name)) return false;
    const now = Date.now();
    if (now < (this.#programs.get(name) ?? 0)) return true;
    this.#programs.delete(name);
    if (await this.#options.processes?.which(name) === undefined) return false;
    this.#programs.set(name, now + FOUND_MS);
    return true;
  }
}

/** Writes refusals as one message, such as of the error with which loading fails. */
export function describeRefusals(refusals: readonly Refusal[]): string {
  return refusals.map(({ rule, message, file, line, remedy }) =>
    `${message} (rule "${rule}", ${file}${line === undefined ? "" : `:${line}`}). ${remedy}`
  ).join("\n");
}

/** Gives the refusal of a tool whose group is not active. */
export function refuseGroup({ name, group, skillName }: RegisteredTool): Refusal {
  return {
    rule: "group",
    message: `Tool "${name}" belongs to the group "${group}" of skill "${skillName}", which is not active`,
    file: SKILL_FILE,
    remedy: `Call activate_tool_group with the group "${skillName}:${group}"`,
  };
}

function checkInvocation(metadata: SkillMetadata): Refusal[] {
  if (metadata.isImplicitInvocationAllowed()) return [];
  return [{
    rule: "implicit-invocation",
    message: `Skill "${metadata.name}" may be used only when a person asks for it`,
    remedy: "Let the person confirm it, or use its prompt",
    ...placeOf(metadata, ["disable-model-invocation", "allow-implicit-invocation"]),
  }];
}

function systemOf(name: string): string {
  const lower = name.toLowerCase();
  return SYSTEMS.get(lower) ?? lower;
}

function describeServer({ value, transport, command, url }: ExternalDependency): string {
  const how = [transport, command, url].filter((it) => it !== undefined && it !== "").join(" ");
  return `Add an MCP server of the name "${value}"${how === "" ? "" : `: ${how}`}`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
