/**
 * What can be told to clients of a pipeline from the tools that it calls.
 *
 * @module
 */
import type { ToolAnnotations, Toolbox } from "../../kernel/mod.ts";
import { calledTools } from "./check/circles.ts";

/**
 * Derives the hints of a pipeline: it reads only if all of its tools do, and destroys if one of them may. What one of
 * them says nothing of is left open, which clients take as the worst.
 */
export function deriveAnnotations(steps: unknown, toolbox: Pick<Toolbox, "get">): ToolAnnotations {
  const hints = [...calledTools(steps)].map((name) => toolbox.get(name)?.annotations ?? {});
  const readOnlyHint = hints.every((it) => it.readOnlyHint === true);
  if (readOnlyHint) return { readOnlyHint, ...worst(hints, "openWorldHint") };
  const changing = hints.filter((it) => it.readOnlyHint !== true);
  const idempotentHint = changing.every((it) => it.idempotentHint === true);
  return {
    readOnlyHint,
    ...worst(changing, "destructiveHint"),
    ...(idempotentHint && { idempotentHint }),
    ...worst(hints, "openWorldHint"),
  };
}

/** Gives a hint that is good when it is false: it is so if all say so, and not if one says that. */
function worst<K extends "destructiveHint" | "openWorldHint">(
  hints: readonly ToolAnnotations[],
  hint: K,
): { readonly [H in K]?: boolean } {
  if (hints.some((it) => it[hint] === true)) return { [hint]: true } as { readonly [H in K]: boolean };
  if (hints.every((it) => it[hint] === false)) return { [hint]: false } as { readonly [H in K]: boolean };
  return {};
}
