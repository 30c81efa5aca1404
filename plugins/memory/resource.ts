/**
 * The resources `collet://memory/{namespace}/{key}`: one for each entry, which its principal can read and listen to.
 *
 * @module
 */
import {
  type Call,
  compileTemplate,
  type Disposer,
  ErrorCode,
  messageOf,
  type PluginContext,
  ProtocolError,
  type ResourceListing,
} from "../../kernel/mod.ts";
import { STORE_LIMITS } from "../store/contract.ts";
import type { Memories } from "./memories.ts";

const URI = "collet://memory/{namespace}/{key}";
const JSON_TYPE = "application/json";
/** Most entries in a list of resources; more are read all the same. */
const MOST_LISTED = 1000;
/** Most namespaces that a completion of keys looks through. */
const MOST_NAMESPACES = 20;
const MOST_COMPLETIONS = 100;

type Context = Pick<PluginContext, "resource" | "updated" | "log"> & { readonly memories: Memories };

/** Registers the template. */
export function registerEntries({ resource, updated, log, memories }: Context): void {
  resource({
    uri: URI,
    name: "memory",
    title: "Memory",
    description: "What a tool remembers under a key, as JSON; both are percent-encoded",
    mimeType: JSON_TYPE,
    list: (call) => listEntries(memories, call),
    complete: (name, typed, call) =>
      name === "namespace" ? memories.complete(typed, call.principal) : completeKey(memories, { typed, call }),
    subscribe(uri, { principal }) {
      const { namespace, key } = TEMPLATE.match(uri) as { namespace: string; key: string };
      const watching = memories.open(namespace, principal).watch(key, (changes) => {
        if (changes.some((it) => it.kind === "missed" || it.key === key)) updated(uri, { principalId: principal?.id });
      });
      // listening is granted at once, so this can only be told to the operator
      const stopping: Promise<Disposer> = watching.catch((error) => {
        log.warn(`Changes of "${uri}" are not noticed: ${messageOf(error)}`);
        return () => {};
      });
      return async () => (await stopping)();
    },
    async read({ namespace, key }, { uri, principal }) {
      const entry = await memories.open(namespace, principal).get(key);
      if (entry !== undefined) return JSON.stringify(entry.value, null, 2);
      throw new ProtocolError(ErrorCode.resourceNotFound, `Resource not found: ${uri}`, { uri });
    },
  });
}

const TEMPLATE = compileTemplate(URI);

async function listEntries(memories: Memories, call: Call): Promise<ResourceListing[]> {
  const listings: ResourceListing[] = [];
  for await (const { tool } of memories.list(call.principal)) {
    const limit = Math.min(MOST_LISTED - listings.length, STORE_LIMITS.pageEntries);
    if (limit === 0) break;
    const { items } = await memories.open(tool, call.principal).keys({ limit });
    for (const { key } of items) {
      const uri = TEMPLATE.expand({ namespace: tool, key });
      listings.push({ uri, name: `${tool}/${key}`, mimeType: JSON_TYPE });
    }
  }
  return listings;
}

// which namespace was chosen is not told, so keys of any of them fit
async function completeKey(
  memories: Memories,
  { typed, call }: { readonly typed: string; readonly call: Call },
): Promise<string[]> {
  const keys = new Set<string>();
  let namespaces = 0;
  for await (const { tool } of memories.list(call.principal)) {
    const { items } = await memories.open(tool, call.principal).keys({ prefix: typed, limit: MOST_COMPLETIONS });
    for (const { key } of items) keys.add(key);
    if (++namespaces === MOST_NAMESPACES || keys.size >= MOST_COMPLETIONS) break;
  }
  return [...keys];
}
