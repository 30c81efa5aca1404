/**
 * URI templates (RFC 6570) in both directions: a URI is matched against a template as well as made from one.
 *
 * A template comes from a plugin or another server, a URI from any client, so matching takes time linear in the URI:
 * it is decided from the end which places can be reached, and nothing is tried twice.
 *
 * @module
 */
import { KernelError } from "./errors.ts";

type RequiredNames<E extends string> = E extends `${"?" | "&"}${string}` ? never
  : E extends `${"+" | "#" | "." | "/" | ";"}${infer N}` ? Names<N>
  : Names<E>;
type OptionalNames<E extends string> = E extends `${"?" | "&"}${infer N}` ? Names<N> : never;
type Names<N extends string> = N extends `${infer A},${infer B}` ? Names<A> | Names<B>
  : N extends `${infer A}*` ? A
  : N;
type Expressions<U extends string> = U extends `${string}{${infer E}}${infer R}` ? E | Expressions<R> : never;
type Flat<T> = { [K in keyof T]: T[K] };

/**
 * Gives the parameters of a template as an object type: `{ readonly name: string; readonly path: string }` for
 * `skill://{name}/{+path}`. Those of a query, as in `{?page}`, are optional.
 */
export type UriParams<U extends string> = string extends U ? Readonly<Record<string, string>>
  : Flat<
    & { readonly [K in RequiredNames<Expressions<U>>]: string }
    & { readonly [K in OptionalNames<Expressions<U>>]?: string }
  >;

/** A URI template, ready to match and expand. */
export interface CompiledTemplate {
  readonly template: string;
  /** Names of the parameters, in order. */
  readonly names: readonly string[];
  /** Number of characters outside of parameters; of two templates that match, the longer one says more. */
  readonly fixedLength: number;
  /**
   * Gives the decoded parameters of a URI, or `undefined` when it does not match.
   *
   * A `{name}` takes one or more characters other than `/ ? #`; once decoded it may contain them, so a value is no
   * path before it is checked. `{+name}` and `{/name*}` take slashes too. The parameters of `{?a,b}` come in any order
   * and may be absent; a query with others does not match. Bytes that are not UTF-8 do not match.
   */
  match(uri: string): Record<string, string> | undefined;
  /**
   * Makes the URI for parameters, which `match` turns back into them, as long as none but of a query is empty.
   *
   * @throws {KernelError} `OPTION_INVALID` when a parameter that is not of a query is missing.
   */
  expand(params: Readonly<Record<string, string | undefined>>): string;
}

/** A parameter within the path, or wherever it may not be absent. */
interface Variable {
  readonly name: string;
  /** Whether reserved characters stand for themselves, as in `{+name}`. */
  readonly isReserved: boolean;
  /** Whether the value is a list of segments, as in `{/name*}`. */
  readonly isList: boolean;
  /** Characters that end it. */
  readonly stops: string;
}
type Piece = string | Variable;

interface Parts {
  readonly pieces: Piece[];
  /** Begins the query: `?` or `&`. */
  querySign: string;
  readonly query: string[];
}

const MAX_URI_LENGTH = 8_192;
const MAX_TEMPLATE_LENGTH = 1_024;
const EXPRESSION_REGEXP = /^([+#./;?&]?)([\w.]+\*?(?:,[\w.]+\*?)*)$/;

/** Tells whether a URI has parameters in braces. */
export function isTemplate(uri: string): boolean {
  return /[{}]/.test(uri);
}

/**
 * Compiles a URI template: levels 1 to 3 of RFC 6570, and `*`. With `{/name*}` a value is a list of segments, written
 * with `/` between them; with other operators `*` changes nothing.
 *
 * @throws {KernelError} `NAME_INVALID` for one that is malformed, or ambiguous because parameters touch each other.
 *
 * @example Match and expand
 * ```ts
 * import { compileTemplate } from "collet";
 *
 * const template = compileTemplate("skill://{name}/{+path}");
 * const params = template.match("skill://tea%20pot/docs/a.md");
 * if (params?.["name"] !== "tea pot" || params["path"] !== "docs/a.md") throw new Error("unexpected");
 * if (template.expand(params) !== "skill://tea%20pot/docs/a.md") throw new Error("unexpected");
 * ```
 */
export function compileTemplate(template: string): CompiledTemplate {
  const parts = parse(template);
  const { pieces, query, querySign } = parts;
  const names = [...pieces.flatMap((it) => typeof it === "string" ? [] : [it.name]), ...query];
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) refuse(template, `the parameter "${repeated}" occurs twice`);
  return Object.freeze({
    template,
    names,
    fixedLength: pieces.reduce((sum, it) => sum + (typeof it === "string" ? it.length : 0), 0),
    match(uri: string) {
      if (uri.length > MAX_URI_LENGTH) return undefined;
      try {
        return matchUri(uri, parts);
      } catch (thrown) {
        if (thrown instanceof URIError) return undefined;
        throw thrown;
      }
    },
    expand(params: Readonly<Record<string, string | undefined>>) {
      const valueOf = (name: string) => Object.hasOwn(params, name) ? params[name] : undefined;
      const path = pieces.map((it) => typeof it === "string" ? it : expandVariable(it, valueOf(it.name), template));
      const given = query.filter((name) => valueOf(name) !== undefined);
      const pairs = given.map((name) => `${name}=${encode(valueOf(name)!, template)}`);
      return path.join("") + (pairs.length === 0 ? "" : querySign + pairs.join("&"));
    },
  });
}

function refuse(template: string, reason: string): never {
  throw new KernelError("NAME_INVALID", `Cannot use the URI template "${template}": ${reason}`);
}

// ---- parsing ----

function parse(template: string): Parts {
  if (template.length > MAX_TEMPLATE_LENGTH) {
    refuse(template.slice(0, 40), `longer than ${MAX_TEMPLATE_LENGTH} characters`);
  }
  const parts: Parts = { pieces: [], querySign: "", query: [] };
  // the odd parts are expressions
  for (const [index, part] of template.split(/\{([^{}]*)\}/).entries()) {
    if (index % 2 === 1) addExpression(part, parts, template);
    else if (/[{}]/.test(part)) refuse(template, "a brace has no partner");
    else if (part !== "" && parts.query.length > 0) refuse(template, `"${part}" follows the parameters of the query`);
    else addText(part, parts);
  }
  if (parts.querySign === "") return parts;
  const stops = `?#${parts.querySign}`;
  return {
    ...parts,
    pieces: parts.pieces.map((it) => typeof it === "string" ? it : { ...it, stops: it.stops + stops }),
  };
}

function addText(text: string, { pieces }: Parts): void {
  const last = pieces.at(-1);
  if (typeof last === "string") pieces[pieces.length - 1] = last + text;
  else if (text !== "") pieces.push(text);
}

function addExpression(expression: string, parts: Parts, template: string): void {
  const [, operator, list] = EXPRESSION_REGEXP.exec(expression) ?? [];
  if (operator === undefined || list === undefined) {
    refuse(template, `"{${expression}}" is not an expression of RFC 6570, levels 1 to 3`);
  }
  if (operator === "?" || operator === "&") {
    const isSecond = operator === "?" && (parts.querySign !== "" || isInQuery(parts));
    if (isSecond) refuse(template, `"{${expression}}" begins a second query; write "{&${list}}"`);
    parts.querySign ||= operator;
    parts.query.push(...list.split(",").map((it) => it.replace("*", "")));
    return;
  }
  if (parts.query.length > 0) refuse(template, `"{${expression}}" follows the parameters of the query`);
  for (const [index, spec] of list.split(",").entries()) {
    const name = spec.replace("*", "");
    const separator = "./;".includes(operator || ",") ? operator : ",";
    const sign = index > 0 ? separator : operator === "+" ? "" : operator;
    addText(operator === ";" ? `;${name}=` : sign, parts);
    if (typeof parts.pieces.at(-1) === "object") refuse(template, `nothing separates "${name}" from what is before it`);
    const isList = operator === "/" && spec.endsWith("*");
    const isReserved = operator === "+" || operator === "#";
    const inside = `${isList ? "" : "/"}${list.includes(",") ? separator : ""}${isInQuery(parts) ? "&" : ""}`;
    const stops = isReserved ? "" : `?#${inside}`;
    parts.pieces.push({ name, isReserved, isList, stops });
  }
}

function isInQuery({ pieces }: Parts): boolean {
  return pieces.some((it) => typeof it === "string" && it.includes("?"));
}

// ---- matching ----

function matchUri(uri: string, { pieces, query, querySign }: Parts): Record<string, string> | undefined {
  const first = pieces[0];
  if (typeof first === "string" && !uri.startsWith(first)) return undefined;
  const reach = reachable(uri, pieces, querySign);
  if (reach[0]![0] !== 1) return undefined;
  const found: [string, string][] = [];
  let at = 0;
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece === "string") {
      at += piece.length;
      continue;
    }
    // the longest value with which the rest still matches, as a greedy regular expression would take
    let end = at;
    for (let next = at; next < uri.length && !piece.stops.includes(uri[next]!);) {
      next++;
      if (reach[index + 1]![next] === 1) end = next;
    }
    const value = decode(uri.slice(at, end), piece);
    if (value === undefined) return undefined;
    found.push([piece.name, value]);
    at = end;
  }
  const rest = matchQuery(uri.slice(at + 1), query);
  return rest && Object.fromEntries([...found, ...rest]);
}

/** For each piece and place, tells (1) whether the pieces from there on match the URI up to its query. */
function reachable(uri: string, pieces: readonly Piece[], querySign: string): Uint8Array[] {
  const end = Uint8Array.from(
    { length: uri.length + 1 },
    (_, at) => at === uri.length || uri[at] === querySign ? 1 : 0,
  );
  const reach = [end];
  for (const piece of pieces.toReversed()) {
    const after = reach[0]!;
    const here = new Uint8Array(uri.length + 1);
    for (let at = uri.length - 1; at >= 0; at--) {
      if (typeof piece === "string") here[at] = uri.startsWith(piece, at) ? after[at + piece.length]! : 0;
      else if (!piece.stops.includes(uri[at]!)) here[at] = after[at + 1]! | here[at + 1]!;
    }
    reach.unshift(here);
  }
  return reach;
}

function decode(text: string, { isList }: Variable): string | undefined {
  if (!isList) return decodeURIComponent(text);
  const segments = text.split("/").map(decodeURIComponent);
  return segments.some((it) => it.includes("/")) ? undefined : segments.join("/");
}

function matchQuery(text: string, names: readonly string[]): [string, string][] | undefined {
  const found = new Map<string, string>();
  for (const pair of text === "" ? [] : text.split("&")) {
    const [name = "", ...value] = pair.split("=");
    if (!names.includes(name) || found.has(name) || pair.includes("#")) return undefined;
    found.set(name, decodeURIComponent(value.join("=")));
  }
  return [...found];
}

// ---- expanding ----

function expandVariable(variable: Variable, value: string | undefined, template: string): string {
  if (value === undefined) {
    throw new KernelError("OPTION_INVALID", `Cannot expand "${template}": no value for "${variable.name}"`);
  }
  if (variable.isList) return value.split("/").map((it) => encode(it, template)).join("/");
  if (!variable.isReserved) return encode(value, template);
  const text = encode(value, template, encodeURI).replace(/%5[BD]/g, (it) => it === "%5B" ? "[" : "]");
  return Array.from(text, (it) => variable.stops.includes(it) ? encodeURIComponent(it) : it).join("");
}

function encode(value: string, template: string, how: typeof encodeURI = encodeStrictly): string {
  try {
    return how(value);
  } catch {
    throw new KernelError("OPTION_INVALID", `Cannot expand "${template}": a value has half of a surrogate pair`);
  }
}

// all but the unreserved characters of RFC 3986
function encodeStrictly(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
}
