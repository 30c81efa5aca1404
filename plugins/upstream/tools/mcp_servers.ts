/**
 * The tool `mcp_servers`: what is done with other MCP servers after they were made known.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  didYouMean,
  type JsonObject,
  type PluginContext,
  rankCompletions,
  ToolError,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import type { Consent } from "../consent/consent.ts";
import { described } from "../../library/contract.ts";
import { IMPORT_ORIGIN } from "../definition.ts";
import { withAgreement } from "../relay/agreement.ts";
import { reportWhile } from "../report.ts";
import type { KnownServer } from "../servers.ts";
import type { Upstream } from "../supervisor/supervisor.ts";
import type { ImportingOptions } from "./importing.ts";
import { lineOf, ServerView, someOf, ToolView, viewProblems, viewServer, viewTools } from "./server_view.ts";
import { startReport } from "./start_report.ts";

const ACTIONS = ["list", "status", "restart", "stop", "remove", "logs", "tools", "allow"] as const;

const Input = v.strictObject({
  action: described(v.picklist(ACTIONS), "What to do"),
  name: v.optional(described(v.string(), "Name of the server; all actions but list need it")),
  tools: v.optional(described(v.array(v.string()), "For allow: own names of tools that are held; all by default")),
  tail: v.optional(
    described(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)), "For logs: how many lines"),
    50,
  ),
});
type Request = v.InferOutput<typeof Input>;

const Output = v.looseObject({
  servers: v.optional(v.array(ServerView)),
  server: v.optional(ServerView),
  tools: v.optional(v.array(ToolView)),
  total_tools: v.optional(v.number()),
  problems: v.optional(v.array(v.looseObject({}))),
  lines: v.optional(v.array(v.string())),
  allowed: v.optional(v.array(v.string())),
  removed: v.optional(v.string()),
  trash: v.optional(v.string()),
  kept_until: v.optional(v.string()),
});

const DESCRIPTION = `Manage other MCP servers, those of import_mcp and of the configuration:
- list: all of them, with their states; status: one
- tools: what one offers, and what of it is held or left out, with the reason
- restart, stop: its process or connection; a server that nobody allowed yet is asked about at restart
- logs: the last lines of its stderr
- allow: offer tools that changed and are held (strict servers); the user is asked
- remove: end an imported one and forget it; its folder is kept in the trash for some days

Examples: {"action": "list"}, {"action": "logs", "name": "time", "tail": 20}`;

/** What the tool needs. */
export interface McpServersContext extends ImportingOptions {
  readonly tool: PluginContext["tool"];
}

interface Answer {
  readonly text: string;
  readonly data: JsonObject;
}

/** Registers the tool. */
export function registerMcpServers({ tool, ...options }: McpServersContext): void {
  tool({
    name: "mcp_servers",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Manage MCP servers", readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    complete: (argument, value) =>
      argument === "name" ? rankCompletions(value, options.servers.list().map((it) => it.name)) : [],
    run: async (request, call): Promise<ToolResult> => {
      const { text, data } = await operate(request, options, call);
      return toolResult({ content: [{ type: "text", text }], structuredContent: data });
    },
  });
}

async function operate(request: Request, options: ImportingOptions, call: Call): Promise<Answer> {
  const { action, tail } = request;
  if (action === "list") return list(options);
  const server = find(request, options);
  switch (action) {
    case "status":
      return about(server, lineOf(server));
    case "tools":
      return await listTools(server);
    case "logs":
      return logs(supervised(server), tail);
    case "restart":
      return await restart(server, options, call);
    case "stop":
      await supervised(server).stop();
      return about(server, `Stopped "${server.name}"; it starts again with restart`);
    case "allow":
      return await allow(supervised(server), { tools: request.tools, consent: options.consent, call });
    case "remove":
      return await remove(server, options);
  }
}

function list({ servers }: ImportingOptions): Answer {
  const known = servers.list();
  const text = known.length === 0
    ? "There are no other MCP servers yet. Import one with import_mcp."
    : known.map(lineOf);
  return { text: [text].flat().join("\n"), data: { servers: known.map(viewServer) } };
}

function find({ action, name }: Request, { servers }: ImportingOptions): KnownServer {
  if (name === undefined) throw new ToolError(`Cannot ${action}: "name" is missing; name a server, as list does`);
  const server = servers.get(name);
  if (server !== undefined) return server;
  const near = didYouMean(name, servers.list().map((it) => it.name));
  throw new ToolError(`Cannot ${action}: there is no MCP server "${name}"${near}`);
}

/** @throws {ToolError} when it is not reached. */
function supervised({ name, upstream, problem }: KnownServer): Upstream {
  if (upstream !== undefined) return upstream;
  throw new ToolError(`MCP server "${name}" is not used: ${problem ?? "it is being added"}`);
}

function about(server: KnownServer, text: string): Answer {
  return { text, data: { server: viewServer(server) } };
}

async function listTools(server: KnownServer): Promise<Answer> {
  const { catalog } = supervised(server);
  await catalog.restored;
  await server.offer?.settled;
  const tools = viewTools(server);
  const problems = viewProblems(server);
  const held = catalog.held.map((it) => `Held, since it changed: ${it.name}; allow it with the action allow`);
  const lines = [
    catalog.entries === undefined ? "What it offers is not known yet; restart starts it." : `${tools.length} tools:`,
    ...someOf(tools).map((it) => `- ${it["name"]}: ${String(it["description"] ?? "").split("\n", 1)[0]}`),
    ...held,
    ...someOf(problems).map((it) => `Not as it was sent: ${it["kind"]} "${it["name"]}": ${it["reason"]}`),
  ];
  return {
    text: lines.join("\n"),
    data: {
      server: viewServer(server),
      tools: someOf(tools),
      total_tools: tools.length,
      ...(problems.length > 0 && { problems: someOf(problems) }),
    },
  };
}

function logs(upstream: Upstream, tail: number): Answer {
  const lines = upstream.logs(tail);
  return { text: lines.length === 0 ? "It has written nothing to stderr." : lines.join("\n"), data: { lines } };
}

async function restart(server: KnownServer, { servers, consent }: ImportingOptions, call: Call): Promise<Answer> {
  const { name, definition } = server;
  if (server.upstream === undefined && definition !== undefined) {
    await consent.ask(definition, call);
    await servers.admit(name);
  }
  const current = servers.get(name) ?? server;
  const upstream = supervised(current);
  const start = async () => {
    await upstream.restart();
    await upstream.catalog.refresh(call.signal);
  };
  await withAgreement(call, () => reportWhile(call, startReport(upstream), start));
  await current.offer?.settled;
  return about(current, `Restarted: ${lineOf(current).slice(2)}`);
}

interface AllowOptions {
  readonly tools: readonly string[] | undefined;
  readonly consent: Consent;
  readonly call: Call;
}

async function allow({ definition, catalog }: Upstream, { tools, consent, call }: AllowOptions): Promise<Answer> {
  const held = catalog.held.filter((it) => tools?.includes(it.name) ?? true);
  const allowed = tools ?? held.map((it) => it.name);
  if (held.length > 0) await consent.askChanged(definition, held, call);
  // one that changed once more meanwhile is not what was asked about
  const isSame = held.every(({ name, newDigest }) =>
    catalog.held.some((it) => it.name === name && it.newDigest === newDigest)
  );
  if (!isSame) throw new ToolError(`Cannot allow ${allowed.join(", ")}: they changed once more; look at them again`);
  await catalog.allow(allowed);
  const text = allowed.length === 0 ? "No tool is held." : `Allowed ${allowed.join(", ")}`;
  return { text, data: { allowed } };
}

async function remove({ name, origin, definition }: KnownServer, options: ImportingOptions): Promise<Answer> {
  if (origin !== IMPORT_ORIGIN) {
    throw new ToolError(`Cannot remove "${name}": ${origin} defines it; take it out there, or stop it`);
  }
  const removed = await options.library.remove(name);
  if (removed === undefined) throw new ToolError(`Cannot remove "${name}": it is gone already`);
  if (definition !== undefined) await options.consent.forget(definition);
  const keptUntil = removed.keptUntil.toISOString();
  const trash = `${options.library.path}/${removed.trash}`;
  return {
    text: `Removed MCP server "${name}". Until ${keptUntil.slice(0, 10)} its folder is kept in ${trash}`,
    data: { removed: name, trash: removed.trash, kept_until: keptUntil },
  };
}
