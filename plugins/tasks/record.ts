/**
 * What is kept of a task, and what may become of it. Nothing here knows a store or a wire.
 *
 * @module
 */
import {
  type ClientView,
  ErrorCode,
  type JsonObject,
  type Principal,
  type Question,
  textOf,
  toHex,
  type ToolResult,
} from "../../kernel/mod.ts";

/** Most characters of what a task says of its state. */
export const STATUS_MESSAGE_CHARACTERS = 500;

/** Where a task is in its life. */
export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

/**
 * How the client came to the task: by the extension of 2026-07-28 (`modern`), by `params.task` of 2025-11-25
 * (`legacy`), or as a `job` that it asks for by tools.
 */
export type TaskForm = "modern" | "legacy" | "job";

/** A JSON-RPC error, as it is kept. */
export interface TaskError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** What a call comes to. */
export type Outcome = { readonly result: JsonObject } | { readonly error: TaskError };

/** What answers a question: the client's words, or why there are none. */
export type Answer = { readonly value: unknown } | { readonly refused: string };

/** How far the work is. */
export interface Progress {
  readonly current: number;
  readonly total: number | null;
  readonly message: string | null;
}

/** A task as it is kept. Its result has a key of its own, so that looking at tasks stays cheap. */
export interface TaskRecord {
  readonly id: string;
  readonly form: TaskForm;
  readonly tool: string;
  readonly principal?: Principal;
  readonly client: ClientView;
  /** Kept where the call may be repeated after a restart, and nowhere else. */
  readonly args?: JsonObject;
  readonly parentJobId?: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  /** Milliseconds since 1970, like every time here. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt?: number;
  /** Life from its creation, in milliseconds. */
  readonly ttlMs: number;
  readonly progress?: Progress;
  /** Open questions by key. */
  readonly questions: Readonly<Record<string, Question>>;
  /** Answers by key that the running call has not taken note of yet. */
  readonly answers: Readonly<Record<string, Answer>>;
  /** Keys that were ever used: a client answers each one once. */
  readonly asked: readonly string[];
  /** The server that runs it; absent when none does. */
  readonly server?: string;
  /** Rises with each change. */
  readonly revision: number;
  /** How often it was taken up again. */
  readonly resumed: number;
  /** Why it failed. */
  readonly error?: TaskError;
  /** Whether the result has `isError`. */
  readonly hasFailed?: boolean;
  /** Whether a restart ended it. */
  readonly wasInterrupted?: boolean;
}

/** What a task is made of. */
export type TaskSeed = Pick<TaskRecord, "form" | "tool" | "client" | "ttlMs" | "server"> & {
  readonly principal: Principal | undefined;
  readonly args: JsonObject | undefined;
  readonly parentJobId: string | undefined;
};

/** An id: nine digits of time, so that ids sort by age, and 128 random bits. */
export const TASK_ID_REGEXP = /^[0-9a-z]{9}-[0-9a-f]{32}$/;

/** Makes an id that cannot be guessed. */
export function newTaskId(now: number): string {
  return `${now.toString(36).padStart(9, "0")}-${toHex(crypto.getRandomValues(new Uint8Array(16)))}`;
}

/** Makes the record of a task that begins to work. */
export function newRecord({ principal, args, parentJobId, ...seed }: TaskSeed, now: number): TaskRecord {
  return {
    ...seed,
    ...(principal !== undefined && { principal }),
    ...(args !== undefined && { args }),
    ...(parentJobId !== undefined && { parentJobId }),
    id: newTaskId(now),
    status: "working",
    createdAt: now,
    updatedAt: now,
    questions: {},
    answers: {},
    asked: [],
    revision: 0,
    resumed: 0,
  };
}

/** Tells whether nothing more becomes of a task. */
export function isTerminal({ status }: TaskRecord): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Gives the time at which a task is forgotten. */
export function expiryOf({ createdAt, ttlMs }: TaskRecord): number {
  return createdAt + ttlMs;
}

/** Adds an open question. */
export function withQuestion(record: TaskRecord, key: string, question: Question): TaskRecord {
  const questions = { ...record.questions, [key]: question };
  return { ...record, status: "input_required", questions, asked: [...record.asked, key] };
}

/** Takes an open question away that nobody waits for any more; `undefined` when it is not open. */
export function withoutQuestion(record: TaskRecord, key: string): TaskRecord | undefined {
  if (!Object.hasOwn(record.questions, key)) return undefined;
  const { [key]: _withdrawn, ...questions } = record.questions;
  return { ...record, status: Object.keys(questions).length === 0 ? "working" : "input_required", questions };
}

/** Turns open questions into answered ones; `undefined` when none of them is. */
export function withAnswers(
  record: TaskRecord,
  answerTo: (key: string, question: Question) => Answer | undefined,
): TaskRecord | undefined {
  const open: [string, Question][] = [];
  const answered: [string, Answer][] = [];
  for (const [key, question] of Object.entries(record.questions)) {
    const answer = answerTo(key, question);
    if (answer === undefined) open.push([key, question]);
    else answered.push([key, answer]);
  }
  if (answered.length === 0) return undefined;
  return {
    ...record,
    status: open.length === 0 ? "working" : "input_required",
    questions: Object.fromEntries(open),
    answers: { ...record.answers, ...Object.fromEntries(answered) },
  };
}

/** Ends a task with what its call came to. */
export function withOutcome(record: TaskRecord, outcome: Outcome, now: number): TaskRecord {
  if ("error" in outcome) return ended(record, { status: "failed", error: outcome.error }, now);
  const { result } = outcome;
  if (result["isError"] !== true) return ended(record, { status: "completed" }, now);
  const failure = textOf(result as unknown as ToolResult).slice(0, STATUS_MESSAGE_CHARACTERS);
  const said = failure === "" ? {} : { statusMessage: failure };
  return ended(record, { status: "completed", hasFailed: true, ...said }, now);
}

/** Ends a task because its client wants no more of it. */
export function cancelled(record: TaskRecord, now: number): TaskRecord {
  return ended(record, { status: "cancelled", statusMessage: "Cancelled by the client" }, now);
}

/** Ends a task because the server that ran it is gone. */
export function interrupted(record: TaskRecord, now: number): TaskRecord {
  const message = "Interrupted: the server was restarted while the task was running";
  return ended(
    record,
    { status: "failed", error: { code: ErrorCode.internalError, message }, wasInterrupted: true },
    now,
  );
}

/** Readies a task to be taken up by a server, from the start. */
export function resumedBy(record: TaskRecord, server: string): TaskRecord {
  const { progress: _progress, ...rest } = record;
  const statusMessage = "Resumed after a restart of the server";
  return { ...rest, server, status: "working", statusMessage, questions: {}, answers: {}, resumed: record.resumed + 1 };
}

function ended(record: TaskRecord, end: Partial<TaskRecord>, now: number): TaskRecord {
  // what was needed to run is not kept longer than that
  const { args: _args, server: _server, statusMessage: _said, ...rest } = record;
  return { ...rest, questions: {}, answers: {}, ...end, endedAt: now };
}
