/**
 * What answers say of a server: data for programs, and lines for models.
 *
 * @module
 */
import * as v from "valibot";
import { type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { reachOf } from "../consent/reach.ts";
import type { KnownServer, Servers } from "../servers.ts";

/** Most names that one answer has of each kind. */
const MOST_NAMES = 200;

/** Schema of what {@linkcode viewServer} gives. */
export const ServerView: v.GenericSchema<JsonObject> = v.looseObject({
  name: v.string(),
  namespace: v.optional(v.string()),
  origin: v.string(),
  reach: v.optional(v.string()),
  state: v.picklist([
    ...["cold", "starting", "ready", "backing-off", "broken", "stopped", "disabled"] as const,
    "refused",
  ]),
  reason: v.optional(v.string()),
  pid: v.optional(v.number()),
  started_at: v.optional(v.string()),
  retry_at: v.optional(v.string()),
  last_used_at: v.optional(v.string()),
  restarts: v.optional(v.number()),
  calls: v.optional(v.number()),
  in_flight: v.optional(v.number()),
  server: v.optional(v.record(v.string(), v.unknown())),
  tools: v.optional(v.number()),
  resources: v.optional(v.number()),
  templates: v.optional(v.number()),
  prompts: v.optional(v.number()),
  listed_at: v.optional(v.string()),
  list_problem: v.optional(v.string()),
  held: v.optional(v.array(v.string())),
});

/** Views a server as data; `refused` is one that is named and not reached. */
export function viewServer({ name, origin, definition, problem, upstream, offer }: KnownServer): JsonObject {
  const reach = definition === undefined ? {} : { namespace: definition.namespace, reach: reachOf(definition) };
  const base = { name, ...reach, origin };
  if (upstream === undefined) return { ...base, state: "refused", reason: problem ?? "it is being added" };
  const { status, catalog } = upstream;
  const { entries, held } = catalog;
  return withoutUndefined({
    ...base,
    state: status.state,
    reason: status.reason,
    pid: status.pid,
    started_at: timeOf(status.startedAt),
    retry_at: timeOf(status.retryAt),
    last_used_at: timeOf(status.lastUsedAt),
    restarts: status.restarts,
    calls: status.calls,
    in_flight: status.inFlight,
    server: status.facts &&
      { name: status.facts.name, version: status.facts.version, protocol: status.facts.protocolVersion },
    ...(offer !== undefined && entries !== undefined && {
      tools: offer.offered.tools.size,
      resources: offer.offered.resources.size,
      templates: offer.offered.templates.size,
      prompts: offer.offered.prompts.size,
    }),
    listed_at: timeOf(entries?.fetchedAt),
    list_problem: catalog.problem,
    held: held.length === 0 ? undefined : held.map((it) => it.name),
  });
}

/** Writes a server as a line. */
export function lineOf(server: KnownServer): string {
  const { state, reason, tools, held, pid, origin } = viewServer(server);
  const facts = [
    ...(tools === undefined ? [] : [`${tools} tools`]),
    ...(Array.isArray(held) ? [`${held.length} held`] : []),
    ...(pid === undefined ? [] : [`process ${pid}`]),
    `from ${origin}`,
  ];
  return `- ${server.name}: ${state}${reason === undefined ? "" : ` (${reason})`}; ${facts.join(", ")}`;
}

/** Schema of one tool of a server. */
export const ToolView: v.GenericSchema<JsonObject> = v.looseObject({
  name: v.string(),
  own_name: v.string(),
  description: v.optional(v.string()),
});

/** Views what a server offers: names here and there, with descriptions. */
export function viewTools({ upstream, offer }: KnownServer): readonly JsonObject[] {
  const listed = new Map(upstream?.catalog.entries?.tools.map((it) => [it["name"], it["description"]]));
  return [...offer?.offered.tools ?? []].map(([own, name]) => {
    const description = listed.get(own);
    return { name, own_name: own, ...(typeof description === "string" && { description }) };
  });
}

/** Views what is listed by a server and not offered as it was sent. */
export function viewProblems({ offer }: KnownServer): readonly JsonObject[] {
  return (offer?.problems ?? []).map(({ kind, name, reason, isOffered }) => ({
    kind,
    name,
    reason,
    offered: isOffered,
  }));
}

/** Tells what a server offers, and how it is: what a call of the tool that stands for it gives. */
export async function describeServer(name: string, servers: Pick<Servers, "get">): Promise<JsonObject> {
  const server = servers.get(name);
  if (server === undefined) throw new ToolError(`There is no MCP server "${name}"; look at mcp_servers list`);
  await server.upstream?.catalog.restored;
  await server.offer?.settled;
  const tools = viewTools(server);
  return { ...viewServer(server), tools: someOf(tools), total_tools: tools.length };
}

/** Cuts what is too much for one answer. */
export function someOf<T>(items: readonly T[]): readonly T[] {
  return items.slice(0, MOST_NAMES);
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function withoutUndefined(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, it]) => it !== undefined));
}
