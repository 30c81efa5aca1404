/**
 * The secrets of a server: their values, and the redaction of every text that may show them.
 *
 * @module
 */
import { didYouMean, ToolError } from "../../kernel/mod.ts";
import type { Secrets, SecretsRedaction } from "./contract.ts";
import { SHORTEST_FORM } from "./forms.ts";
import { type NamesByValue, OwnRedaction, Redaction } from "./redaction.ts";
import { Redactor } from "./redactor.ts";
import type { FileState, SecretsFile, Values } from "./values.ts";

/** How old what is known of the file may be. */
const FRESH_MS = 1_000;
/** Most values that are redacted though they were replaced: a program that runs may have been given them. */
const MOST_FORMER = 1_000;
/** Values that are in any text, and no secret. */
const COMMON: readonly string[] = ["true", "false"];

/** What a {@linkcode Vault} is made of. */
export interface VaultOptions {
  readonly environment: Values;
  readonly file: SecretsFile;
  /** Hears what is known of the file now, whenever that changed. */
  onChange(state: FileState): void;
}

/** Keeps the secrets, and reads the file again when it changed. */
export class Vault extends Redaction implements Secrets {
  readonly #options: VaultOptions;
  /** Names by value, of all that are redacted, in the order in which they came. */
  #known: NamesByValue = new Map();
  #values: Values = {};
  #redactor: Redactor | undefined;
  #problem: string | undefined;
  #checkedAt = -Infinity;
  #checking: Promise<void> | undefined;

  constructor(options: VaultOptions) {
    super();
    this.#options = options;
    this.#set({});
  }

  /** What redacts now; `undefined` while there is nothing to redact. */
  get redactor(): Redactor | undefined {
    return this.#redactor;
  }

  /** Looks whether the file changed; `undefined` when that was done a moment ago. */
  refresh(): Promise<void> | undefined {
    if (this.#checking === undefined && performance.now() - this.#checkedAt < FRESH_MS) return undefined;
    return this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      this.#checkedAt = performance.now();
    });
  }

  names(): readonly string[] {
    return Object.keys(this.#values).sort();
  }

  reveal(names: readonly string[]): Readonly<Record<string, string>> {
    return Object.fromEntries(names.map((name) => [name, this.#valueOf(name)]));
  }

  including(values: Readonly<Record<string, string>>): SecretsRedaction {
    return new OwnRedaction(values, () => this.#known);
  }

  #valueOf(name: string): string {
    if (Object.hasOwn(this.#values, name)) return this.#values[name]!;
    const { path } = this.#options.file;
    const where = name.startsWith("SKILLZ_") ? name : `COLLET_SECRET_${name}`;
    const how = this.#problem === undefined
      ? `set the variable ${where} for the server, or add it to "${path}"`
      : `set the variable ${where} for the server, or mend "${path}", which is not used: ${this.#problem}`;
    throw new ToolError(
      `Cannot give secret "${name}": there is none of that name${didYouMean(name, this.names())}; ${how}`,
    );
  }

  async #check(): Promise<void> {
    const state = await this.#options.file.readChanged();
    if (state === undefined) return;
    this.#problem = state.problem;
    this.#set(state.values);
    this.#options.onChange(state);
  }

  #set(ofFile: Values): void {
    this.#values = { ...ofFile, ...this.#options.environment };
    const known = new Map(this.#known);
    for (const [name, value] of Object.entries(this.#values)) {
      if (value.length < SHORTEST_FORM || COMMON.includes(value.toLowerCase())) continue;
      // the newest come last
      known.delete(value);
      known.set(value, name);
    }
    for (const value of known.keys()) {
      if (known.size <= Object.keys(this.#values).length + MOST_FORMER) break;
      known.delete(value);
    }
    this.#known = known;
    this.#redactor = known.size === 0 ? undefined : new Redactor(known);
  }
}
