/**
 * Schemas of tools, prompts and configurations: Standard Schemas (valibot and its kin) as plugins write them, and
 * JSON Schema objects for what is made at run time. This is the only module that knows valibot.
 *
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { isObject } from "./content.ts";
import { KernelError, messageOf } from "./errors.ts";
import { clip, formatIssues, type Issue, typeName } from "./issue.ts";
import { unknownKey } from "./json_schema/issues.ts";
import { compileJsonSchema, readJsonSchema, type Validate } from "./json_schema/mod.ts";

export { formatIssues, formatPath, type Issue } from "./issue.ts";

/** A JSON Schema object of draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a Standard Schema (version 1) carries under `~standard`. */
export interface StandardProperties<I, O> {
  readonly version: 1;
  /** Names the library, such as `valibot`. */
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardResult<O> | Promise<StandardResult<O>>;
  readonly types?: { readonly input: I; readonly output: O } | undefined;
  /** Converts to JSON Schema, in libraries that have it (Standard JSON Schema). */
  readonly jsonSchema?: {
    readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    readonly output: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
  };
}

/** What `validate` of a Standard Schema gives. */
export type StandardResult<O> =
  | { readonly value: O; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** An issue as a Standard Schema reports it. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A Standard Schema, such as those of valibot, zod and arktype. */
export interface StandardSchema<I, O> {
  readonly "~standard": StandardProperties<I, O>;
}

/** A Standard Schema, or a JSON Schema object for what is made at run time. */
// deno-lint-ignore no-explicit-any -- a schema of any type is the default
export type Schema<I = any, O = any> = StandardSchema<I, O> | JsonSchema;

/** Gives the type that a schema accepts; for a JSON Schema object, any JSON object. */
// deno-lint-ignore no-explicit-any -- nothing is known of the types of `any`
export type Input<S> = 0 extends 1 & S ? any
  : S extends StandardSchema<unknown, unknown> ? NonNullable<S["~standard"]["types"]>["input"]
  : Record<string, unknown>;

/** Gives the type that a schema makes of what it accepts; for a JSON Schema object, any JSON object. */
// deno-lint-ignore no-explicit-any -- nothing is known of the types of `any`
export type Output<S> = 0 extends 1 & S ? any
  : S extends StandardSchema<unknown, unknown> ? NonNullable<S["~standard"]["types"]>["output"]
  : Record<string, unknown>;

/** The value as the schema makes it, or what is wrong with it. */
export type ParseResult<O = unknown> =
  | { readonly ok: true; readonly value: O }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** What a schema is compiled for. */
export interface CompileOptions {
  /** Names the schema in errors, such as `input of tool "x"`. */
  readonly what: string;
  /** Whether the listed schema describes what is accepted (`input`, the default) or given. */
  readonly direction?: "input" | "output";
}

/** A schema, ready to parse values and to be listed. */
export interface CompiledSchema<O = unknown> {
  /**
   * The JSON Schema to list; that of a Standard Schema is made when it is first asked for. That of an `input` has an
   * object at its root and under `properties`.
   *
   * @throws {KernelError} `SCHEMA_INVALID` when the schema cannot be shown as JSON Schema.
   */
  readonly jsonSchema: JsonSchema;
  /** Parses a value; never throws. A JSON Schema leaves the value as it is: `default` is not filled in. */
  parse(value: unknown): ParseResult<O> | Promise<ParseResult<O>>;
}

/**
 * Compiles a schema.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place, when a JSON Schema is not valid and cannot be mended, is too
 * large, refers outside itself, or has a pattern that cannot be matched in linear time.
 *
 * @example Parse by a JSON Schema
 * ```ts
 * import { compileSchema, formatIssues } from "collet";
 *
 * const schema = { properties: { a: { type: "string" } }, required: ["a"] };
 * const compiled = compileSchema(schema, { what: "an example" });
 * const result = await compiled.parse({ a: 1 });
 * if (result.ok || formatIssues(result.issues) !== '"a": expected string, found 1') throw new Error("unexpected");
 * if (compiled.jsonSchema["type"] !== "object") throw new Error("unexpected");
 * ```
 */
export function compileSchema<S extends Schema>(schema: S, options: CompileOptions): CompiledSchema<Output<S>> {
  return (isStandard(schema) ? compileStandard(schema, options) : compileJson(schema, options)) as CompiledSchema<
    Output<S>
  >;
}

// arktype's schemas are functions
function isStandard(schema: unknown): schema is StandardSchema<unknown, unknown> {
  const isCarrier = typeof schema === "function" || isObject(schema);
  return isCarrier && isObject((schema as { "~standard"?: unknown })["~standard"]);
}

function compileJson(schema: unknown, options: CompileOptions): CompiledSchema {
  const { schema: jsonSchema, load } = compileJsonSchema(schema, options);
  let validate: Validate | undefined;
  const check = (value: unknown, by: Validate): ParseResult => {
    const issues = by(value);
    return issues.length === 0 ? { ok: true, value } : { ok: false, issues };
  };
  return {
    jsonSchema,
    parse: (value) => {
      if (validate !== undefined) return check(value, validate);
      return load().then((loaded) => check(value, validate = loaded), failed);
    },
  };
}

function failed(thrown: unknown): ParseResult {
  return { ok: false, issues: [{ path: [], message: `cannot be checked: ${messageOf(thrown)}` }] };
}

function compileStandard(schema: StandardSchema<unknown, unknown>, options: CompileOptions): CompiledSchema {
  const standard = schema["~standard"];
  const toResult = (result: StandardResult<unknown>): ParseResult =>
    result.issues === undefined
      ? { ok: true, value: result.value }
      : { ok: false, issues: result.issues.map((it) => toIssue(it, schema)) };
  let listed: JsonSchema | undefined;
  return {
    get jsonSchema() {
      return listed ??= readJsonSchema(withoutDialect(convert(schema, options)), options);
    },
    parse: (value) => {
      try {
        const result = standard.validate(value);
        return result instanceof Promise ? result.then(toResult).catch(failed) : toResult(result);
      } catch (thrown) {
        return failed(thrown);
      }
    },
  };
}

function convert(schema: StandardSchema<unknown, unknown>, { what, direction = "input" }: CompileOptions): unknown {
  const { vendor, jsonSchema } = schema["~standard"];
  try {
    if (jsonSchema !== undefined) return jsonSchema[direction]({ target: "draft-2020-12" });
    if (vendor === "valibot") return convertValibot(schema, direction);
  } catch (thrown) {
    throw new KernelError("SCHEMA_INVALID", `Cannot list ${what}: ${messageOf(thrown)}`, {
      cause: thrown,
      fix: "use types that JSON has",
    });
  }
  throw new KernelError("SCHEMA_INVALID", `Cannot list ${what}: schemas of ${vendor} carry no JSON Schema`, {
    fix: "use valibot, or a library with Standard JSON Schema",
  });
}

// the protocol assumes this dialect; whoever writes JSON Schema and names it keeps it
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

function withoutDialect(schema: unknown): unknown {
  if (!isObject(schema) || schema["$schema"] !== DIALECT) return schema;
  const { $schema: _, ...rest } = schema;
  return rest;
}

/** Transformations after which a value has the type it had. */
const RETAINING: readonly string[] = [
  "brand",
  "filter_items",
  "flavor",
  "normalize",
  "readonly",
  "sort_items",
  "to_lower_case",
  "to_max_value",
  "to_min_value",
  "to_upper_case",
  "trim",
  "trim_end",
  "trim_start",
];
/** Schemas of JSON that cannot be described closer than they are already. */
const OPEN_TYPES: readonly string[] = ["custom", "record"];

// what JSON Schema cannot say is left out: a listed schema may allow more than the parser does
function convertValibot(schema: unknown, direction: "input" | "output"): Record<string, unknown> {
  return toJsonSchema(schema as Parameters<typeof toJsonSchema>[0], {
    target: "draft-2020-12",
    typeMode: direction,
    overrideAction: ({ valibotAction: { kind, type, ...action }, jsonSchema, errors }) => {
      if (errors === undefined) return undefined;
      if (kind === "transformation" && direction === "output" && !RETAINING.includes(type)) return {};
      const { pattern, ...others } = jsonSchema;
      const hasFlags = type === "regex" && (action as { requirement?: RegExp }).requirement?.source === pattern;
      return hasFlags || pattern === undefined ? others : { ...others, pattern };
    },
    overrideSchema: ({ valibotSchema, jsonSchema, errors }) =>
      errors === undefined || OPEN_TYPES.includes(valibotSchema.type) ? withoutNoise({ ...jsonSchema }) : undefined,
  }) as Record<string, unknown>;
}

// every client reads the listed schemas into its model's context: what says nothing is not sent
function withoutNoise(schema: Record<string, unknown>): Record<string, unknown> {
  const { required, propertyNames, additionalProperties } = schema;
  if (Array.isArray(required) && required.length === 0) delete schema["required"];
  if (isObject(propertyNames) && propertyNames["type"] === "string" && Object.keys(propertyNames).length === 1) {
    delete schema["propertyNames"];
  }
  if (isObject(additionalProperties) && Object.keys(additionalProperties).length === 0) {
    delete schema["additionalProperties"];
  }
  return schema;
}

// ---- issues ----

/** What valibot adds to an issue. */
interface ValibotIssue extends StandardIssue {
  readonly kind: string;
  readonly type: string;
  readonly input: unknown;
  readonly expected: string | null;
  readonly received: string;
  readonly path?: readonly { readonly key: PropertyKey; readonly origin?: string }[] | undefined;
  readonly issues?: readonly ValibotIssue[] | undefined;
}

const DEFAULT_MESSAGE_REGEXP = /^Invalid ([\w ]+): (?:Expected |Received )/;
/** Types for which the value found says more than its type. */
const TYPES_OF_VALUES: readonly string[] = ["literal", "picklist", "enum", "variant"];

function toIssue(issue: StandardIssue, schema: StandardSchema<unknown, unknown>): Issue {
  if (schema["~standard"].vendor === "valibot") return toValibotIssue(issue as ValibotIssue, schema);
  return { path: pathOf(issue), message: issue.message };
}

function pathOf({ path = [] }: StandardIssue): (string | number)[] {
  const keys = Array.from(path, (it) => typeof it === "object" ? it.key : it);
  return keys.map((it) => typeof it === "number" ? it : String(it));
}

function toValibotIssue(issue: ValibotIssue, schema: unknown): Issue {
  const path = pathOf(issue);
  const label = DEFAULT_MESSAGE_REGEXP.exec(issue.message)?.[1];
  // an author's own words stay
  if (label === undefined || !issue.message.endsWith(`eceived ${issue.received}`)) {
    return { path, message: issue.message };
  }
  const isOfKey = issue.kind === "schema" && issue.path?.at(-1)?.origin === "key";
  if (isOfKey && issue.expected === "never") {
    const key = String(path.pop());
    return { path, message: unknownKey(key, keysAt(schema, path)) };
  }
  if (isOfKey && issue.received === "undefined") return { path, message: "missing" };
  if (issue.type === "union" && issue.issues?.some((it) => it.path !== undefined)) {
    const nested = issue.issues.slice(0, 3).map((it) => toValibotIssue(it, undefined));
    return { path, message: `fits none of the alternatives (${formatIssues(nested)})` };
  }
  const isOfType = issue.kind === "schema" && !TYPES_OF_VALUES.includes(issue.type);
  const found = isOfType ? typeName(issue.input) : clip(plain(issue.received));
  const expected = issue.expected === null ? "" : `expected ${plain(issue.expected)}, `;
  return { path, message: `${issue.kind === "schema" ? "" : `invalid ${label}: `}${expected}found ${found}` };
}

// valibot writes `(Object | "a")` and `undefined`
function plain(words: string): string {
  return words.replace(/^\((.*)\)$/s, "$1").replace(/^(?:Object|Array)$/, (it) => it.toLowerCase())
    .replace(/^undefined$/, "nothing");
}

/** Finds the keys that a valibot schema knows at a path. */
function keysAt(schema: unknown, path: Issue["path"]): readonly string[] {
  let at = unwrap(schema);
  for (const key of path) at = unwrap(isObject(at?.["entries"]) ? at["entries"][key] : at?.["item"] ?? at?.["value"]);
  return isObject(at?.["entries"]) ? Object.keys(at["entries"]) : [];
}

function unwrap(schema: unknown): Record<string, unknown> | undefined {
  let at = schema;
  while (isObject(at) && isObject(at["wrapped"])) at = at["wrapped"];
  return isObject(at) ? at : undefined;
}
