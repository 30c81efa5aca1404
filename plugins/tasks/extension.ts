/**
 * Tasks on the wire: the extension of 2026-07-28, and the experimental methods of 2025-11-25.
 *
 * @module
 */
import {
  type AroundToolCall,
  ErrorCode,
  isAnswer,
  isObject,
  type JsonObject,
  type Protocol,
  ProtocolError,
  type ProtocolExtension,
  type ProtocolMethod,
  type Toolbox,
} from "../../kernel/mod.ts";
import { legacyMethods } from "./legacy_methods.ts";
import { EXTENSION_ID, type Plan, planOf, requireExtension } from "./plan.ts";
import type { TaskRecord } from "./record.ts";
import type { Found } from "./records.ts";
import { Run } from "./run.ts";
import type { Tasks } from "./tasks.ts";
import { jobAnswer, legacyTask, modernDetails, modernTask, relatedTo, type ViewOptions } from "./views.ts";

/** What the extension is made of. */
export interface ExtensionOptions extends ViewOptions {
  readonly tasks: Tasks;
  readonly toolbox: Toolbox;
}

/** Makes the extension of the protocol. */
export function makeExtension({ tasks, toolbox, ...view }: ExtensionOptions): ProtocolExtension {
  return {
    id: EXTENSION_ID,
    nameParam: "taskId",
    methods: modernMethods(tasks, view),
    legacy: {
      capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
      methods: legacyMethods(tasks, view),
    },
    filters: {
      async taskIds(ids, call) {
        requireExtension(call);
        await tasks.open();
        const found = await Promise.all(ids.map((id) => tasks.records.find(call.principal, id)));
        return ids.filter((_, i) => found[i] !== undefined);
      },
    },
    aroundToolCall: aroundToolCall(tasks, { toolbox, view }),
  };
}

function aroundToolCall(
  tasks: Tasks,
  { toolbox, view }: { readonly toolbox: Toolbox; readonly view: ViewOptions },
): AroundToolCall {
  return async ({ name, params, call }, next) => {
    const tool = toolbox.get(name);
    const plan = tool && planOf(tool, { params, call });
    if (tool === undefined || plan === undefined) return await next(call);
    const detachable = tasks.detachable({ tool, args: params["arguments"], call, plan });
    const answer = await detachable.answer(next, plan);
    if (!(answer instanceof Run)) return answer;
    return createdResult(answer.record, { plan, view, hasOutputSchema: tool.outputSchema !== undefined });
  };
}

function createdResult(
  record: TaskRecord,
  { plan, view, hasOutputSchema }: {
    readonly plan: Plan;
    readonly view: ViewOptions;
    readonly hasOutputSchema: boolean;
  },
): JsonObject {
  if (plan.form === "modern") return { resultType: "task", ...modernTask(record, view) };
  if (plan.form === "legacy") return { task: legacyTask(record, view), _meta: relatedTo(record.id) };
  return jobAnswer(record, plan.isUnexpected === true && hasOutputSchema);
}

function modernMethods(tasks: Tasks, view: ViewOptions): Record<string, ProtocolMethod> {
  return {
    async "tasks/get"({ taskId }, call) {
      requireExtension(call);
      const { key, record } = await tasks.find(call, taskId);
      return modernDetails(record, await tasks.resultOf({ key, record }), view);
    },
    async "tasks/update"({ taskId, inputResponses }, call) {
      requireExtension(call);
      if (!isObject(inputResponses)) {
        throw new ProtocolError(ErrorCode.invalidParams, 'Invalid "inputResponses": it is an object of answers by key');
      }
      // a key that is not open, and an answer that is none, change nothing
      await tasks.answer(await tasks.find(call, taskId), (key, question) => {
        const value = Object.hasOwn(inputResponses, key) ? inputResponses[key] : undefined;
        return isAnswer(question, value) ? { value } : undefined;
      });
      return {};
    },
    async "tasks/cancel"({ taskId }, call) {
      requireExtension(call);
      await tasks.cancel(await tasks.find(call, taskId));
      return {};
    },
  };
}

/** Tells clients of a change: those that listen to the task, and in 2025-11-25 those of whoever it belongs to. */
export async function tellChange(
  { protocol, tasks, ...view }: ViewOptions & { readonly protocol: Protocol; readonly tasks: Tasks },
  { key, record }: Found,
): Promise<void> {
  // that it began is told by the answer to its call
  if (record.revision === 0) return;
  protocol.notify({
    method: "notifications/tasks",
    params: modernDetails(record, await tasks.resultOf({ key, record }), view),
    to: { filter: "taskIds", value: record.id },
  });
  if (record.form !== "legacy") return;
  protocol.notify({
    method: "notifications/tasks/status",
    params: legacyTask(record, view),
    to: { principalId: record.principal?.id },
  });
}
