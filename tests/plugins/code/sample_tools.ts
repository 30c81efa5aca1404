/**
 * Tools that code calls in tests: some that compute, one that fails, one that destroys, one that waits, one that asks.
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, type Plugin, Toolbox, ToolError } from "../../../kernel/mod.ts";

/** What the tools have done. */
export interface Done {
  /** What was wiped, in order. */
  readonly wiped: string[];
  /** How often a call that waits began, and was cancelled. */
  waits: number;
  cancelled: number;
  /** Let go on what is held. */
  readonly held: (() => void)[];
}

/** Makes the plugin, and what tells what its tools did. */
export function sampleTools(): { readonly plugin: Plugin<void>; readonly done: Done } {
  const done: Done = { wiped: [], waits: 0, cancelled: 0, held: [] };
  const plugin = definePlugin({
    name: "sample_tools",
    version: "1.0.0",
    requires: { toolbox: Toolbox },
    setup({ tool, deps: { toolbox } }) {
      tool({
        name: "word-count",
        description: "Count the words of a text",
        input: v.object({ text: v.string() }),
        output: v.object({ words: v.number() }),
        run: ({ text }) => ({ words: text.split(/\s+/).length }),
      });
      tool({
        name: "greet",
        description: "Greet somebody",
        input: v.object({ name: v.string() }),
        run: ({ name }) => `Hello, ${name}`,
      });
      tool({
        name: "fail",
        description: "Fail",
        input: v.object({}),
        run: () => {
          throw new ToolError("The tide is out", { data: { tide: "out" } });
        },
      });
      tool({
        name: "wipe",
        description: "Wipe something",
        input: v.object({ name: v.string() }),
        annotations: { destructiveHint: true },
        run: ({ name }) => {
          done.wiped.push(name);
          return `${name} is gone`;
        },
      });
      tool({
        name: "wipe_both",
        description: "Wipe two things",
        input: v.object({}),
        annotations: { destructiveHint: true },
        run: async (_, call) => {
          for (const name of ["one", "other"]) await toolbox.call("wipe", { name }, call);
          return "both are gone";
        },
      });
      tool({
        name: "wait",
        description: "Wait until it is cancelled",
        input: v.object({}),
        run: (_, { signal }) => {
          done.waits++;
          return new Promise<string>((_, reject) => {
            signal.addEventListener("abort", () => {
              done.cancelled++;
              reject(signal.reason);
            });
          });
        },
      });
      tool({
        name: "hold",
        description: "Go on when the test says so",
        input: v.object({}),
        run: () => new Promise<string>((resolve) => done.held.push(() => resolve("held"))),
      });
      tool({
        name: "create_issue",
        description: "Stand for a tool of an imported server",
        input: v.object({}),
        run: () => "unused",
      });
      tool({
        name: "github_create_issue",
        description: "Create an issue",
        meta: { "collet/namespace": "github" },
        input: v.object({ title: v.string() }),
        run: ({ title }) => ({ issue: title }),
      });
    },
  });
  return { plugin, done };
}
