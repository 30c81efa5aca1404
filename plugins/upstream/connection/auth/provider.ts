/**
 * What the client library asks for while it gets a token: who this is, and what is kept.
 *
 * @module
 */
import type {
  OAuthClientInformationContext,
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from "@modelcontextprotocol/client";
import { ToolError } from "../../../../kernel/mod.ts";
import type { ClientAuth, CodeAuth } from "../../definition.ts";
import { redirectUrlOf } from "./redirect_listener.ts";
import type { KeptAuthorization, TokenFile } from "./token_file.ts";

const CLIENT_NAME = "Collet";

/** Answers for one server. */
export class TokenProvider implements OAuthClientProvider {
  readonly #file: TokenFile;
  readonly #auth: CodeAuth | ClientAuth;
  #kept: KeptAuthorization;
  #state: string | undefined;
  #verifier = "";
  #discovery: OAuthDiscoveryState | undefined;
  /** Address that a person has to open, once it is known. */
  authorizationUrl: URL | undefined;
  /** Absent for a client that was registered by hand: it is what it is. */
  readonly saveClientInformation?: (client: StoredOAuthClientInformation) => Promise<void>;
  /** Absent where a person agrees. */
  readonly prepareTokenRequest?: (scope?: string) => URLSearchParams;

  constructor(
    auth: CodeAuth | ClientAuth,
    { file, kept }: { readonly file: TokenFile; readonly kept: KeptAuthorization },
  ) {
    this.#auth = auth;
    this.#file = file;
    this.#kept = kept;
    if (auth.clientId === undefined) this.saveClientInformation = (client) => this.#change({ client });
    if (auth.kind === "client_credentials") {
      this.prepareTokenRequest = (scope) =>
        new URLSearchParams({ grant_type: "client_credentials", ...(scope !== undefined && { scope }) });
    }
  }

  /** What is kept now. */
  get kept(): KeptAuthorization {
    return this.#kept;
  }

  /** What an answer has to bring back. */
  get expectedState(): string | undefined {
    return this.#state;
  }

  get redirectUrl(): string | undefined {
    return this.#auth.kind === "client_credentials" ? undefined : redirectUrlOf(this.#kept.port ?? 0);
  }

  get clientMetadata(): OAuthClientMetadata {
    const { kind, clientSecret, scope } = this.#auth;
    const isCode = kind === "oauth";
    return {
      client_name: CLIENT_NAME,
      redirect_uris: isCode ? [redirectUrlOf(this.#kept.port ?? 0)] : [],
      grant_types: isCode ? ["authorization_code", "refresh_token"] : ["client_credentials"],
      response_types: isCode ? ["code"] : [],
      token_endpoint_auth_method: clientSecret === undefined ? "none" : "client_secret_basic",
      ...(scope !== undefined && { scope }),
    };
  }

  /** Uses another port for answers; a registration that names the one before is given up. */
  async usePort(port: number): Promise<void> {
    if (port !== this.#kept.port) await this.#change({ port, client: undefined });
  }

  state(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    return this.#state = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async clientInformation(context?: OAuthClientInformationContext): Promise<StoredOAuthClientInformation | undefined> {
    const { clientId, clientSecret } = this.#auth;
    if (clientId === undefined) return this.#kept.client;
    // a server that names another giver of tokens later does not get the secret sent there
    if (this.#kept.issuer === undefined && context !== undefined) await this.#change({ issuer: context.issuer });
    return {
      client_id: clientId,
      ...(clientSecret !== undefined && { client_secret: clientSecret }),
      ...(this.#kept.issuer !== undefined && { issuer: this.#kept.issuer }),
    };
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#kept.tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): Promise<void> {
    return this.#change({ tokens });
  }

  redirectToAuthorization(url: URL): void {
    // a browser hands other addresses to any program of this machine
    if (!/^https?:$/.test(url.protocol)) throw new ToolError(`the server sends people to a "${url.protocol}" address`);
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  async invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): Promise<void> {
    if (scope === "all" || scope === "client") await this.#change({ client: undefined });
    if (scope === "all" || scope === "tokens") await this.#change({ tokens: undefined });
  }

  async #change(patch: Partial<KeptAuthorization>): Promise<void> {
    this.#kept = { ...this.#kept, ...patch };
    await this.#file.write(this.#kept);
  }
}
