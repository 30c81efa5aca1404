/**
 * The names that tools have in code: as globals, and as members of `tools`.
 *
 * @module
 */
import type { ToolSummary } from "../../../kernel/mod.ts";

export { JAVASCRIPT_RESERVED, PYTHON_RESERVED } from "./reserved_words.ts";

/** Key in the `_meta` of a tool that was imported: the name under which its server is found, such as `github`. */
export const NAMESPACE_META = "collet/namespace";

const NAMESPACE_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;

/** A tool as code reaches it. */
export interface ToolInCode {
  readonly name: string;
  /** The global that calls it; without one it is reached as `tools["its-name"]`. */
  readonly identifier?: string;
  /** With {@linkcode member}, where else it is found: `tools.github` of `tools.github.create_issue`. */
  readonly namespace?: string;
  /** Such as `create_issue` of `tools.github.create_issue`. */
  readonly member?: string;
}

/** Which names are not given to tools. */
export interface CodeNameOptions {
  /** Such as {@linkcode JAVASCRIPT_RESERVED}. */
  readonly reserved: ReadonlySet<string>;
}

/**
 * Gives tools the names of globals, as skillz does: dashes become underscores. A word that is reserved gets an underscore
 * behind it, and a digit in front one before it. Of several that would have the same, the tool that is spelled so has it.
 *
 * @param tools Names of all tools there are: those of others decide as well.
 * @returns Globals by tool; a tool that has none is reached as `tools["its-name"]`.
 */
export function codeNames(tools: readonly string[], { reserved }: CodeNameOptions): ReadonlyMap<string, string> {
  const wishes = new Map<string, Set<string>>();
  for (const tool of tools) {
    const wish = identifierOf(tool, reserved);
    if (wish !== "") wishes.set(wish, (wishes.get(wish) ?? new Set()).add(tool));
  }
  const names = new Map<string, string>();
  for (const [identifier, [first, ...others]] of wishes) {
    if (others.length === 0) names.set(first!, identifier);
    else if (wishes.get(identifier)!.has(identifier)) names.set(identifier, identifier);
  }
  return names;
}

function identifierOf(tool: string, reserved: ReadonlySet<string>): string {
  const word = tool.replaceAll(/[^A-Za-z0-9_]/g, "_");
  if (/^\d/.test(word)) return `_${word}`;
  return reserved.has(word) ? `${word}_` : word;
}

/** Where an imported tool is found as well: `tools.github.create_issue`. */
export type NamespacedName = Required<Pick<ToolInCode, "namespace" | "member">>;

/** Reads the place of a tool below a namespace: it is registered by the name of its server and its own. */
export function namespaceOf({ name, meta }: Pick<ToolSummary, "name" | "meta">): NamespacedName | undefined {
  const namespace = meta?.[NAMESPACE_META];
  if (typeof namespace !== "string" || !NAMESPACE_REGEXP.test(namespace) || !name.startsWith(namespace)) {
    return undefined;
  }
  const member = name.slice(namespace.length).replace(/^[_-]+/, "");
  return member === "" ? undefined : { namespace, member };
}

/**
 * Gives tools all their names in code. Of several that would have one place below a namespace the first has it.
 *
 * @param tools All there are, in the order in which they are listed: others decide as well.
 */
export function placeTools(
  tools: readonly Pick<ToolSummary, "name" | "meta">[],
  { reserved }: CodeNameOptions,
): readonly ToolInCode[] {
  const names = codeNames(tools.map((it) => it.name), { reserved });
  const taken = new Set<string>();
  return tools.map((tool) => {
    const identifier = names.get(tool.name);
    const place = namespaceOf(tool);
    const path = place && `${place.namespace}.${place.member}`;
    const isFree = path !== undefined && !taken.has(path);
    if (isFree) taken.add(path);
    return { name: tool.name, ...(identifier !== undefined && { identifier }), ...(isFree && place) };
  });
}
