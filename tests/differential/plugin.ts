/**
 * What is served on both sides: tools, resources and prompts that answer in every way there is, at once and always the
 * same.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Content,
  definePlugin,
  Kernel,
  LOG_LEVELS,
  type Plugin,
  type PluginContext,
  ProtocolError,
  type Registration,
} from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";
import { registerGreeting, registerSampleResources, registerSampleTools } from "../support/samples.ts";
import { aborted } from "../support/wait.ts";

/** What both servers say of themselves. */
export const INFO = {
  name: "differential",
  version: "1.2.3",
  title: "Differential",
  instructions: "Compare",
  websiteUrl: "https://collet.example",
  icons: [{ src: "https://collet.example/icon.svg", mimeType: "image/svg+xml", sizes: ["any"] }],
};

/** Names of the tools that a generated call may name. */
export const TOOLS: readonly string[] = [
  "text",
  "nothing",
  "add",
  "numbers",
  "blocks",
  "whole",
  "fail",
  "crash",
  "refuse",
  "lie",
  "report",
  "who",
];

/** Names of the prompts. */
export const PROMPTS: readonly string[] = ["greet", "media", "broken"];

/** URIs of resources that are there, and of one whose reading fails. */
export const RESOURCES: readonly string[] = ["a://text", "a://bytes", "item://7", "broken://it"];

// content of every type; those of a later revision than the client's are the table's business
const BLOCKS: readonly Content[] = [
  { type: "text", text: "text", annotations: { audience: ["user"], priority: 0.5 }, _meta: { "a.example/m": 1 } },
  { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" },
  { type: "audio", data: "UklGRg==", mimeType: "audio/wav" },
  { type: "resource", resource: { uri: "a://text", mimeType: "text/plain", text: "embedded" } },
  { type: "resource", resource: { uri: "a://bytes", mimeType: "application/octet-stream", blob: "AP+A" } },
  { type: "resource_link", uri: "a://text", name: "text", title: "A text", mimeType: "text/plain" },
];

/** How much there is to list. */
export interface ComparedConfig {
  /** Further tools, prompts and resources of each kind; none by default. */
  readonly many?: number | undefined;
}

const compared: Plugin<ComparedConfig> = definePlugin({
  name: "compared",
  version: "1.0.0",
  config: v.strictObject({ many: v.optional(v.number(), 0) }),
  setup(ctx) {
    registerAnswers(ctx);
    registerFailures(ctx);
    registerReports(ctx);
    registerChanges(ctx);
    registerPrompts(ctx);
    registerSampleTools(ctx);
    registerSampleResources(ctx);
    registerGreeting(ctx);
    for (let i = 0; i < ctx.config.many; i++) {
      const name = `many_${String(i).padStart(4, "0")}`;
      ctx.tool({ name, description: `Number ${i}`, input: v.object({}), run: () => name });
      ctx.prompt({ name, description: `Number ${i}`, render: () => name });
      ctx.resource({ uri: `many://${name}`, name, read: () => name });
      ctx.resource({ uri: `many-${i}://{id}`, name, read: () => name });
    }
  },
});

/** Starts a kernel with the plugin. */
export async function startCompared(config: ComparedConfig = {}): Promise<Kernel> {
  return await new Kernel({ log: fakeLog() }).use(compared, config).start();
}

type Tools = Pick<PluginContext, "tool">;

function registerAnswers({ tool }: Tools): void {
  const input = v.object({});
  tool({
    name: "text",
    description: "Say it again",
    input: v.object({ text: v.pipe(v.string(), v.description("What to say")) }),
    run: ({ text }) => text,
  });
  tool({ name: "nothing", description: "Answer nothing", input, run: () => undefined });
  tool({
    name: "add",
    title: "Add",
    description: "Add two numbers",
    input: v.object({ a: v.number(), b: v.number() }),
    output: v.object({ sum: v.number() }),
    annotations: { readOnlyHint: true, title: "Adder" },
    icons: [{ src: "https://collet.example/add.png", mimeType: "image/png", sizes: ["48x48"] }],
    meta: { "collet.example/kind": "sum" },
    run: ({ a, b }) => ({ sum: a + b }),
  });
  tool({ name: "blocks", description: "Give content of every type", input, run: () => BLOCKS });
}

function registerFailures({ tool }: Tools): void {
  const input = v.object({});
  tool({
    name: "refuse",
    description: "Answer with an error of the protocol",
    input,
    run() {
      throw new ProtocolError(-32010, "Refused", { by: "tool" });
    },
  });
  tool({
    name: "lie",
    description: "Give what its own output schema forbids",
    input,
    output: v.object({ sum: v.number() }),
    run: () => ({ sum: "three" }) as never,
  });
}

function registerReports({ tool }: Tools): void {
  tool({
    name: "report",
    description: "Report progress and log, then answer",
    input: v.object({ steps: v.optional(v.pipe(v.number(), v.maxValue(5)), 2) }),
    async run({ steps }, call) {
      for (let i = 1; i <= steps; i++) {
        await call.progress(i, steps, i === 1 ? undefined : `step ${i}`);
        call.log(LOG_LEVELS[i % LOG_LEVELS.length]!, `at ${i}`, { step: i }, "report");
      }
      call.log("emergency", "plain", undefined, "report");
      return "done";
    },
  });
  tool({
    name: "wait",
    description: "Wait until the client gives up",
    input: v.object({}),
    run: (_, { signal }) => aborted(signal),
  });
  tool({
    name: "who",
    description: "Tell what the call knows of its client",
    input: v.object({}),
    run: (_, { client, sessionId }) => ({ ...client, hasSession: sessionId !== undefined }),
  });
}

function registerChanges({ tool }: Tools): void {
  let grown: Registration | undefined;
  tool({
    name: "grow",
    description: "Register a tool",
    input: v.object({}),
    run() {
      grown ??= tool({ name: "grown", description: "Grown", input: v.object({}), run: () => "grown" });
      return "grown";
    },
  });
  tool({
    name: "shrink",
    description: "Take the tool away",
    input: v.object({}),
    async run() {
      await grown?.dispose();
      grown = undefined;
      return "gone";
    },
  });
}

function registerPrompts({ prompt }: Pick<PluginContext, "prompt">): void {
  prompt({
    name: "media",
    description: "Messages of every type",
    render: () => BLOCKS.map((content) => ({ role: "assistant", content })),
  });
  prompt({
    name: "broken",
    description: "Fails",
    render() {
      throw new TypeError("secret detail");
    },
  });
}
