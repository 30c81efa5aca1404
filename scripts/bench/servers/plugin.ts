/**
 * The plugin that gives Collet the tools of the benchmark.
 *
 * @module
 */
import { definePlugin, type Plugin } from "collet";
import * as v from "valibot";
import { ECHO, makeTools } from "./tools.ts";

const bench: Plugin<{ tools?: number | undefined }> = definePlugin({
  name: "bench",
  version: "1.0.0",
  config: v.strictObject({ tools: v.optional(v.number(), 0) }),
  setup({ tool, config: { tools } }) {
    if (tools === 0) {
      const input = v.object({ text: v.pipe(v.string(), v.description("The text")) });
      tool({ ...ECHO, input, run: ({ text }) => text });
      return;
    }
    for (const { name, description, inputSchema } of makeTools(tools)) {
      tool({ name, description, input: { ...inputSchema }, run: () => "" });
    }
  },
});

export default bench;
