/**
 * The experimental methods of 2025-11-25. Input is asked for by requests to the client, along with `tasks/result`.
 *
 * @module
 */
import {
  type Call,
  canAsk,
  type ElicitRequest,
  ErrorCode,
  messageOf,
  ProtocolError,
  type ProtocolMethod,
  type Question,
  type SampleRequest,
} from "../../kernel/mod.ts";
import { type Answer, isTerminal, TASK_ID_REGEXP, type TaskRecord } from "./record.ts";
import type { Found } from "./records.ts";
import { notFound, type Tasks } from "./tasks.ts";
import { legacyResult, legacyTask, relatedTo, type ViewOptions } from "./views.ts";

const PAGE_SIZE = 100;

/** Makes the methods of 2025-11-25. */
export function legacyMethods(tasks: Tasks, view: ViewOptions): Record<string, ProtocolMethod> {
  const asker = new Asker(tasks);
  return {
    async "tasks/get"({ taskId }, call) {
      return legacyTask((await tasks.find(call, taskId)).record, view);
    },
    async "tasks/list"({ cursor }, call) {
      await tasks.open();
      const { tasks: page, hasMore } = await tasks.records.page(call.principal, {
        before: cursor === undefined ? undefined : readCursor(cursor),
        limit: PAGE_SIZE,
      });
      const last = hasMore ? page.at(-1) : undefined;
      return { tasks: page.map((record) => legacyTask(record, view)), ...(last && { nextCursor: btoa(last.id) }) };
    },
    async "tasks/cancel"({ taskId }, call) {
      const found = await tasks.find(call, taskId);
      const record = await tasks.cancel(found);
      if (record !== undefined) return legacyTask(record, view);
      const { status } = legacyTask((await tasks.find(call, taskId)).record, view);
      throw new ProtocolError(ErrorCode.invalidParams, `Cannot cancel the task: it is ${status} already`);
    },
    async "tasks/result"({ taskId }, call) {
      const { key, record } = await tasks.find(call, taskId);
      const last = isTerminal(record) ? record : await tasks.records.untilEnded(key, {
        signal: call.signal,
        onState: (now) => asker.askOpen({ key, record: now }, call),
      });
      if (last === undefined) throw notFound();
      return legacyResult(last, await tasks.resultOf({ key, record: last }));
    },
  };
}

function readCursor(cursor: unknown): string {
  try {
    const id = atob(String(cursor));
    if (TASK_ID_REGEXP.test(id)) return id;
  } catch {
    // falls through to the error below
  }
  throw new ProtocolError(ErrorCode.invalidParams, "Invalid cursor: use the nextCursor of the page before");
}

/** Puts open questions to clients that wait for the result of their task, each to one at a time. */
class Asker {
  readonly #tasks: Tasks;
  readonly #asking = new Set<string>();

  constructor(tasks: Tasks) {
    this.#tasks = tasks;
  }

  /** Asks what is open and nobody is being asked. */
  askOpen(found: Found, call: Call): void {
    for (const [key, question] of Object.entries(found.record.questions)) {
      const name = `${found.key}/${key}`;
      if (this.#asking.has(name) || !canAsk(question, call.client.capabilities)) continue;
      this.#asking.add(name);
      void this.#ask(found, { key, question, call }).finally(() => this.#asking.delete(name));
    }
  }

  async #ask(
    found: Found,
    { key, question, call }: { readonly key: string; readonly question: Question; readonly call: Call },
  ): Promise<void> {
    const answer = await put(question, { call, record: found.record });
    // a client that has left did not refuse: whoever waits beside it is asked
    if (call.signal.aborted) return this.#tasks.records.announce(found.key, await this.#tasks.records.get(found.key));
    await this.#tasks.answer(found, (open) => open === key ? answer : undefined);
  }
}

async function put(
  { method, params }: Question,
  { call, record }: { readonly call: Call; readonly record: TaskRecord },
): Promise<Answer> {
  const request = { ...params, _meta: relatedTo(record.id) };
  try {
    if (method === "elicitation/create") return { value: await call.elicit(request as unknown as ElicitRequest) };
    if (method === "sampling/createMessage") return { value: await call.sample(request as unknown as SampleRequest) };
    return { value: { roots: await call.roots() } };
  } catch (thrown) {
    return { refused: messageOf(thrown) };
  }
}
