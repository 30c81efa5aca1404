/**
 * The plugin `tasks`: calls that go on behind their answer. It speaks the tasks extension of 2026-07-28 and the
 * experimental tasks of 2025-11-25, and has tools for clients that know neither.
 *
 * @example Run a call as a job
 * ```ts
 * import { definePlugin, valueOf } from "collet";
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
 * const _meta = { dcc: { async: true } };
 * const { structuredContent } = await kit.client.callTool({ name: "fire", arguments: { pot: "jug" }, _meta });
 * const { job_id } = structuredContent as { job_id: string };
 * const look = async () => (await kit.client.callTool({ name: "jobs_get_status", arguments: { job_id } })).structuredContent;
 * let job = await look();
 * while (job?.["status"] === "running") job = await look();
 * if (JSON.stringify(job?.["result"]) !== '{"fired":"jug"}') throw new Error("unexpected");
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, KernelStarted, KernelStopping, type Plugin, Protocol, Toolbox } from "../../kernel/mod.ts";
import { Store } from "../store/contract.ts";
import { makeExtension, tellChange } from "./extension.ts";
import { registerJobs } from "./jobs.ts";
import { Tasks } from "./tasks.ts";

const count = (fallback: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), fallback);

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
    const kept = new Tasks({
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
      async onChange(key, record) {
        tellChange(protocol, { record, result: await kept.resultOf({ key, record }), view });
      },
    });
    ctx.own("tasks", () => kept.close());
    ctx.own("protocol extension", protocol.extension(makeExtension({ tasks: kept, toolbox, ...view })));
    registerJobs(ctx, kept);
    // tools that tasks are taken up with are there by now
    ctx.on(KernelStarted, () => kept.open());
    // before the plugins whose tools are running are unloaded, and end them
    ctx.on(KernelStopping, () => kept.close());
  },
});

export default tasks;
