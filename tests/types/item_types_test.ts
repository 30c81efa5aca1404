import { test } from "node:test";
import * as v from "valibot";
import { type Call, type PluginContext, toolResult } from "../../kernel/mod.ts";
import type { Equal, Expect } from "../support/types.ts";

// everything below is checked by the compiler; nothing of it runs but this
test("the types of tools, resources and prompts are checked by the compiler", () => {});

export function toolInputIsInferred({ tool }: PluginContext): void {
  tool({
    name: "t",
    description: "t",
    input: v.object({ text: v.string(), times: v.optional(v.number(), 1) }),
    run(input, call) {
      type _Input = Expect<Equal<typeof input, { text: string; times: number }>>;
      type _Call = Expect<Equal<typeof call, Call>>;
      return input.text.repeat(input.times);
    },
  });
  tool({
    name: "t",
    description: "t",
    input: v.object({ text: v.string() }),
    // @ts-expect-error -- there is no such argument
    run: ({ test }) => test,
  });
  // @ts-expect-error -- a description is required
  tool({ name: "t", input: v.object({}), run: () => "" });
  tool({
    name: "t",
    description: "t",
    input: { type: "object", properties: { a: { type: "string" } } },
    run: () => "",
  });
}

export function toolOutputIsChecked({ tool }: PluginContext): void {
  const input = v.object({});
  const output = v.object({ n: v.pipe(v.string(), v.transform(Number)) });
  const base = { name: "t", description: "t", input };
  tool({ ...base, output, run: () => ({ n: "1" }) });
  tool({ ...base, output, run: async () => await Promise.resolve({ n: "1" }) });
  tool({ ...base, output, run: () => toolResult({ content: [], isError: true }) });
  // @ts-expect-error -- with an output schema a tool returns its input type
  tool({ ...base, output, run: () => ({ n: 1 }) });
  // @ts-expect-error -- with an output schema a text is none
  tool({ ...base, output, run: () => "1" });
  tool({ ...base, run: () => "text" });
  tool({ ...base, run: () => [{ type: "text" as const, text: "x" }] });
  tool({ ...base, run: () => ({ any: { json: [1] } }) });
  tool({ ...base, run: () => {} });
  // @ts-expect-error -- without an output schema a number is no result
  tool({ ...base, run: () => 1 });
  tool({ ...base, output: v.array(v.number()), run: () => [1] });
}

export function registrationsUpdateByType({ tool }: PluginContext): void {
  const registered = tool({ name: "t", description: "t", input: v.object({ a: v.string() }), run: ({ a }) => a });
  registered.update({ description: "new", run: ({ a }) => a.trim() });
  // @ts-expect-error -- a name is for life
  registered.update({ name: "other" });
  // @ts-expect-error -- there is no such argument
  registered.update({ run: ({ b }) => b });
}

export function templateParametersAreInferred({ resource }: PluginContext): void {
  resource({
    uri: "skill://{name}/{+path}{?version}",
    name: "skill",
    read(params, call) {
      params.name.trim();
      params.path.trim();
      // @ts-expect-error -- the template has no such parameter
      params.other;
      type _Uri = Expect<Equal<typeof call.uri, string>>;
      return "";
    },
  });
  resource({
    uri: "memory://keys",
    name: "keys",
    read(params) {
      // @ts-expect-error -- a fixed URI has no parameters
      params.name;
      return new Uint8Array();
    },
  });
  // @ts-expect-error -- a number is no contents
  resource({ uri: "a://b", name: "b", read: () => 1 });
}

export function promptArgumentsAreInferred({ prompt }: PluginContext): void {
  prompt({
    name: "p",
    description: "p",
    args: v.object({ topic: v.string(), tone: v.optional(v.picklist(["dry", "warm"]), "dry") }),
    render(args) {
      type _Args = Expect<Equal<typeof args, { topic: string; tone: "dry" | "warm" }>>;
      return args.topic;
    },
  });
  prompt({
    name: "p",
    description: "p",
    render(args) {
      // @ts-expect-error -- it has no arguments
      args.topic;
      return [{ role: "assistant", content: { type: "text", text: "x" } }];
    },
  });
}
