/**
 * What a server lists, as definitions for the kernel. Each has every field, so that an update leaves nothing of the one
 * before.
 *
 * @module
 */
import {
  type AnyPrompt,
  type AnyResource,
  type AnyTool,
  type Call,
  type CompletionCall,
  isObject,
  type JsonObject,
  type JsonSchema,
  type ResourceResult,
} from "../../../kernel/mod.ts";
import { NAMESPACE_META } from "../../library/contract.ts";
import type { Relay } from "../relay/relay.ts";
import { isTaskOnly } from "../relay/task_request.ts";
import type { ChangedTools } from "./changed_tools.ts";
import { annotationsField, iconsField, objectField, sizeField, textField, toolAnnotationsField } from "./fields.ts";
import { type NamedItem, ORIGINAL_NAME_META } from "./names.ts";
import type { UriMap } from "./uri_map.ts";

/** Where items are offered, and how they are reached. */
export interface DefinitionOptions {
  readonly namespace: string;
  readonly relay: Relay;
  /** URIs that are not offered as the server knows them. */
  readonly uris: UriMap;
  readonly changes: ChangedTools;
}

/** Makes the definition of a tool. Its description is as the server wrote it: the name says whose it is. */
export function toolDefinition(named: NamedItem, { namespace, relay, uris, changes }: DefinitionOptions): AnyTool {
  const { item, own, offered: name } = named;
  const called = { name: own, isTask: isTaskOnly(item) };
  return {
    name,
    title: textField(item["title"]),
    description: textField(item["description"]) ?? "",
    input: inputOf(item),
    output: objectField(item["outputSchema"]),
    annotations: toolAnnotationsField(item["annotations"]),
    icons: iconsField(item["icons"]),
    meta: { ...metaOf(named, namespace), [NAMESPACE_META]: namespace },
    run: async (args: JsonObject, call: Call) => {
      changes.tell(own, call);
      return uris.inResult(await relay.callTool(called, args, call));
    },
  } as AnyTool;
}

/** Gives the schema of a tool's arguments; one that says nothing of them takes any. */
export function inputOf({ inputSchema }: JsonObject): JsonSchema {
  return (inputSchema ?? { type: "object" }) as JsonSchema;
}

/** Makes the definition of a prompt. Arguments are texts, as over the wire. */
export function promptDefinition(named: NamedItem, { namespace, relay }: DefinitionOptions): AnyPrompt {
  const { item, own, offered: name } = named;
  return {
    name,
    title: textField(item["title"]),
    description: textField(item["description"]) ?? "",
    args: argumentsSchema(item["arguments"]),
    icons: iconsField(item["icons"]),
    meta: metaOf(named, namespace),
    complete: (argument: string, value: string, call: CompletionCall) =>
      relay.complete({ type: "ref/prompt", name: own }, { argument, value, chosen: call.chosen }, call),
    render: (args: JsonObject, call: Call) => relay.render(own, args, call),
  } as AnyPrompt;
}

/** A resource or template of a server, and the URI under which it is offered. */
export interface PlacedItem {
  readonly item: JsonObject;
  /** As the server knows it; a template for templates. */
  readonly own: string;
  readonly offered: string;
}

/** Makes the definition of a resource, or of a template. */
export function resourceDefinition(placed: PlacedItem, { relay, uris }: DefinitionOptions): AnyResource {
  const { item, own, offered: uri } = placed;
  return {
    uri,
    name: textField(item["name"]) ?? own,
    title: textField(item["title"]),
    description: textField(item["description"]),
    mimeType: textField(item["mimeType"]),
    icons: iconsField(item["icons"]),
    annotations: annotationsField(item["annotations"]),
    size: sizeField(item["size"]),
    meta: objectField(item["_meta"]),
    complete: (argument: string, value: string, call: CompletionCall) =>
      relay.complete({ type: "ref/resource", uri: own }, { argument, value, chosen: call.chosen }, call),
    subscribe: (listened: string) => relay.watch(uris.ownOf(listened)),
    read: async (_params: unknown, call: Call & { readonly uri: string }): Promise<ResourceResult> =>
      uris.inRead(await relay.read(uris.ownOf(call.uri), call)),
  } as AnyResource;
}

function metaOf({ item, own, offered }: NamedItem, namespace: string): JsonObject | undefined {
  const meta = objectField(item["_meta"]);
  return offered === `${namespace}_${own}` ? meta : { ...meta, [ORIGINAL_NAME_META]: own };
}

function argumentsSchema(listed: unknown): JsonSchema | undefined {
  if (!Array.isArray(listed)) return undefined;
  const known = listed.filter((it): it is JsonObject => isObject(it) && typeof it["name"] === "string");
  const properties = known.map(({ name, title, description }) => [
    name,
    { type: "string", title: textField(title), description: textField(description) },
  ]);
  const required = known.filter((it) => it["required"] === true).map((it) => it["name"]);
  return { type: "object", properties: Object.fromEntries(properties), required };
}
