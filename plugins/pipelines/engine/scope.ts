/**
 * What the references of a step read: the arguments of the pipeline, what ran before by its name, and `$prev`.
 *
 * @module
 */
import type { Values } from "../references/values.ts";

/** The values at one place of a run: those given there, and those of the places around it. */
export class Scope implements Values {
  readonly #outer: Scope | undefined;
  #given: Map<string, unknown> | undefined;
  #skipped: Set<string> | undefined;
  #previous: unknown;
  #hasPrevious = false;

  /** Begins with what can be read around it. */
  constructor(outer?: Scope) {
    this.#outer = outer;
    if (outer === undefined) return;
    this.#previous = outer.#previous;
    this.#hasPrevious = outer.#hasPrevious;
  }

  /** Gives a value a name. */
  set(name: string, value: unknown): void {
    (this.#given ??= new Map()).set(name, value);
  }

  /** Makes a value the result of the step before. */
  setPrevious(value: unknown): void {
    this.#previous = value;
    this.#hasPrevious = true;
  }

  /** Notes that the step of a name was skipped. */
  skip(name: string): void {
    (this.#skipped ??= new Set()).add(name);
  }

  /** Takes over the names that were given at a place within this one. */
  adopt(inner: Scope): void {
    for (const [name, value] of inner.#given ?? []) this.set(name, value);
    for (const name of inner.#skipped ?? []) this.skip(name);
  }

  get(name: string): unknown {
    return name === "prev" ? this.#previous : this.#holderOf(name)?.get(name);
  }

  has(name: string): boolean {
    return name === "prev" ? this.#hasPrevious : this.#holderOf(name) !== undefined;
  }

  *keys(): MapIterator<string> {
    const names = this.#names();
    for (const name of names) yield name;
    if (this.#hasPrevious) yield "prev";
  }

  /** Says why a name has no value. */
  explain(name: string): string | undefined {
    if (name === "prev") return "since no step ran before";
    return this.#skipped?.has(name) === true ? "since its step was skipped" : this.#outer?.explain(name);
  }

  #names(): Set<string> {
    return new Set([...this.#given?.keys() ?? [], ...this.#outer === undefined ? [] : this.#outer.#names()]);
  }

  #holderOf(name: string): Map<string, unknown> | undefined {
    if (this.#given?.has(name) === true) return this.#given;
    return this.#outer === undefined ? undefined : this.#outer.#holderOf(name);
  }
}
