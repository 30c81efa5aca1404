/**
 * Finds tools by what they say of themselves. What is indexed is kept between searches; what changed is indexed anew.
 *
 * @module
 */
import type { Toolbox, ToolSummary } from "../../kernel/mod.ts";
import type { StoredTool, ToolLibrary } from "./contract.ts";
import { type Described, searchableOf } from "./listing.ts";
import { type ItemTexts, TextIndex } from "./text_index.ts";

/** What is known of a tool for a search. */
export interface Searchable {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly tags?: readonly string[] | undefined;
  /** Names of its parameters. */
  readonly parameters?: readonly string[] | undefined;
}

// what follows the first paragraph of a description is examples and such
const WEIGHTS = { name: 4, title: 3, tags: 3, parameters: 1.5, description: 1, details: 0.25 } as const;

/** Makes an empty index of tools. */
export function createToolIndex(): TextIndex<Searchable, keyof typeof WEIGHTS> {
  return new TextIndex({ weights: WEIGHTS, texts: textsOf });
}

function textsOf({ name, title, description, tags, parameters }: Searchable): ItemTexts<keyof typeof WEIGHTS> {
  const [first, ...details] = description.split(/\n\s*\n/);
  return {
    name,
    title,
    tags: tags?.join(" "),
    parameters: parameters?.join(" "),
    description: first,
    details: details.join(" "),
  };
}

/** Which tools are searched. */
export interface ToolSearchOptions {
  readonly library: Pick<ToolLibrary, "list">;
  readonly toolbox: Toolbox;
}

/** Searches all tools: those that can be called, and those made at run time that cannot be. */
export class ToolSearch {
  readonly #options: ToolSearchOptions;
  readonly #index = createToolIndex();
  #tools: ReadonlyMap<string, Described> = new Map();
  #stored: readonly StoredTool[] = [];
  #version = -1;

  constructor(options: ToolSearchOptions) {
    this.#options = options;
  }

  /** Ranks what matches a query, best first, the tool of that very name before all; equal scores by name. */
  async find(query: string): Promise<readonly Described[]> {
    await this.#settle();
    const exact = this.#tools.get(query.trim());
    const others = this.#index.search(query).map(({ id }) => this.#tools.get(id)!).filter((it) => it !== exact);
    return exact === undefined ? others : [exact, ...others];
  }

  /** Takes over what changed since the last search. */
  async #settle(): Promise<void> {
    const { library, toolbox } = this.#options;
    const stored = await library.list();
    if (toolbox.version === this.#version && isSame(stored, this.#stored)) return;
    this.#version = toolbox.version;
    this.#stored = stored;
    const before = this.#tools;
    this.#tools = byId(describeTools(stored, toolbox));
    for (const id of before.keys()) if (!this.#tools.has(id)) this.#index.remove(id);
    for (const [id, described] of this.#tools) {
      if (!saysTheSame(described, before.get(id))) this.#index.put(id, searchableOf(described));
    }
  }
}

/**
 * Describes all tools, sorted by name: those of the registry, and those that were made and cannot be called. What stands for
 * tools that are not loaded is none.
 */
export function describeTools(stored: readonly StoredTool[], toolbox: Toolbox): readonly Described[] {
  const ready = new Map(stored.filter((it) => it.state === "ready").map((it) => [it.name, it]));
  const callable = toolbox.list().filter((it) => !isStub(it)).map((summary) => ({
    stored: ready.get(summary.name),
    summary,
  }));
  for (const { summary } of callable) ready.delete(summary.name);
  const all: Described[] = [
    ...callable,
    ...stored.filter((it) => it.state !== "ready" || ready.has(it.name)).map((it) => ({ stored: it })),
  ];
  return all.sort((a, b) => byText(nameOf(a), nameOf(b)));
}

function nameOf({ stored, summary }: Described): string {
  return stored?.name ?? summary?.name ?? "";
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// a hint of servers that load tools on demand, which the protocol does not have
function isStub({ annotations }: ToolSummary): boolean {
  return (annotations as { readonly deferredHint?: boolean } | undefined)?.deferredHint === true;
}

// a tool that cannot be called may have the name of one that can, or of another such
function byId(tools: readonly Described[]): ReadonlyMap<string, Described> {
  return new Map(tools.map((it, i) => [it.summary?.name ?? `${it.stored?.name} ${i}`, it]));
}

function isSame(tools: readonly StoredTool[], before: readonly StoredTool[]): boolean {
  return tools.length === before.length && tools.every((tool, i) => isSameTool(tool, before[i]));
}

function isSameTool(tool: StoredTool | undefined, before: StoredTool | undefined): boolean {
  return tool?.name === before?.name && tool?.manifest === before?.manifest && tool?.reason === before?.reason;
}

function saysTheSame({ stored, summary }: Described, before: Described | undefined): boolean {
  return before !== undefined && stored?.manifest === before.stored?.manifest &&
    summary?.description === before.summary?.description && summary?.inputSchema === before.summary?.inputSchema &&
    summary?.title === before.summary?.title && summary?.annotations?.title === before.summary?.annotations?.title;
}
