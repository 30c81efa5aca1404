/**
 * A kit for what passes between a real client and a fake server.
 *
 * @module
 */
import { type TestClientOptions, testPlugin } from "../../../../kernel/testing.ts";
import { type Answer, type FakeOptions, FakeUpstream, listedTool, offering } from "./fake_upstream.ts";

// deno-lint-ignore no-explicit-any -- results of the client are compared as they are
export type Wire = any;

/** A kit with one server `ev` that has a tool `t`, and how it answers a call of it. */
export async function kitOf(call: Answer, { fake = {}, ...client }: TestClientOptions & { fake?: FakeOptions } = {}) {
  const upstream = new FakeUpstream({
    definition: { name: "ev" },
    ...fake,
    listed: { tools: [listedTool("t")], ...fake.listed },
    answers: { "tools/call": call, "logging/setLevel": () => ({}), ...fake.answers },
  });
  const kit = await testPlugin(offering(upstream).plugin, undefined, client);
  return { ...kit, kit, upstream, [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose]() };
}
