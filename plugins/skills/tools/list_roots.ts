/**
 * `list_roots`: the folders that the client lets the server know of.
 *
 * @module
 */
import * as v from "valibot";
import type { SkillTools } from "./mod.ts";
import { answer } from "./texts.ts";

/** Registers the tool. */
export function registerListRoots({ tool }: SkillTools): void {
  tool({
    name: "list_roots",
    description: "List the folders that the client has opened to this server.",
    input: v.strictObject({}),
    output: v.object({
      supports_roots: v.pipe(v.boolean(), v.description("Whether the client knows roots")),
      count: v.number(),
      roots: v.array(v.object({ uri: v.string(), name: v.optional(v.string()) })),
    }),
    annotations: { title: "List roots", readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    run: async (_, call) => {
      const isSupported = call.client.capabilities["roots"] !== undefined;
      const roots = isSupported ? await call.roots() : [];
      const listed = roots.map(({ uri, name }) => ({ uri, ...(name !== undefined && { name }) }));
      const items = listed.map(({ uri, name }) => `- ${uri}${name === undefined ? "" : ` (${name})`}`).join("\n");
      const none = isSupported ? "The client has opened no folders" : "The client knows no roots";
      return answer([items || none], { supports_roots: isSupported, count: listed.length, roots: listed });
    },
  });
}
