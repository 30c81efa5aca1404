/**
 * The plugin that times what runs of code are compared with, in the process that is measured: QuickJS in a worker with
 * nothing around it.
 *
 * @module
 */
import { definePlugin, type Plugin, ToolError } from "collet";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import * as v from "valibot";
import { quantile } from "../statistics.ts";

/** Evaluations to make, one after the other. */
export interface TimeBare {
  /** A fresh runtime and context in one engine, or a fresh engine for each. */
  readonly way: "context" | "instance";
  readonly code: string;
  /** What each has to give, as JSON. */
  readonly expected: string;
  readonly count: number;
  /** Absolute path of `bare_worker.mjs`. */
  readonly worker: string;
}

const Input = v.object({
  way: v.picklist(["context", "instance"]),
  code: v.string(),
  expected: v.string(),
  count: v.pipe(v.number(), v.integer(), v.minValue(1)),
  worker: v.string(),
});

const caller: Plugin = definePlugin({
  name: "quickjs_caller",
  version: "1.0.0",
  setup({ tool, own }) {
    let worker: Worker | undefined;
    own("worker", async () => void await worker?.terminate());
    tool({
      name: "time_bare",
      description: "Time bare evaluations of QuickJS in a worker",
      input: Input,
      run: async (input) => {
        worker ??= new Worker(pathToFileURL(input.worker));
        return { p50Ms: await timeBare(input, worker) };
      },
    });
  },
});

export default caller;

async function timeBare({ way, code, expected, count }: TimeBare, worker: Worker): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const askedAt = performance.now();
    const json = await ask(worker, { way, code });
    times.push(performance.now() - askedAt);
    if (json !== expected) throw new ToolError(`Wrong value: ${json}, wanted ${expected}`);
  }
  return quantile(times.sort((a, b) => a - b), 0.5);
}

function ask(worker: Worker, job: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      worker.off("message", take).off("error", fail);
      then();
    };
    const take = (json: string) => settle(() => resolve(json));
    const fail = (error: unknown) => settle(() => reject(error));
    worker.on("message", take).on("error", fail);
    worker.postMessage(job);
  });
}
