/**
 * Arguments that the tools for skills have in common.
 *
 * @module
 */
import * as v from "valibot";

/** Describes the argument that says what a call does. */
export function operationField<const Names extends readonly string[]>(names: Names) {
  return v.pipe(
    v.picklist(names, ({ received }) => `Unknown operation: ${received}. Valid operations: ${names.join(", ")}`),
    v.description("What to do"),
  );
}
