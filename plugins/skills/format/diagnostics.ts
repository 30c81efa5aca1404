/**
 * What is wrong, or only unusual, in the files of a skill: each finding with its place and what to do about it.
 *
 * @module
 */

import { visible } from "./quoting.ts";

/** How bad it is: an `error` loses something, a `warning` may, an `info` is good to know. */
export type Severity = "error" | "warning" | "info";

/** One finding in the files of a skill. */
export interface Diagnostic {
  readonly severity: Severity;
  /** Relative to the skill, `/` between parts. */
  readonly file: string;
  /** From 1. */
  readonly line?: number;
  /** Names what was broken, such as `name-too-long`. */
  readonly rule: string;
  readonly message: string;
  /** Says how to mend it. */
  readonly remedy?: string;
}

/** What {@linkcode Findings.add} is told of one finding. */
export interface FindingFields {
  readonly rule: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly line?: number | undefined;
}

/** Findings in one file; all files of a skill share one list. */
export class Findings {
  readonly #list: Diagnostic[];
  readonly #file: string;

  /**
   * @param file Relative to the skill.
   * @param list What findings are added to.
   */
  constructor(file: string, list: Diagnostic[] = []) {
    this.#file = file;
    this.#list = list;
  }

  /** Name of the file, relative to the skill. */
  get file(): string {
    return this.#file;
  }

  /** Everything that was found so far, in all files. */
  get list(): Diagnostic[] {
    return this.#list;
  }

  /** Gives the findings in another file, added to the same list. */
  in(file: string): Findings {
    return new Findings(file, this.#list);
  }

  /** Adds what loses something. */
  error(finding: FindingFields): void {
    this.add("error", finding);
  }

  /** Adds what may lose something. */
  warning(finding: FindingFields): void {
    this.add("warning", finding);
  }

  /** Adds what is good to know. */
  info(finding: FindingFields): void {
    this.add("info", finding);
  }

  /** Adds a finding. A hostile file must not fill memory: after very many, one says that the others are not told. */
  add(severity: Severity, { rule, message, remedy, line }: FindingFields): void {
    if (this.#list.length > MOST_FINDINGS) return;
    if (this.#list.length === MOST_FINDINGS) {
      const excess = `There are more than ${MOST_FINDINGS} findings; the others are not told`;
      this.#list.push({ severity: "error", file: this.#file, rule: "findings-too-many", message: excess });
      return;
    }
    this.#list.push({
      severity,
      file: this.#file,
      ...(line !== undefined && { line }),
      rule,
      message: visible(message),
      ...(remedy !== undefined && { remedy }),
    });
  }
}

const MOST_FINDINGS = 1_000;
