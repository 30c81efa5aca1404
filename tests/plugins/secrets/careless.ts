/**
 * A plugin whose tools show what they were given in every way there is.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as v from "valibot";
import {
  definePlugin,
  optional,
  type Plugin,
  Processes,
  ProtocolError,
  Toolbox,
  ToolError,
  toolResult,
  valueOf,
} from "../../../kernel/mod.ts";

import { Secrets } from "../../../plugins/secrets/contract.ts";

/** The secret of these tests, with characters that encodings change. */
export const VALUE = 'sk-"quoted"/ünd+2026';

/** What every encoding of the secret shows of it. */
export const TRACES: readonly string[] = [
  VALUE,
  "quoted",
  Buffer.from(VALUE).toString("hex").slice(8, 24),
  // the same characters at each of the three places of a group
  ...["", "a", "aa"].map((before) => Buffer.from(before + VALUE).toString("base64").slice(4, 20)),
];

const careless: Plugin<void> = definePlugin({
  name: "careless",
  version: "1.0.0",
  requires: { secrets: Secrets, toolbox: Toolbox, processes: optional(Processes) },
  setup(ctx) {
    const { secrets, toolbox, processes } = ctx.deps;
    const value = () => secrets.reveal(["API_KEY"])["API_KEY"]!;
    const add = (name: string, run: (call: Parameters<Parameters<typeof ctx.tool>[0]["run"]>[1]) => unknown) =>
      void ctx.tool({ name, description: name, input: v.object({}), run: (_, call) => run(call) as string });
    add("text", () => `the key is ${value()}`);
    add("json", () => ({ [value()]: [{ key: `a ${value()} b` }], text: JSON.stringify({ key: value() }) }));
    add("encoded", () => [
      { type: "text", text: Buffer.from(`user:${value()}`).toString("base64") },
      { type: "text", text: encodeURIComponent(value()) },
      { type: "text", text: Buffer.from(value()).toString("hex") },
      { type: "image", mimeType: "image/png", data: Buffer.from(`..${value()}..`).toString("base64") },
    ]);
    add("meta", () => toolResult({ content: [], _meta: { key: value() } }));
    add("expected", () => Promise.reject(new ToolError(`bad key ${value()}`, { data: { key: value() } })));
    add("unexpected", () => Promise.reject(new Error(`bug with ${value()}`, { cause: new Error(value()) })));
    add("protocol", () => Promise.reject(new ProtocolError(-32000, `bad key ${value()}`, { key: value() })));
    add("nested", async (call) => ({ got: valueOf(await toolbox.call("text", {}, call)) }));
    add("said", async (call) => {
      const guarded = secrets.guard(call);
      await guarded.progress(1, 2, `using ${value()}`);
      guarded.log("info", `using ${value()}`, { key: value() });
      const { action } = await guarded.elicit({
        message: `Is ${value()} right?`,
        requestedSchema: { type: "object", properties: { ok: { type: "boolean", description: value() } } },
      });
      const { model } = await guarded.sample({
        maxTokens: 9,
        messages: [{ role: "user", content: { type: "text", text: value() } }],
      });
      return `${action} ${model}`;
    });
    add("logged", () => {
      ctx.log.info(`using ${value()}`, { key: value(), error: new Error(value()) });
      return "logged";
    });
    add("child", async (call) => {
      const child = await processes!.spawn({
        program: "sh",
        args: ["-c", 'printf "%s" "$API_KEY"; sleep 60'],
        env: secrets.reveal(["API_KEY"]),
        signal: call.signal,
      });
      let text = "";
      for await (const piece of child.stdout) {
        text += piece;
        if (text.length >= VALUE.length) break;
      }
      const listed = await processes!.run({ program: "ps", args: ["axww", "-o", "pid=,args="] });
      await child.kill(0);
      return { child: text, ps: listed.stdout.includes(VALUE), seen: listed.stdout.includes('printf "%s"') };
    });
    ctx.resource({ uri: "careless://text", name: "text", read: () => `the key is ${value()}` });
    ctx.resource({ uri: "careless://bytes", name: "bytes", read: () => new TextEncoder().encode(`key ${value()}`) });
    ctx.resource({ uri: "careless://error", name: "error", read: () => Promise.reject(new ToolError(value())) });
    ctx.prompt({ name: "prompt", description: "prompt", render: () => `use ${value()}` });
  },
});

export default careless;
