/**
 * A script of a skill: the example of the page that the API follows, and noise.
 *
 * @module
 */
import process from "node:process";
import { createRunMain, skillEntry, skillSuccess } from "../../../../plugins/skills/results/mod.ts";
import { scriptProcess } from "../../../../plugins/skills/results/script_process.ts";

interface Timeline {
  readonly start_frame?: number;
  readonly end_frame?: number;
  readonly module?: string;
}

const setTimeline = skillEntry(
  async function setTimeline({ start_frame = 1, end_frame = 120, module }: Timeline) {
    // deno-lint-ignore no-console -- what a script prints must not be taken for its result
    console.log("setting", { start_frame });
    process.stdout.write("half a line");
    if (module !== undefined) await import(module);
    return skillSuccess(`Timeline set to ${start_frame}–${end_frame}`, {
      prompt: "Inspect the timeline slider to verify.",
      start_frame,
      end_frame,
    });
  },
);

await createRunMain(scriptProcess())(setTimeline);
