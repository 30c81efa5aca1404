/**
 * What containers wrote.
 *
 * @module
 */

const STAMP_REGEXP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d) /;

/** Joins what a container wrote to both streams, each line with its time before it, in the order of time. */
export function joinStreams(stdout: string, stderr: string): string {
  const lines = [...stampedLines(stdout), ...stampedLines(stderr)];
  // those of one time stay as they are
  lines.sort((a, b) => a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0);
  return lines.map((it) => it.text).join("\n");
}

function stampedLines(stream: string): readonly { readonly stamp: string; readonly text: string }[] {
  let stamp = "";
  return stream.replace(/\n$/, "").split("\n").filter((_, i, all) => all.length > 1 || all[i] !== "").map((line) => {
    const [head = "", seconds, fraction = ""] = STAMP_REGEXP.exec(line) ?? [];
    if (seconds !== undefined) stamp = `${seconds}.${fraction.padEnd(9, "0")}`;
    return { stamp, text: line.slice(head.length).replace(/\r$/, "") };
  });
}
