/**
 * What a server is told of who asks.
 *
 * @module
 */
import { ToolError } from "../../../../kernel/mod.ts";

/** Gives the header `Authorization`, and a better one when it is refused. */
export interface Authorization {
  /** Whether a person may agree at any moment. */
  readonly isAwaited: boolean;
  /** Gives the value of the header; `undefined` where there is none. */
  header(): Promise<string | undefined>;
  /**
   * Takes that a request was refused with 401 or 403; tells whether to try again.
   *
   * @param used The header that was refused.
   * @throws {AuthorizationNeeded} when a person has to agree first.
   * @throws {ToolError} when there is no way.
   */
  renew(response: Response, used: string | undefined): Promise<boolean>;
}

/** A person has to open an address, and agree there, before the server can be reached. */
export class AuthorizationNeeded extends ToolError {
  override readonly name = "AuthorizationNeeded";
  /** Name of the server. */
  readonly server: string;
  /** Address to open. */
  readonly url: string;
  /** Resolves when the person agreed and the server can be reached; rejects with a `ToolError` when nothing came of it. */
  readonly done: Promise<void>;

  constructor(server: string, { url, done }: { readonly url: string; readonly done: Promise<void> }) {
    super(
      `Cannot reach MCP server "${server}": it wants to know who you are. Open this address in a browser of this ` +
        `machine, agree, and call again: ${url}`,
      { data: { authorization_url: url } },
    );
    this.server = server;
    this.url = url;
    this.done = done;
  }
}

/** Sends a token that is known, or nothing. */
export class FixedAuthorization implements Authorization {
  readonly isAwaited = false;
  readonly #token: string | undefined;

  constructor(token?: string) {
    this.#token = token;
  }

  header(): Promise<string | undefined> {
    return Promise.resolve(this.#token === undefined ? undefined : `Bearer ${this.#token}`);
  }

  renew(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
