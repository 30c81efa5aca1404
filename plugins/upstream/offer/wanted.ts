/**
 * What should be registered for what a server lists.
 *
 * @module
 */
import { type AnyPrompt, type AnyResource, type AnyTool, isTemplate, type JsonObject } from "../../../kernel/mod.ts";
import type { UpstreamDefinition } from "../definition.ts";
import {
  type DefinitionOptions,
  inputOf,
  promptDefinition,
  resourceDefinition,
  toolDefinition,
} from "./definitions.ts";
import type { Attempt, Wanted } from "./kept_items.ts";
import { nameItems, type Unnamed } from "./names.ts";
import { usableSchemas } from "./schemas.ts";
import { isSelected } from "./selection.ts";
import type { TakenUris } from "./taken_uris.ts";

/** Items to register, and those that cannot even be wanted. */
export interface Wish<D> {
  readonly wanted: ReadonlyMap<string, Wanted<D>>;
  readonly unnamed: readonly Unnamed[];
}

/** Wants the tools that a definition selects. */
export async function wantedTools(
  tools: readonly JsonObject[],
  { definition, options }: { readonly definition: UpstreamDefinition; readonly options: DefinitionOptions },
): Promise<Wish<AnyTool>> {
  const { namespace, rename } = definition;
  const selected = tools.filter(({ name }) => typeof name !== "string" || isSelected(name, definition));
  const { named, unnamed } = await nameItems(selected, { namespace, rename });
  const wanted = named.map((it): [string, Wanted<AnyTool>] => {
    const tool = () => toolDefinition(it, options);
    return [it.own, {
      source: it.item,
      key: it.offered,
      attempts: [() => ({ key: it.offered, definition: tool() }), () => mended(tool(), it.item)],
    }];
  });
  return { wanted: new Map(wanted), unnamed };
}

// where the schemas are not to blame for what went wrong, it goes wrong again for the same reason
function mended(tool: AnyTool, item: JsonObject): Attempt<AnyTool> {
  const { notes, ...schemas } = usableSchemas(tool.name, { input: inputOf(item), output: tool.output });
  return { key: tool.name, definition: { ...tool, ...schemas }, note: notes.join("; ") || undefined };
}

/** Wants all prompts. */
export async function wantedPrompts(
  prompts: readonly JsonObject[],
  options: DefinitionOptions,
): Promise<Wish<AnyPrompt>> {
  const { named, unnamed } = await nameItems(prompts, options);
  const wanted = named.map((it): [string, Wanted<AnyPrompt>] => [it.own, {
    source: it.item,
    key: it.offered,
    attempts: [() => ({ key: it.offered, definition: promptDefinition(it, options) })],
  }]);
  return { wanted: new Map(wanted), unnamed };
}

/** How resources are placed. */
export interface PlaceOptions {
  /** Where the URI stands: `uri` of resources, `uriTemplate` of templates. */
  readonly field: "uri" | "uriTemplate";
  /** Names the server among those who take URIs. */
  readonly owner: string;
  readonly taken: TakenUris;
  readonly options: DefinitionOptions;
  /** Gives the URI under which an item is offered already. */
  keyOf(own: string): string | undefined;
}

/** Wants all resources, or templates, by their own URIs where those are free, and below a prefix where they are not. */
export function wantedResources(items: readonly JsonObject[], place: PlaceOptions): Wish<AnyResource> {
  const { field, owner, taken, options, keyOf } = place;
  const wanted = new Map<string, Wanted<AnyResource>>();
  const unnamed: Unnamed[] = [];
  for (const item of items) {
    const own = item[field];
    const problem = problemOf(own, { field, isKnown: typeof own === "string" && wanted.has(own) });
    if (problem !== undefined || typeof own !== "string") {
      unnamed.push({ own: String(own), reason: problem ?? "" });
      continue;
    }
    const at = (offered: string, note?: string) => (): Attempt<AnyResource> => {
      if (!taken.take(offered, owner)) throw new Error(`somebody else answers to "${offered}"`);
      options.uris.note(own, offered);
      return { key: offered, definition: resourceDefinition({ item, own, offered }, options), note };
    };
    const prefixed = options.uris.prefixed(own);
    const elsewhere = at(prefixed, `its URI is taken; it is offered as "${prefixed}"`);
    // what clients know it by stays, also when its own URI has become free
    wanted.set(own, { source: item, attempts: keyOf(own) === prefixed ? [elsewhere] : [at(own), elsewhere] });
  }
  return { wanted, unnamed };
}

function problemOf(
  own: unknown,
  { field, isKnown }: { field: PlaceOptions["field"]; isKnown: boolean },
): string | undefined {
  if (typeof own !== "string" || own === "") return "it has no URI";
  if (isKnown) return "the server lists the URI twice; the first is offered";
  if (field === "uri" && isTemplate(own)) return "its URI has { or }, which make it a template";
  if (field === "uriTemplate" && !isTemplate(own)) return "its template has no parameter";
  return undefined;
}
