/**
 * Reads the texts over several lines, after `|` or `>`, that plain YAML has in it.
 *
 * @module
 */

const HEAD_REGEXP = /^[|>]-?$/;

/** A text over several lines. */
export interface PlainBlock {
  readonly text: string;
  /** Index of the first line after it. */
  readonly end: number;
}

/** Tells whether a value announces a text over the lines below it. */
export function isBlockHead(value: string): boolean {
  return HEAD_REGEXP.test(value);
}

/**
 * Reads the lines below a value. Source: YAML 1.2.2, section 8.1.
 *
 * @param options.raws All lines.
 * @param options.start Index of the first line below the value.
 * @param options.indent That of the key or list item that has the value.
 * @returns `undefined` when it is not that plain.
 */
export function readPlainBlock(
  head: string,
  { raws, start, indent }: { readonly raws: readonly string[]; readonly start: number; readonly indent: number },
): PlainBlock | undefined {
  const own = indentOf(raws[start] ?? "");
  const lines: string[] = [];
  let end = start;
  for (let at = start; at < raws.length; at++) {
    const raw = raws[at]!;
    const spaces = indentOf(raw);
    if (spaces === raw.length) {
      if (spaces > own) return undefined;
      lines.push("");
      continue;
    }
    if (spaces <= indent) break;
    // what is indented more is not folded, and what is indented less is an error
    if (spaces < own || (spaces > own && head[0] === ">")) return undefined;
    lines.push(raw.slice(own));
    end = at + 1;
  }
  if (end === start || own === (raws[start]?.length ?? 0)) return undefined;
  // at the end of a text without a last line break there is none to keep
  if (end === raws.length && !head.endsWith("-")) return undefined;
  lines.length = end - start;
  const text = head[0] === ">" ? fold(lines) : lines.join("\n");
  return { text: head.endsWith("-") ? text : `${text}\n`, end };
}

/** Joins lines by spaces; of line breaks that follow one another, the first goes. */
function fold(lines: readonly string[]): string {
  let text = lines[0]!;
  for (let i = 1; i < lines.length; i++) {
    if (lines[i] === "") text += "\n";
    else text += lines[i - 1] === "" ? lines[i] : ` ${lines[i]}`;
  }
  return text;
}

function indentOf(raw: string): number {
  let indent = 0;
  while (raw.charCodeAt(indent) === 0x20) indent++;
  return indent;
}
