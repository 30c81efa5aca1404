/**
 * Resources and prompts of every kind, for tests of the tools that give them.
 *
 * @module
 */
import * as v from "valibot";
import { definePlugin, type Plugin, ToolError } from "../../../kernel/mod.ts";

/** The text of `a://long`: its lines have 10 characters each. */
export const LONG: string = Array.from({ length: 9_000 }, (_, i) => `line ${String(i).padStart(4, "0")}\n`).join("");

const LISTED = Array.from({ length: 120 }, (_, i) => `many://${String(i).padStart(3, "0")}`);
const PNG = "iVBORw0KGgo=";

const items: Plugin<void> = definePlugin({
  name: "items",
  version: "1.0.0",
  setup({ resource, prompt, tool }) {
    const icons = [{ src: "data:image/png;base64,AAAA" }];
    resource({
      uri: "a://long",
      name: "long",
      title: "Long",
      description: "Many lines\nof text",
      read: () => LONG,
      icons,
    });
    resource({ uri: "a://empty", name: "empty", mimeType: "text/plain", read: () => "" });
    resource({ uri: "a://smiles", name: "smiles", read: () => "a😀😀b" });
    resource({ uri: "a://bytes", name: "bytes", read: () => new Uint8Array([1, 2, 3]) });
    const picture = (uri: string, mimeType: string) => [{ uri, mimeType, blob: PNG }];
    resource({ uri: "a://picture", name: "picture", read: () => picture("a://picture", "image/png") });
    resource({ uri: "a://sound", name: "sound", read: () => picture("a://sound", "audio/wav") });
    resource({ uri: "a://huge", name: "huge", mimeType: "image/png", read: () => new Uint8Array(3_000) });
    resource({
      uri: "a://parts",
      name: "parts",
      read: () => [
        { uri: "a://parts/1", text: "one" },
        ...picture("a://parts/2", "image/png"),
        { uri: "a://parts/3", mimeType: "text/csv", text: "three" },
      ],
    });
    resource({ uri: "a://locked", name: "locked", read: () => Promise.reject(new ToolError("it is locked")) });
    resource({
      uri: "many://{id}",
      name: "many",
      description: "One of many",
      list: () => LISTED.map((uri) => ({ uri, name: uri.slice(7) })),
      read: ({ id }, { principal }) => `${id} for ${principal?.id}`,
    });
    const args = v.object({
      name: v.pipe(v.string(), v.description("Whom")),
      times: v.optional(v.pipe(v.string(), v.digits())),
    });
    prompt({
      name: "greet",
      description: "Greet someone",
      args,
      render: ({ name, times = "1" }) => `${name} ${times}`,
    });
    prompt({
      name: "talk",
      description: "A talk\nwith a picture",
      render: () => [
        { role: "user", content: { type: "text", text: "What is it?" } },
        { role: "assistant", content: { type: "image", mimeType: "image/png", data: PNG } },
      ],
    });
    prompt({ name: "failing", description: "Fails", render: () => Promise.reject(new ToolError("out of words")) });
    tool({
      name: "say_long",
      description: "Say much",
      input: v.object({}),
      run: () => LONG,
    });
  },
});

export default items;
