/**
 * Runs a bundle: JavaScript whose default export is `(input, ctx) => value`, in an engine of its own.
 *
 * @module
 */
import { BUNDLE_GLOBAL } from "./bundle_global.ts";
import { ScriptFailure, trapOf } from "./javascript/failures.ts";
import { installGlobals, type Log } from "./javascript/globals.ts";
import { Realm } from "./javascript/realm.ts";
import { checkOutput, installTool } from "./javascript/tool_context.ts";
import type { BundleHost } from "./hosts.ts";
import type { BundleRun, RunOutcome } from "./messages.ts";

const NETWORK_REFUSAL = "There is no network in here: call a tool that has it, by ctx.callTool(name, args)";
/** Most characters that a run writes to the console; what follows is dropped. */
const MOST_LOGGED = 4 * 1024 * 1024;

/**
 * Runs a bundle to its end. After a trap as well, the next run is not affected: each has an engine to itself, which is
 * closed then, and set back otherwise.
 *
 * What the engine does within one function of its own is not interrupted, such as sorting: who needs the time limit to
 * hold there as well runs this in a thread that can be ended.
 *
 * @throws {Error} when the engine cannot be loaded, or there is a defect in here.
 */
export async function runBundle(run: BundleRun, host: BundleHost): Promise<RunOutcome> {
  const realm = await Realm.open({ ...run, isEnded: () => host.isEnded() });
  try {
    installGlobals(realm, { log: boundedLog(host), networkRefusal: NETWORK_REFUSAL });
    const tool = installTool(realm, run, host);
    realm.evaluate(run.bundle ?? "", `${run.name}.js`);
    tool.call("start", BUNDLE_GLOBAL, run.input);
    await realm.run(tool.isDone);
    return outcomeOf(tool.call("result"), run.outputBytes);
  } catch (thrown) {
    return failureOf(thrown);
  } finally {
    realm.close();
  }
}

function outcomeOf(json: string | undefined, outputBytes: number): RunOutcome {
  checkOutput(json, outputBytes);
  return { kind: "value", json };
}

function failureOf(thrown: unknown): RunOutcome {
  if (thrown instanceof ScriptFailure) {
    const { message, scriptStack, data } = thrown;
    return {
      kind: "thrown",
      message,
      ...(scriptStack !== undefined && { stack: scriptStack }),
      ...(data !== undefined && { data }),
    };
  }
  const { message, limit } = trapOf(thrown);
  return { kind: "trap", reason: message, ...(limit !== undefined && { limit }) };
}

function boundedLog(host: BundleHost): Log {
  let logged = 0;
  return (level, message) => {
    if (logged > MOST_LOGGED) return;
    logged += message.length;
    const isLast = logged > MOST_LOGGED;
    host.notify(
      "log",
      isLast ? { level: "warning", message: "What follows is dropped: it is too much" } : { level, message },
    );
  };
}
