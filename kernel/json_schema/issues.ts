/**
 * What the validation library reports, in the words of {@linkcode Issue}.
 *
 * @module
 */
import type { OutputUnit } from "@cfworker/json-schema";
import { isObject } from "../content.ts";
import { clip, type Issue, MAX_ISSUES, show, typeName } from "../issue.ts";
import { didYouMean } from "../near_names.ts";
import { decodeFragment } from "./pointer.ts";

/** What was validated, and by what. */
export interface Validated {
  /** The schema as the library has it. */
  readonly root: unknown;
  readonly value: unknown;
  /** Gives the pattern that the name of a format stands for. */
  patternOf(format: string): string | undefined;
}

const MAX_CANDIDATES = 1_000;
const MAX_KEY_LENGTH = 100;

/** Says that a key is not known, with the known ones that are near. */
export function unknownKey(key: string, known: Iterable<string>): string {
  const candidates = key.length > MAX_KEY_LENGTH ? [] : [...known].filter((it) => it.length <= MAX_KEY_LENGTH);
  return `unknown key ${show(key)}${didYouMean(key, candidates.slice(0, MAX_CANDIDATES))}`;
}

// these only say that something below them failed, which is reported by itself
const CARRIERS: ReadonlySet<string> = new Set([
  ...["$ref", "additionalItems", "additionalProperties", "allOf", "dependencies", "dependentSchemas", "if", "items"],
  ...["patternProperties", "prefixItems", "properties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"],
]);
/** Keywords by which an object has no keys but those it names. */
const CLOSING: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties"]);
const CHOICES: ReadonlySet<string> = new Set(["anyOf", "oneOf", "contains", "minContains"]);

/** Turns errors of the library into issues: the innermost ones, and one for each choice that nothing fits. */
export function toIssues(errors: readonly OutputUnit[], validated: Validated): readonly Issue[] {
  const issues = new Map<string, Issue>();
  for (let i = 0; i < errors.length && issues.size < MAX_ISSUES; i++) {
    const error = errors[i]!;
    if (CARRIERS.has(error.keyword)) continue;
    const issue = error.keyword === "false" ? notAllowed(error, errors[i - 1], validated) : toIssue(error, validated);
    issues.set(JSON.stringify([issue.path, issue.message]), issue);
    // what follows is about the alternatives of this choice
    if (CHOICES.has(error.keyword)) { while (isWithin(errors[i + 1], error)) i++; }
  }
  return issues.size > 0 ? [...issues.values()] : [{ path: [], message: "does not fit the schema" }];
}

function isWithin(error: OutputUnit | undefined, choice: OutputUnit): boolean {
  const keyword = choice.keywordLocation.replace(/minContains$/, "contains");
  return error?.keywordLocation.startsWith(keyword) === true ||
    error?.keyword === "false" && error.instanceLocation.startsWith(choice.instanceLocation);
}

function toIssue(error: OutputUnit, validated: Validated): Issue {
  const { root, value } = validated;
  const path = pathOf(error.instanceLocation, value);
  const expected = schemaAt(root, error.keywordLocation)?.[error.keyword];
  if (error.keyword === "required") return { path: [...path, quoted(error, 0)], message: "missing" };
  if (error.keyword === "dependentRequired") {
    return { path: [...path, quoted(error, 1)], message: `missing, needed beside ${show(quoted(error, 0))}` };
  }
  // a name is checked as a text of its own
  if (error.keywordLocation.includes("/propertyNames/")) {
    const key = String(path.at(-1));
    const message = describe(error, { expected, found: key, validated });
    return { path: path.slice(0, -1), message: `the key ${show(key)} is not allowed: ${message}` };
  }
  return { path, message: describe(error, { expected, found: valueAt(value, path), validated }) };
}

function quoted({ error }: OutputUnit, index: number): string {
  return [...error.matchAll(/"([^"]*)"/g)][index]?.[1] ?? error;
}

/** A value where the schema is `false`: mostly a key that an object must not have. `carrier` is the keyword above. */
function notAllowed(error: OutputUnit, carrier: OutputUnit | undefined, { root, value }: Validated): Issue {
  const path = pathOf(error.instanceLocation, value);
  const key = path.at(-1);
  if (typeof key !== "string" || !CLOSING.has(carrier?.keyword ?? "")) return { path, message: "not allowed" };
  const properties = schemaAt(root, carrier!.keywordLocation)?.["properties"];
  return { path: path.slice(0, -1), message: unknownKey(key, isObject(properties) ? Object.keys(properties) : []) };
}

interface Described {
  readonly expected: unknown;
  readonly found: unknown;
  readonly validated: Validated;
}

/** Units in which the sizes of values are counted. */
const UNITS = { Items: "item", Length: "character", Properties: "key" } as const;
const LIMITS: Readonly<Record<string, string>> = {
  minimum: "at least",
  maximum: "at most",
  exclusiveMinimum: "more than",
  exclusiveMaximum: "less than",
  multipleOf: "a multiple of",
};

function describe({ keyword, error }: OutputUnit, { expected, found, validated }: Described): string {
  const limit = LIMITS[keyword];
  if (limit !== undefined) return `expected ${limit} ${show(expected)}, found ${show(found)}`;
  const [, side, unit] = /^(min|max)(Items|Length|Properties)$/.exec(keyword) ?? [];
  if (unit !== undefined) {
    const name = UNITS[unit as keyof typeof UNITS];
    const count = `${expected} ${name}${expected === 1 ? "" : "s"}`;
    return `expected ${side === "min" ? "at least" : "at most"} ${count}, found ${sizeOf(found)}`;
  }
  switch (keyword) {
    case "type":
    case "const":
    case "enum":
      return `expected ${labelOf({ [keyword]: expected })}, found ${show(found)}`;
    case "format":
      return describeFormat(String(expected), { found, validated });
    case "anyOf":
    case "oneOf":
      return describeChoice(expected as readonly unknown[], { error, found });
    case "not": {
      if (isObject(expected) && Object.keys(expected).length === 0) return "not allowed";
      const label = labelOf(expected);
      return label === undefined ? "fits what it must not fit" : `found ${show(found)}, expected anything but ${label}`;
    }
    case "uniqueItems":
      return `expected no duplicates, found items ${(error.match(/\d+/g) ?? []).join(" and ")} equal`;
    case "contains":
    case "minContains":
    case "maxContains":
      return describeContains(keyword, { expected, error });
    default:
      return error.replace(/\.$/, "").replace(/^[A-Z]/, (first) => first.toLowerCase());
  }
}

function describeFormat(name: string, { found, validated }: Pick<Described, "found" | "validated">): string {
  const pattern = validated.patternOf(name);
  return pattern === undefined
    ? `expected the format ${show(name)}, found ${show(found)}`
    : `expected a match of the pattern ${clip(pattern)}, found ${show(found)}`;
}

function describeChoice(
  alternatives: readonly unknown[],
  { error, found }: { readonly error: string; readonly found: unknown },
): string {
  const matches = Number(/\((\d+) matches\)/.exec(error)?.[1] ?? 0);
  if (matches > 1) return `fits ${matches} of the alternatives, expected exactly one`;
  const labels = alternatives.map(labelOf);
  return labels.every((it) => it !== undefined)
    ? `expected ${labels.join(" or ")}, found ${show(found)}`
    : `fits none of the ${alternatives.length} alternatives`;
}

function describeContains(
  keyword: string,
  { expected, error }: { readonly expected: unknown; readonly error: string },
): string {
  const found = /(\d+) items were found/.exec(error)?.[1] ?? "0";
  const limit = keyword === "maxContains" ? `at most ${expected}` : `at least ${keyword === "contains" ? 1 : expected}`;
  const label = keyword === "contains" ? labelOf(expected) : undefined;
  return `expected ${limit} of the items to ${label === undefined ? "fit contains" : `be ${label}`}, found ${found}`;
}

/** Says in a few words what a schema accepts, when its type, value or values say it all. */
function labelOf(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined;
  const keywords = Object.keys(schema);
  if (keywords.length !== 1) return undefined;
  const { type, enum: values } = schema;
  if ("const" in schema) return showWhole(schema["const"]);
  if (type !== undefined) return [type].flat().join(" or ");
  if (!Array.isArray(values)) return undefined;
  const shown = values.slice(0, 20).map(showWhole);
  if (values.length > shown.length) return `one of ${shown.join(", ")}, …`;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} or ${shown.at(-1)}`;
}

function showWhole(value: unknown): string {
  return typeof value === "object" && value !== null ? clip(JSON.stringify(value)) : show(value);
}

function sizeOf(value: unknown): string {
  if (typeof value === "string") return String([...value].length);
  return typeof value === "object" && value !== null ? String(Object.keys(value).length) : typeName(value);
}

function tokensOf(pointer: string): string[] {
  return pointer.split("/").slice(1).map((it) => decodeFragment(it).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function pathOf(pointer: string, value: unknown): (string | number)[] {
  let at = value;
  return tokensOf(pointer).map((token) => {
    const key = Array.isArray(at) ? Number(token) : token;
    at = valueAt(at, [key]);
    return key;
  });
}

function valueAt(value: unknown, path: Issue["path"]): unknown {
  let at = value;
  for (const key of path) {
    const isIn = typeof at === "object" && at !== null && Object.hasOwn(at, key);
    at = isIn ? (at as Record<string, unknown>)[key] : undefined;
  }
  return at;
}

/** Finds the schema that a keyword is in; references are followed, as the location passes through them. */
function schemaAt(root: unknown, keywordLocation: string): Record<string, unknown> | undefined {
  let at: unknown = root;
  for (const token of tokensOf(keywordLocation).slice(0, -1)) {
    const next: unknown = isObject(at) || Array.isArray(at) ? (at as Record<string, unknown>)[token] : undefined;
    at = token === "$ref" && typeof next === "string" && next.startsWith("#") ? valueAt(root, tokensOf(next)) : next;
  }
  return isObject(at) ? at : undefined;
}
