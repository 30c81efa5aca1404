/**
 * Finds any of many texts in a text, in one pass.
 *
 * @module
 */
import { SHORTEST_FORM } from "./forms.ts";

/** A piece of a text, and what is shown in its place. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

interface Form {
  readonly text: string;
  readonly label: string;
}

const MASK = 0xffff;

/**
 * Finds forms, each of which has a label. The last four characters, as one number, lead to the forms that begin with
 * them; these are compared, the longest first.
 */
export class Matcher {
  readonly #forms = new Map<number, Form[]>();
  /** Where a number leads nowhere, which is almost everywhere, this tells it without a look into the map. */
  readonly #mayLead = new Uint8Array(MASK + 1);
  /** What forms begin with, of less than four characters. */
  readonly #beginnings = new Set<string>();

  constructor(forms: Iterable<readonly [text: string, label: string]>) {
    for (const [text, label] of forms) {
      const key = keyOf(text);
      const others = this.#forms.get(key) ?? [];
      others.push({ text, label });
      this.#forms.set(key, others);
      this.#mayLead[slotOf(key)] = 1;
      for (let length = 1; length < SHORTEST_FORM; length++) this.#beginnings.add(text.slice(0, length));
    }
    for (const forms of this.#forms.values()) forms.sort((a, b) => b.text.length - a.text.length);
  }

  /**
   * Finds the longest form at each place of a text.
   *
   * @param spans Receives what is found, in order of its start; spans may overlap.
   * @returns where the first form begins that the text ends within, or the length of the text.
   */
  find(text: string, spans: Span[]): number {
    let open = text.length;
    let key = 0;
    for (let i = 0; i < text.length; i++) {
      key = (key << 8) ^ text.charCodeAt(i);
      if (i < SHORTEST_FORM - 1 || this.#mayLead[slotOf(key)] === 0) continue;
      const forms = this.#forms.get(key);
      if (forms === undefined) continue;
      const start = i - SHORTEST_FORM + 1;
      for (const form of forms) {
        if (text.startsWith(form.text, start)) {
          spans.push({ start, end: start + form.text.length, label: form.label });
          break;
        }
        if (start < open && begins(form.text, text, start)) open = start;
      }
    }
    for (let start = Math.max(0, text.length - SHORTEST_FORM + 1); start < open; start++) {
      if (this.#beginnings.has(text.slice(start))) open = start;
    }
    return open;
  }
}

function begins(form: string, text: string, start: number): boolean {
  return text.length - start < form.length && form.startsWith(text.slice(start));
}

// a shift by four times eight bits has forgotten what came before
function keyOf(text: string): number {
  let key = 0;
  for (let i = 0; i < SHORTEST_FORM; i++) key = (key << 8) ^ text.charCodeAt(i);
  return key;
}

function slotOf(key: number): number {
  return (key ^ (key >>> 16)) & MASK;
}
