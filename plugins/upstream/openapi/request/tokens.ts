/**
 * Tokens of OAuth by client credentials, kept while they are valid.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 *
 * @module
 */
import { type Fetch, isObject, messageOf, ToolError } from "../../../../kernel/mod.ts";
import { heed } from "../../heed.ts";
import type { ApiCredential, ClientCredential } from "../../openapi_target.ts";
import { basicOf, type TokenSource } from "./credentials.ts";
import { encode } from "./style.ts";

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 1_048_576;
// a token is not used any more so long before it ends
const SPARE_MS = 30_000;
// of one that does not say
const DEFAULT_SECONDS = 300;

interface Kept {
  readonly token: Promise<string>;
  expiresAt: number;
}

/** Asks for tokens, once for however many calls, and keeps them. */
export class Tokens implements TokenSource {
  readonly #fetch: Fetch;
  readonly #auth: Readonly<Record<string, ApiCredential>>;
  readonly #kept = new Map<string, Kept>();
  readonly #controller = new AbortController();

  constructor({ fetch, auth }: { readonly fetch: Fetch; readonly auth: Readonly<Record<string, ApiCredential>> }) {
    this.#fetch = fetch;
    this.#auth = auth;
  }

  /**
   * Gives a token.
   *
   * @throws {ToolError} when there is none to be had.
   * @throws the reason of `signal` when it aborts.
   */
  async token(scheme: string, signal: AbortSignal): Promise<string> {
    const kept = this.#kept.get(scheme);
    if (kept !== undefined && kept.expiresAt > Date.now()) return await heed(kept.token, signal);
    const fresh: Kept = { token: this.#ask(scheme, (ms) => fresh.expiresAt = Date.now() + ms), expiresAt: Infinity };
    this.#kept.set(scheme, fresh);
    fresh.token.catch(() => this.#forget(scheme, fresh));
    return await heed(fresh.token, signal);
  }

  /** Forgets tokens that the API did not take. */
  refused(schemes: readonly string[]): void {
    for (const scheme of schemes) this.#kept.delete(scheme);
  }

  /** Asks for no more. */
  close(): void {
    this.#controller.abort(new ToolError("The connection has ended"));
    this.#kept.clear();
  }

  #forget(scheme: string, kept: Kept): void {
    if (this.#kept.get(scheme) === kept) this.#kept.delete(scheme);
  }

  async #ask(scheme: string, onLife: (ms: number) => void): Promise<string> {
    const credential = this.#auth[scheme] as ClientCredential;
    const fail = (why: string, cause?: unknown) =>
      new ToolError(`Cannot get a token for "${scheme}" from ${shown(credential.tokenUrl)}: ${why}`, { cause });
    try {
      const response = await this.#post(credential);
      const answer: unknown = await response.json().catch(() => undefined);
      const said = isObject(answer) ? answer : {};
      if (!response.ok) {
        throw fail(
          `it answers ${response.status} ${String(said["error"] ?? "")}; check the secrets`.replace(" ;", ";"),
        );
      }
      const { access_token: token, expires_in: seconds } = said;
      if (typeof token !== "string" || token === "") throw fail('it answers without "access_token"');
      const life = Number(seconds ?? DEFAULT_SECONDS);
      onLife((Number.isFinite(life) ? life : DEFAULT_SECONDS) * 1_000 - SPARE_MS);
      return token;
    } catch (thrown) {
      if (thrown instanceof ToolError) throw thrown;
      throw fail(messageOf(thrown).replace(/^Cannot fetch "[^"]*": /, ""), thrown);
    }
  }

  async #post({ tokenUrl, clientId, clientSecret, scopes }: ClientCredential): Promise<Response> {
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (scopes.length > 0) form.set("scope", scopes.join(" "));
    return await this.#fetch.fetch(tokenUrl, {
      method: "POST",
      headers: {
        accept: "application/json",
        // both are encoded first: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
        authorization: `Basic ${basicOf(encode(clientId), encode(clientSecret))}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: form.toString(),
      redirect: "error",
      signal: this.#controller.signal,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MOST_BYTES,
    });
  }
}

function shown(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
