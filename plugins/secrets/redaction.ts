/**
 * Redaction of all that goes out by a call, by whatever there is to redact at the moment.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";
import type { RedactedStream, SecretsRedaction } from "./shown.ts";
import { redactFrame } from "./frames.ts";
import { Redactor } from "./redactor.ts";

/** Values of a run are settings more often than secrets; a shorter one would be found in any text. */
const SHORTEST_OWN_VALUE = 8;

const OPEN_STREAM: RedactedStream = Object.freeze({ push: (piece: string) => piece, end: () => "" });

/** Takes values out of what is shown. */
export abstract class Redaction implements SecretsRedaction {
  /** What redacts now; `undefined` while there is nothing to redact. */
  abstract get redactor(): Redactor | undefined;

  redact(text: string): string {
    return this.redactor?.text(text) ?? text;
  }

  redactValue<T>(value: T): T {
    const { redactor } = this;
    return redactor === undefined ? value : redactor.value(value);
  }

  /** Redacts a result or a question, and leaves it one. */
  redactFrame<T>(frame: T): T {
    const { redactor } = this;
    return redactor === undefined ? frame : redactFrame(frame, redactor);
  }

  stream(): RedactedStream {
    return this.redactor?.stream() ?? OPEN_STREAM;
  }

  guard(call: Call): Call {
    return call.derive({
      progress: (done, total, message) =>
        call.progress(done, total, message === undefined ? undefined : this.redact(message)),
      log: (level, message, data, logger) => call.log(level, this.redact(message), this.redactValue(data), logger),
      elicit: async (request, options) => await call.elicit(this.redactFrame(request), options),
      sample: async (request, options) => await call.sample(this.redactFrame(request), options),
    });
  }
}

/** Names by value. */
export type NamesByValue = ReadonlyMap<string, string>;

/** Takes values of one run out of what is shown, beside those that are redacted everywhere. */
export class OwnRedaction extends Redaction {
  readonly #own: NamesByValue;
  readonly #known: () => NamesByValue;
  #redactor: Redactor | undefined;
  #madeOf: NamesByValue | undefined;

  /** @param known Gives what is redacted everywhere: another map when that has changed. */
  constructor(own: Readonly<Record<string, string>>, known: () => NamesByValue) {
    super();
    const entries = Object.entries(own).filter(([, value]) => value.length >= SHORTEST_OWN_VALUE);
    this.#own = new Map(entries.map(([name, value]) => [value, name]));
    this.#known = known;
  }

  get redactor(): Redactor | undefined {
    const known = this.#known();
    if (known === this.#madeOf) return this.#redactor;
    this.#madeOf = known;
    const all = new Map([...this.#own, ...known]);
    return this.#redactor = all.size === 0 ? undefined : new Redactor(all);
  }
}

const NOTHING: NamesByValue = new Map();

/** Makes what redacts these values and no others, where no secrets are kept; short ones are left as well. */
export function redactionOf(values: Readonly<Record<string, string>>): SecretsRedaction {
  return new OwnRedaction(values, () => NOTHING);
}
