/**
 * What says who asks, put into requests.
 *
 * @module
 */
import { toBase64, ToolError } from "../../../../kernel/mod.ts";
import type { Operation } from "../operations/operation.ts";
import type { ApiCredential } from "../../openapi_target.ts";
import { encode, type Pair } from "./style.ts";

/** What goes with one request. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** Encoded. */
  readonly query: readonly Pair[];
  /** Encoded. */
  readonly cookies: readonly Pair[];
  /** Texts that nobody but the API may see. */
  readonly hidden: readonly string[];
}

/** Gives tokens of OAuth. */
export interface TokenSource {
  token(scheme: string, signal: AbortSignal): Promise<string>;
}

/** What credentials are made of. */
export interface CredentialsOptions {
  readonly auth: Readonly<Record<string, ApiCredential>>;
  readonly tokens: TokenSource;
  readonly signal: AbortSignal;
}

/**
 * Chooses what an operation wants: the first of its ways for which everything is there.
 *
 * @returns names of schemes; none when it wants none, or there is no way for which everything is there.
 */
export function schemesFor(
  { security }: Pick<Operation, "security">,
  auth: Readonly<Record<string, ApiCredential>>,
): { readonly schemes: readonly string[]; readonly isSatisfied: boolean } {
  const ways = security.map((it) => Object.keys(it));
  const complete = ways.filter((names) => names.every((name) => Object.hasOwn(auth, name)));
  // to say who one is counts for more than not having to
  const best = complete.find((names) => names.length > 0) ?? complete[0];
  return { schemes: best ?? [], isSatisfied: ways.length === 0 || best !== undefined };
}

/**
 * Makes what goes with a request.
 *
 * @throws {ToolError} when no token is given.
 */
export async function credentialsFor(
  schemes: readonly string[],
  { auth, tokens, signal }: CredentialsOptions,
): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const query: Pair[] = [];
  const cookies: Pair[] = [];
  const hidden: string[] = [];
  const authorize = (scheme: string, kind: string, value: string) => {
    headers["authorization"] = headerValue(scheme, `${kind} ${value}`);
    hidden.push(value);
  };
  for (const scheme of schemes) {
    const credential = auth[scheme]!;
    switch (credential.kind) {
      case "api_key":
        hidden.push(credential.value);
        if (credential.in === "header") headers[credential.name.toLowerCase()] = headerValue(scheme, credential.value);
        else (credential.in === "query" ? query : cookies).push([encode(credential.name), encode(credential.value)]);
        break;
      case "basic":
        hidden.push(credential.password);
        authorize(scheme, "Basic", basicOf(credential.username, credential.password));
        break;
      case "bearer":
        authorize(scheme, "Bearer", credential.token);
        break;
      case "client_credentials":
        authorize(scheme, "Bearer", await tokens.token(scheme, signal));
    }
  }
  return { headers, query, cookies, hidden };
}

/** Writes user and password as HTTP has them. */
export function basicOf(username: string, password: string): string {
  return toBase64(new TextEncoder().encode(`${username}:${password}`));
}

// what a runtime says of a header holds its value
function headerValue(scheme: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new ToolError(`The credential for "${scheme}" holds characters that no header can have; correct the secret`);
}
