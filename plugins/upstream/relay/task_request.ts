/**
 * Calls of tools that a server runs as tasks only (revision 2025-11-25): the result is waited for, as clients that know no
 * tasks expect.
 *
 * @module
 */
import { isObject, type JsonObject } from "../../../kernel/mod.ts";
import type { Connection, RequestOptions } from "../connection/connection.ts";

/** What is asked of a server. */
export interface Request {
  readonly method: string;
  readonly params: JsonObject;
}

/** Tells whether a tool, as its server lists it, can be called as a task only. */
export function isTaskOnly({ execution }: JsonObject): boolean {
  return isObject(execution) && execution["taskSupport"] === "required";
}

/**
 * Sends a request as a task and waits for its result; a server that answers at once is believed.
 *
 * @throws as a request does. The task is cancelled when `signal` aborts.
 */
export async function requestTask(
  connection: Connection,
  { method, params }: Request,
  options: RequestOptions,
): Promise<JsonObject> {
  const answer = await connection.request(method, { ...params, task: {} }, options);
  const { task } = answer;
  if (!isObject(task) || typeof task["taskId"] !== "string") return answer;
  const { taskId } = task;
  try {
    return await connection.request("tasks/result", { taskId }, options);
  } catch (thrown) {
    if (options.signal.aborted) cancel(connection, taskId, options);
    throw thrown;
  }
}

function cancel(connection: Connection, taskId: string, { timeoutMs }: RequestOptions): void {
  // the signal of the call has aborted already
  const { signal } = new AbortController();
  connection.request("tasks/cancel", { taskId }, { signal, timeoutMs }).catch(() => {});
}
