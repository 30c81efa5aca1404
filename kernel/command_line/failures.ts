/**
 * Failures that nobody awaited: they are logged with the plugin that they come from, and the server goes on.
 *
 * @module
 */
import process from "node:process";
import { messageOf } from "../errors.ts";
import { nameLog } from "../log.ts";
import type { Log } from "../plugin.ts";

/** Where the code of a plugin is. */
export interface PluginPlace {
  readonly name: string;
  /** What a stack trace of its code holds, such as the URL of its module. */
  readonly mark: string;
}

/** Names the plugin whose code is nearest to the failure, if its stack tells. */
export function findPlugin(thrown: unknown, places: readonly PluginPlace[]): string | undefined {
  const stack = thrown instanceof Error ? thrown.stack ?? "" : "";
  for (const frame of stack.split("\n")) {
    const place = places.find(({ mark }) => frame.includes(mark));
    if (place !== undefined) return place.name;
  }
  return undefined;
}

/** Logs failures that nobody awaited, from now on, where the runtime would end the process. Places may be added. */
export function logFailures(log: Log, places: readonly PluginPlace[]): void {
  const report = (what: string) => (thrown: unknown) => {
    const plugin = findPlugin(thrown, places);
    nameLog(log, plugin ?? "kernel").error(`${what}: ${messageOf(thrown)}`, { error: thrown });
  };
  process.on("uncaughtException", report("Uncaught error"));
  process.on("unhandledRejection", report("Unhandled rejection"));
}
