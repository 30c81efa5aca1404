/**
 * Versions that a language must have: `>=3.11,<4`, in the notation of Python (PEP 440), which serves the others too.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";

const CLAUSE_REGEXP = /^(===|~=|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?(?:[-.]?[a-z]+\.?\d*)?$/i;
const RELEASE_REGEXP = /^v?(\d+(?:\.\d+)*)/;

type Release = readonly number[];

/**
 * Tells whether a version is within a range. Only releases are compared: `3.13.0rc1` counts as `3.13.0`.
 *
 * @throws {ToolError} when the range is malformed.
 */
export function isVersionWithin(version: string, range: string): boolean {
  const release = readRelease(version);
  return range.split(",").map((clause) => clause.trim()).filter((clause) => clause !== "").every((clause) => {
    const [, operator, digits, wildcard] = CLAUSE_REGEXP.exec(clause) ?? [];
    if (operator === undefined || digits === undefined || (wildcard !== undefined && !/^[=!]=$/.test(operator))) {
      throw new ToolError(`Cannot read version range "${range}": "${clause}" is no clause such as ">=3.11"`);
    }
    return holds(operator, { release, wanted: readRelease(digits), isPrefix: wildcard !== undefined });
  });
}

function holds(
  operator: string,
  { release, wanted, isPrefix }: { readonly release: Release; readonly wanted: Release; readonly isPrefix: boolean },
): boolean {
  const order = compare(isPrefix ? release.slice(0, wanted.length) : release, wanted);
  switch (operator) {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "!=":
      return order !== 0;
    case "~=":
      return order >= 0 && compare(release.slice(0, wanted.length - 1), wanted.slice(0, -1)) === 0;
    default:
      return order === 0;
  }
}

function readRelease(version: string): Release {
  return (RELEASE_REGEXP.exec(version)?.[1] ?? "0").split(".").map(Number);
}

// parts that are left out are zero
function compare(a: Release, b: Release): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
