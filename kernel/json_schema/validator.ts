/**
 * Validation by `@cfworker/json-schema`, which needs no `eval` and no `node:`. What it lacks is added around it: a
 * budget of steps, and patterns that cannot run away.
 *
 * @module
 */
import { dereference, format, type Schema, validate } from "@cfworker/json-schema";
import { isObject } from "../content.ts";
import { messageOf } from "../errors.ts";
import type { Issue } from "../issue.ts";
import { Budget, Exhausted } from "./budget.ts";
import type { SchemaDocument, SchemaObject } from "./document.ts";
import { toIssues } from "./issues.ts";
import { compilePattern, type Pattern } from "./patterns.ts";

/** Makes the validation of a schema that has been read, and checked by `assertUsable`. */
export function createValidator(document: SchemaDocument): (value: unknown) => readonly Issue[] {
  const prepared = new PreparedSchema(document);
  return (value) => prepared.validate(value);
}

const MAX_KEY_LENGTH = 1_000;
// comparing each item of a small array with each other; the items of larger ones are counted one by one
const UNIQUE_STEPS = 50;
// the library runs through these at each evaluation
const LISTED_KEYWORDS = ["const", "dependentRequired", "enum", "patternProperties", "properties", "required"];
const LISTED_PER_STEP = 10;
const TEXT_KEYWORDS = ["format", "maxLength", "minLength", "pattern", "patternProperties"];
// the library knows formats by name: a pattern is given to it as a format of this name, with its number
const PATTERN_FORMAT = "pattern ";

/** The schema whose validation is running; validations do not interleave, since none awaits. */
let running: PreparedSchema | undefined;

/** A copy of a schema as the library takes it. */
class PreparedSchema {
  readonly #document: SchemaDocument;
  readonly #patterns: Pattern[] = [];
  readonly #root: Schema;
  readonly #lookup: ReturnType<typeof dereference>;
  #maxKeyLength = Infinity;
  #budget = new Budget({ maxKeyLength: Infinity });

  constructor(document: SchemaDocument) {
    this.#document = document;
    this.#root = this.#copy(document.root) as Schema;
    this.#lookup = dereference(this.#root);
  }

  validate(value: unknown): readonly Issue[] {
    running = this;
    try {
      const first = this.#run(value, { stopsAtFirst: true });
      if (first.valid) return [];
      // all that is wrong, unless finding that something is was costly already
      const { errors } = this.#budget.isLow ? first : this.#run(value, { stopsAtFirst: false });
      return toIssues(errors, { root: this.#root, value, patternOf: (name) => this.#patternOf(name)?.source });
    } catch (thrown) {
      return [{ path: [], message: explain(thrown) }];
    } finally {
      running = undefined;
    }
  }

  /** Matches a text against the pattern that a format stands for. */
  matches(name: string, text: string): boolean {
    return this.#patternOf(name)!.test(text);
  }

  #patternOf(name: string): Pattern | undefined {
    return name.startsWith(PATTERN_FORMAT) ? this.#patterns[Number(name.slice(PATTERN_FORMAT.length))] : undefined;
  }

  #run(value: unknown, { stopsAtFirst }: { readonly stopsAtFirst: boolean }) {
    this.#budget = new Budget({ maxKeyLength: this.#maxKeyLength });
    return validate(this.#budget.metered(value) ?? null, this.#root, "2020-12", this.#lookup, stopsAtFirst);
  }

  #copy(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((it) => this.#copy(it));
    if (!isObject(value)) return value;
    const copy: SchemaObject = Object.create(null);
    for (const [key, item] of Object.entries(value)) copy[key] = this.#copy(item);
    if (this.#document.has(value)) this.#adapt(value, copy);
    return copy;
  }

  #adapt(schema: SchemaObject, copy: SchemaObject): void {
    this.#adaptReferences(schema, copy);
    this.#adaptPatterns(schema, copy);
    for (const [exclusive, inclusive] of [["exclusiveMinimum", "minimum"], ["exclusiveMaximum", "maximum"]] as const) {
      // as draft 4 has it
      if (typeof schema[exclusive] !== "boolean") continue;
      delete copy[exclusive];
      if (schema[exclusive] && schema[inclusive] !== undefined) {
        copy[exclusive] = copy[inclusive];
        delete copy[inclusive];
      }
    }
    const steps = stepsOf(schema);
    const readsText = TEXT_KEYWORDS.some((keyword) => schema[keyword] !== undefined);
    // the library reads all its keywords once an evaluation: a getter for one that this draft lacks counts them
    Object.defineProperty(copy, "$recursiveRef", {
      enumerable: false,
      get: () => {
        this.#budget.spend(steps);
        if (readsText) this.#budget.spendText();
        return undefined;
      },
    });
  }

  #adaptReferences(schema: SchemaObject, copy: SchemaObject): void {
    const reference = schema["$dynamicRef"];
    if (typeof reference === "string") {
      // the library does not follow dynamic references; one with a single target is a plain one
      if (schema["$ref"] === undefined) copy["$ref"] = reference;
      else copy["allOf"] = [...(copy["allOf"] as unknown[] ?? []), { $ref: reference }];
    }
    if (schema["$dynamicAnchor"] !== undefined) copy["$anchor"] ??= schema["$dynamicAnchor"];
  }

  #adaptPatterns(schema: SchemaObject, copy: SchemaObject): void {
    const { pattern, patternProperties } = schema;
    if (typeof pattern === "string") {
      delete copy["pattern"];
      const named = { format: `${PATTERN_FORMAT}${this.#patterns.length}` };
      if (copy["format"] === undefined) Object.assign(copy, named);
      else copy["allOf"] = [...(copy["allOf"] as unknown[] ?? []), named];
      this.#patterns.push(compilePattern(pattern));
    }
    if (isObject(patternProperties)) this.#maxKeyLength = MAX_KEY_LENGTH;
  }
}

// the table of formats is the library's; a name that it does not hold is asked of the schema that is running
Object.setPrototypeOf(
  format,
  new Proxy(Object.create(null), {
    get(_, name) {
      if (typeof name !== "string" || !name.startsWith(PATTERN_FORMAT)) return undefined;
      return (text: string) => running!.matches(name, text);
    },
  }),
);

/** What one evaluation of a schema costs at least. */
function stepsOf(schema: SchemaObject): number {
  const sizes = LISTED_KEYWORDS.map((keyword) => {
    const value = schema[keyword];
    return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
  });
  const listed = sizes.reduce((sum, size) => sum + size, 0) / LISTED_PER_STEP;
  return 1 + listed + (schema["uniqueItems"] === true ? UNIQUE_STEPS : 0);
}

function explain(thrown: unknown): string {
  if (thrown instanceof Exhausted) return thrown.message;
  // the library is recursive, and passes errors on as arguments
  if (thrown instanceof RangeError) return "checking stopped: too much is wrong, or too many levels deep";
  return `cannot be checked: ${messageOf(thrown)}`;
}
