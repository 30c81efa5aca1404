/**
 * What is kept of a run, and what may become of it. Nothing here knows a store.
 *
 * @module
 */
import { type JsonObject, type Principal, toHex } from "../../../kernel/mod.ts";

/**
 * Where a run is in its life. `waiting` is for an answer of the user; `interrupted` is a run whose server is gone or has
 * stopped. All but `completed` can be resumed once no server runs them.
 */
export type RunStatus = typeof RUN_STATUSES[number];

/** The states of runs. */
export const RUN_STATUSES = ["running", "waiting", "completed", "failed", "cancelled", "interrupted"] as const;

/** A pipeline as it was when its run began, on the wire: a resumed run never mixes versions. */
export interface RunPlan {
  readonly steps: readonly unknown[];
  /** What the pipeline gives instead of the result of its last step. */
  readonly output?: unknown;
}

/** Names a step of a pipeline that is to be run. */
export interface StepOfRun {
  /** Id of the run. */
  readonly run: string;
  /** Stable place of the step in it, such as `2.for_each[17].0`. */
  readonly key: string;
}

/** A run, without what it was started with. */
export interface RunSummary {
  readonly id: string;
  readonly pipeline: string;
  readonly version?: string;
  readonly principal?: Principal;
  readonly status: RunStatus;
  /** Milliseconds since 1970, like every time here. */
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  /** The server that runs it, or ran it last. */
  readonly server: string;
  /** From 1; rises each time it is taken up. */
  readonly attempt: number;
  /** Why it did not complete. */
  readonly error?: string;
  /** Key of the step that failed. */
  readonly failedStep?: string;
  /** The step that it is a part of. */
  readonly parent?: StepOfRun;
  /** About how much is kept of it, once it has ended, with the runs within it. */
  readonly characters?: number;
}

/** A run. */
export interface RunRecord extends RunSummary {
  readonly input: JsonObject;
  readonly plan: RunPlan;
}

/** A run as it is kept below its own key. */
export interface RunHead extends RunSummary {
  /** Somebody wants it to end; the server that runs it sees to that. */
  readonly isCancelled?: true;
  /** It is being removed, and nobody can see it any more. */
  readonly isRemoved?: true;
}

/** A step of a run. Its output is asked for by itself. */
export interface RunStep {
  readonly key: string;
  readonly name?: string;
  readonly tool?: string;
  /** `interrupted` is a step that was begun and that no server runs any more: nobody knows what it did. */
  readonly status: "running" | "interrupted" | "completed" | "failed" | "skipped";
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly error?: string;
  readonly attempts?: number;
  readonly isCached?: true;
}

const TIME_CHARACTERS = 9;
// the moment it was made, so that keys sort by age, and what nobody guesses; then what tells sub-pipelines apart
const RUN_ID_REGEXP = /^([0-9a-z]{9}-[0-9a-f]{16})(?:\.([0-9a-f]{12}))?$/;

/** The parts of the id of a run. */
export interface RunIdParts {
  /** Id of the outermost run. */
  readonly root: string;
  /** Tells a run within it apart; `undefined` for the outermost one. */
  readonly nested: string | undefined;
}

/** Makes the id of a run: within `parent`, if that is given. */
export function newRunId(now: number, parent?: string): string {
  const outermost = parent && partsOfRunId(parent)?.root;
  if (outermost !== undefined) return `${outermost}.${randomHex(6)}`;
  return `${Math.trunc(now).toString(36).padStart(TIME_CHARACTERS, "0")}-${randomHex(8)}`;
}

/** Takes the id of a run apart; `undefined` for whatever is none. */
export function partsOfRunId(id: unknown): RunIdParts | undefined {
  const [, root, nested] = (typeof id === "string" ? RUN_ID_REGEXP.exec(id) : null) ?? [];
  return root === undefined ? undefined : { root, nested };
}

/** Tells whether no server runs it any more, as it says itself. */
export function hasEnded({ status }: Pick<RunSummary, "status">): boolean {
  return status !== "running" && status !== "waiting";
}

/** Gives what is shown of a run. */
export function summaryOf({ isCancelled: _cancelled, isRemoved: _removed, ...summary }: RunHead): RunSummary {
  return summary;
}

/** Gives what a run is now: one that says it runs, and has no server, was interrupted. */
export function shownRun(head: RunHead, isServed: (head: RunHead) => boolean): RunSummary {
  const summary = summaryOf(head);
  if (hasEnded(head) || isServed(head)) return summary;
  return { ...summary, status: "interrupted", error: "the server that ran it is gone" };
}

function randomHex(bytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
