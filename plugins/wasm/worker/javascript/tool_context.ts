/**
 * What a tool reaches as `ctx`.
 *
 * @module
 */
import type { JsonObject } from "../../../../kernel/mod.ts";
import type { BundleHost } from "../hosts.ts";
import type { BundleRun } from "../messages.ts";
import { Trap } from "./failures.ts";
import { GrantedFiles } from "./granted_files.ts";
import type { Installed, Realm } from "./realm.ts";

/** A tool that can be started. */
export interface ToolContext extends Installed {
  /** Whether it has returned or thrown. */
  isDone(): boolean;
}

/** Installs what calls a tool: `start` with the name of the global that it is, and its input; then `result`. */
export function installTool(realm: Realm, run: BundleRun, host: BundleHost): ToolContext {
  let isDone = false;
  let streamed = 0;
  const files = new GrantedFiles(run.folders, { host, mostBytes: run.memoryBytes });
  realm.onClose(() => files.close());
  const installed = realm.install("tool", {
    functions: {
      // most tools remember nothing
      install: () => void realm.install("memory", { functions: {} }),
      describe: () => JSON.stringify({ toolName: run.name, env: run.env }),
      notify(args) {
        const [method, json] = [args.text(0), args.text(1)];
        if (method === "stream") {
          streamed += json.length;
          if (streamed > run.outputBytes) throw realm.stop(tooMuchOutput(streamed, run.outputBytes));
        }
        host.notify(method, JSON.parse(json));
        return undefined;
      },
      encode: (args) => new TextEncoder().encode(args.json(0)),
      measure(args) {
        const size = args.number(0);
        if (size > run.outputBytes) throw realm.stop(tooMuchOutput(size, run.outputBytes));
        return undefined;
      },
      done: () => void (isDone = true),
      ...files.functions(),
    },
    requests: {
      request: (method: string, params: JsonObject) => host.request(method, params),
    },
  });
  return { call: installed.call, isDone: () => isDone };
}

/**
 * Checks that a value in JSON is no larger than it may be.
 *
 * @throws {Trap} when it is.
 */
export function checkOutput(json: string | undefined, outputBytes: number, what?: string): void {
  // what has so few characters is not too long, whatever they are
  if (json === undefined || json.length * 3 <= outputBytes) return;
  const size = new TextEncoder().encode(json).length;
  if (size > outputBytes) throw tooMuchOutput(size, outputBytes, what);
}

/** Tells that a tool gives more than it may. */
function tooMuchOutput(size: number, limit: number, what = "the result"): Trap {
  return new Trap(`${what} has ${size} bytes, and may have ${limit}`, "output");
}
