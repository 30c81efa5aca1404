/**
 * A script that sends whatever a test wants, and answers with the replies.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type CallPatch, definePlugin, type JsonObject, type Plugin, ToolError } from "../../../kernel/mod.ts";
import { type ScriptKit, startScripts, succeed } from "./kit.ts";

/** Sends what `arguments.send` lists, reads a reply for each that has an id, and answers with the replies. */
export const SENDER = `
import json, sys
request = json.loads(sys.stdin.readline())
replies = []
for message in request["params"]["arguments"]["send"]:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
    if "id" in message:
        replies.append(json.loads(sys.stdin.readline()))
if not request["params"]["arguments"].get("silent"):
    print(json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"replies": replies}}), flush=True)
`;

/** Tools for scripts to call. */
export const targets: Plugin<void> = definePlugin({
  name: "targets",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "double", description: "x", input: {}, run: ({ n }) => ({ n: 2 * Number(n) }) });
    ctx.tool({ name: "say", description: "x", input: {}, run: () => "said" });
    ctx.tool({
      name: "refuse",
      description: "x",
      input: {},
      run: () => Promise.reject(new ToolError("not today", { data: { until: "tomorrow" } })),
    });
    ctx.tool({
      name: "hurry",
      description: "x",
      input: {},
      run: async (_, call) => {
        await call.progress(99);
        return call.path.join(" > ");
      },
    });
  },
});

/** Starts a kernel with the scripts `sender` and `sender2`, which speak revision 1 and 2. */
export async function startSenders(plugins: readonly Plugin[] = []): Promise<ScriptKit> {
  const kit = await startScripts({ plugins: [targets, ...plugins] });
  await kit.register({ name: "sender", interpreter: "python3", code: SENDER });
  await kit.register({ name: "sender2", interpreter: "python3", code: SENDER, protocol: 2 });
  return kit;
}

/** How a message is sent. */
export interface SendOptions {
  readonly call?: CallPatch;
  /** Revision of the script's protocol; 1 by default. */
  readonly protocol?: 1 | 2;
}

/** Lets the script send messages, and gives the replies. */
export async function send(
  kit: ScriptKit,
  messages: readonly JsonObject[],
  { call = {}, protocol = 1 }: SendOptions = {},
): Promise<JsonObject[]> {
  const result = await kit.call(protocol === 1 ? "sender" : "sender2", { send: messages }, call);
  succeed(result);
  return (result.structuredContent as { replies: JsonObject[] }).replies;
}

/** A request: a method and its parameters. */
export type Asked = readonly [method: string, params?: JsonObject];

/** Lets the script send requests, and gives the results of the replies, or the errors, of each its own. */
export async function askAll(kit: ScriptKit, asked: readonly Asked[], options: SendOptions = {}): Promise<unknown[]> {
  const messages = asked.map(([method, params], id) => ({ id: `q${id}`, method, ...(params && { params }) }));
  const replies = await send(kit, messages, options);
  return asked.map((_, id) => {
    const { jsonrpc, result, error } = replies.find((it) => it["id"] === `q${id}`) ?? {};
    assert.equal(jsonrpc, "2.0");
    assert.ok((result === undefined) !== (error === undefined), "one of both");
    return result ?? error;
  });
}

/** Lets the script send one request, and gives the result of the reply, or the error. */
export async function ask(
  kit: ScriptKit,
  method: string,
  params: JsonObject = {},
  options: SendOptions = {},
): Promise<unknown> {
  const [result] = await askAll(kit, [[method, params]], options);
  return result;
}

/** A client that declared capabilities. */
export function clientWith(capabilities: JsonObject): CallPatch["client"] & object {
  return { name: "test", version: "1", protocolVersion: "2025-11-25", capabilities };
}
