/**
 * What becomes of a call: whether it may run as a task, in which form, and whether it must.
 *
 * @module
 */
import { type Call, ErrorCode, isObject, type JsonObject, ProtocolError, type ToolSummary } from "../../kernel/mod.ts";
import type { TaskForm } from "./record.ts";

/** The extension of 2026-07-28. */
export const EXTENSION_ID = "io.modelcontextprotocol/tasks";

/** How a call runs as a task. */
export interface Plan {
  readonly form: TaskForm;
  /** Whether it is a task from the start; otherwise its tool makes it one, or not. */
  readonly isImmediate: boolean;
  /** Life that the client asked for, in milliseconds; `Infinity` for as long as can be. */
  readonly ttlMs?: number;
  readonly parentJobId?: string;
  /** Whether the client asked for an answer of another kind: the tool can only run as a task, and it knows none. */
  readonly isUnexpected?: boolean;
}

/**
 * Decides on a call; `undefined` when it cannot be a task.
 *
 * @throws {ProtocolError} when the tool has to be a task and the client could have known, or the other way round.
 */
export function planOf(
  { name, execution }: Pick<ToolSummary, "name" | "execution">,
  { params, call }: { readonly params: JsonObject; readonly call: Call },
): Plan | undefined {
  const { dcc } = call.meta;
  if (isObject(dcc) && dcc["async"] === true && execution !== "sync") return jobOf(dcc);
  if (isModern(call)) return modernPlan({ name, execution }, call);
  if (knowsLegacyTasks(call) && params["task"] !== undefined) return legacyPlan({ name, execution }, params["task"]);
  if (execution !== "required") return undefined;
  if (knowsLegacyTasks(call) && isObject(call.client.capabilities["tasks"])) {
    throw new ProtocolError(
      ErrorCode.methodNotFound,
      `Tool "${name}" has to be called as a task: add "task" to the request`,
    );
  }
  return { form: "job", isImmediate: true, isUnexpected: true };
}

function modernPlan({ name, execution }: Pick<ToolSummary, "name" | "execution">, call: Call): Plan | undefined {
  if (hasExtension(call)) {
    if (execution === "sync") return undefined;
    return { form: "modern", isImmediate: execution === "async" || execution === "required" };
  }
  if (execution === "required") throw missingExtension(`Cannot call tool "${name}": it runs as a task`);
  return undefined;
}

function legacyPlan({ name, execution }: Pick<ToolSummary, "name" | "execution">, task: unknown): Plan {
  if (execution === "sync") {
    throw new ProtocolError(ErrorCode.methodNotFound, `Tool "${name}" cannot be called as a task: leave "task" out`);
  }
  const ttl = isObject(task) ? task["ttl"] : NaN;
  if (ttl === undefined) return { form: "legacy", isImmediate: true };
  if (ttl !== null && !(typeof ttl === "number" && ttl >= 0)) {
    throw new ProtocolError(
      ErrorCode.invalidParams,
      'Invalid "task": it is an object, and its "ttl" a number of milliseconds',
    );
  }
  return { form: "legacy", isImmediate: true, ttlMs: ttl ?? Infinity };
}

function jobOf({ parentJobId }: JsonObject): Plan {
  const job: Plan = { form: "job", isImmediate: true };
  return typeof parentJobId === "string" && parentJobId !== "" ? { ...job, parentJobId } : job;
}

/** Tells whether a request is of 2026-07-28 or later. */
function isModern({ client: { protocolVersion = "" } }: Call): boolean {
  return protocolVersion >= "2026";
}

function knowsLegacyTasks({ client }: Call): boolean {
  return client.protocolVersion === "2025-11-25";
}

function hasExtension({ client: { capabilities: { extensions } } }: Call): boolean {
  return isObject(extensions) && isObject(extensions[EXTENSION_ID]);
}

/**
 * Makes sure that a request of 2026-07-28 declares the extension.
 *
 * @throws {ProtocolError} `-32021` when it does not.
 */
export function requireExtension(call: Call): void {
  if (!hasExtension(call)) throw missingExtension("Cannot serve tasks");
}

function missingExtension(what: string): ProtocolError {
  return new ProtocolError(
    ErrorCode.missingClientCapability,
    `${what}, and the client has not declared the extension "${EXTENSION_ID}"`,
    { requiredCapabilities: { extensions: { [EXTENSION_ID]: {} } } },
  );
}

/** Tells whether a tool says of itself that calling it again does no harm. */
export function isRepeatable({ annotations }: ToolSummary): boolean {
  return annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
}
