/**
 * Connections to real servers, by the contracts of a real platform.
 *
 * @module
 */
import process from "node:process";
import { detectPlatform, Environment, Fetch, Files, type JsonObject, Kernel, Processes } from "../../../../mod.ts";
import { fakeLog } from "../../../../kernel/testing.ts";
import type {
  AskedMethod,
  Asker,
  Connection,
  ConnectionEvents,
  RequestOptions,
} from "../../../../plugins/upstream/connection/connection.ts";
import { createConnector } from "../../../../plugins/upstream/connection/connector.ts";
import type { UpstreamDefinition } from "../../../../plugins/upstream/definition.ts";
import type { Secrets } from "../../../../plugins/secrets/contract.ts";
import { temporaryFolder } from "../../../platform/temporary.ts";
import { inRepository } from "../../../support/root.ts";

/** What happened on a connection. */
export interface Heard {
  readonly changed: string[];
  readonly updated: string[];
  readonly logged: JsonObject[];
  readonly visited: string[];
  stderr: string;
}

/** A connection, and what happened on it. */
export interface Opened extends AsyncDisposable {
  readonly connection: Connection;
  readonly heard: Heard;
  /** Sends a request with bounds of the tests. */
  request(method: string, params?: JsonObject, options?: Partial<RequestOptions>): Promise<JsonObject>;
  /** Calls a tool. */
  call(name: string, args?: JsonObject, options?: Partial<RequestOptions>): Promise<JsonObject>;
  /** Calls a tool that answers with one text. */
  text(name: string, args?: JsonObject, options?: Partial<RequestOptions>): Promise<string>;
}

/** How a connection is opened. */
export interface OpenOptions {
  readonly definition?: Partial<UpstreamDefinition>;
  readonly ask?: ConnectionEvents["ask"];
  readonly signal?: AbortSignal;
}

/** What opens connections in a home of its own. */
export interface ConnectionKit extends AsyncDisposable {
  readonly home: string;
  readonly files: Files;
  open(target: UpstreamDefinition["target"], options?: OpenOptions): Promise<Opened>;
}

/** Makes a kit. */
export async function connectionKit(secrets: Readonly<Record<string, string>> = {}): Promise<ConnectionKit> {
  const folder = await temporaryFolder();
  const kernel = await new Kernel({ log: fakeLog() }).use(await detectPlatform({ home: folder.path })).start();
  const ending = new AbortController();
  const files = kernel.get(Files)!;
  const connector = createConnector({
    processes: kernel.get(Processes)!,
    fetch: kernel.get(Fetch)!,
    files,
    environment: kernel.get(Environment)!,
    secrets: { reveal: () => secrets } as unknown as Secrets,
    signal: ending.signal,
  });
  return {
    home: folder.path,
    files,
    async open(target, { definition, ask, signal = new AbortController().signal } = {}) {
      const heard: Heard = { changed: [], updated: [], logged: [], visited: [], stderr: "" };
      const events: ConnectionEvents = {
        changed: (kind) => void heard.changed.push(kind),
        updated: (uri) => void heard.updated.push(uri),
        logged: (params) => void heard.logged.push(params),
        visited: (elicitationId) => void heard.visited.push(elicitationId),
        stderr: (text) => void (heard.stderr += text),
        ...(ask !== undefined && { ask }),
      };
      return opened(await connector.open({ ...definitionOf(target), ...definition }, events, signal), heard);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await kernel.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function opened(connection: Connection, heard: Heard): Opened {
  const request: Opened["request"] = (method, params = {}, options = {}) =>
    connection.request(method, params, { signal: new AbortController().signal, timeoutMs: 30_000, ...options });
  const call: Opened["call"] = (name, args = {}, options = {}) =>
    request("tools/call", { name, arguments: args }, options);
  return {
    connection,
    heard,
    request,
    call,
    async text(name, args, options) {
      const { content } = await call(name, args, options) as { content: readonly { readonly text: string }[] };
      return content[0]!.text;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

function definitionOf(target: UpstreamDefinition["target"]): UpstreamDefinition {
  return {
    name: "test",
    namespace: "test",
    target,
    isStrict: false,
    isSandboxed: false,
    timeoutMs: 30_000,
    idleMs: 0,
    lifetimeMs: 0,
    origin: "test",
    isDisabled: false,
  };
}

/** A program of this runtime. */
export function programTarget(
  path: string,
  args: readonly string[] = [],
): UpstreamDefinition["target"] {
  const isDeno = "Deno" in globalThis;
  const isPackage = path.includes("node_modules");
  const flags = isDeno
    ? ["run", "--quiet", "--allow-all", "--no-check", ...(isPackage ? ["--no-lock", "--node-modules-dir=manual"] : [])]
    : [];
  return { kind: "stdio", command: process.execPath, args: [...flags, path, ...args], env: {} };
}

/** A server of npm. */
export function packageTarget(name: string, args: readonly string[] = []): UpstreamDefinition["target"] {
  return programTarget(inRepository("node_modules", "@modelcontextprotocol", name, "dist", "index.js"), args);
}

/** An address. */
export function addressTarget(
  url: string,
  rest: Partial<Extract<UpstreamDefinition["target"], { kind: "http" }>> = {},
): UpstreamDefinition["target"] {
  return { kind: "http", url, headers: {}, transport: "auto", ...rest };
}

/** Somebody who answers, and remembers what was asked. */
export class TestAsker implements Asker {
  readonly asked: string[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  ask(method: AskedMethod): Promise<JsonObject> {
    this.asked.push(method);
    if (method === "roots/list") {
      return Promise.resolve({ roots: [{ uri: `file:///${this.#name}`, name: this.#name }] });
    }
    if (method === "elicitation/create") return Promise.resolve({ action: "accept", content: { name: this.#name } });
    const content = { type: "text", text: `said by ${this.#name}` };
    return Promise.resolve({ role: "assistant", content, model: this.#name, stopReason: "endTurn" });
  }
}
