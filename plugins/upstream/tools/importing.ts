/**
 * How `import_mcp` makes a server known: checked, allowed, tried, and kept only when all of that went well.
 *
 * @module
 */
import { type Call, isToolError, messageOf, ToolError } from "../../../kernel/mod.ts";
import type { FileSet, ToolLibrary } from "../../library/contract.ts";
import { AuthorizationNeeded } from "../connection/auth/authorization.ts";
import type { Consent } from "../consent/consent.ts";
import { reachOf } from "../consent/reach.ts";
import { digestOfTarget, IMPORT_ORIGIN, type UpstreamDefinition } from "../definition.ts";
import { readEntry } from "../definitions/entry.ts";
import { KIND, manifestOf } from "../definitions/manifest.ts";
import { withAgreement } from "../relay/agreement.ts";
import { reportWhile } from "../report.ts";
import type { KnownServer, Servers } from "../servers.ts";
import type { Upstream } from "../supervisor/supervisor.ts";
import type { ImportRequest } from "./import_mcp.ts";
import { startReport } from "./start_report.ts";

/** What importing works with. */
export interface ImportingOptions {
  readonly library: ToolLibrary;
  readonly servers: Servers;
  readonly consent: Consent;
}

/** A server that was imported. */
export interface Imported {
  readonly upstream: Upstream;
  /** The version that was replaced. */
  readonly replaced: string | undefined;
  readonly version: string;
  /** Absolute path of its folder. */
  readonly path: string;
}

/** A definition to import. */
export interface DefinitionToImport {
  readonly definition: UpstreamDefinition;
  readonly description: string;
  readonly overwrite: boolean;
  /** Files of the tool beside its manifest; none by default. */
  readonly files?: FileSet;
}

/**
 * Imports a server as it was asked for.
 *
 * @throws as {@linkcode importDefinition} does, and when the request is not well formed.
 */
export async function importServer(request: ImportRequest, options: ImportingOptions, call: Call): Promise<Imported> {
  const { name, overwrite, description = `Tools of the MCP server "${name}"` } = request;
  return await importDefinition({ definition: await readRequest(request), description, overwrite }, options, call);
}

/**
 * Imports what a definition reaches.
 *
 * @throws {ToolError} when it is there already, is not allowed, does not start or cannot be listed; nothing of it is kept
 * then, and a server that it would have replaced is as it was.
 */
export async function importDefinition(
  { definition, description, overwrite, files = {} }: DefinitionToImport,
  options: ImportingOptions,
  call: Call,
): Promise<Imported> {
  const { library, servers, consent } = options;
  const { name } = definition;
  await assertFree(definition, { ...options, overwrite });
  const draft = manifestOf(definition, description);
  await library.check(draft, { overwrite });
  await consent.ask(definition, call, servers.get(name)?.definition);
  const release = await servers.claim({ definition });
  try {
    const upstream = servers.get(name)?.upstream;
    if (upstream === undefined) throw new ToolError(`Cannot import "${name}": this server is stopping`);
    await tryOut(upstream, call);
    const { manifest, path, replaced } = await library.save(draft, files, { overwrite, isWhole: true, call });
    // what was saved is claimed by the library now
    await release();
    return { upstream, replaced, version: manifest.version, path };
  } catch (thrown) {
    await release();
    await restore(servers.get(name), call);
    throw thrown;
  }
}

/** Waits until a server that would have been replaced is offered as before. */
async function restore(server: KnownServer | undefined, call: Call): Promise<void> {
  // why it cannot be listed is not what was asked
  await server?.upstream?.catalog.refresh(call.signal).catch(() => {});
  await server?.offer?.settled;
}

async function readRequest(request: ImportRequest): Promise<UpstreamDefinition> {
  const { name, description: _description, overwrite: _overwrite, ...entry } = request;
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
  const definition = await readEntry(given, { name, origin: IMPORT_ORIGIN, isOurs: true });
  const { target } = definition;
  const auth = target.kind === "http" ? target.auth : undefined;
  const secret = auth?.kind === "bearer" ? auth.token : auth?.clientSecret;
  if (secret === undefined || /\$\{(?:secret|env):/.test(secret)) return definition;
  throw new ToolError(
    `Cannot import "${name}": "auth" holds a token or secret as it stands, which would be kept in a file; keep it as a ` +
      'secret of this server, and write "${secret:NAME}"',
  );
}

interface FreeOptions extends ImportingOptions {
  readonly overwrite: boolean;
}

async function assertFree(definition: UpstreamDefinition, { library, servers, overwrite }: FreeOptions): Promise<void> {
  const { name } = definition;
  const fail = (why: string) => new ToolError(`Cannot import "${name}": ${why}`);
  const known = servers.get(name);
  if (known !== undefined && known.origin !== IMPORT_ORIGIN) {
    throw fail(`the namespace is taken by the MCP server "${name}" that ${known.origin} defines; choose another name`);
  }
  const stored = library.get(name);
  if (stored?.manifest?.tool_type === KIND && !overwrite) {
    const state = known?.definition?.isDisabled ? ", which is disabled" : "";
    throw fail(
      `the namespace is taken by an MCP server that was imported before${state}; pass "overwrite": true to replace it, ` +
        "or choose another name",
    );
  }
  const digest = await digestOfTarget(definition);
  for (const other of servers.list()) {
    if (other.definition === undefined || other.name === name) continue;
    if (await digestOfTarget(other.definition) !== digest) continue;
    const same = definition.target.kind === "stdio" ? "the same command and arguments" : "the same address";
    throw fail(
      `"${other.name}" has ${same} (${reachOf(definition)}); use its tools, which begin with ` +
        `"${other.definition.namespace}_", or remove it first with mcp_servers`,
    );
  }
}

/** Starts a server and lists what it offers. */
async function tryOut(upstream: Upstream, call: Call): Promise<void> {
  const { name } = upstream.definition;
  try {
    const start = () => upstream.use((connection) => Promise.resolve(connection.facts), call);
    await withAgreement(call, () => reportWhile(call, startReport(upstream), start));
  } catch (thrown) {
    throw failure(`Cannot import "${name}": it cannot be started`, { thrown, upstream, call });
  }
  try {
    const { tools, resources, templates, prompts } = await upstream.catalog.refresh(call.signal);
    const { problem } = upstream.catalog;
    const isEmpty = [tools, resources, templates, prompts].every((it) => it.length === 0);
    if (isEmpty && problem !== undefined) throw new ToolError(problem);
  } catch (thrown) {
    throw failure(`Cannot import "${name}": what it offers cannot be listed`, { thrown, upstream, call });
  }
}

interface FailureOptions {
  readonly thrown: unknown;
  readonly upstream: Upstream;
  readonly call: Call;
}

function failure(what: string, { thrown, upstream, call }: FailureOptions): unknown {
  // who has to agree first is told the address, and nothing after it
  if (call.signal.aborted || !isToolError(thrown) || thrown instanceof AuthorizationNeeded) return thrown;
  const lines = upstream.logs(20);
  const log = lines.length === 0 ? "" : `\n\nIts log ends with:\n${lines.join("\n")}`;
  return new ToolError(`${what}: ${messageOf(thrown)}; nothing of it is kept${log}`, { cause: thrown });
}
