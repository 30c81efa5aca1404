/**
 * Suggests what a misspelt name may have meant.
 *
 * @module
 */

/** Gives up to three candidates that are close to a name, nearest first. */
export function nearNames(name: string, candidates: Iterable<string>): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3));
  const wanted = name.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    const contains = wanted.length > 2 && candidate.toLowerCase().includes(wanted);
    if (distance <= limit || contains) found.push({ candidate, distance: contains ? 0 : distance });
  }
  return found.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1)).slice(0, 3)
    .map((it) => it.candidate);
}

/** Ends a message with the near names, if there are any: `; did you mean "a" or "b"?` */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearNames(name, candidates).map((it) => `"${it}"`);
  return near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
}

// Levenshtein's distance by rows, given up once a whole row is over the limit
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substitution));
    }
    if (Math.min(...row) > limit) return limit + 1;
    previous = row;
  }
  return previous[b.length]!;
}
