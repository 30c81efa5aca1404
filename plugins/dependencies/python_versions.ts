/**
 * Versions of Python's packages, as PEP 440 orders them, and clauses that no version can meet together.
 *
 * Source: https://packaging.python.org/en/latest/specifications/version-specifiers/
 *
 * @module
 */

const VERSION_REGEXP = new RegExp(
  "^v?(?:(\\d+)!)?(\\d+(?:\\.\\d+)*)" +
    "(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\\d*))?" +
    "(-(\\d+)|[-_.]?(?:post|rev|r)[-_.]?(\\d*))?" +
    "([-_.]?dev[-_.]?(\\d*))?(?:\\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
  "i",
);
/** Numbers that JavaScript does not tell apart are not compared. */
const HUGE_REGEXP = /\d{16}/;
const CLAUSE_REGEXP = /^(===|~=|==|!=|<=|>=|<|>)\s*(.+?)(\.\*)?$/;
/** Ranks of what comes before a release, which has `FINAL`. */
const PRE_RANKS: Readonly<Record<string, number>> = { alpha: 0, a: 0, beta: 1, b: 1, c: 2, rc: 2, pre: 2, preview: 2 };
const FINAL = 3;
/** What comes before all else of a release: `.dev0`. */
const FIRST: readonly number[] = [-1, 0, -1, 0];

/** A version, ready to be compared. */
export interface PythonVersion {
  readonly epoch: number;
  readonly release: readonly number[];
  /** Rank and number of a pre-release, number of a post-release, number of a development release. */
  readonly rest: readonly number[];
  /** Such as `cu118` of `2.0+cu118`; it counts in equality alone. */
  readonly local: string | undefined;
}

/** Reads a version; `undefined` when it is none, or has a number of more than 15 digits. */
export function parseVersion(text: string): PythonVersion | undefined {
  const found = HUGE_REGEXP.test(text) ? null : VERSION_REGEXP.exec(text.trim());
  if (found === null) return undefined;
  const [, epoch = "0", release = "", pre, preNumber, post, bareNumber, postNumber, dev, devNumber, local] = found;
  const rank = pre !== undefined ? PRE_RANKS[pre.toLowerCase()]! : dev !== undefined && post === undefined ? -1 : FINAL;
  return {
    epoch: Number(epoch),
    release: release.split(".").map(Number),
    rest: [
      rank,
      Number(preNumber || 0),
      post === undefined ? -1 : Number(bareNumber ?? (postNumber || 0)),
      dev === undefined ? Infinity : Number(devNumber || 0),
    ],
    local: local?.toLowerCase().replace(/[-_]/g, "."),
  };
}

/** Compares versions without their local parts: negative where the first is the lower one. */
export function compareVersions(a: PythonVersion, b: PythonVersion): number {
  return a.epoch - b.epoch || compareNumbers(a.release, b.release) || compareNumbers(a.rest, b.rest);
}

// parts that are left out are zero
function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i] ?? 0, b[i] ?? 0];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** One end of a range. */
interface Bound {
  readonly version: PythonVersion;
  readonly isIncluded: boolean;
}

/** What a clause lets through. */
interface Clause {
  /** Place among the clauses that were given. */
  readonly index: number;
  readonly operator: string;
  readonly version: PythonVersion;
  readonly isPrefix: boolean;
  readonly lower?: Bound;
  readonly upper?: Bound;
}

/**
 * Finds two clauses that no version meets both of; `undefined` where none are seen, which is no promise.
 *
 * @returns Their places, the lower one first.
 */
export function findContradiction(clauses: readonly string[]): readonly [number, number] | undefined {
  const read = clauses.map(readClause).filter((it) => it !== undefined);
  const found = findEmptyRange(read) ?? findUnequalPins(read) ?? findExcludedPin(read);
  return found === undefined ? undefined : [Math.min(...found), Math.max(...found)];
}

function readClause(text: string, index: number): Clause | undefined {
  const [, operator, digits, wildcard] = CLAUSE_REGEXP.exec(text) ?? [];
  const version = parseVersion(digits ?? "");
  if (operator === undefined || version === undefined) return undefined;
  const isPrefix = wildcard !== undefined;
  if (isPrefix && operator !== "==" && operator !== "!=") return undefined;
  return { index, operator, version, isPrefix, ...boundsOf(operator, { version, isPrefix }) };
}

function boundsOf(
  operator: string,
  { version, isPrefix }: Pick<Clause, "version" | "isPrefix">,
): Pick<Clause, "lower" | "upper"> {
  const included = { version, isIncluded: true };
  switch (operator) {
    case ">=":
      return { lower: included };
    case ">":
      return { lower: { version, isIncluded: false } };
    case "<=":
      return { upper: included };
    case "<":
      // what comes before a release is not less than it
      return { upper: { version: isFinal(version) ? firstOf(version) : version, isIncluded: false } };
    case "~=": {
      const { release } = version;
      return release.length < 2 ? {} : { lower: included, upper: endOf({ ...version, release: release.slice(0, -1) }) };
    }
    case "!=":
      return {};
    default:
      return isPrefix
        ? { lower: { version: firstOf(version), isIncluded: true }, upper: endOf(version) }
        : { lower: included, upper: included };
  }
}

function isFinal({ rest: [rank, , post, dev] }: PythonVersion): boolean {
  return rank === FINAL && post === -1 && dev === Infinity;
}

function firstOf(version: PythonVersion): PythonVersion {
  return { ...version, rest: FIRST };
}

/** The end of all that begins with a release: `2.dev0` for `1.*`. */
function endOf(version: PythonVersion): Bound {
  const release = [...version.release.slice(0, -1), version.release.at(-1)! + 1];
  return { version: firstOf({ ...version, release }), isIncluded: false };
}

function findEmptyRange(clauses: readonly Clause[]): readonly [number, number] | undefined {
  const lowest = narrowest(clauses, "lower");
  const highest = narrowest(clauses, "upper");
  if (lowest === undefined || highest === undefined) return undefined;
  const order = compareVersions(lowest.version, highest.version);
  const isEmpty = order > 0 || order === 0 && !(lowest.isIncluded && highest.isIncluded);
  return isEmpty ? [lowest.index, highest.index] : undefined;
}

function narrowest(
  clauses: readonly Clause[],
  side: "lower" | "upper",
): Bound & { readonly index: number } | undefined {
  let best: Bound & { readonly index: number } | undefined;
  for (const { index, [side]: bound } of clauses) {
    if (bound === undefined) continue;
    const order = best === undefined ? 1 : compareVersions(bound.version, best.version) * (side === "lower" ? 1 : -1);
    if (order > 0 || order === 0 && !bound.isIncluded) best = { ...bound, index };
  }
  return best;
}

// `==2.0+cpu` and `==2.0+cu118`
function findUnequalPins(clauses: readonly Clause[]): readonly [number, number] | undefined {
  const [first, ...others] = clauses.filter((it) => isPin(it) && it.version.local !== undefined);
  const other = others.find(({ version }) => version.local !== first!.version.local);
  return other === undefined ? undefined : [first!.index, other.index];
}

function findExcludedPin(clauses: readonly Clause[]): readonly [number, number] | undefined {
  const excluding = clauses.filter(({ operator }) => operator === "!=");
  for (const pin of clauses.filter(isPin)) {
    const by = excluding.find((it) => excludes(it, pin.version));
    if (by !== undefined) return [pin.index, by.index];
  }
  return undefined;
}

function isPin({ operator, isPrefix }: Clause): boolean {
  return (operator === "==" || operator === "===") && !isPrefix;
}

function excludes({ version, isPrefix }: Clause, pin: PythonVersion): boolean {
  if (!isPrefix) return compareVersions(version, pin) === 0 && (version.local ?? pin.local) === pin.local;
  return compareVersions(firstOf(version), pin) <= 0 && compareVersions(pin, endOf(version).version) < 0;
}
