/**
 * Which tools the scripts of a skill reach: its own, and those that its `allowed-tools` names.
 *
 * @module
 */
import { isObject, type Toolbox } from "../../../kernel/mod.ts";
import type { ReachedTools } from "../../scripts/contract.ts";
import type { ToolRegistry } from "../catalog/registry.ts";
import type { SkillMetadata } from "../format/metadata.ts";

/** How clients that know servers by name write the tools of this one. */
const CLIENT_PREFIX = "mcp__collet__";

/** Whose tools they are. */
export interface AllowedToolsOptions {
  /** The skill's name in the catalog. */
  readonly skillName: string;
  readonly metadata: Pick<SkillMetadata, "allowedTools">;
  readonly registry: Pick<ToolRegistry, "get">;
  readonly toolbox: Pick<Toolbox, "get">;
}

/** The tools that one skill reaches. */
export class AllowedTools implements ReachedTools {
  readonly #options: AllowedToolsOptions;
  readonly #patterns: readonly string[];

  constructor(options: AllowedToolsOptions) {
    this.#options = options;
    this.#patterns = options.metadata.allowedTools.map(withoutServer);
  }

  has(name: string): boolean {
    return this.#patterns.some((it) => matches(it, name)) || this.#isOwn(name);
  }

  // a tool of the kernel's that has taken the name of one of the skill's is not the skill's
  #isOwn(name: string): boolean {
    const { registry, toolbox, skillName } = this.#options;
    if (registry.get(name)?.skillName !== skillName) return false;
    const { dcc } = toolbox.get(name)?.meta ?? {};
    return isObject(dcc) && dcc["skill"] === skillName;
  }

  refusal(name: string): string {
    return `Cannot call tool "${name}": scripts of skill "${this.#options.skillName}" reach its own tools and those that its ` +
      `"allowed-tools" names; add ${name} there in SKILL.md`;
  }
}

/** Gives the entries of `allowed-tools` that name no tool here, such as `Bash(git:*)`: they are for other programs. */
export function foreignTools(
  { allowedTools }: Pick<SkillMetadata, "allowedTools">,
  names: readonly string[],
): readonly string[] {
  return allowedTools.filter((entry) => !names.some((name) => matches(withoutServer(entry), name)));
}

function withoutServer(entry: string): string {
  return entry.startsWith(CLIENT_PREFIX) ? entry.slice(CLIENT_PREFIX.length) : entry;
}

/** Matches a name by a pattern in which `*` stands for any characters; in time that grows with their lengths alone. */
function matches(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
