/**
 * Conditions of steps and of the cases of a switch.
 *
 * A condition is read as skillz reads it (see `comparison.ts`), and where it is none of those, as an expression
 * (`expression.ts`): comparisons, arithmetic, `&&`, `||`, `!`, `?:`, `in`, `has`, `size`, and loops over lists.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { Path, ProblemText } from "../problems.ts";
import type { Reference } from "../references/reference.ts";
import { type Fault, formatFault, type FoundReference } from "../references/template.ts";
import type { Values } from "../references/values.ts";
import { Comparison } from "./comparison.ts";
import { Expression } from "./expression.ts";

/** Most characters of a condition. */
const MOST_CHARACTERS = 2_000;
/** Characters of it that messages show. */
const MOST_SHOWN = 200;

/** What a condition is read as. */
interface Test {
  readonly references: readonly Reference[];
  holds(values: Values): boolean;
}

/** A condition, read once and tested as often as it is needed. */
export class Condition {
  /** In the order in which they stand; a condition without any is always the same. */
  readonly references: readonly FoundReference[];
  /** What keeps it from being tested. */
  readonly faults: readonly Fault[];
  readonly #test: Test;

  private constructor(path: Path, test: Test, faults: readonly Fault[]) {
    this.references = test.references.map((reference) => ({ reference, path, isWhole: false }));
    this.faults = faults;
    this.#test = test;
  }

  /**
   * Reads a condition.
   *
   * @param path Where it stands, for messages and for what is found: such as `["steps", 2, "condition"]`.
   */
  static parse(text: string, path: Path): Condition {
    const test = readTest(text);
    if ("holds" in test) return new Condition(path, test, []);
    const fault = { path, ...test };
    const holds = () => {
      throw new ToolError(formatFault(fault));
    };
    return new Condition(path, { references: [], holds }, [fault]);
  }

  /**
   * Tells whether the condition holds.
   *
   * @throws {ToolError} when a reference has no value, values do not fit, it takes too long, or the condition has faults.
   */
  holds(values: Values): boolean {
    return this.#test.holds(values);
  }
}

function readTest(text: string): Test | ProblemText {
  if (text.trim() === "") {
    return { message: "the condition is empty", fix: "write one, such as $step.count > 3, or leave it out" };
  }
  if (text.length > MOST_CHARACTERS) {
    return {
      message: `the condition has ${text.length} characters, and at most ${MOST_CHARACTERS} are read`,
      fix: "make it shorter, or let a tool answer and test its answer",
    };
  }
  const test = Comparison.parse(text) ?? Expression.parse(text);
  if (!("message" in test)) return test;
  return { message: `${test.message} at character ${test.at + 1} of ${JSON.stringify(shorten(text))}`, fix: test.fix };
}

function shorten(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`;
}
