/**
 * Where runs are in the store: a head each, by which they are listed, watched and fenced, and below another prefix what
 * belongs to it.
 *
 * ```text
 * head/run/<owner>/<root>                        the head of a run
 * head/sub/<owner>/<root>/<nested>               the head of a run within it
 * data/<owner>/<root>/<nested or ->/made         what it was started with
 *                                  /step/<key>   what is known of a step
 *                                  /output/<key> what it gave, where that is large
 *                                  /child/<key>  the run that the step started
 *                                  /result       what the pipeline gave
 * ```
 *
 * @module
 */
import { type Principal, sha256 } from "../../../kernel/mod.ts";
import { partsOfRunId } from "./record.ts";

/** Begins the keys of all heads. */
export const HEADS = "head/";
const RUNS = `${HEADS}run/`;
const NESTED_RUNS = `${HEADS}sub/`;
// who the server does not know shares what it makes with all whom it does not know
const NOBODY = "-";
const OUTERMOST = "-";

/** Gives the part of keys that stands for a principal: a hash, since ids of principals may be longer than a key. */
export async function ownerOf(principal: Principal | undefined): Promise<string> {
  return principal === undefined ? NOBODY : await sha256(principal.id);
}

/** The keys of one run. */
export interface RunPlace {
  readonly head: string;
  readonly made: string;
  readonly result: string;
  /** Begins the keys of its steps. */
  readonly steps: string;
  step(key: string): string;
  output(key: string): string;
  /** Begins the keys of the runs that its steps started. */
  readonly children: string;
  child(key: string): string;
}

/** Gives the keys of a run; `undefined` for what is no id of one. */
export function placeOf(owner: string, id: unknown): RunPlace | undefined {
  const parts = partsOfRunId(id);
  if (parts === undefined) return undefined;
  const { root, nested } = parts;
  const data = `${dataOf(owner, root)}${nested ?? OUTERMOST}/`;
  const steps = `${data}step/`;
  const children = `${data}child/`;
  return {
    head: nested === undefined ? `${headsOf(owner)}${root}` : `${nestedHeadsOf(owner, root)}${nested}`,
    made: `${data}made`,
    result: `${data}result`,
    steps,
    step: (key) => steps + sortable(key),
    output: (key) => `${data}output/${sortable(key)}`,
    children,
    child: (key) => children + sortable(key),
  };
}

/** Begins the keys of the heads of a principal's runs; of everybody's without one. */
export function headsOf(owner?: string): string {
  return owner === undefined ? RUNS : `${RUNS}${owner}/`;
}

/** Begins the keys of all that belongs to a run and the runs within it, their heads aside. */
export function dataOf(owner: string, root: string): string {
  return `data/${owner}/${root}/`;
}

/** Begins the keys of the heads of the runs within a run. */
export function nestedHeadsOf(owner: string, root: string): string {
  return `${NESTED_RUNS}${owner}/${root}/`;
}

// numbers sort as numbers: each one begins with how many digits it has
function sortable(key: string): string {
  return key.replaceAll(/\d+/g, (digits) => digits.length.toString(36) + digits);
}
