/**
 * Requirements of Python, as PEP 508 writes them: `name[extra]>=1 ; marker`, or `name @ https://… ; marker`.
 *
 * Source: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
 *
 * @module
 */

/** A requirement in its parts. */
export interface Requirement {
  /** Normalized as PEP 503 does it. */
  readonly name: string;
  /** Normalized, sorted, each once. */
  readonly extras: readonly string[];
  /** Clauses of versions without spaces, such as `>=1`, sorted; empty where any version will do. */
  readonly clauses: readonly string[];
  /** Where the package is, in place of versions. */
  readonly url?: string;
  /** The condition under which it is needed, as it was written, with single spaces. */
  readonly marker?: string;
}

const NAME = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?";
const HEAD_REGEXP = new RegExp(`^(${NAME})\\s*(?:\\[([^\\]]*)\\])?\\s*`);
const EXTRA_REGEXP = new RegExp(`^${NAME}$`);
const URL_REGEXP = /^@\s*([^\s;][^\s]*)(?:\s+;(.*)|\s*)$/;
const VERSIONS_REGEXP = /^(?:\(([^()]*)\)|([^;()]*))\s*(?:;(.*))?$/;
const CLAUSE_REGEXP = /^(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9][A-Za-z0-9.!+*_-]*$/;
const TOKEN_REGEXP =
  /\s*(?:([()])|(and|or)(?![a-z_])|(not\s+in(?![a-z_])|in(?![a-z_])|===|~=|==|!=|<=|>=|<|>)|("[^"$\\]*"|'[^'$\\]*')|([a-z_]+))\s*/y;
const VARIABLES: ReadonlySet<string> = new Set([
  ...["python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system"],
  ...["platform_version", "platform_machine", "platform_python_implementation", "implementation_name"],
  ...["implementation_version", "extra"],
]);
/** Parentheses in parentheses that are followed. */
const DEEPEST_MARKER = 50;

/** Reads a requirement; `undefined` when it is none. */
export function parseRequirement(text: string): Requirement | undefined {
  const word = text.trim();
  const [head, name, extras = ""] = HEAD_REGEXP.exec(word) ?? [];
  if (head === undefined || name === undefined) return undefined;
  const names = extras.split(",").map((it) => it.trim());
  const hasExtras = extras.trim() !== "";
  if (hasExtras && !names.every((it) => EXTRA_REGEXP.test(it))) return undefined;
  const rest = readRest(word.slice(head.length));
  return rest === undefined
    ? undefined
    : { name: normalizeName(name), extras: hasExtras ? unique(names.map(normalizeName)) : [], ...rest };
}

// what follows the name and its extras
function readRest(text: string): Omit<Requirement, "name" | "extras"> | undefined {
  const [, url, urlMarker] = URL_REGEXP.exec(text) ?? [];
  if (url !== undefined) return withMarker({ clauses: [], url }, urlMarker);
  const [versions, inParentheses, bare = "", marker] = VERSIONS_REGEXP.exec(text) ?? [];
  if (versions === undefined) return undefined;
  const clauses = (inParentheses ?? bare).split(",").map((it) => it.trim()).filter((it) => it !== "");
  if (!clauses.every((it) => CLAUSE_REGEXP.test(it))) return undefined;
  return withMarker({ clauses: unique(clauses.map((it) => it.replace(/\s+/g, ""))) }, marker);
}

function withMarker<T extends object>(rest: T, marker: string | undefined): T & { marker?: string } | undefined {
  if (marker === undefined) return rest;
  return isMarker(marker) ? { ...rest, marker: marker.trim().replace(/\s+/g, " ") } : undefined;
}

/** Writes a requirement; equal ones are equal texts. */
export function formatRequirement({ name, extras, clauses, url, marker }: Requirement): string {
  return [
    name,
    extras.length > 0 ? `[${extras.join(",")}]` : "",
    url === undefined ? clauses.join(",") : ` @ ${url}`,
    marker === undefined ? "" : ` ; ${marker}`,
  ].join("");
}

/** Gives the name of a package, or of an extra, by which others that are written differently are the same (PEP 503). */
export function normalizeName(name: string): string {
  return name.trim().toLowerCase().replace(/[-_.]+/g, "-");
}

/** Tells whether a text is an environment marker. */
export function isMarker(marker: string): boolean {
  return canonicalMarker(marker) !== undefined;
}

/** Gives a marker in one way of writing, whatever its spaces and quotes; `undefined` when it is none. */
export function canonicalMarker(marker: string): string | undefined {
  const tokens = readTokens(marker);
  if (tokens === undefined) return undefined;
  const end = skipCondition(tokens, { from: 0, depth: 0 });
  return end === tokens.length ? tokens.map(({ text }) => text).join(" ") : undefined;
}

interface Token {
  readonly kind: "parenthesis" | "connective" | "operator" | "operand";
  readonly text: string;
}

function readTokens(marker: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN_REGEXP.lastIndex = 0;
  while (TOKEN_REGEXP.lastIndex < marker.length) {
    const [whole, parenthesis, connective, operator, quoted, variable] = TOKEN_REGEXP.exec(marker) ?? [];
    if (whole === undefined || variable !== undefined && !VARIABLES.has(variable)) return undefined;
    if (parenthesis !== undefined) tokens.push({ kind: "parenthesis", text: parenthesis });
    else if (connective !== undefined) tokens.push({ kind: "connective", text: connective });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator.replace(/\s+/g, " ") });
    else tokens.push({ kind: "operand", text: variable ?? requote(quoted!) });
  }
  return tokens;
}

function requote(quoted: string): string {
  const content = quoted.slice(1, -1);
  return content.includes('"') ? quoted : `"${content}"`;
}

/** Gives the place after a condition; `undefined` where there is none. */
function skipCondition(
  tokens: readonly Token[],
  { from, depth }: { readonly from: number; readonly depth: number },
): number | undefined {
  let place = from;
  while (depth <= DEEPEST_MARKER) {
    const after = skipTerm(tokens, { from: place, depth });
    if (after === undefined || tokens[after]?.kind !== "connective") return after;
    place = after + 1;
  }
  return undefined;
}

function skipTerm(
  tokens: readonly Token[],
  { from, depth }: { readonly from: number; readonly depth: number },
): number | undefined {
  if (tokens[from]?.text === "(") {
    const after = skipCondition(tokens, { from: from + 1, depth: depth + 1 });
    return after !== undefined && tokens[after]?.text === ")" ? after + 1 : undefined;
  }
  const kinds = tokens.slice(from, from + 3).map(({ kind }) => kind);
  return kinds.join(" ") === "operand operator operand" ? from + 3 : undefined;
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}
