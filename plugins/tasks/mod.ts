/**
 * The plugin `tasks`: calls that go on behind their answer. It speaks the tasks extension of 2026-07-28 and the
 * experimental tasks of 2025-11-25, and has tools for clients that know neither.
 *
 * @example Run a call as a job
 * ```ts
 * import { definePlugin } from "collet";
 * import { testPlugin } from "collet/testing";
 * import * as v from "valibot";
 * import store from "../store/mod.ts";
 * import tasks from "./mod.ts";
 *
 * const kiln = definePlugin({
 *   name: "kiln",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "fire",
 *       description: "Fire a pot",
 *       input: v.object({ pot: v.string() }),
 *       execution: "async",
 *       run: ({ pot }) => ({ fired: pot }),
 *     }),
 * });
 * await using kit = await testPlugin(tasks, {}, { with: [[store, { engine: "memory" }], kiln] });
 * type Job = { job_id: string; status: string; result?: unknown };
 * const ask = async (name: string, args: Record<string, unknown>, _meta = {}) =>
 *   (await kit.client.callTool({ name, arguments: args, _meta })).structuredContent as unknown as Job;
 * let job = await ask("fire", { pot: "jug" }, { dcc: { async: true } });
 * do job = await ask("jobs_get_status", { job_id: job.job_id }); while (job.status === "running");
 * if (JSON.stringify(job.result) !== '{"fired":"jug"}') throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import {
  definePlugin,
  KernelStarted,
  KernelStopping,
  messageOf,
  type Plugin,
  Protocol,
  Toolbox,
} from "../../kernel/mod.ts";
import { after, Store } from "../store/contract.ts";
import { makeExtension, tellChange } from "./extension.ts";
import { registerJobs } from "./jobs.ts";
import { Tasks } from "./tasks.ts";

// times are for timers, which count to this
const MAX_COUNT = 2_147_483_647;
const count = (fallback: number) =>
  v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_COUNT)), fallback);

/** Settings of the plugin. */
export interface TasksConfig {
  /** Life of a task from its creation, in milliseconds, where the client asks for none; one day by default. */
  readonly ttl_ms?: number | undefined;
  /** The longest life that is granted, and that of a job, in milliseconds; seven days by default. */
  readonly max_ttl_ms?: number | undefined;
  /** Time between two looks that is suggested to clients, in milliseconds; 1,000 by default. */
  readonly poll_interval_ms?: number | undefined;
  /** Most tasks of a principal that are kept; 1,000 by default. */
  readonly max_tasks?: number | undefined;
  /** Most tasks of a principal that one server runs at one time; 64 by default. */
  readonly max_running?: number | undefined;
  /** Time after which a server that says nothing counts as dead, in milliseconds; 15,000 by default. */
  readonly lease_ms?: number | undefined;
}

const DAY_MS = 86_400_000;
// whoever asks for a task is served before; a start for a moment leaves the state alone
const START_MS = 1_000;

const tasks: Plugin<TasksConfig> = definePlugin({
  name: "tasks",
  version: "1.0.0",
  description: "Calls that go on behind their answer",
  config: v.strictObject({
    ttl_ms: count(DAY_MS),
    max_ttl_ms: count(7 * DAY_MS),
    poll_interval_ms: count(1_000),
    max_tasks: count(1_000),
    max_running: count(64),
    lease_ms: count(15_000),
  }),
  requires: { store: Store, toolbox: Toolbox, protocol: Protocol },
  setup(ctx) {
    const { config, log, deps: { store, toolbox, protocol } } = ctx;
    const view = { pollIntervalMs: config.poll_interval_ms };
    const kept: Tasks = new Tasks({
      store,
      toolbox,
      log,
      limits: {
        ttlMs: config.ttl_ms,
        maxTtlMs: config.max_ttl_ms,
        maxTasks: config.max_tasks,
        maxRunning: config.max_running,
        leaseMs: config.lease_ms,
      },
      onChange: (found) => tellChange({ protocol, tasks: kept, ...view }, found),
    });
    ctx.own("tasks", () => kept.close());
    ctx.own("protocol extension", protocol.extension(makeExtension({ tasks: kept, toolbox, ...view })));
    registerJobs(ctx, kept);
    let stopOpening = () => {};
    ctx.own("start", () => stopOpening());
    ctx.on(KernelStarted, () => {
      stopOpening = after(START_MS, () => {
        kept.open().catch((error) => log.error(`Tasks are not taken up: ${messageOf(error)}`, { error }));
      });
    });
    // before the plugins whose tools are running are unloaded, and end them
    ctx.on(KernelStopping, () => {
      stopOpening();
      return kept.close();
    });
  },
});

export default tasks;
