/**
 * What is wrong with a definition, in the words that whoever wrote it can mend it by.
 *
 * @module
 */
import { didYouMean, formatPath } from "../../kernel/mod.ts";

/** Keys and indexes from the root of a definition, such as `["steps", 2, "args", "x"]`. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a definition. */
export interface Problem {
  readonly path: Path;
  /** An `error` keeps the pipeline from being saved; a `warning` is about what may fail when it runs. */
  readonly severity: "error" | "warning";
  /** Says what was found, and what was expected. */
  readonly message: string;
  /** Says how to mend it. */
  readonly fix: string;
}

/** What a problem says beside its path. */
export type ProblemText = Omit<Problem, "path" | "severity">;

/** Most problems that are told. */
const MAX_TOLD = 100;
/** Most names for which near ones are looked for. */
const MAX_SUGGESTIONS = 10;

/** Gathers the problems of a definition. */
export class Problems {
  readonly #found: Problem[] = [];
  #errors = 0;
  #warnings = 0;
  #suggestions = 0;

  /** Whether something keeps the pipeline from being saved. */
  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** Adds what keeps a pipeline from being saved. */
  error(path: Path, text: ProblemText): void {
    this.#errors++;
    this.#add({ path, severity: "error", ...text });
  }

  /** Adds what may fail when the pipeline runs. */
  warning(path: Path, text: ProblemText): void {
    this.#warnings++;
    this.#add({ path, severity: "warning", ...text });
  }

  /** Gives what was found, in the order of the steps; of very much, the first hundred and how many there are. */
  all(): readonly Problem[] {
    const told = this.#found.toSorted((a, b) => comparePaths(a.path, b.path));
    const left = this.#errors + this.#warnings - told.length;
    if (left === 0) return told;
    const severity = this.hasErrors ? "error" : "warning";
    return [...told, {
      path: ["steps"],
      severity,
      message: `there are ${left} more problems`,
      fix: "mend these first",
    }];
  }

  /** Suggests names that are near: `; did you mean "a"?`. Only for the first ones, since each is compared with all. */
  suggest(name: string, candidates: Iterable<string>): string {
    return ++this.#suggestions > MAX_SUGGESTIONS ? "" : didYouMean(name, candidates);
  }

  #add(problem: Problem): void {
    if (this.#found.length < MAX_TOLD) this.#found.push(problem);
  }
}

/** Formats a problem as one line: `steps[2].args.x: expected number, found "a"; write a number`. */
export function formatProblem({ path, message, fix }: Problem): string {
  return `${formatPath(path)}: ${message}; ${fix}`;
}

// what is about a step as a whole stands before what is about its fields
function comparePaths(a: Path, b: Path): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i]!, b[i]!];
    if (left === right) continue;
    // the steps of a pipeline come before its output
    if (i === 0) return left === "steps" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
