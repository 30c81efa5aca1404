/**
 * Hints for whoever wrote a field of a step in another way.
 *
 * @module
 */
import type { Path } from "./problems.ts";

/** What others call the fields, as models know them from elsewhere. */
export const OTHER_NAMES: ReadonlyMap<string, string> = new Map(Object.entries({
  id: "name",
  uses: "tool",
  tool_name: "tool",
  call: "tool",
  pipeline: "tool",
  arguments: "args",
  with: "args",
  input: "args",
  inputs: "args",
  params: "args",
  if: "condition",
  when: "condition",
  branches: "parallel",
  foreach: "for_each",
  forEach: "for_each",
  map: "for_each",
  loop: "for_each",
  with_items: "for_each",
  choice: "switch",
  elicit: "wait_for_input",
  retries: "retry",
  timeout: "timeout_ms",
  timeout_seconds: "timeout_ms",
  outputs: "output",
  catch: "on_error",
  on_failure: "on_error",
  in: "items",
  max_concurrency: "concurrency",
  do: "steps",
  default: "steps",
  attempts: "max_attempts",
  limit: "max_attempts",
  ttl: "ttl_ms",
}));

/** What the fields look like, for whoever wrote another shape. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  name: "fetch",
  tool: "a_tool",
  args: { city: "$input.city" },
  condition: "$check.count > 0",
  continue_on_error: true,
  steps: [{ tool: "a_tool" }],
  parallel: [{ tool: "a_tool" }, { tool: "another_tool" }],
  for_each: { items: "$prev.files", steps: [{ tool: "a_tool", args: { path: "$item" } }] },
  switch: [{ condition: "$prev.kind == 'a'", steps: [{ tool: "a_tool" }] }, { steps: [{ tool: "another_tool" }] }],
  wait_for_input: { message: "Go on?" },
  retry: { max_attempts: 3 },
  timeout_ms: 30_000,
  cache: { ttl_ms: 60_000 },
  on_error: [{ tool: "a_tool" }],
};

/** Shows what a field looks like: `write {"retry":{"max_attempts":3}}`. */
export function exampleOf(field: string): string {
  return `write ${JSON.stringify({ [field]: EXAMPLES[field] })}`;
}

/** Shows what the innermost field of a path looks like that there is an example of. */
export function exampleAt(path: Path): string {
  return exampleOf(String(path.findLast((it) => Object.hasOwn(EXAMPLES, it)) ?? "tool"));
}
