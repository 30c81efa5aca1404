/** Checks types: this file is right when it compiles; the compiler reports each `@ts-expect-error` that is needless. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { definePlugin, type Plugin, type PluginContext } from "../../kernel/plugin.ts";
import type { CompiledSchema, Input, JsonSchema, Output, Schema, StandardSchema } from "../../kernel/schema.ts";
import { compileSchema } from "../../kernel/schema.ts";
import type { UriParams } from "../../kernel/uri_template.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type Expect<T extends true> = T;
// deno-lint-ignore no-explicit-any -- a type to compare with
type Any = any;

const entries = {
  a: v.string(),
  n: v.pipe(v.string(), v.toNumber()),
  d: v.optional(v.boolean(), false),
  o: v.optional(v.string()),
};
const object = v.object(entries);
const strict = v.strictObject(entries);
const piped = v.pipe(object, v.transform((it) => [it.n]));
const jsonSchema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
const constSchema = { type: "object", properties: { a: { type: "string" } } } as const;

interface In {
  a: string;
  n: string;
  d?: boolean | undefined;
  o?: string | undefined;
}
interface Out {
  a: string;
  n: number;
  d: boolean;
  o?: string | undefined;
}
type Flat<T> = { [K in keyof T]: T[K] };

export type SchemaCases = [
  Expect<Equal<Flat<Input<typeof object>>, Flat<In>>>,
  Expect<Equal<Flat<Output<typeof object>>, Flat<Out>>>,
  Expect<Equal<Flat<Output<typeof strict>>, Flat<Out>>>,
  Expect<Equal<Input<typeof piped>, Input<typeof object>>>,
  Expect<Equal<Output<typeof piped>, number[]>>,
  Expect<Equal<Input<typeof object>, v.InferInput<typeof object>>>,
  Expect<Equal<Output<typeof object>, v.InferOutput<typeof object>>>,
  Expect<Equal<Input<typeof jsonSchema>, Record<string, unknown>>>,
  Expect<Equal<Output<typeof constSchema>, Record<string, unknown>>>,
  Expect<Equal<Output<JsonSchema>, Record<string, unknown>>>,
  Expect<Equal<Output<StandardSchema<string, number>>, number>>,
  Expect<Equal<Input<StandardSchema<string, number>>, string>>,
  Expect<Equal<Output<Any>, Any>>,
  Expect<Equal<Input<Any>, Any>>,
];

export type UriCases = [
  Expect<Equal<UriParams<"skill://{name}/{+path}">, { readonly name: string; readonly path: string }>>,
  Expect<
    Equal<
      UriParams<"x://{a}{?b,c}{&d}">,
      { readonly a: string; readonly b?: string; readonly c?: string; readonly d?: string }
    >
  >,
  Expect<
    Equal<
      UriParams<"x:/{/path*}{.ext}{#part}{;p}">,
      { readonly path: string; readonly ext: string; readonly part: string; readonly p: string }
    >
  >,
  Expect<Equal<UriParams<"x://{a,b}">, { readonly a: string; readonly b: string }>>,
  // deno-lint-ignore ban-types -- no parameters, no keys
  Expect<Equal<UriParams<"memory://keys">, {}>>,
  Expect<Equal<UriParams<string>, Readonly<Record<string, string>>>>,
];

export const schemas: readonly Schema[] = [object, strict, piped, v.objectAsync({}), jsonSchema, constSchema, {
  type: "object",
}];
// @ts-expect-error a text is no schema
export const text: Schema = "text";
// @ts-expect-error nor is a list
export const list: Schema = [{ type: "object" }];

const compiled = compileSchema(object, { what: "x", direction: "input" });
export type CompiledCase = Expect<Equal<typeof compiled, CompiledSchema<v.InferOutput<typeof object>>>>;

export function registerAll({ tool, resource, prompt }: PluginContext): void {
  const named = { name: "x", description: "x" };
  tool({ ...named, input: v.object({ a: v.string() }), run: (input: { a: string }) => input.a });
  tool({ ...named, input: strict, run: ({ n, d }) => `${n.toFixed()} ${d}` });
  tool({ ...named, input: jsonSchema, run: (input: Record<string, unknown>) => String(input["a"]) });
  tool({
    ...named,
    input: { type: "object" },
    run: (input) => {
      // @ts-expect-error the values of a JSON Schema are unknown
      return input["a"].length;
    },
  });
  tool({
    ...named,
    input: object,
    // @ts-expect-error no such key
    run: (input) => input.b,
  });
  tool({ ...named, input: object, output: v.object({ n: v.pipe(v.string(), v.toNumber()) }), run: () => ({ n: "1" }) });
  tool({
    ...named,
    input: object,
    output: v.object({ n: v.number() }),
    // @ts-expect-error the result does not have the type of the output
    run: () => ({ n: "1" }),
  });
  resource({ uri: "skill://{name}/{+path}", name: "x", read: ({ name, path }) => name + path });
  resource({ uri: "x://{a}{?page}", name: "x", read: ({ a, page }) => a + (page ?? "1") });
  resource({
    uri: "skill://{name}",
    name: "x",
    // @ts-expect-error no such parameter
    read: ({ path }) => path,
  });
  resource({ uri: String("x://{y}"), name: "x", read: (params) => params["y"] ?? "" });
  prompt({ ...named, args: v.object({ topic: v.string() }), render: ({ topic }) => topic.trim() });
  prompt({ ...named, render: () => "x" });
}

const configured = definePlugin({
  name: "x",
  version: "1.0.0",
  config: v.strictObject({ locale: v.optional(v.string(), "en") }),
  setup: ({ config }) => void config.locale.toUpperCase(),
});
const loose = definePlugin({ name: "x", version: "1.0.0", config: { type: "object" }, setup: () => {} });
const bare = definePlugin({ name: "x", version: "1.0.0", setup: () => {} });
export type PluginCases = [
  Expect<Equal<typeof configured, Plugin<{ locale?: string | undefined }>>>,
  Expect<Equal<typeof loose, Plugin<Record<string, unknown>>>>,
  Expect<Equal<typeof bare, Plugin<void>>>,
];

test("types of schemas and URI templates are inferred", () => assert.equal(schemas.length, 7));
