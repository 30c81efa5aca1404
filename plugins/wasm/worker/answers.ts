/**
 * Replies to requests of code, as they go to it: some at once, in one text. Its first line has the ids, by commas, and the
 * rest is JSON that goes on into the engine as it is: a list of the id and `{"result"}` or `{"error"}` of each.
 *
 * @module
 */

/** A reply to one request. */
export interface Answer {
  /** That of the request. */
  readonly id: number;
  /** `{"result"}` or `{"error":{"code","message","data"}}`, as JSON. */
  readonly json: string;
}

/** Writes some replies as one text. */
export function writeAnswers(answers: readonly Answer[]): string {
  let ids = "";
  let list = "";
  for (const { id, json } of answers) {
    ids += ids === "" ? id : `,${id}`;
    list += list === "" ? `[${id},${json}]` : `,[${id},${json}]`;
  }
  return `${ids}\n[${list}]`;
}

/** Reads which requests are replied to, and the JSON for the engine. */
export function readAnswers(text: string): { readonly ids: readonly number[]; readonly json: string } {
  const end = text.indexOf("\n");
  return { ids: text.slice(0, end).split(",").map(Number), json: text.slice(end + 1) };
}
