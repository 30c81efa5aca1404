/**
 * Resources and prompts as they are listed, whatever the protocol revision, and the contract `Catalog` over them.
 *
 * @module
 */
import type { Call } from "./call.ts";
import { isObject } from "./content.ts";
import type { Catalog, PromptArgument, PromptListing, TemplateListing } from "./contracts.ts";
import { ErrorCode, isKernelError, isProtocolError, messageOf, ToolError } from "./errors.ts";
import type { PromptEntry, ResourceEntry } from "./items.ts";
import type { Kernel } from "./kernel.ts";
import { didYouMean } from "./near_names.ts";
import { assertNestable } from "./nesting.ts";
import type { ItemKind, ResourceListing } from "./plugin.ts";

function visibleEntries<E extends { readonly key: string; readonly owner: string }>(
  kernel: Kernel,
  entries: readonly E[],
  { kind, call }: { readonly kind: ItemKind; readonly call: Call },
): E[] {
  const view = kernel.view(call);
  return entries.filter(({ key, owner }) => view.has(kind, key, owner));
}

/** Lists the resources that a call's client sees: fixed ones, and what templates list. Sorted by URI. */
export async function listResources(kernel: Kernel, call: Call): Promise<ResourceListing[]> {
  const entries = visibleEntries(kernel, kernel.resources.entries(), { kind: "resource", call });
  const lists = await Promise.all(entries.map((entry) => listedBy(entry, { kernel, call })));
  return lists.flat().map(withoutUndefined).sort((a, b) => (a.uri < b.uri ? -1 : 1));
}

async function listedBy(
  { definition, compiled, key: uri, owner }: ResourceEntry,
  { kernel, call }: { readonly kernel: Kernel; readonly call: Call },
): Promise<readonly ResourceListing[]> {
  if (compiled.template === undefined) {
    const { name, title, description, mimeType, icons, annotations, size, meta } = definition;
    return [{ uri, name, title, description, mimeType, icons, annotations, size, _meta: meta } as ResourceListing];
  }
  try {
    return await definition.list?.(call) ?? [];
  } catch (thrown) {
    kernel.log.error(`Resources of "${uri}" are not listed: ${messageOf(thrown)}`, { plugin: owner, error: thrown });
    return [];
  }
}

function listTemplates(kernel: Kernel, call: Call): TemplateListing[] {
  return visibleEntries(kernel, kernel.resources.entries(), { kind: "resource", call })
    .filter(({ compiled }) => compiled.template !== undefined)
    .map(templateListing);
}

/** Describes a resource template. */
export function templateListing({ key: uriTemplate, definition }: ResourceEntry): TemplateListing {
  const { name, title, description, mimeType, icons, annotations, meta } = definition;
  const listing = { uriTemplate, name, title, description, mimeType, icons, annotations, _meta: meta };
  return withoutUndefined(listing as TemplateListing);
}

// a schema that cannot be shown holds back its own prompt, not the list
function listPrompts(kernel: Kernel, call: Call): PromptListing[] {
  return visibleEntries(kernel, kernel.prompts.entries(), { kind: "prompt", call }).flatMap((entry) => {
    try {
      return [promptListing(entry)];
    } catch (thrown) {
      if (!isKernelError(thrown)) throw thrown;
      kernel.log.error(`"${entry.key}" is not listed: ${thrown.message}`, { plugin: entry.owner });
      return [];
    }
  });
}

/**
 * Describes a prompt.
 *
 * @throws {KernelError} `SCHEMA_INVALID` when the schema of its arguments cannot be shown.
 */
export function promptListing({ key: name, definition, compiled }: PromptEntry): PromptListing {
  const { title, description, icons, meta } = definition;
  const listing = { name, title, description, arguments: promptArguments(compiled), icons, _meta: meta };
  return withoutUndefined(listing as PromptListing);
}

function promptArguments({ args }: PromptEntry["compiled"]): PromptArgument[] {
  const { properties, required } = args?.jsonSchema ?? {};
  return Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) => {
    const { title, description } = isObject(schema) ? schema : {};
    const isRequired = Array.isArray(required) && required.includes(name);
    return withoutUndefined({ name, title, description, required: isRequired } as PromptArgument);
  });
}

/** Makes the catalog of a kernel. */
export function createCatalog(kernel: Kernel): Catalog {
  return {
    listResources: (call) => listResources(kernel, call),
    listTemplates: (call) => listTemplates(kernel, call),
    listPrompts: (call) => listPrompts(kernel, call),
    async readResource(uri, parent) {
      const call = nested(parent, { verb: "read", name: uri, step: uri });
      try {
        return (await kernel.read(uri, call)).contents;
      } catch (thrown) {
        if (!isProtocolError(thrown) || thrown.code !== ErrorCode.resourceNotFound) throw toToolError(thrown);
        throw new ToolError(thrown.message + await nearUris(uri, { kernel, call: parent }), { cause: thrown });
      }
    },
    async renderPrompt(name, args, parent) {
      const call = nested(parent, { verb: "render", name, step: `prompt:${name}` });
      if (kernel.prompts.get(name) === undefined) {
        const names = listPrompts(kernel, parent).map((it) => it.name);
        throw new ToolError(`Unknown prompt "${name}"${didYouMean(name, names)}`);
      }
      try {
        return await kernel.render(name, args, call);
      } catch (thrown) {
        throw toToolError(thrown);
      }
    },
    async complete(ref, typed, parent) {
      const name = ref.type === "resource" ? ref.uri : ref.name;
      const call = nested(parent, { verb: "complete", name, step: `complete:${ref.type}:${name}` });
      try {
        return await kernel.complete(ref, typed, call);
      } catch (thrown) {
        throw toToolError(thrown);
      }
    },
  };
}

// a step is no tool name, since it has a colon: a prompt may call the tool of its own name
function nested(
  parent: Call,
  { step, ...what }: { readonly verb: string; readonly name: string; readonly step: string },
) {
  assertNestable(step, { ...what, parent });
  return parent.derive({ path: [...parent.path, step] });
}

// what is longer was not misspelt, and comparing it is dear
const MAX_NEAR = 512;

async function nearUris(
  uri: string,
  { kernel, call }: { readonly kernel: Kernel; readonly call: Call },
): Promise<string> {
  if (uri.length > MAX_NEAR) return "";
  const listed = await listResources(kernel, call);
  const templates = listTemplates(kernel, call);
  return didYouMean(uri, [...listed.map((it) => it.uri), ...templates.map((it) => it.uriTemplate)]);
}

const MODEL_CAN_MEND: readonly number[] = [
  ErrorCode.resourceNotFound,
  ErrorCode.invalidParams,
  ErrorCode.internalError,
];

// what else there is, such as a capability that the client lacks, is for the client program
function toToolError(thrown: unknown): unknown {
  if (!isProtocolError(thrown) || !MODEL_CAN_MEND.includes(thrown.code)) return thrown;
  return new ToolError(thrown.message, { cause: thrown });
}

function withoutUndefined<T extends object>(listing: T): T {
  return Object.fromEntries(Object.entries(listing).filter(([, value]) => value !== undefined)) as T;
}
