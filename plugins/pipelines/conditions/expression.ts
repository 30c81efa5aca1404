/**
 * Conditions as expressions, such as `$check.count > 3 && $input.tags.exists(tag, tag == "new")`.
 *
 * @module
 */
import { EvaluationError, ParseError, type ParseResult, TypeError as TypeFault } from "@marcbachmann/cel-js";
import { isToolError, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { Malformed, Reference } from "../references/reference.ts";
import { hasValue, lookUp, type Values } from "../references/values.ts";
import { isTruthy } from "./comparison.ts";
import { createEnvironment, Inspection } from "./language.ts";
import { Meter } from "./metered_values.ts";
import { PRESENT, translate, type Translation } from "./translation.ts";

const environment = createEnvironment();

const FIX =
  'write comparisons such as $step.count > 3, joined by &&, || and !, with texts in quotes, as in $step.kind == "a"';
const FIXES: ReadonlyMap<string, string> = new Map([
  ["no_such_key", "ask first whether it is there: has($step.key) && …"],
  ["index_out_of_bounds", "ask first how many there are: size($step.list) > 0 && …"],
  ["invalid_logical_operand", "&&, || and ! take true and false: compare, as in $step.x != null or size($step.x) > 0"],
  ["invalid_condition_type", "compare, so that it is true or false, as in $step.x != null or size($step.x) > 0"],
  ["no_such_overload", "compare values of one type; int(…), double(…) and string(…) convert"],
  ["no_matching_overload", "ask first what it is, or convert it by int(…), double(…) or string(…)"],
]);
const NEGATION_REGEXP = /^no such overload: !/;

/** A condition that is an expression. */
export class Expression {
  /** In the order in which they stand. */
  readonly references: readonly Reference[];
  readonly #run: ParseResult;
  readonly #inspection: Inspection;
  readonly #translation: Translation;

  private constructor(run: ParseResult, inspection: Inspection, translation: Translation) {
    this.references = translation.references;
    this.#run = run;
    this.#inspection = inspection;
    this.#translation = translation;
  }

  /** Reads an expression, or says what is wrong with it. */
  static parse(text: string): Expression | Malformed {
    const translation = translate(text);
    if ("message" in translation) return translation;
    try {
      const run = environment.parse(translation.text);
      const inspection = new Inspection((node) => translation.isVariableAt(node.start));
      const refusal = inspection.inspect(run.ast);
      if (refusal !== undefined) return { ...refusal, at: translation.placeOf(refusal.at) };
      const { error } = run.check();
      return error === undefined ? new Expression(run, inspection, translation) : malformedOf(error, translation);
    } catch (error) {
      return malformedOf(error, translation);
    }
  }

  /**
   * Tells whether the condition holds.
   *
   * @throws {ToolError} when a reference has no value, values do not fit, or it takes too long.
   */
  holds(values: Values): boolean {
    try {
      const result: unknown = this.#run(this.#variables(values));
      return result instanceof Map ? result.size > 0 : isTruthy(result);
    } catch (error) {
      if (isToolError(error)) throw error;
      const { message, fix, at } = malformedOf(error, this.#translation);
      throw new ToolError(`Cannot evaluate the condition: ${message} at character ${at + 1}; ${fix}`, { cause: error });
    }
  }

  // each value is looked up when the expression gets to it, so that has() can come first
  #variables(values: Values): Record<string, unknown> {
    const { references, variableOf } = this.#translation;
    const meter = new Meter(this.#inspection.size);
    const variables = Object.create(null) as Record<string, unknown>;
    for (const [index, reference] of references.entries()) {
      Object.defineProperty(variables, variableOf(index), { get: () => meter.view(lookUp(reference, values)) });
    }
    const present = () =>
      references.flatMap((reference, index): [string, true][] =>
        hasValue(reference, values) ? [[variableOf(index), true]] : []
      );
    Object.defineProperty(variables, PRESENT, { get: () => new Map(present()) });
    return variables;
  }
}

function malformedOf(error: unknown, translation: Translation): Malformed {
  if (!(error instanceof ParseError || error instanceof EvaluationError || error instanceof TypeFault)) {
    // the parser follows signs before a value by recursion
    return { message: error instanceof RangeError ? "it is nested too deep" : messageOf(error), fix: FIX, at: 0 };
  }
  const { code, summary, range } = error;
  const fix = NEGATION_REGEXP.test(summary) ? FIXES.get("invalid_logical_operand") : FIXES.get(code);
  return { message: wordsOf(summary, translation), fix: fix ?? FIX, at: translation.placeOf(range?.start ?? 0) };
}

/** Types as JSON has them, for those of the library. */
const TYPES: Readonly<Record<string, string>> = {
  double: "number",
  int: "number",
  uint: "number",
  map: "object",
  dyn: "any value",
};

function wordsOf(summary: string, { references, variableOf }: Translation): string {
  let words = summary.replace(/dyn<([^<>]+(?:<.*?>)?)>/g, "$1").replace(
    /\b(?:double|uint|int|map|dyn)\b/g,
    (it) => TYPES[it]!,
  );
  for (const [index, { text }] of references.entries()) words = words.replaceAll(variableOf(index), () => text);
  return `${words.slice(0, 1).toLowerCase()}${words.slice(1)}`;
}
