/**
 * Skills as prompts: every skill answers `prompts/get` by its name, those that are loaded are listed, and with a loaded
 * skill come the prompts that it declares.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  isItemName,
  isKernelError,
  type Log,
  type PluginContext,
  type PromptDefinition,
  type PromptMessage,
  type Registration,
  type Requires,
  type Schema,
  type View,
  type Visibility,
} from "../../../kernel/mod.ts";
import type { SkillCatalog } from "../catalog/catalog.ts";
import type { CatalogSkill } from "../catalog/catalog_skill.ts";
import { actionName } from "../catalog/naming.ts";
import type { PromptDeclaration } from "../format/metadata_parts.ts";
import { splitFrontMatter } from "../format/front_matter.ts";
import { fillTemplate, hasCommands, insertArguments } from "./arguments.ts";
import { mediaTypeOf } from "./media_types.ts";
import { shown, type SkillFiles, textOfBytes } from "./skill_files.ts";
import { SKILL_FILE, skillUri } from "./uris.ts";

/** How many skills are brought up to date before others have their turn. */
const AT_ONCE = 100;
/** Bytes of files that one prompt brings along at most. */
const MAX_FILES_BYTES = 1_000_000;
const NO_COMMANDS = "Note: commands in this text, written as !`…`, were not run.";

/** What prompts are made of. */
export interface PromptsOptions {
  readonly prompt: PluginContext<unknown, Requires>["prompt"];
  readonly visibility: Visibility;
  readonly catalog: Pick<SkillCatalog, "skills" | "find">;
  readonly files: SkillFiles;
  readonly log: Log;
  /** Names the plugin, which is the owner of what it registers. */
  readonly owner: string;
}

interface Registered {
  readonly skill: CatalogSkill;
  readonly prompts: readonly Registration[];
}

/** Keeps the prompts of the catalog's skills registered. */
export class SkillPrompts {
  readonly #options: PromptsOptions;
  readonly #registered = new Map<string, Registered>();
  /** Names of the prompts that are listed. */
  readonly #listed = new Set<string>();
  #version = 0;
  #isClosed = false;

  constructor(options: PromptsOptions) {
    this.#options = options;
  }

  /** Narrows lists to the prompts of loaded skills; gives what ends that. */
  narrow(): () => void | Promise<void> {
    const { visibility, owner: own } = this.#options;
    return visibility.narrow((): View => ({
      key: `${own}:${this.#version}`,
      has: (kind, name, owner) => kind !== "prompt" || owner !== own || this.#listed.has(name),
    }));
  }

  /** Brings the prompts of some skills up to date. */
  async update(names: Iterable<string>): Promise<void> {
    let count = 0;
    for (const name of names) {
      if (++count % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.#isClosed) return;
      const skill = this.#options.catalog.find(name);
      const known = this.#registered.get(name);
      const isSame = skill !== undefined && skill.name === name && known?.skill.found === skill.found &&
        known.skill.state === skill.state;
      if (isSame) continue;
      await Promise.all((known?.prompts ?? []).map((it) => it.dispose()));
      this.#registered.delete(name);
      this.#list(known, false);
      if (skill === undefined || skill.name !== name || !skill.metadata.userInvocable) continue;
      const registered = { skill, prompts: this.#register(skill) };
      this.#registered.set(name, registered);
      this.#list(registered, skill.state === "loaded");
    }
    this.#version++;
  }

  /** Registers no more; the plugin unloads. */
  close(): void {
    this.#isClosed = true;
  }

  #list(registered: Registered | undefined, isListed: boolean): void {
    if (registered === undefined) return;
    for (const name of namesOf(registered.skill)) {
      if (isListed) this.#listed.add(name);
      else this.#listed.delete(name);
    }
  }

  #register(skill: CatalogSkill): readonly Registration[] {
    const definitions: PromptDefinition<Schema>[] = [this.#ofSkill(skill)];
    if (skill.state === "loaded") definitions.push(...skill.metadata.prompts.flatMap((it) => declared(skill, it)));
    return definitions.flatMap((definition) => {
      if (!isItemName(definition.name)) return [];
      try {
        return [this.#options.prompt(definition)];
      } catch (thrown) {
        if (!isKernelError(thrown)) throw thrown;
        this.#options.log.warn(`Skill "${skill.name}" is no prompt: ${thrown.message}`);
        return [];
      }
    });
  }

  #ofSkill(skill: CatalogSkill): PromptDefinition<Schema> {
    const { name, metadata } = skill;
    return {
      name,
      description: shown(metadata.description),
      args: argumentsOf(metadata),
      render: async (args, call) => await this.#render(skill, { args: args as Readonly<Record<string, string>>, call }),
    };
  }

  async #render(
    { name, metadata, found }: CatalogSkill,
    { args, call }: { readonly args: Readonly<Record<string, string>>; readonly call: Call },
  ): Promise<readonly PromptMessage[]> {
    const { files } = this.#options;
    const bytes = await files.read(found.path, SKILL_FILE);
    const { arguments: line, files: wanted, ...named } = args;
    const body = splitFrontMatter(bytes === undefined ? "" : textOfBytes(bytes) ?? "").body.trim();
    const text = insertArguments(body, {
      text: line,
      names: metadata.argumentNames,
      named,
      variables: { CLAUDE_SESSION_ID: call.sessionId ?? "", CLAUDE_SKILL_DIR: found.path },
    });
    const paths = (await files.list(found.path)).filter((path) => path !== SKILL_FILE);
    const { picked, missed } = chosen(paths, wanted);
    const parts = [
      text,
      ...(hasCommands(body) ? [NO_COMMANDS] : []),
      ...(paths.length > 0 ? [`Files of this skill: ${paths.map((path) => skillUri(name, path)).join(" ")}`] : []),
      ...(missed.length > 0 ? [`No file of this skill is ${missed.map((it) => JSON.stringify(it)).join(" or ")}`] : []),
    ];
    const attached = await this.#attach({ name, path: found.path }, picked);
    return [{ role: "user", content: { type: "text", text: parts.join("\n\n") } }, ...attached];
  }

  async #attach(
    skill: { readonly name: string; readonly path: string },
    paths: readonly string[],
  ): Promise<readonly PromptMessage[]> {
    const messages: PromptMessage[] = [];
    let left = MAX_FILES_BYTES;
    for (const path of paths) {
      const bytes = await this.#options.files.read(skill.path, path);
      const text = bytes && textOfBytes(bytes);
      if (bytes === undefined || text === undefined || bytes.length > left) continue;
      left -= bytes.length;
      const resource = { uri: skillUri(skill.name, path), mimeType: mediaTypeOf(path), text };
      messages.push({ role: "user", content: { type: "resource", resource } });
    }
    return messages;
  }
}

function namesOf({ name, metadata }: CatalogSkill): readonly string[] {
  return [name, ...metadata.prompts.flatMap((it) => promptName(name, it.name) ?? [])];
}

/** Gives the name of a prompt that a skill declares; `undefined` when none can be made that is the skill's own. */
function promptName(skill: string, prompt: string): string | undefined {
  try {
    return actionName(skill, prompt.replace(/[^A-Za-z0-9_-]/g, "_"));
  } catch {
    return undefined;
  }
}

interface Chosen {
  readonly picked: readonly string[];
  /** What was asked for and is not there. */
  readonly missed: readonly string[];
}

/** Picks the files that were asked for: `all`, or paths and folders, separated by spaces or commas. */
function chosen(paths: readonly string[], wanted: string | undefined): Chosen {
  const words = (wanted ?? "").split(/[\s,]+/).filter((it) => it !== "");
  if (words.includes("all")) return { picked: paths, missed: [] };
  const isOf = (path: string, word: string) => path === word || path.startsWith(`${word.replace(/\/$/, "")}/`);
  return {
    picked: paths.filter((path) => words.some((word) => isOf(path, word))),
    missed: words.filter((word) => !paths.some((path) => isOf(path, word))),
  };
}

const FILES_ARGUMENT = v.optional(v.pipe(
  v.string(),
  v.description("Files to bring along: all, or paths and folders such as references/"),
));

/** Makes the arguments of a skill's prompt: those it names, all as one text, and the files that come along. */
function argumentsOf({ argumentNames, argumentHint }: CatalogSkill["metadata"]): Schema {
  const named = argumentNames.filter((it) => it !== "arguments" && it !== "files" && isUsableName(it))
    .map((it) => [it, v.optional(v.string())] as const);
  const hint = argumentHint === "" ? "" : `: ${argumentHint}`;
  return v.object({
    ...Object.fromEntries(named),
    arguments: v.optional(v.pipe(v.string(), v.description(`What the skill is used on${hint}`))),
    files: FILES_ARGUMENT,
  }) as unknown as Schema;
}

/** Tells whether an argument can have a name: what every object has seems to be given always. */
function isUsableName(name: string): boolean {
  return name !== "__proto__" && !(name in {});
}

function declared(skill: CatalogSkill, { name, description, arguments: args, template }: PromptDeclaration) {
  const registered = promptName(skill.name, name);
  if (registered === undefined) return [];
  const entries = args.filter((it) => isUsableName(it.name)).map((it) => {
    const text = it.description === "" ? v.string() : v.pipe(v.string(), v.description(it.description));
    return [it.name, it.required ? text : v.optional(text)] as const;
  });
  return [{
    name: registered,
    description: shown(description === "" ? `${name}, of skill "${skill.name}"` : description),
    args: v.object(Object.fromEntries(entries)) as unknown as Schema,
    render: (values: unknown) => fillTemplate(template, values as Readonly<Record<string, string>>),
  }];
}
