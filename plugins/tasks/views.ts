/**
 * Tasks as the wire has them: in 2026-07-28, in 2025-11-25, and as jobs.
 *
 * @module
 */
import {
  type Content,
  ErrorCode,
  type JsonObject,
  ProtocolError,
  textOf,
  type ToolResult,
  valueOf,
} from "../../kernel/mod.ts";
import { isTerminal, STATUS_MESSAGE_CHARACTERS, type TaskRecord } from "./record.ts";

/** The key under which messages of 2025-11-25 name their task. */
export const RELATED_TASK = "io.modelcontextprotocol/related-task";

/** What the wire tells beside the record. */
export interface ViewOptions {
  /** Time between two looks that is suggested to clients, in milliseconds. */
  readonly pollIntervalMs: number;
}

/** A task without its outcome, as `CreateTaskResult` of 2026-07-28 carries it. */
export function modernTask(record: TaskRecord, { pollIntervalMs }: ViewOptions): JsonObject {
  const { id, status, ttlMs } = record;
  return { taskId: id, status, ...messageIn(record), ...timesIn(record), ttlMs, pollIntervalMs };
}

/** A task with what belongs to its status, as `tasks/get` of 2026-07-28 answers. */
export function modernDetails(record: TaskRecord, result: JsonObject | undefined, options: ViewOptions): JsonObject {
  const task = modernTask(record, options);
  if (record.status === "input_required") {
    const requests = Object.entries(record.questions).map(([key, { method, params }]) => [key, { method, params }]);
    return { ...task, inputRequests: Object.fromEntries(requests) };
  }
  if (record.status === "completed") return { ...task, result };
  if (record.status === "failed") return { ...task, error: record.error };
  return task;
}

/** A task of 2025-11-25, where a result with `isError` means that it failed. */
export function legacyTask(record: TaskRecord, { pollIntervalMs }: ViewOptions): JsonObject {
  const { id, hasFailed, ttlMs } = record;
  const status = hasFailed === true ? "failed" : record.status;
  return { taskId: id, status, ...messageIn(record), ...timesIn(record), ttl: ttlMs, pollInterval: pollIntervalMs };
}

/**
 * What `tasks/result` of 2025-11-25 answers: what the call itself would have.
 *
 * @throws {ProtocolError} when it would have been an error.
 */
export function legacyResult({ id, error }: TaskRecord, result: JsonObject | undefined): JsonObject {
  if (error !== undefined) throw new ProtocolError(error.code, error.message, error.data);
  if (result === undefined) throw new ProtocolError(ErrorCode.internalError, "Cancelled by the client");
  return { ...result, _meta: { ...result["_meta"] as JsonObject | undefined, ...relatedTo(id) } };
}

/** The `_meta` by which a message of 2025-11-25 names its task. */
export function relatedTo(taskId: string): JsonObject {
  return { [RELATED_TASK]: { taskId } };
}

/** What a call answers that became a job; text alone where its tool promises a result of another shape. */
export function jobAnswer({ id, parentJobId, tool }: TaskRecord, hasOutputSchema: boolean): JsonObject {
  const status = "pending";
  const text = `Tool "${tool}" runs as job ${id}: call jobs_get_status with this job_id for its state and result`;
  // clients refuse a result that does not fit the output schema, unless it is an error
  if (hasOutputSchema) return { content: [{ type: "text", text }], isError: true };
  const parent = parentJobId ?? null;
  const _meta = { status, dcc: { jobId: id, parentJobId: parent } };
  const structuredContent = { job_id: id, status, parent_job_id: parent, _meta };
  return { content: [{ type: "text", text }], structuredContent };
}

/** What `jobs_get_status` answers. */
export function jobStatus(record: TaskRecord, result: JsonObject | undefined): JsonObject {
  const { id, parentJobId, tool, createdAt, updatedAt, endedAt, progress } = record;
  const failure = record.error?.message ?? (record.hasFailed === true && result ? textOf(asToolResult(result)) : null);
  return {
    job_id: id,
    parent_job_id: parentJobId ?? null,
    tool,
    status: jobState(record),
    created_at: isoTime(createdAt),
    started_at: isoTime(createdAt),
    completed_at: endedAt === undefined ? null : isoTime(endedAt),
    updated_at: isoTime(updatedAt),
    progress: progress ?? null,
    error: failure,
    ...(isTerminal(record) && result !== undefined && record.hasFailed !== true && { result: jobResult(result) }),
  };
}

function jobState({ status, hasFailed, wasInterrupted }: TaskRecord): string {
  if (wasInterrupted === true) return "interrupted";
  if (hasFailed === true) return "failed";
  return status === "working" || status === "input_required" ? "running" : status;
}

// the value that a program wants; the whole where there is more than text
function jobResult(result: JsonObject): unknown {
  const whole = asToolResult(result);
  const isText = whole.content.every((block: Content) => block.type === "text");
  return isText || whole.structuredContent !== undefined ? valueOf(whole) : whole;
}

function asToolResult(result: JsonObject): ToolResult {
  return result as unknown as ToolResult;
}

function messageIn({ statusMessage, error }: TaskRecord): JsonObject {
  const message = error?.message ?? statusMessage;
  return message === undefined ? {} : { statusMessage: message.slice(0, STATUS_MESSAGE_CHARACTERS) };
}

function timesIn({ createdAt, updatedAt }: TaskRecord): JsonObject {
  return { createdAt: isoTime(createdAt), lastUpdatedAt: isoTime(updatedAt) };
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
