/**
 * Authorization by OAuth: tokens are kept, renewed once for however many requests wait, and asked of a person where
 * there is no other way.
 *
 * @module
 */
import type { AuthResult } from "@modelcontextprotocol/client";
import { type Fetch, type Files, messageOf, ToolError } from "../../../../kernel/mod.ts";
import type { ClientAuth, CodeAuth } from "../../definition.ts";
import { guardedFetch } from "../../guarded_fetch.ts";
import { type Authorization, AuthorizationNeeded } from "./authorization.ts";
import { TokenProvider } from "./provider.ts";
import { readRedirect, RedirectListener } from "./redirect_listener.ts";
import { type KeptAuthorization, TokenFile } from "./token_file.ts";

/** How long an address waits for the person who opens it. */
const AGREE_MS = 10 * 60_000;
/** Where answers come to for a client that was registered by hand, whose redirect address is fixed. */
const FIXED_PORT = 33_428;
const MOST_BYTES = 1024 * 1024;

/** What {@linkcode OAuthAuthorization} works with. */
export interface OAuthOptions {
  /** Name of the definition. */
  readonly name: string;
  /** Address of the server. */
  readonly serverUrl: string;
  readonly auth: CodeAuth | ClientAuth;
  readonly fetch: Fetch;
  /** The home. */
  readonly files: Files;
  /** Ends what waits for a person. */
  readonly signal: AbortSignal;
}

type Library = typeof import("@modelcontextprotocol/client");
type AuthOptions = Parameters<Library["auth"]>[1];

/** The authorization at one server. */
export class OAuthAuthorization implements Authorization {
  readonly #options: OAuthOptions;
  readonly #file: TokenFile;
  #kept: Promise<KeptAuthorization> | undefined;
  #renewing: Promise<boolean> | undefined;
  #needed: AuthorizationNeeded | undefined;

  constructor(options: OAuthOptions) {
    this.#options = options;
    this.#file = new TokenFile(options.files, options);
  }

  get isAwaited(): boolean {
    return this.#needed !== undefined;
  }

  async header(): Promise<string | undefined> {
    return headerOf(await (this.#kept ??= this.#file.read()));
  }

  renew(response: Response, used: string | undefined): Promise<boolean> {
    return this.#renewing ??= this.#file.locked(() => this.#renew(response, used)).finally(() => {
      this.#renewing = undefined;
    });
  }

  async #renew(response: Response, used: string | undefined): Promise<boolean> {
    const kept = await this.#file.read();
    this.#kept = Promise.resolve(kept);
    // another request, or another server that shares this home, was faster
    if (headerOf(kept) !== undefined && headerOf(kept) !== used) return true;
    if (this.#needed !== undefined) throw this.#needed;
    const library = await import("@modelcontextprotocol/client");
    const challenge = library.extractWWWAuthenticateParams(response);
    const isTooNarrow = response.status === 403;
    if (isTooNarrow && challenge.error !== "insufficient_scope") return false;
    const { auth } = this.#options;
    const scope = isTooNarrow
      ? library.computeScopeUnion(auth.scope, kept.tokens?.scope, challenge.scope)
      : auth.scope ?? challenge.scope;
    const provider = new TokenProvider(auth, { file: this.#file, kept });
    const { resourceMetadataUrl } = challenge;
    const options: Partial<AuthOptions> = {
      ...(scope !== undefined && { scope }),
      ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
    };
    try {
      return await this.#getToken(provider, { library, options, isTooNarrow });
    } finally {
      this.#kept = Promise.resolve(provider.kept);
    }
  }

  async #getToken(
    provider: TokenProvider,
    { library, options, isTooNarrow }: {
      readonly library: Library;
      readonly options: Partial<AuthOptions>;
      readonly isTooNarrow: boolean;
    },
  ): Promise<boolean> {
    const needsNobody = this.#options.auth.kind === "client_credentials" ||
      (!isTooNarrow && provider.tokens()?.refresh_token !== undefined);
    if (needsNobody && await this.#run(provider, { library, options }) === "AUTHORIZED") return true;
    throw await this.#askPerson(provider, { library, options });
  }

  async #run(
    provider: TokenProvider,
    { library, options }: { readonly library: Library; readonly options: Partial<AuthOptions> },
  ): Promise<AuthResult> {
    const { name, serverUrl, fetch } = this.#options;
    const guarded = guardedFetch(fetch, serverUrl);
    try {
      return await library.auth(provider, {
        serverUrl,
        fetchFn: (url, init) => guarded(url, { ...init, maxBytes: MOST_BYTES }),
        ...options,
      });
    } catch (error) {
      throw new ToolError(`Cannot get a token for MCP server "${name}": ${messageOf(error)}`, { cause: error });
    }
  }

  /** Begins to listen for the answer, and gives what names the address to open. */
  async #askPerson(
    provider: TokenProvider,
    { library, options }: { readonly library: Library; readonly options: Partial<AuthOptions> },
  ): Promise<AuthorizationNeeded> {
    const { name, auth, signal } = this.#options;
    let finish!: (error?: unknown) => void;
    const done = new Promise<void>((resolve, reject) => {
      finish = (error) => error === undefined ? resolve() : reject(error);
    });
    const onRequest = (query: URLSearchParams) => {
      if (provider.expectedState === undefined || query.get("state") !== provider.expectedState) {
        return { status: 400, text: "This answer belongs to no request of this program." };
      }
      try {
        const { code, issuer } = readRedirect(query);
        void this.#exchange(provider, { library, code, issuer }).then(() => finish(), finish);
        return { status: 200, text: "Thank you. This page can be closed." };
      } catch (error) {
        finish(error);
        return { status: 400, text: "Authorization was refused. This page can be closed." };
      }
    };
    const listener = await listen(provider.kept.port ?? (auth.clientId === undefined ? 0 : FIXED_PORT), onRequest);
    try {
      await provider.usePort(listener.port);
      await this.#run(provider, { library, options: { ...options, forceReauthorization: true } });
    } catch (error) {
      listener.close();
      throw error;
    }
    const timer = setTimeout(() => finish(new ToolError("Nobody agreed within 10 minutes; call again")), AGREE_MS);
    const onAbort = () => finish(new ToolError("The server is stopping"));
    signal.addEventListener("abort", onAbort, { once: true });
    const ended = done.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      listener.close();
      this.#needed = undefined;
    });
    // whoever does not wait hears nothing of it
    ended.catch(() => {});
    return this.#needed = new AuthorizationNeeded(name, { url: String(provider.authorizationUrl), done: ended });
  }

  async #exchange(
    provider: TokenProvider,
    { library, code, issuer }: {
      readonly library: Library;
      readonly code: string;
      readonly issuer: string | undefined;
    },
  ): Promise<void> {
    const options = { authorizationCode: code, ...(issuer !== undefined && { iss: issuer }) };
    await this.#file.locked(() => this.#run(provider, { library, options }));
    this.#kept = Promise.resolve(provider.kept);
  }
}

function headerOf({ tokens }: KeptAuthorization): string | undefined {
  return tokens === undefined ? undefined : `Bearer ${tokens.access_token}`;
}

/** Listens on a port, or on any where that one is taken. */
async function listen(
  port: number,
  onRequest: Parameters<typeof RedirectListener.open>[0]["onRequest"],
): Promise<RedirectListener> {
  try {
    return await RedirectListener.open({ port, onRequest });
  } catch (error) {
    if (port === 0) throw error;
    return await RedirectListener.open({ port: 0, onRequest });
  }
}
