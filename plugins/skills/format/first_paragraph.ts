/**
 * Finds the first paragraph of a Markdown text.
 *
 * @module
 */

const HEADING_REGEXP = /^#{1,6}[ \t]/;
// what begins no paragraph: fences, rules, tables, comments and other HTML, quotes
const OTHER_REGEXP = /^(?:```|~~~|---|\*\*\*|___|\||<|>)/;

/**
 * Finds the first paragraph, else the first heading, as one line.
 *
 * @param most Characters after which it is cut off.
 * @returns An empty text when there is neither.
 */
export function firstParagraph(markdown: string, most: number): string {
  let heading = "";
  let paragraph = "";
  for (const raw of linesOf(markdown)) {
    const line = raw.trim();
    const isText = line !== "" && !HEADING_REGEXP.test(line) && !OTHER_REGEXP.test(line);
    if (isText) paragraph += paragraph === "" ? line : ` ${line}`;
    else if (paragraph !== "") break;
    else if (heading === "" && HEADING_REGEXP.test(line)) heading = line.replace(/^#+[ \t]+/, "");
    if (paragraph.length > most) break;
  }
  const found = paragraph === "" ? heading : paragraph;
  return found.length <= most ? found : `${[...found].slice(0, most - 1).join("").trimEnd()}…`;
}

// a body may have a million lines, and the first of them do
function* linesOf(text: string): Generator<string> {
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    yield text.slice(start, end);
    start = end + 1;
  }
  yield text.slice(start);
}
