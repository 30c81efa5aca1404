/**
 * What a tool reaches as `ctx`.
 *
 * @module
 */
/// <reference path="./texts.d.ts" />
import type { JsonObject } from "../../../../kernel/mod.ts";
import type { BundleHost } from "../hosts.ts";
import type { BundleRun } from "../messages.ts";
import { Trap } from "./failures.ts";
import { GrantedFiles } from "./granted_files.ts";
import type { Installed, Realm } from "./realm.ts";
import toolSource from "./prelude/tool.js" with { type: "text" };

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
  const installed = realm.install({
    name: "tool",
    source: toolSource,
    functions: {
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

/** Tells that a tool gives more than it may. */
export function tooMuchOutput(size: number, limit: number): Trap {
  return new Trap(`the result has ${size} bytes, and may have ${limit}`, "output");
}
