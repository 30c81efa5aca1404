/**
 * Opens connections.
 *
 * @module
 */
import {
  type Environment,
  type Fetch,
  type Files,
  isToolError,
  messageOf,
  type Processes,
  ToolError,
} from "../../../kernel/mod.ts";
import type { Sandbox } from "../../sandbox/contract.ts";
import type { Secrets } from "../../secrets/contract.ts";
import { type HttpTarget, type StdioTarget, titleOf, type UpstreamDefinition } from "../definition.ts";
import { fillReferences } from "../definitions/references.ts";
import { type Authorization, AuthorizationNeeded, FixedAuthorization } from "./auth/authorization.ts";
import { OAuthAuthorization } from "./auth/oauth.ts";
import { TokenFile } from "./auth/token_file.ts";
import type { Connection, ConnectionEvents, Connector } from "./connection.ts";
import { greet } from "./eras/greet.ts";
import { isHttpFailure } from "./http/failure.ts";
import { HttpSender } from "./http/sender.ts";
import { SseWire } from "./http/sse_wire.ts";
import { StreamableWire } from "./http/streamable_wire.ts";
import { openOpenApi } from "../openapi/connection.ts";
import type { KeptDocuments } from "../openapi/document/kept_documents.ts";
import { Peer } from "./peer.ts";
import { startProgram } from "./stdio/start.ts";
import { StdioWire } from "./stdio/wire.ts";
import type { Wire } from "./wire.ts";

/** How long a program may be silent when it is asked for the newest revision, before it is greeted as an older one. */
const SILENCE_MS = 10_000;
/** Statuses by which a server says that there is no Streamable HTTP at its address. */
const NOT_STREAMABLE: ReadonlySet<number> = new Set([400, 404, 405, 406, 415]);

/** What connections are made with. */
export interface ConnectorOptions {
  readonly processes: Processes;
  readonly fetch: Fetch;
  /** The home, where tokens are kept. */
  readonly files: Files;
  readonly environment: Environment;
  readonly secrets?: Secrets | undefined;
  readonly sandbox?: Sandbox | undefined;
  /** Where the documents of web APIs are kept; without it none can be reached. */
  readonly documents?: KeptDocuments | undefined;
  /** Ends what waits for a person to agree. */
  readonly signal: AbortSignal;
}

/** How one connection is opened. */
interface Opening {
  readonly definition: UpstreamDefinition;
  readonly events: ConnectionEvents;
  readonly signal: AbortSignal;
}

/** Makes what opens connections. */
export function createConnector(options: ConnectorOptions): Connector {
  return new RealConnector(options);
}

class RealConnector implements Connector {
  readonly #options: ConnectorOptions;
  /** Names of programs that ended when they were asked for the newest revision. */
  readonly #plain = new Set<string>();
  readonly #authorizations = new Map<string, { readonly key: string; readonly authorization: Authorization }>();

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  async open(written: UpstreamDefinition, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
    const { environment, secrets } = this.#options;
    signal.throwIfAborted();
    const { definition } = fillReferences(written, {
      variable: (name) => environment.variable(name),
      reveal: (names) => revealed(secrets, names),
    });
    try {
      const opening = { definition, events, signal };
      const { target } = definition;
      if (target.kind === "openapi") {
        const { fetch, documents } = this.#options;
        if (documents === undefined) throw new ToolError("nothing here keeps documents of web APIs");
        return await openOpenApi({ ...definition, target }, { fetch, documents });
      }
      return target.kind === "stdio"
        ? await this.#openProgram(target, opening)
        : await this.#openAddress(target, opening);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AuthorizationNeeded) throw error;
      throw new ToolError(`Cannot reach ${titleOf(definition)}: ${reasonOf(error)}`, { cause: error });
    }
  }

  async forget(name: string): Promise<void> {
    this.#plain.delete(name);
    // where an import failed for want of tokens, it is made again when they are there
    if (this.#authorizations.get(name)?.authorization.isAwaited) return;
    this.#authorizations.delete(name);
    await new TokenFile(this.#options.files, { name, serverUrl: "" }).remove();
  }

  async #openProgram(target: StdioTarget, opening: Opening): Promise<Connection> {
    const { name } = opening.definition;
    const isAsked = !this.#plain.has(name);
    const opened = await this.#greetProgram(target, { ...opening, isAsked });
    if (opened !== undefined) return opened;
    const plain = await this.#greetProgram(target, { ...opening, isAsked: false });
    // it was the question, and not whatever else programs end of
    this.#plain.add(name);
    return plain!;
  }

  /** Starts a program and greets it; `undefined` when it ended at what may only have been the question. */
  async #greetProgram(
    target: StdioTarget,
    { definition, events, signal, isAsked }: Opening & { readonly isAsked: boolean },
  ): Promise<Connection | undefined> {
    const { processes, sandbox } = this.#options;
    const { isSandboxed, timeoutMs } = definition;
    const process = await startProgram(target, { processes, sandbox, isSandboxed, signal });
    const wire = new StdioWire(process, (text) => events.stderr(text));
    const peer = new Peer(wire, events);
    try {
      const parts = { wire, peer, signal, timeoutMs, pid: process.pid };
      return await greet({ parts, events, isAsked, silenceMs: SILENCE_MS });
    } catch (error) {
      const hasEnded = peer.hasEnded;
      await wire.close();
      if (isAsked && hasEnded && !signal.aborted) return undefined;
      throw error;
    }
  }

  async #openAddress(target: HttpTarget, opening: Opening): Promise<Connection> {
    const { url, headers, transport } = target;
    const { fetch } = this.#options;
    const authorization = this.#authorizationOf(target, opening.definition.name);
    const sender = new HttpSender({ fetch, url, headers, authorization });
    if (transport === "sse") {
      return await this.#greetAddress(await SseWire.open(sender, opening.signal), opening, false);
    }
    try {
      return await this.#greetAddress(new StreamableWire(sender), opening, true);
    } catch (error) {
      if (transport === "streamable" || !isHttpFailure(error) || !NOT_STREAMABLE.has(error.status)) throw error;
      const wire = await SseWire.open(sender, opening.signal).catch(() => undefined);
      // what Streamable HTTP was refused with says more
      if (wire === undefined) throw error;
      return await this.#greetAddress(wire, opening, false);
    }
  }

  async #greetAddress(
    wire: Wire,
    { definition, events, signal }: Opening,
    isAsked: boolean,
  ): Promise<Connection> {
    const peer = new Peer(wire, events);
    try {
      const parts = { wire, peer, signal, timeoutMs: definition.timeoutMs, pid: undefined };
      return await greet({ parts, events, isAsked });
    } catch (error) {
      await wire.close();
      throw error;
    }
  }

  /** Gives the authorization at a server, the same one each time, since a person may be about to agree. */
  #authorizationOf({ url, headers, auth }: HttpTarget, name: string): Authorization {
    const key = JSON.stringify([url, auth]);
    const known = this.#authorizations.get(name);
    if (known?.key === key) return known.authorization;
    const authorization = this.#makeAuthorization({ name, url, headers, auth });
    this.#authorizations.set(name, { key, authorization });
    return authorization;
  }

  #makeAuthorization({ name, url, headers, auth }: {
    readonly name: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly auth: HttpTarget["auth"];
  }): Authorization {
    if (auth?.kind === "bearer") return new FixedAuthorization(auth.token);
    const hasHeader = Object.keys(headers).some((header) => header.toLowerCase() === "authorization");
    if (auth === undefined && hasHeader) return new FixedAuthorization();
    const { fetch, files, signal } = this.#options;
    // a server that wants to know who asks says how
    return new OAuthAuthorization({ name, serverUrl: url, auth: auth ?? { kind: "oauth" }, fetch, files, signal });
  }
}

function revealed(secrets: Secrets | undefined, names: readonly string[]): Readonly<Record<string, string>> {
  if (secrets !== undefined) return secrets.reveal(names);
  throw new ToolError(`Cannot use the secrets ${names.join(", ")}: the plugin "secrets" is not loaded; load it`);
}

function reasonOf(error: unknown): string {
  if (isHttpFailure(error) && (error.status === 401 || error.status === 403)) {
    return `${error.message}; check its "headers" or "auth"`;
  }
  return isToolError(error) ? error.message.replace(/^The connection has ended: /, "") : messageOf(error);
}
