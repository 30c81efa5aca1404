/**
 * From a document to checks: every subschema becomes one node, once, however often it is referred to.
 *
 * @module
 */
import { isObject } from "../content.ts";
import {
  checkAll,
  checkAny,
  checkContains,
  checkDependents,
  checkDynamic,
  checkIf,
  checkItems,
  checkMembers,
  checkNames,
  checkNot,
  checkOne,
  checkOtherItems,
  checkOtherMembers,
} from "./applicators.ts";
import { checkDependentRequired, checkPattern, either, labelOf, limitChecks, SIMPLE_CHECKS } from "./checks.ts";
import type { SchemaDocument, SchemaObject, Subschema } from "./document.ts";
import type { Check, Run, SchemaNode } from "./evaluate.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { KEYWORDS } from "./vocabulary.ts";

const MAX_PATTERN_STATES = 50_000;
const ANY: SchemaNode = { checks: [], late: [], resource: undefined, label: undefined, isNever: false };
const NEVER: SchemaNode = { ...ANY, checks: [(_value, run) => run.fail("not allowed")], isNever: true };

/**
 * Compiles a document.
 *
 * @throws {KernelError} `SCHEMA_INVALID` for a reference that leads nowhere or outside, or a pattern that is refused.
 */
export function compileDocument(document: SchemaDocument): SchemaNode {
  return new Compiler(document).compile();
}

class Compiler {
  readonly #document: SchemaDocument;
  readonly #nodes = new Map<SchemaObject, SchemaNode>();
  readonly #pending: SchemaObject[] = [];
  readonly #patterns = new Map<string, Pattern>();
  #states = 0;

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  compile(): SchemaNode {
    const root = this.#node(this.#document.root);
    // a list of work instead of recursion: references make chains of any length, and circles
    while (this.#pending.length > 0) {
      for (let schema = this.#pending.pop(); schema !== undefined; schema = this.#pending.pop()) this.#fill(schema);
      // which of these a `$dynamicRef` means is known only while a value is validated
      for (const { dynamicAnchors } of this.#document.resources) {
        for (const schema of dynamicAnchors.values()) this.#node(schema);
      }
    }
    return root;
  }

  #node(schema: Subschema): SchemaNode {
    if (typeof schema === "boolean") return schema ? ANY : NEVER;
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const resource = this.#document.resourceOf(schema);
    const node: SchemaNode = { checks: [], late: [], resource, label: labelOfSchema(schema), isNever: isNever(schema) };
    this.#nodes.set(schema, node);
    this.#pending.push(schema);
    return node;
  }

  #fill(schema: SchemaObject): void {
    const { checks, late } = this.#nodes.get(schema)!;
    for (const [keyword, value] of Object.entries(schema)) {
      const check = SIMPLE_CHECKS.get(keyword)?.(value as never);
      if (check !== undefined) checks.push(check);
    }
    checks.push(...limitChecks(schema), ...this.#references(schema), ...this.#ofObjects(schema));
    checks.push(...this.#ofArrays(schema), ...this.#combinations(schema));
    if (typeof schema["pattern"] === "string") {
      checks.push(checkPattern(this.#pattern(schema, ["pattern"], schema["pattern"]), schema["pattern"]));
    }
    const { unevaluatedItems, unevaluatedProperties } = schema;
    if (unevaluatedItems !== undefined) late.push(checkOtherItems(this.#node(unevaluatedItems as Subschema)));
    if (unevaluatedProperties !== undefined) {
      late.push(checkOtherMembers(this.#node(unevaluatedProperties as Subschema)));
    }
  }

  #optional(schema: unknown): SchemaNode | undefined {
    return schema === undefined ? undefined : this.#node(schema as Subschema);
  }

  #list(schemas: unknown): SchemaNode[] {
    return Array.isArray(schemas) ? schemas.map((it) => this.#node(it)) : [];
  }

  #map(schemas: unknown): Map<string, SchemaNode> {
    const entries = Object.entries(isObject(schemas) ? schemas : {}).filter(([, it]) => !Array.isArray(it));
    return new Map(entries.map(([key, it]) => [key, this.#node(it as Subschema)]));
  }

  #pattern(schema: SchemaObject, place: readonly string[], source: string): Pattern {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    let pattern: Pattern;
    try {
      pattern = compilePattern(source);
    } catch (thrown) {
      return this.#document.fail(schema, place, `cannot use the pattern: ${(thrown as Error).message}`);
    }
    this.#states += pattern.size;
    if (this.#states > MAX_PATTERN_STATES) {
      this.#document.fail(schema, place, "the patterns of the schema are too large");
    }
    this.#patterns.set(source, pattern);
    return pattern;
  }

  #references(schema: SchemaObject): Check[] {
    const checks: Check[] = [];
    if (schema["$ref"] !== undefined) checks.push(checkAll([this.#node(this.#document.resolve(schema, "$ref"))]));
    if (schema["$dynamicRef"] !== undefined) checks.push(this.#dynamicReference(schema));
    return checks;
  }

  #dynamicReference(schema: SchemaObject): Check {
    const target = this.#document.resolve(schema, "$dynamicRef");
    const anchor = (schema["$dynamicRef"] as string).split("#")[1] ?? "";
    const isDynamic = typeof target === "object" && target["$dynamicAnchor"] === anchor;
    if (!isDynamic) return checkAll([this.#node(target)]);
    return checkDynamic(this.#node(target), (run: Run) => {
      run.spend(run.scope.length);
      const found = run.scope.find((it) => it.dynamicAnchors.has(anchor))?.dynamicAnchors.get(anchor);
      return found && this.#nodes.get(found);
    });
  }

  #ofObjects(schema: SchemaObject): Check[] {
    const checks: Check[] = [];
    const { properties, patternProperties, additionalProperties, propertyNames } = schema;
    if (properties !== undefined || patternProperties !== undefined || additionalProperties !== undefined) {
      const patterns = [...this.#map(patternProperties)].map(([source, node]) => ({
        pattern: this.#pattern(schema, ["patternProperties", source], source),
        node,
      }));
      const additional = this.#optional(additionalProperties);
      checks.push(checkMembers({ properties: this.#map(properties), patterns, additional }));
    }
    if (propertyNames !== undefined) checks.push(checkNames(this.#node(propertyNames as Subschema)));
    for (const keyword of ["dependentSchemas", "dependencies"]) {
      if (schema[keyword] !== undefined) checks.push(checkDependents(this.#map(schema[keyword])));
    }
    if (isObject(schema["dependencies"])) checks.push(checkDependentRequired(schema["dependencies"]));
    return checks;
  }

  #ofArrays(schema: SchemaObject): Check[] {
    const checks: Check[] = [];
    const { prefixItems, items, additionalItems, contains, minContains = 1, maxContains = Infinity } = schema;
    if (Array.isArray(items)) checks.push(checkItems(this.#list(items), this.#optional(additionalItems)));
    else if (prefixItems !== undefined || items !== undefined) {
      checks.push(checkItems(this.#list(prefixItems), this.#optional(items)));
    }
    if (contains !== undefined) {
      const [min, max] = [minContains as number, maxContains as number];
      checks.push(checkContains(this.#node(contains as Subschema), min, max));
    }
    return checks;
  }

  #combinations(schema: SchemaObject): Check[] {
    const checks: Check[] = [];
    const { allOf, anyOf, oneOf, not } = schema;
    if (allOf !== undefined) checks.push(checkAll(this.#list(allOf)));
    if (anyOf !== undefined) checks.push(checkAny(this.#list(anyOf)));
    if (oneOf !== undefined) checks.push(checkOne(this.#list(oneOf)));
    if (isNever(schema)) checks.push(...NEVER.checks);
    else if (not !== undefined) checks.push(checkNot(this.#node(not as Subschema)));
    if (schema["if"] !== undefined) {
      const branches = [this.#optional(schema["then"]), this.#optional(schema["else"])] as const;
      checks.push(checkIf(this.#node(schema["if"] as Subschema), ...branches));
    }
    return checks;
  }
}

function isAnnotation(keyword: string): boolean {
  const shape = KEYWORDS.get(keyword);
  return shape === undefined || keyword === "default" || shape.startsWith("an annotation");
}

/** Words what a schema accepts, if its type or values are all that it says. */
function labelOfSchema(schema: SchemaObject): string | undefined {
  const keywords = Object.keys(schema).filter((it) => !isAnnotation(it) && it !== "type");
  if (keywords.length === 0) {
    return schema["type"] === undefined ? undefined : either([schema["type"]].flat() as string[]);
  }
  if (keywords.length > 1) return undefined;
  if (keywords[0] === "const") return labelOf([schema["const"]]);
  return keywords[0] === "enum" ? labelOf(schema["enum"] as unknown[]) : undefined;
}

/** Tells whether a schema says `{ "not": {} }`, the form that `false` has as an object. */
function isNever(schema: SchemaObject): boolean {
  const { not } = schema;
  const isEmpty = not === true || (isObject(not) && Object.keys(not).length === 0);
  return isEmpty && Object.keys(schema).length === 1;
}
