/**
 * Counts the workers of a runtime, which cannot be seen through the kernel.
 *
 * @module
 */
import type { Worker, Workers } from "../../../kernel/mod.ts";
import type { OwnedWorkers } from "../../../kernel/platform/workers.ts";
import { createRuntime, type RuntimeOptions } from "../../../plugins/wasm/run/create_runtime.ts";
import type { WasmRuntime } from "../../../plugins/wasm/run/runtime.ts";

/** Workers that can be counted. */
export interface Watched extends Disposable {
  readonly workers: Workers;
  /** Those that were started, and are not gone. */
  readonly alive: Set<Worker>;
  started: number;
}

/** Counts workers. */
export function watch(real: OwnedWorkers): Watched {
  const watched: Watched = {
    alive: new Set(),
    started: 0,
    workers: {
      parallelism: real.parallelism,
      canInterrupt: real.canInterrupt,
      start(module, options) {
        const worker = real.start(module, options);
        watched.started++;
        watched.alive.add(worker);
        void worker.ended.then(() => watched.alive.delete(worker));
        return worker;
      },
    },
    [Symbol.dispose]: () => void real.close(),
  };
  return watched;
}

/** Starts a runtime with workers that are counted. */
export function startRuntime({ workers }: Watched, options: Partial<RuntimeOptions> = {}): WasmRuntime {
  return createRuntime({
    ...{ workers, scripts: undefined, memory: undefined, secrets: undefined },
    // what runs here asks for nothing
    ...{ toolbox: undefined!, catalog: undefined!, library: undefined!, environment: undefined! },
    ...options,
  });
}
