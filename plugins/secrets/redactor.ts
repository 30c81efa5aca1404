/**
 * Replaces secrets in texts and JSON values by their names.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import type { RedactedStream } from "./shown.ts";
import { formsOf, SHORTEST_FORM } from "./forms.ts";
import { findBroken } from "./line_breaks.ts";
import { Matcher, type Span } from "./matcher.ts";

/** Values are looked at by recursion, which has to end. */
const MOST_LEVELS = 1_000;
const NUMBER_REGEXP = /^[-+.\deE]+$/;
/** Stands for a secret whose name would show a secret. */
const NAMELESS = "[…]";

/** Where the secrets of a text are, and from where on it may end within one. */
interface Found {
  readonly spans: readonly Span[];
  readonly open: number;
}

/** Redacts texts and values; it knows its secrets for good. */
export class Redactor {
  readonly #all: Matcher;
  readonly #encoded: Matcher;
  /** Whether a secret may be shown as a number. */
  readonly #hasNumbers: boolean;

  /** @param names The name of each secret by its value, of at least {@linkcode SHORTEST_FORM} characters. */
  constructor(names: ReadonlyMap<string, string>) {
    const plain: [string, string][] = [];
    const encoded: [string, string][] = [];
    for (const [value, name] of names) {
      const forms = formsOf(value);
      const label = [...names.keys()].some((it) => `[${name}]`.includes(it)) ? NAMELESS : `[${name}]`;
      for (const form of forms.plain) plain.push([form, label]);
      for (const form of forms.encoded) encoded.push([form, label]);
    }
    this.#all = new Matcher([...plain, ...encoded]);
    this.#encoded = new Matcher(encoded);
    this.#hasNumbers = [...names.keys()].some((value) => NUMBER_REGEXP.test(value));
  }

  /** Replaces every secret in a text by its name in brackets. */
  text(text: string): string {
    if (text.length < SHORTEST_FORM) return text;
    const { spans } = this.#look(text);
    return spans.length === 0 ? text : fill(text, spans);
  }

  /** Overwrites every secret in base64 by zero bytes, so that it remains base64. */
  base64(text: string): string {
    const spans: Span[] = [];
    this.#encoded.find(text, spans);
    return spans.length === 0
      ? text
      : fill(text, merge(spans).map((span) => ({ ...span, label: "A".repeat(span.end - span.start) })));
  }

  /**
   * Redacts every text of a JSON value, keys too; gives the value itself where nothing changed.
   *
   * @throws {ToolError} when it is nested too deep to be looked at.
   */
  value<T>(value: T): T {
    return this.#value(value, 0) as T;
  }

  /** Redacts a text that comes in pieces. What it holds back is never longer than the longest form of a secret. */
  stream(): RedactedStream {
    let held = "";
    // the end of a secret whose beginning has been replaced already
    let covered: Span | undefined;
    return {
      push: (piece) => {
        const text = held + piece;
        const { spans, open } = this.#look(text, covered);
        const across = spans.find(({ start, end }) => start < open && end > open);
        const shown = fill(text.slice(0, open), spans.filter(({ start }) => start < open), covered);
        held = text.slice(open);
        covered = across && { ...across, start: 0, end: across.end - open };
        return shown;
      },
      end: () => {
        const shown = fill(held, this.#look(held, covered).spans, covered);
        held = "";
        covered = undefined;
        return shown;
      },
    };
  }

  #look(text: string, covered?: Span): Found {
    const spans: Span[] = covered === undefined ? [] : [covered];
    const open = this.#all.find(text, spans);
    const openBroken = findBroken(this.#encoded, text, spans);
    return { spans: merge(spans), open: Math.min(open, openBroken) };
  }

  #value(value: unknown, level: number): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number" || typeof value === "bigint") {
      if (!this.#hasNumbers) return value;
      const shown = String(value);
      const redacted = this.text(shown);
      return redacted === shown ? value : redacted;
    }
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    if (level > MOST_LEVELS) {
      throw new ToolError(`Cannot look for secrets: the value has more than ${MOST_LEVELS} levels`);
    }
    if (Array.isArray(value)) return this.#list(value, level + 1);
    if ("toJSON" in value && typeof value.toJSON === "function") {
      // what goes over the wire is what it says of itself
      const said: unknown = value.toJSON();
      const redacted = this.#value(said, level + 1);
      return redacted === said ? value : redacted;
    }
    return this.#object(value as Readonly<Record<string, unknown>>, level + 1);
  }

  #list(list: readonly unknown[], level: number): readonly unknown[] {
    const redacted = list.map((item) => this.#value(item, level));
    return redacted.every((item, i) => Object.is(item, list[i])) ? list : redacted;
  }

  #object(object: Readonly<Record<string, unknown>>, level: number): unknown {
    let isChanged = false;
    const entries = Object.entries(object).map(([key, value]) => {
      const shown = this.text(key);
      const redacted = isBase64(key, object) ? this.base64(object[key] as string) : this.#value(value, level);
      isChanged ||= shown !== key || !Object.is(redacted, value);
      return [shown, redacted] as const;
    });
    return isChanged ? Object.fromEntries(entries) : object;
  }
}

/** Tells whether a field of content is one that clients decode, and would refuse with a name in it. */
export function isBase64(key: string, object: object): boolean {
  const { [key]: value, type } = object as Readonly<Record<string, unknown>>;
  return typeof value === "string" && (key === "blob" || key === "data" && (type === "image" || type === "audio"));
}

/** Makes one of spans that overlap, so that no part of a secret is left; in order of their starts. */
function merge(spans: Span[]): readonly Span[] {
  if (spans.length < 2) return spans;
  const merged: Span[] = [];
  for (const span of spans.sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) {
      merged.push(span);
    } else if (span.end > last.end) {
      const label = last.label.includes(span.label) ? last.label : last.label + span.label;
      merged[merged.length - 1] = { start: last.start, end: span.end, label };
    }
  }
  return merged;
}

/** Puts labels in the place of spans; of the first one, if it was begun before, only what is new. */
function fill(text: string, spans: readonly Span[], begun?: Span): string {
  let shown = "";
  let end = 0;
  for (const span of spans) {
    const label = begun !== undefined && span.start === 0 ? span.label.slice(begun.label.length) : span.label;
    shown += text.slice(end, span.start) + label;
    end = span.end;
  }
  return shown + text.slice(end);
}
