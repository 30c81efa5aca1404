/**
 * Which services have to run for others to run.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../kernel/mod.ts";
import type { ServiceDefinition } from "./definition.ts";
import type { Definitions } from "./definitions.ts";

/**
 * Reads services with all that they depend on.
 *
 * @returns Their definitions by name, each after those that it depends on.
 * @throws {ToolError} naming what is not defined, with who needs it, or the circle in which services depend on each other.
 */
export async function readOrder(
  names: readonly string[],
  definitions: Pick<Definitions, "get">,
): Promise<ReadonlyMap<string, ServiceDefinition>> {
  const ordered = new Map<string, ServiceDefinition>();
  const visit = async (name: string, path: readonly string[]): Promise<void> => {
    if (ordered.has(name)) return;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].join(" → ");
      throw new ToolError(
        `Cannot start service "${name}": services depend on each other in a circle (${circle}); take one of them out of ` +
          'its "depends_on", by the action define with overwrite',
      );
    }
    const definition = await read(name, { definitions, neededBy: path.at(-1) });
    for (const needed of definition.depends_on) await visit(needed, [...path, name]);
    ordered.set(name, definition);
  };
  for (const name of names) await visit(name, []);
  return ordered;
}

async function read(
  name: string,
  { definitions, neededBy }: { readonly definitions: Pick<Definitions, "get">; readonly neededBy: string | undefined },
): Promise<ServiceDefinition> {
  try {
    return await definitions.get(name);
  } catch (error) {
    if (neededBy === undefined) throw error;
    throw new ToolError(`Cannot start service "${neededBy}", which depends on "${name}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}
