/**
 * Tasks as tools, for clients whose protocol has none: names and results as dcc-mcp-core has them.
 *
 * @module
 */
import * as v from "valibot";
import { type Call, type PluginContext, ToolError } from "../../kernel/mod.ts";
import type { Found } from "./records.ts";
import type { Tasks } from "./tasks.ts";
import { jobStatus } from "./views.ts";

const HOUR_MS = 3_600_000;

const JobId = v.pipe(v.string(), v.description("The job_id that the call was answered with"));

/** Registers the tools. */
export function registerJobs({ tool }: Pick<PluginContext, "tool">, tasks: Tasks): void {
  tool({
    name: "jobs_get_status",
    description: "Tell the state of a call that runs as a job, and its result once it has ended",
    input: v.object({
      job_id: JobId,
      include_logs: v.pipe(v.optional(v.boolean(), false), v.description("No effect: jobs keep no logs")),
      include_result: v.pipe(v.optional(v.boolean(), true), v.description("Whether to give the result")),
    }),
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    execution: "sync",
    async run({ job_id, include_result }, call) {
      const found = await findJob(tasks, job_id, call);
      const { result, ...status } = jobStatus(found.record, await tasks.resultOf(found));
      return include_result && result !== undefined ? { ...status, result } : status;
    },
  });
  tool({
    name: "jobs_cancel",
    description: "Cancel a call that runs as a job, and the jobs that name it as their parent",
    input: v.object({ job_id: JobId }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    execution: "sync",
    async run({ job_id }, call) {
      const found = await findJob(tasks, job_id, call);
      const record = await tasks.cancel(found) ?? (await findJob(tasks, job_id, call)).record;
      const { status } = jobStatus(record, undefined);
      return { job_id, status };
    },
  });
  tool({
    name: "jobs_cleanup",
    description: "Forget your jobs and tasks that ended some time ago, with their results",
    input: v.object({
      older_than_hours: v.pipe(
        v.optional(v.pipe(v.number(), v.minValue(0)), 24),
        v.description("Hours since they ended; 0 for all that have ended"),
      ),
    }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    execution: "sync",
    async run({ older_than_hours }, call) {
      const removed = await tasks.forget(call, Date.now() - older_than_hours * HOUR_MS);
      return { removed, older_than_hours };
    },
  });
}

async function findJob(tasks: Tasks, id: string, { principal }: Call): Promise<Found> {
  await tasks.open();
  const found = await tasks.records.find(principal, id);
  if (found === undefined) throw new ToolError(`No job has the id "${id}": it may be over and forgotten`);
  return found;
}
