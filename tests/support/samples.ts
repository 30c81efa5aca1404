/**
 * What the servers of several tests have in common: what is listed with every field there is, and what fails in each
 * way.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, ToolError, toolResult } from "../../kernel/mod.ts";

/** Registers the tools `numbers`, `whole`, `fail`, `crash` and `touch`. */
export function registerSampleTools({ tool, updated }: Pick<PluginContext, "tool" | "updated">): void {
  const input = v.object({});
  tool({ name: "numbers", description: "List numbers", input, output: v.array(v.number()), run: () => [1, 2, 3] });
  tool({
    name: "whole",
    description: "Give a whole result",
    input,
    run: () =>
      toolResult({
        content: [{ type: "text", text: "no rows" }],
        structuredContent: { rows: 0 },
        isError: true,
        _meta: { "collet.example/cost": 7 },
      }),
  });
  tool({
    name: "fail",
    description: "Fail as expected",
    input,
    run() {
      throw new ToolError("Cannot do it: on purpose", { data: { why: "purpose" } });
    },
  });
  tool({
    name: "crash",
    description: "Fail by a bug",
    input,
    run() {
      throw new TypeError("secret detail");
    },
  });
  tool({
    name: "touch",
    description: "Say that a resource changed",
    input: v.object({ uri: v.string() }),
    run: ({ uri }) => updated(uri),
  });
}

/**
 * Registers the resources `a://text`, `a://bytes` and `broken://it`, and the template `item://{id}`.
 *
 * @param subscribe Runs when a client subscribes to an item.
 */
export function registerSampleResources(
  { resource }: Pick<PluginContext, "resource">,
  subscribe: (uri: string) => () => void = () => () => {},
): void {
  resource({
    uri: "a://text",
    name: "text",
    title: "A text",
    description: "Some text",
    mimeType: "text/plain",
    size: 5,
    annotations: { audience: ["assistant"], priority: 1, lastModified: "2026-01-01T00:00:00Z" },
    icons: [{ src: "https://collet.example/text.png" }],
    meta: { "collet.example/kind": "text" },
    read: () => "hello",
  });
  resource({
    uri: "a://bytes",
    name: "bytes",
    mimeType: "application/octet-stream",
    read: () => new Uint8Array([0, 255, 128]),
  });
  resource({
    uri: "item://{id}",
    name: "item",
    title: "An item",
    description: "An item by its id",
    mimeType: "application/json",
    list: () => ["1", "2"].map((id) => ({ uri: `item://${id}`, name: `item ${id}` })),
    complete: (_, value) => Array.from({ length: 150 }, (_, i) => String(i)).filter((it) => it.startsWith(value)),
    subscribe,
    read: ({ id }) => JSON.stringify({ id }),
  });
  resource({
    uri: "broken://it",
    name: "broken",
    read() {
      throw new TypeError("secret detail");
    },
  });
}

/** Registers the prompt `greet`. */
export function registerGreeting({ prompt }: Pick<PluginContext, "prompt">): void {
  prompt({
    name: "greet",
    title: "Greet",
    description: "Greet somebody",
    args: v.object({
      name: v.pipe(v.string(), v.description("Who")),
      tone: v.optional(v.picklist(["dry", "warm", "warmer"])),
    }),
    icons: [{ src: "https://collet.example/greet.png" }],
    render: ({ name, tone }) => `Greet ${name}${tone === undefined ? "" : `, ${tone}`}`,
  });
}
