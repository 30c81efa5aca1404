/**
 * Plugins as texts, for programs that are started with them.
 *
 * @module
 */

/** A plugin in TypeScript that a runtime cannot merely strip of its types, with a tool `shout`. */
export const SHOUT_TS = `
import { definePlugin, type Plugin } from "collet";
import * as v from "valibot";
enum Mark { Bang = "!" }
const shout: Plugin<{ word?: string }> = definePlugin({
  name: "shout",
  version: "1.0.0",
  config: v.strictObject({ word: v.optional(v.string(), "") }),
  setup({ tool, config }) {
    tool({
      name: "shout",
      description: "Say it loudly\\nand clearly",
      input: v.object({ text: v.string() }),
      run: ({ text }) => config.word + text.toUpperCase() + Mark.Bang,
    });
  },
});
export default shout;
`;

/** The same tool in JavaScript, without any import. */
export const SHOUT_JS = `
export default {
  name: "shout",
  version: "1.0.0",
  setup({ tool }) {
    tool({
      name: "shout",
      description: "Say it loudly",
      input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      run: ({ text }) => text.toUpperCase() + "!",
    });
  },
};
`;

/** A plugin that prints in every way there is, and has a tool \`noise\` that does so again. */
export const NOISY_JS = `
import { exec, fork, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { format } from "node:util";

console.log("NOISE import");
const deno = globalThis.Deno;
const bytes = (text) => new TextEncoder().encode(text);
const ended = (child) => new Promise((resolve) => child.on("close", resolve));

async function makeNoise() {
  for (const method of ["log", "info", "debug", "warn", "error", "dir", "table", "count", "group", "trace"]) {
    console[method]("NOISE console");
  }
  console.groupEnd();
  console.time("NOISE time");
  console.timeLog("NOISE time");
  console.timeEnd("NOISE time");
  process.stdout.write(format("NOISE %s\\n", "process.stdout"));
  await ended(spawn("echo", ["NOISE child"], { stdio: "inherit" }));
  await ended(spawn("echo", ["NOISE child"], { stdio: ["inherit", "inherit", "inherit"] }));
  await ended(spawn("echo", ["NOISE child"], { stdio: [0, 1, 2] }));
  await ended(spawn("cat", [], { stdio: ["inherit", "pipe", "pipe"] }));
  if (deno === undefined) {
    spawnSync("echo", ["NOISE child"], { stdio: "inherit" });
  } else {
    deno.stdout.writeSync(bytes("NOISE Deno.stdout\\n"));
    await deno.stdout.write(bytes("NOISE Deno.stdout\\n"));
    const writer = deno.stdout.writable.getWriter();
    await writer.write(bytes("NOISE Deno.stdout\\n"));
    writer.releaseLock();
    await new deno.Command("echo", { args: ["NOISE child"] }).spawn().status;
    await new deno.Command("echo", { args: ["NOISE child"], stdout: "inherit" }).output();
    await new deno.Command("cat", { stdin: "inherit", stdout: "inherit" }).spawn().status;
  }
}

export default {
  name: "noisy",
  version: "1.0.0",
  async setup({ tool }) {
    await makeNoise();
    const input = { type: "object", properties: {} };
    tool({ name: "noise", description: "Make noise", input, run: async () => (await makeNoise(), "done") });
  },
};
`;

/** A plugin whose tools sleep, fail and leave failures behind. */
export const TROUBLE_JS = `
import { spawn } from "node:child_process";

export default {
  name: "trouble",
  version: "1.0.0",
  setup(ctx) {
    const input = { type: "object", properties: {} };
    const children = new Set();
    ctx.own("children", () => { for (const child of children) child.kill("SIGKILL"); });
    ctx.tool({ name: "sleep", description: "Start a child, and wait for it", input, run: (_, call) => {
      const child = spawn("sleep", ["600"]);
      children.add(child);
      call.log("info", "started");
      ctx.log.info("CHILD " + child.pid);
      return new Promise((_, reject) => call.signal.addEventListener("abort", () => reject(call.signal.reason)));
    } });
    ctx.tool({ name: "hang", description: "Never end", input, run: () => {
      ctx.log.info("HANGING");
      return new Promise(() => {});
    } });
    ctx.tool({ name: "fail", description: "Fail", input, run: () => { throw new Error("its own fault"); } });
    ctx.tool({ name: "leave", description: "Leave failures behind", input, run: () => {
      setTimeout(() => { throw new Error("late timer"); }, 0);
      Promise.reject(new Error("lost rejection"));
      return "left";
    } });
    ctx.tool({ name: "picture", description: "Give a picture", input, run: () => [
      { type: "image", data: "AAAA", mimeType: "image/png" }, { type: "text", text: "a picture" },
    ] });
  },
};
`;
