/**
 * Draws a run: the steps of its pipeline, and what has become of each.
 *
 * @module
 */
import type { Step } from "../definition.ts";
import { toMermaid } from "../mermaid.ts";
import type { Path } from "../problems.ts";
import type { RunStep } from "../runs/runs.ts";

/** What counts for a step that ran for several items, or several times: the first of these that it was. */
const ORDER: readonly RunStep["status"][] = ["failed", "interrupted", "running", "completed", "skipped"];

/** Draws a run, of which there may be many steps. */
export async function drawRun(steps: readonly Step[], ran: AsyncIterable<RunStep>): Promise<string> {
  const found = new Map<string, RunStep["status"]>();
  for await (const { key, status } of ran) {
    const place = placeOfKey(key);
    const before = found.get(place);
    if (before === undefined || ORDER.indexOf(status) < ORDER.indexOf(before)) found.set(place, status);
  }
  return toMermaid(steps, ({ path }) => found.get(placeOfPath(path)));
}

/** Leaves attempts and items out of a key: `2~3.for_each[17].0` is `2.for_each.0`. */
function placeOfKey(key: string): string {
  return key.replace(/~\d+/g, "").replace(/\bfor_each\[\d+\]/g, "for_each");
}

/** Gives the key of a step without attempts and items: `steps[2].switch[1].steps[0]` has `2.switch[1].0`. */
function placeOfPath(path: Path): string {
  return path.slice(1).join(".").replace(/\bfor_each\.steps\./g, "for_each.")
    .replace(/\bswitch\.(\d+)\.steps\./g, "switch[$1].");
}
