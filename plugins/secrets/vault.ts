/**
 * The secrets of a server: their values, and the redaction of every text that may show them.
 *
 * @module
 */
import { type Call, didYouMean, ToolError } from "../../kernel/mod.ts";
import type { RedactedStream, Secrets } from "./contract.ts";
import { SHORTEST_FORM } from "./forms.ts";
import { redactFrame } from "./frames.ts";
import { Redactor } from "./redactor.ts";
import type { FileState, SecretsFile, Values } from "./values.ts";

/** How old what is known of the file may be. */
const FRESH_MS = 1_000;
/** Most values that are redacted though they were replaced: a program that runs may have been given them. */
const MOST_FORMER = 1_000;
/** Values that are in any text, and no secret. */
const COMMON: readonly string[] = ["true", "false"];

const OPEN_STREAM: RedactedStream = Object.freeze({ push: (piece: string) => piece, end: () => "" });

/** What a {@linkcode Vault} is made of. */
export interface VaultOptions {
  readonly environment: Values;
  readonly file: SecretsFile;
  /** Hears what is known of the file now, whenever that changed. */
  onChange(state: FileState): void;
}

/** Keeps the secrets, and reads the file again when it changed. */
export class Vault implements Secrets {
  readonly #options: VaultOptions;
  /** Names by value, of all that are redacted, in the order in which they came. */
  readonly #known = new Map<string, string>();
  #values: Values = {};
  #redactor: Redactor | undefined;
  #problem: string | undefined;
  #checkedAt = -Infinity;
  #checking: Promise<void> | undefined;

  constructor(options: VaultOptions) {
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

  redact(text: string): string {
    return this.#redactor?.text(text) ?? text;
  }

  redactValue<T>(value: T): T {
    return this.#redactor === undefined ? value : this.#redactor.value(value);
  }

  /** Redacts a result or a question, and leaves it one. */
  redactFrame<T>(frame: T): T {
    return this.#redactor === undefined ? frame : redactFrame(frame, this.#redactor);
  }

  stream(): RedactedStream {
    return this.#redactor?.stream() ?? OPEN_STREAM;
  }

  guard(call: Call): Call {
    return call.derive({
      progress: (done, total, message) =>
        call.progress(done, total, message === undefined ? undefined : this.redact(message)),
      log: (level, message, data, logger) => call.log(level, this.redact(message), this.redactValue(data), logger),
      elicit: async (request) => await call.elicit(this.redactFrame(request)),
      sample: async (request) => await call.sample(this.redactFrame(request)),
    });
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
    for (const [name, value] of Object.entries(this.#values)) {
      if (value.length < SHORTEST_FORM || COMMON.includes(value.toLowerCase())) continue;
      // the newest come last
      this.#known.delete(value);
      this.#known.set(value, name);
    }
    for (const value of this.#known.keys()) {
      if (this.#known.size <= Object.keys(this.#values).length + MOST_FORMER) break;
      this.#known.delete(value);
    }
    this.#redactor = this.#known.size === 0 ? undefined : new Redactor(this.#known);
  }
}
