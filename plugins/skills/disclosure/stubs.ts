/**
 * Stubs: tools that stand for skills which are not loaded and for groups which are not active, so that clients which know
 * only `tools/list` see what could be there. A call to one says what to load.
 *
 * @module
 */
import {
  type Disposer,
  isKernelError,
  type JsonObject,
  type Log,
  messageOf,
  type PluginContext,
  type ToolAnnotations,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogChange, CatalogSkill } from "../catalog/catalog_skill.ts";
import { listGroupsOf } from "../catalog/groups.ts";
import { stubName } from "./stub_names.ts";

/** What {@linkcode Stubs} works with. */
export interface StubsOptions {
  readonly tool: PluginContext["tool"];
  readonly catalog: Pick<SkillCatalog, "skills" | "find" | "isLoaded" | "onChange">;
  readonly log: Log;
}

/** What a stub says, and how what it stands for is reached. */
interface Stub {
  readonly kind: "skill" | "group";
  /** Of the skill, or of the group as `activate_tool_group` takes it. */
  readonly name: string;
  readonly description: string;
}

interface Registered {
  readonly description: string;
  remove(): Promise<void>;
}

const INPUT: JsonObject = Object.freeze({ type: "object", properties: {} });
const ANNOTATIONS: ToolAnnotations & { readonly deferredHint: boolean } = Object.freeze({
  readOnlyHint: true,
  deferredHint: true,
});
const MAX_KEYWORDS_LENGTH = 120;
const SHOWN_TOOLS = 5;

/** Registers a stub for each skill and group that is not there yet, and follows the catalog. */
export class Stubs {
  readonly #options: StubsOptions;
  readonly #skills = new Map<string, Registered>();
  readonly #groups = new Map<string, Registered>();
  readonly #loaded = new Set<string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(options: StubsOptions) {
    this.#options = options;
  }

  /** Registers stubs for what the catalog holds, and keeps them as it changes; gives what ends that. */
  async open(): Promise<Disposer> {
    const { catalog } = this.#options;
    const unfollow = catalog.onChange((change) => this.#inTurn(() => this.#follow(change)));
    this.#inTurn(() => this.#update(catalog.skills().map(({ name }) => name)));
    await this.#turn;
    return async () => {
      await unfollow();
      await this.#turn;
    };
  }

  /** Resolves when all changes of the catalog so far are taken over. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  // names are digests at times, and those take a turn
  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((thrown) => {
      this.#options.log.error(`Stubs of skills are not up to date: ${messageOf(thrown)}`, { error: thrown });
    });
  }

  async #follow({ added, removed, changed, loaded, unloaded, groups }: CatalogChange): Promise<void> {
    const names = new Set([...added, ...removed, ...changed, ...loaded, ...unloaded]);
    // other skills decide whether one can be loaded
    const isOther = added.length + removed.length + changed.length > 0;
    if (isOther) this.#options.catalog.skills().forEach(({ name }) => names.add(name));
    await this.#update(names, groups);
  }

  async #update(names: Iterable<string>, areGroupsOther = false): Promise<void> {
    const { catalog } = this.#options;
    let isLoadedOther = areGroupsOther;
    for (const name of names) {
      const wasLoaded = this.#loaded.delete(name);
      const isLoaded = catalog.isLoaded(name);
      if (isLoaded) this.#loaded.add(name);
      isLoadedOther ||= wasLoaded || isLoaded;
      await this.#put(this.#skills, name, isLoaded ? undefined : stubOfSkill(catalog.find(name)));
    }
    if (isLoadedOther) await this.#updateGroups();
  }

  /** Skills that are loaded are few, so their groups are looked at all over. */
  async #updateGroups(): Promise<void> {
    const skills = [...this.#loaded].map((name) => this.#options.catalog.find(name)).filter((it) => it !== undefined);
    const stubs = stubsOfGroups(skills);
    for (const name of [...this.#groups.keys()]) if (!stubs.has(name)) await this.#put(this.#groups, name, undefined);
    for (const [name, stub] of stubs) await this.#put(this.#groups, name, stub);
  }

  async #put(registered: Map<string, Registered>, key: string, stub: Stub | undefined): Promise<void> {
    const before = registered.get(key);
    if (before?.description === stub?.description) return;
    registered.delete(key);
    await before?.remove();
    if (stub === undefined) return;
    const name = await stubName(stub.kind, stub.name);
    try {
      const { dispose } = this.#options.tool({
        name,
        description: stub.description,
        input: INPUT,
        annotations: ANNOTATIONS,
        ...(!name.endsWith(stub.name) && { meta: { [stub.kind]: stub.name } }),
        run: () => notThere(stub),
      });
      registered.set(key, { description: stub.description, remove: dispose });
    } catch (thrown) {
      if (!isKernelError(thrown)) throw thrown;
      this.#options.log.warn(`There is no stub for ${stub.kind} "${stub.name}": ${thrown.message}`);
    }
  }
}

function stubOfSkill(skill: CatalogSkill | undefined): Stub | undefined {
  if (skill === undefined || skill.state === "loaded" || skill.state === "error") return undefined;
  if (!skill.metadata.isImplicitInvocationAllowed()) return undefined;
  const { name, metadata: { dcc, tags, tools, scripts, searchHint } } = skill;
  const names = tools.length > 0 ? tools.map((tool) => tool.name) : scripts.map(stemOf);
  const keywords = tags.length > 0 ? tags.join(", ") : searchHint;
  const about = keywords !== "" ? `keywords: ${clip(keywords)}` : names.slice(0, SHOWN_TOOLS).join(", ");
  const parts = [`[${dcc}] ${count(names.length)}`, about, `Call load_skill(${JSON.stringify(name)})`];
  return { kind: "skill", name, description: parts.filter((it) => it !== "").join(" • ") };
}

/** Gives the stubs of groups that are not active, by `skill:group`; one that only one skill has goes by its bare name. */
function stubsOfGroups(skills: readonly CatalogSkill[]): ReadonlyMap<string, Stub> {
  const groups = skills.flatMap((skill) => listGroupsOf(skill.metadata).map((group) => ({ skill, group })));
  const counts = new Map<string, number>();
  for (const { group: { name } } of groups) counts.set(name, (counts.get(name) ?? 0) + 1);
  const inactive = groups.filter(({ skill, group }) => !skill.activeGroups.includes(group.name));
  return new Map(inactive.map(({ skill, group }) => {
    const whole = `${skill.name}:${group.name}`;
    const name = counts.get(group.name) === 1 ? group.name : whole;
    const tools = skill.metadata.tools.filter((tool) => tool.group === group.name);
    const shown = tools.slice(0, SHOWN_TOOLS).map((tool) => tool.name).join(", ");
    const parts = [`[${skill.metadata.dcc}] ${count(tools.length)}`, shown, `Call activate_tool_group(${quote(name)})`];
    return [whole, { kind: "group", name, description: parts.filter((it) => it !== "").join(" • ") }];
  }));
}

function notThere({ kind, name }: Stub): ToolResult {
  const [code, message, hint] = kind === "skill"
    ? ["SKILL_NOT_LOADED", `Skill "${name}" is not loaded`, `Call load_skill with {"skill_name": ${quote(name)}}`]
    : [
      "GROUP_NOT_ACTIVATED",
      `Tool group "${name}" is not active`,
      `Call activate_tool_group with {"group": ${quote(name)}}`,
    ];
  const envelope = { layer: "gateway", code, message, hint, trace_id: crypto.randomUUID() };
  return toolResult({
    content: [{ type: "text", text: JSON.stringify(envelope) }],
    structuredContent: envelope,
    isError: true,
  });
}

function count(tools: number): string {
  return tools === 1 ? "1 tool" : `${tools} tools`;
}

function stemOf(path: string): string {
  return path.replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, "");
}

// what a skill says of itself stays on its line, and short
function clip(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > MAX_KEYWORDS_LENGTH ? `${line.slice(0, MAX_KEYWORDS_LENGTH)}…` : line;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
