/**
 * Steps of runs as they are kept: one entry each, and one more for what it gave where that is large, so that looking at
 * steps stays cheap.
 *
 * @module
 */
import { type Namespace, type Operation, scanAll } from "../../store/contract.ts";
import type { BegunStep, FinishedStep } from "../engine/journal.ts";
import { isWithin } from "../engine/outputs.ts";
import type { RunPlace } from "./places.ts";
import type { RunStep } from "./record.ts";

// within the entry of the step
const SMALL_BYTES = 1_024;
const LARGE = "large";

// in keys: what follows a step that has others within it, the number of its attempt, and kinds that hide names
const KIND_REGEXP = /\.(?=[a-z])/g;
const ATTEMPT_REGEXP = /~(\d+)$/;
const HIDDEN_REGEXP = /^(for_each|switch|on_error)/;

/** A step as it is kept. */
export type KeptStep = KeptBegin | KeptFinish;

/** A step that began, and may not be repeated. */
export interface KeptBegin extends Pick<BegunStep, "key" | "name" | "tool"> {
  readonly status: "running";
  readonly startedAt: number;
}

/** A step that finished; `output` is its own entry where `kept` says so. */
export interface KeptFinish extends Omit<FinishedStep, "output"> {
  readonly output?: unknown;
  readonly kept?: typeof LARGE;
  /** It may not be repeated, and was ended on its way: nobody knows what it did. */
  readonly isCut?: true;
}

/** Gives what writes down that a step begins. */
export function beginOf(place: RunPlace, { key, name, tool }: BegunStep, startedAt: number): Operation {
  const kept: KeptBegin = { key, ...(name && { name }), ...(tool && { tool }), status: "running", startedAt };
  return { type: "set", key: place.step(key), value: kept };
}

/** Gives what writes down that a step finished. */
export function finishOf(place: RunPlace, step: FinishedStep, { isCut }: { readonly isCut: boolean }): Operation[] {
  const { output, ...rest } = step;
  const isLarge = !isWithin(output, SMALL_BYTES);
  const kept: KeptFinish = { ...rest, ...(isLarge ? { kept: LARGE } : { output }), ...(isCut && { isCut }) };
  const operations: Operation[] = [{ type: "set", key: place.step(step.key), value: kept }];
  // whoever reads the step finds what it gave
  if (isLarge) operations.unshift({ type: "set", key: place.output(step.key), value: output });
  return operations;
}

/** What a run knows of its steps when it is taken up. */
export interface RunMemory {
  /** By their keys. */
  readonly finished: ReadonlyMap<string, FinishedStep>;
  /** Those of which nobody knows what they did, by their keys. */
  readonly cut: ReadonlyMap<string, KeptStep>;
}

/**
 * Reads the steps of a run; those within a step that is done are left out where nothing can read them any more.
 *
 * @param options.isBare Leaves large outputs where they are, for whoever wants to know what was in flight.
 */
export async function readMemory(
  entries: Namespace,
  place: RunPlace,
  { isBare = false }: { readonly isBare?: boolean } = {},
): Promise<RunMemory> {
  const finished = new Map<string, FinishedStep>();
  const cut = new Map<string, KeptStep>();
  // a step sorts before what is within it
  for await (const { value } of scanAll(entries, { prefix: place.steps, limit: 1_000 })) {
    const step = value as unknown as KeptStep;
    if (isForgotten(step.key, finished)) continue;
    if (isCut(step) && !isPast(step.key, finished)) cut.set(step.key, step);
    if (step.status === "running") continue;
    finished.set(step.key, isBare ? { output: null, ...step } : await restore(entries, { place, step }));
  }
  return { finished, cut };
}

/** Tells whether nobody knows what a step did. */
export function isCut(step: KeptStep): boolean {
  return step.status === "running" || step.isCut === true;
}

/** Tells whether a run that goes on comes to a step no more, be it for what has become of those around it. */
export function isPast(key: string, finished: ReadonlyMap<string, FinishedStep>): boolean {
  const own = finished.get(key);
  return isDone(own) || own?.isCaught === true || outerKeys(key).some(([outer, rest, attempt]) => {
    const step = finished.get(outer);
    if (isDone(step)) return true;
    if (step?.isCaught) return !rest.startsWith("on_error");
    return step?.isRetried === true && attempt <= step.attempts;
  });
}

// names within lists of steps and parallel steps can be read after them, those within others cannot
function isForgotten(key: string, finished: ReadonlyMap<string, FinishedStep>): boolean {
  return outerKeys(key).some(([outer, rest]) => HIDDEN_REGEXP.test(rest) && isDone(finished.get(outer)));
}

// the steps around a step, each with the rest of the key and the attempt that it belongs to: for `2~3.steps.1.on_error.0`
// those are `2`, `steps.1.on_error.0` and 3, and `2~3.steps.1`, `on_error.0` and 1
function outerKeys(key: string): readonly (readonly [string, string, number])[] {
  return [...key.matchAll(KIND_REGEXP)].map(({ index }) => {
    const [outer = "", attempt = 1] = key.slice(0, index).split(ATTEMPT_REGEXP);
    return [outer, key.slice(index + 1), Number(attempt)];
  });
}

function isDone(step: FinishedStep | undefined): boolean {
  return step !== undefined && step.status !== "failed";
}

/** Reads what a step of a run gave; `undefined` where it gave nothing. */
export async function readOutput(
  entries: Namespace,
  { place, key }: { place: RunPlace; key: string },
): Promise<unknown> {
  const step = (await entries.get(place.step(key)))?.value as unknown as KeptStep | undefined;
  if (step === undefined || step.status === "running") return undefined;
  return (await restore(entries, { place, step })).output;
}

/** Gives what is shown of a step. */
export function shownStep(step: KeptStep): RunStep {
  if (step.status === "running") return step;
  const { key, name, tool, status, startedAt, endedAt, error, attempts, isCached } = step;
  return {
    key,
    ...(name !== undefined && { name }),
    ...(tool !== undefined && { tool }),
    status,
    startedAt,
    endedAt,
    ...(error !== undefined && { error }),
    attempts,
    ...(isCached && { isCached }),
  };
}

async function restore(
  entries: Namespace,
  { place, step: { kept, isCut: _isCut, ...step } }: { readonly place: RunPlace; readonly step: KeptFinish },
): Promise<FinishedStep> {
  const output = kept === undefined ? step.output : (await entries.get(place.output(step.key)))?.value;
  return { ...step, output: output ?? null };
}
