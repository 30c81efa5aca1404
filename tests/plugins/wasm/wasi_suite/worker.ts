/**
 * Runs modules in a worker, as they are sent.
 *
 * @module
 */
import type { WorkerScope } from "../../../../kernel/mod.ts";
import type { ModuleHost } from "../../../../plugins/wasm/worker/hosts.ts";
import type { ModuleRun, RunOutcome } from "../../../../plugins/wasm/worker/messages.ts";
import { runModule } from "../../../../plugins/wasm/worker/module_run.ts";

/** What a run came to. */
export interface SuiteResult {
  readonly outcome: RunOutcome;
  readonly stderr: string;
}

/** Serves a test. */
export default function main(scope: WorkerScope): void {
  scope.listen((message) => scope.post(runOnce(message as ModuleRun, scope)));
}

function runOnce(run: ModuleRun, scope: WorkerScope): SuiteResult {
  let stderr = "";
  const host: ModuleHost = {
    canWait: true,
    openFolder: (path, options) => scope.openFolder(path, options),
    stderr: (text) => void (stderr += text),
    stdout: () => {},
    notify: () => {},
    isEnded: () => false,
    readStdin: () => undefined,
    request: () => {
      throw new Error("No request is expected");
    },
  };
  return { outcome: runModule(run, host), stderr };
}
