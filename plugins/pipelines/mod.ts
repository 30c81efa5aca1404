/**
 * The plugin `pipelines`: tools made of steps that call tools. It adds the kind `pipeline` to the library, the tool
 * `pipeline`, the resources of runs, and the prompt `create_pipeline`.
 *
 * @example Make a pipeline and call it
 * ```ts
 * import { definePlugin, detectPlatform, Kernel } from "collet";
 * import * as v from "valibot";
 * import library from "../library/mod.ts";
 * import store from "../store/mod.ts";
 * import pipelines from "./mod.ts";
 *
 * const words = definePlugin({
 *   name: "words",
 *   version: "1.0.0",
 *   setup: ({ tool }) =>
 *     void tool({
 *       name: "count",
 *       description: "Count words",
 *       input: v.object({ text: v.string() }),
 *       run: ({ text }) => ({ words: text.split(" ").length }),
 *     }),
 * });
 * const home = await Deno.makeTempDir();
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(store).use(library).use(words).use(pipelines);
 * await kernel.start();
 * await kernel.call("pipeline", {
 *   action: "create",
 *   name: "count_greeting",
 *   description: "Count the words of a greeting",
 *   steps: [{ tool: "count", args: { text: "Good morning, $input.name" } }],
 * });
 * const { structuredContent } = await kernel.call("count_greeting", { name: "Ada" });
 * await kernel.stop();
 * if (JSON.stringify(structuredContent) !== '{"words":3}') throw new Error(JSON.stringify(structuredContent));
 * ```
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, KernelStopping, Lazy, type Plugin, Toolbox, ToolError } from "../../kernel/mod.ts";
import { DAY_MS, ToolLibrary } from "../library/contract.ts";
import { Store } from "../store/contract.ts";
import { pipelineKind } from "./kind.ts";
import { registerPrompt } from "./prompt.ts";
import { registerResources } from "./resources.ts";
import { Announcer } from "./running/announcer.ts";
import { failureOf } from "./running/run_texts.ts";
import { registerPipelineTool } from "./tool/pipeline_tool.ts";

const count = (fallback: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), fallback);

/** Settings of the plugin. */
export interface PipelinesConfig {
  /** How long a run is kept after its end, in milliseconds; seven days by default. */
  readonly kept_ms?: number | undefined;
  /** Most runs of a principal that are kept; 1,000 by default. */
  readonly kept_runs?: number | undefined;
  /** About how many bytes are kept of the runs of a principal; 1,073,741,824 by default. One run comes to a quarter. */
  readonly kept_bytes?: number | undefined;
  /** Time after which a server that says nothing counts as dead, in milliseconds; 15,000 by default. */
  readonly lease_ms?: number | undefined;
  /** Most bytes of what one step gives, as JSON; 4,194,304 by default. */
  readonly output_bytes?: number | undefined;
  /** Most tools that the steps of one run call at the same time; 64 by default. */
  readonly concurrency?: number | undefined;
  /** Most steps that one run comes to, those of each item and of pipelines within it included; 100,000 by default. */
  readonly steps?: number | undefined;
}

const pipelines: Plugin<PipelinesConfig> = definePlugin({
  name: "pipelines",
  version: "1.0.0",
  description: "Tools made of steps that call tools, with runs that go on where they were cut off",
  config: v.strictObject({
    kept_ms: count(7 * DAY_MS),
    kept_runs: count(1_000),
    kept_bytes: count(2 ** 30),
    lease_ms: count(15_000),
    output_bytes: count(4 * 2 ** 20),
    concurrency: count(64),
    steps: count(100_000),
  }),
  requires: { store: Store, toolbox: Toolbox, library: ToolLibrary },
  async setup(ctx) {
    const { config, log, tool, resource, prompt, deps: { store, toolbox, library } } = ctx;
    const announcer = new Announcer((uri) => ctx.updated(uri));
    ctx.own("news of runs", () => announcer.close());
    let isStopping = false;
    // most servers start and run no pipeline
    const runner = new Lazy(async () => {
      const { PipelineRunner } = await import("./running/runner.ts");
      if (isStopping) throw new ToolError("Cannot run pipelines: the server is stopping");
      return new PipelineRunner({
        toolbox,
        library,
        store,
        log,
        limits: {
          engine: { outputBytes: config.output_bytes, concurrency: config.concurrency, steps: config.steps },
          runs: {
            keptMs: config.kept_ms,
            keptRuns: config.kept_runs,
            keptBytes: config.kept_bytes,
            leaseMs: config.lease_ms,
          },
        },
        onChange: (run) => announcer.note(run),
      });
    });
    const close = async () => {
      isStopping = true;
      await (await runner.loading?.catch(() => undefined))?.close();
    };
    ctx.own("runs", close);
    // before the plugins whose tools are running are unloaded, and end them
    ctx.on(KernelStopping, close);
    const kind = await library.addKind(pipelineKind({
      toolbox,
      library,
      async run(pipeline, args, call) {
        const finished = await (await runner.get()).run(pipeline, args, call);
        if (finished.run.status !== "completed") throw failureOf(finished);
        return { id: finished.run.id, output: finished.output };
      },
    }));
    ctx.own('kind "pipeline"', () => kind.dispose());
    registerPipelineTool({ tool, library, toolbox, runner });
    registerResources({ resource, library, runner });
    registerPrompt({ prompt, library, toolbox });
  },
});

export default pipelines;
