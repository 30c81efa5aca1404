/**
 * Unified diffs of texts.
 *
 * @module
 */

/** Lines around a change that are shown. */
const CONTEXT = 3;
/** Texts that differ by more lines are shown as one replaced by the other: to look closer takes too long. */
const MOST_EDITS = 1_000;
const NO_NEWLINE = "\\ No newline at end of file";

/** A line that is in both texts, or in the old (`-`) or the new one (`+`) alone. */
interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

/**
 * Compares two texts line by line.
 *
 * @returns The hunks of a unified diff, without the lines that name the files; empty when the texts are equal. Format:
 * https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html
 */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return "";
  return hunksOf(compareLines(linesOf(before), linesOf(after))).join("\n");
}

/** Splits a text; the last line carries the remark where nothing ends it. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  const last = lines.pop()!;
  return last === "" ? lines : [...lines, `${last}\n${NO_NEWLINE}`];
}

function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++;
  const same = (text: string): Line => ({ mark: " ", text });
  const changed = compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return [...before.slice(0, start).map(same), ...changed, ...before.slice(before.length - end).map(same)];
}

/** Finds the shortest edit. Source: E. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const most = Math.min(before.length + after.length, MOST_EDITS);
  // how far each diagonal gets, after each number of edits; diagonal k is at index k + most
  const reach = new Int32Array(2 * most + 3).fill(-1);
  reach[most + 1] = 0;
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(most - edits, most + edits + 3));
    for (let k = -edits; k <= edits; k += 2) {
      const isInsertion = k === -edits || k !== edits && reach[most + k - 1]! < reach[most + k + 1]!;
      let x = isInsertion ? reach[most + k + 1]! : reach[most + k - 1]! + 1;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++;
      reach[most + k] = x;
      if (x >= before.length && x - k >= after.length) return walkBack({ before, after, trace });
    }
  }
  const marked = (mark: Line["mark"], lines: readonly string[]) => lines.map((text): Line => ({ mark, text }));
  return [...marked("-", before), ...marked("+", after)];
}

function walkBack(
  { before, after, trace }: {
    readonly before: readonly string[];
    readonly after: readonly string[];
    readonly trace: readonly Int32Array[];
  },
): Line[] {
  const lines: Line[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits > 0; edits--) {
    // a snapshot holds the diagonals from -edits to edits + 2
    const at = (k: number) => trace[edits]![k + edits]!;
    const k = x - y;
    const isInsertion = k === -edits || k !== edits && at(k - 1) < at(k + 1);
    const previous = isInsertion ? k + 1 : k - 1;
    const from = at(previous);
    for (; x > from + (isInsertion ? 0 : 1) && y > from - previous + (isInsertion ? 1 : 0); x--, y--) {
      lines.push({ mark: " ", text: before[x - 1]! });
    }
    lines.push(isInsertion ? { mark: "+", text: after[--y]! } : { mark: "-", text: before[--x]! });
  }
  for (; x > 0; x--) lines.push({ mark: " ", text: before[x - 1]! });
  return lines.reverse();
}

function hunksOf(lines: readonly Line[]): string[] {
  const hunks: string[] = [];
  let [before, after] = [0, 0];
  let at = 0;
  const pass = (to: number) => {
    for (; at < to; at++) {
      if (lines[at]!.mark !== "+") before++;
      if (lines[at]!.mark !== "-") after++;
    }
  };
  while (true) {
    let change = at;
    while (change < lines.length && lines[change]!.mark === " ") change++;
    if (change === lines.length) return hunks;
    pass(Math.max(at, change - CONTEXT));
    const end = endOfHunk(lines, change);
    const shown = lines.slice(at, end);
    const range = (passed: number, other: Line["mark"]) => {
      const count = shown.filter(({ mark }) => mark !== other).length;
      // a range without lines is named by the line before it
      return `${count === 0 ? passed : passed + 1}${count === 1 ? "" : `,${count}`}`;
    };
    const head = `@@ -${range(before, "+")} +${range(after, "-")} @@`;
    hunks.push([head, ...shown.map(({ mark, text }) => mark + text)].join("\n"));
    pass(end);
  }
}

/** Finds where the context of a change ends, and of those that follow so soon that they share it. */
function endOfHunk(lines: readonly Line[], change: number): number {
  let last = change;
  for (let i = change; i < lines.length && i - last <= 2 * CONTEXT; i++) if (lines[i]!.mark !== " ") last = i;
  return Math.min(lines.length, last + CONTEXT + 1);
}
