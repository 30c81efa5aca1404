/**
 * Which operations are offered.
 *
 * @module
 */
import { isSelected } from "../../offer/selection.ts";
import type { OperationSelection } from "../../openapi_target.ts";
import type { FoundOperation } from "./operations.ts";

/** Tells whether an operation is offered. */
export function isSelectedOperation({ method, path, value }: FoundOperation, select: OperationSelection): boolean {
  const own = Array.isArray(value["tags"]) ? value["tags"] : [];
  const { tags, methods, paths, excludedTags = [], excludedPaths = [] } = select;
  const isOf = (names: readonly string[]) => names.some((it) => own.includes(it));
  if (isOf(excludedTags) || (tags !== undefined && !isOf(tags))) return false;
  if (methods !== undefined && !methods.some((it) => it.toLowerCase() === method)) return false;
  return isSelected(path, { ...(paths !== undefined && { include: paths }), exclude: excludedPaths });
}
