/**
 * The files in which services are defined.
 *
 * @module
 */
import { compileSchema, didYouMean, type Folder, formatIssues, messageOf, ToolError } from "../../../kernel/mod.ts";
import { DefinitionFile, definitionOf, isServiceName, type ServiceDefinition } from "./definition.ts";
import { readPort } from "./ports.ts";
import { readVolume } from "./volumes.ts";

/** What is in one file: a definition, or why there is none. */
export type StoredDefinition =
  | { readonly name: string; readonly definition: ServiceDefinition }
  | { readonly name: string; readonly problem: string };

/** Where definitions are. */
export interface DefinitionsOptions {
  /** Where they are written, and read first. */
  readonly folder: Folder;
  /** Where skillz has its own, which are read as well. */
  readonly older: Folder | undefined;
}

const ENDING = ".json";
const SCHEMA = compileSchema(DefinitionFile, { what: "a service" });

/** Keeps definitions, one file each: what others write there counts at once. */
export class Definitions {
  readonly #options: DefinitionsOptions;

  constructor(options: DefinitionsOptions) {
    this.#options = options;
  }

  /** Lists what is there, sorted by name, files that cannot be read included. */
  async list(): Promise<readonly StoredDefinition[]> {
    const names = new Set<string>();
    for (const folder of this.#folders()) {
      for (const { path, kind } of await folder.list()) {
        if (kind === "file" && path.endsWith(ENDING)) names.add(path.slice(0, -ENDING.length));
      }
    }
    const found = await Promise.all([...names].sort().map((name) => this.#read(name)));
    return found.filter((it) => it !== undefined);
  }

  /**
   * Gives a definition.
   *
   * @throws {ToolError} when there is none of that name, with near names, or its file cannot be read, with the reason.
   */
  async get(name: string): Promise<ServiceDefinition> {
    const stored = isServiceName(name) ? await this.#read(name) : undefined;
    if (stored === undefined) {
      const names = (await this.list()).map((it) => it.name);
      const near = didYouMean(name, names);
      const there = names.length === 0 ? "there are none yet" : `there is ${names.join(", ")}`;
      throw new ToolError(
        `Cannot find service "${name}": ${there}${near}${near === "" ? "; the" : " The"} action define makes one`,
      );
    }
    if ("definition" in stored) return stored.definition;
    throw new ToolError(`Cannot use service "${name}": ${stored.problem}; mend the file, or define it anew`);
  }

  /** Tells whether there is a file of that name. */
  async has(name: string): Promise<boolean> {
    return isServiceName(name) && await this.#read(name) !== undefined;
  }

  /** Writes a definition. */
  async save(definition: ServiceDefinition): Promise<void> {
    await this.#options.folder.writeAtomic(fileOf(definition.name), `${JSON.stringify(definition, null, 2)}\n`);
  }

  /** Removes a definition, wherever it is; tells whether there was one. */
  async remove(name: string): Promise<boolean> {
    const removed: boolean[] = [];
    for (const folder of this.#folders()) removed.push(await folder.remove(fileOf(name)));
    return removed.includes(true);
  }

  #folders(): readonly Folder[] {
    const { folder, older } = this.#options;
    return older === undefined ? [folder] : [folder, older];
  }

  async #read(name: string): Promise<StoredDefinition | undefined> {
    if (!isServiceName(name)) {
      const problem = `its file cannot be used: a name has 1 to 64 letters, digits, _ and -; rename ${fileOf(name)}`;
      return { name, problem };
    }
    for (const folder of this.#folders()) {
      const text = await folder.readText(fileOf(name));
      if (text === undefined) continue;
      try {
        return { name, definition: await readDefinition({ ...parse(text), name }) };
      } catch (thrown) {
        return { name, problem: `its file ${folder.path}/${fileOf(name)} cannot be read: ${messageOf(thrown)}` };
      }
    }
    return undefined;
  }
}

function fileOf(name: string): string {
  return `${name}${ENDING}`;
}

function parse(text: string): object {
  const content: unknown = JSON.parse(text);
  if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
  throw new Error("it holds no object");
}

/**
 * Makes a definition of what was written: fields that may be missing get their defaults, unknown ones are left out.
 *
 * @throws {ToolError} naming each field that cannot be used, what was found and what was expected.
 */
export async function readDefinition(written: object): Promise<ServiceDefinition> {
  const parsed = await SCHEMA.parse(written);
  if (!parsed.ok) throw new ToolError(`Cannot use the definition of a service: ${formatIssues(parsed.issues)}`);
  const definition = definitionOf(parsed.value);
  definition.ports.forEach(readPort);
  definition.volumes.forEach(readVolume);
  if (definition.network === "none" && definition.ports.length > 0) {
    throw new ToolError(
      'Cannot use "ports" with network "none": nothing reaches a container there; leave one of them out',
    );
  }
  if (definition.network === "host") {
    throw new ToolError(
      'Cannot use network "host": a container there reaches every port of this machine; leave "network" out',
    );
  }
  return definition;
}
