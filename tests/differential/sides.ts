/**
 * The two sides of a comparison over HTTP: the same kernel's twin behind Collet's door, and behind the SDK's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHttpHandler } from "../../kernel/transports/mod.ts";
import { answerOf, type Fetch, type Message } from "../support/raw.ts";
import { askedOfSdk, assertSame } from "./comparison.ts";
import { type HttpRequest, JSON_HEADERS, SESSION } from "./http_requests.ts";
import { handshake } from "./messages.ts";
import { createOracle } from "./oracle.ts";
import { type Outcome, readOutcome } from "./outcome.ts";
import { type ComparedConfig, INFO, startCompared } from "./plugin.ts";

const URL_OF_DOOR = "http://localhost/mcp";

/** Both doors, each over a kernel of its own. */
export interface Doors extends AsyncDisposable {
  readonly collet: Fetch;
  readonly sdk: Fetch;
}

/** Opens both doors. */
export async function openDoors(config: ComparedConfig = {}): Promise<Doors> {
  const [ours, theirs] = [await startCompared(config), await startCompared(config)];
  const [collet, sdk] = [createHttpHandler(ours, INFO), createOracle(theirs, INFO)];
  return {
    collet: (request) => collet.fetch(request),
    sdk: (request) => sdk.fetch(request),
    async [Symbol.asyncDispose]() {
      await Promise.all([collet.close(), sdk.close()]);
      await Promise.all([ours.stop(), theirs.stop()]);
    },
  };
}

/** A client of one door. */
export class Side {
  readonly #fetch: Fetch;
  readonly #url: string;
  session: string | undefined;

  constructor(fetch: Fetch, url: string = URL_OF_DOOR) {
    this.#fetch = fetch;
    this.#url = url;
  }

  /** Sends a request, and gives the response before it is read. */
  async start({ method, headers, body }: HttpRequest): Promise<Response> {
    const sent = Object.entries(headers).map(([name, value]) =>
      [name, value === SESSION ? this.session ?? "none" : value] as [string, string]
    );
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    return await this.#fetch(new Request(this.#url, { method, headers: sent, body: text ?? null }));
  }

  /** Sends a request, and reads what comes of it. A stream that a GET opens is closed at once. */
  async send(request: HttpRequest): Promise<Outcome> {
    const mayOpen = request.method === "POST" && request.body?.method === "initialize";
    const response = await this.start(request);
    if (mayOpen) this.session = response.headers.get("mcp-session-id") ?? this.session;
    if (request.method === "GET" && response.ok) {
      await response.body?.cancel();
      return { status: response.status, opens: false, answers: [], notifications: [], isOpen: false };
    }
    return await readOutcome(response, { mayOpen });
  }

  /** Sends a request, and gives its answer as it came. */
  async answer(request: HttpRequest): Promise<Message> {
    return await answerOf(await this.start(request));
  }

  /** Opens a session. */
  async open(revision: string): Promise<void> {
    const body = { jsonrpc: "2.0", id: 1, method: "initialize", params: handshake(revision) };
    const { status } = await this.send({ method: "POST", headers: JSON_HEADERS, body });
    assert.equal(status, 200, "a handshake that is right");
    const headers = { ...JSON_HEADERS, "mcp-session-id": SESSION };
    await this.send({ method: "POST", headers, body: { jsonrpc: "2.0", method: "notifications/initialized" } });
  }

  /** Ends the session, if there is one. */
  async end(): Promise<void> {
    if (this.session === undefined) return;
    const response = await this.start({ method: "DELETE", headers: { "mcp-session-id": SESSION } });
    await response.body?.cancel();
  }
}

/** Sends a request to both sides, and compares what comes of it. */
export async function compare(
  request: HttpRequest,
  { collet, sdk, revision }: { readonly collet: Side; readonly sdk: Side; readonly revision?: string },
): Promise<void> {
  const [ours, theirs] = await Promise.all([collet.send(request), sdk.send(askedOfSdk(request))]);
  assertSame({ asked: request, revision, ours }, theirs);
}
