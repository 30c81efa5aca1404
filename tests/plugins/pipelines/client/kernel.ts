/**
 * A kernel with pipelines and tasks over a home folder, and tools that leave their traces in it.
 *
 * @module
 */
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { definePlugin, Kernel, type Log, type Plugin } from "../../../../kernel/mod.ts";
import { detectPlatform } from "../../../../kernel/platform/mod.ts";
import library from "../../../../plugins/library/mod.ts";
import pipelines from "../../../../plugins/pipelines/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import tasks from "../../../../plugins/tasks/mod.ts";
import { pause } from "../../../support/wait.ts";

/** Short, so that the death of a server shows soon. */
const LEASE_MS = 600;
const LOOK_MS = 10;

/** Starts it. */
export async function startOnHome(home: string, log: Log): Promise<Kernel> {
  return await new Kernel({ log }).use(await detectPlatform({ home })).use(store).use(library).use(toolsOn(home))
    .use(tasks).use(pipelines, { lease_ms: LEASE_MS }).start();
}

/** Names the file whose lines are the calls of tools. */
export function callsOf(home: string): string {
  return join(home, "calls.log");
}

/** Names the file for which the tools `hold` and `hold_again` wait. */
export function goOf(home: string): string {
  return join(home, "go");
}

function toolsOn(home: string): Plugin<void> {
  const note = (line: string) => appendFile(callsOf(home), `${line}\n`);
  return definePlugin({
    name: "traces",
    version: "1.0.0",
    setup: ({ tool }) => {
      tool({
        name: "note",
        description: "Write a line",
        input: v.strictObject({ line: v.string() }),
        async run({ line }) {
          await note(line);
          return { line };
        },
      });
      for (const name of ["hold", "hold_again"]) {
        tool({
          name,
          description: "Wait for a file",
          input: v.strictObject({}),
          ...(name === "hold_again" && { annotations: { idempotentHint: true } }),
          async run(_, { signal }) {
            await note(name);
            try {
              while (await stat(goOf(home)).catch(() => undefined) === undefined) {
                signal.throwIfAborted();
                await pause(LOOK_MS);
              }
            } catch (error) {
              await note(`${name} ended`);
              throw error;
            }
            return "held";
          },
        });
      }
    },
  });
}
