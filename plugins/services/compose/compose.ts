/**
 * Makes definitions of Compose files.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf, ToolError } from "../../../kernel/mod.ts";
import { isServiceName, type ServiceDefinition } from "../definition/definition.ts";
import { readDefinition } from "../definition/definitions.ts";
import { COMPOSE_FIELDS, type FieldContext } from "./fields.ts";
import { interpolate } from "./interpolation.ts";

/** A file, and what is wanted of it. */
export interface ComposeOptions {
  /** Values of `${VARIABLES}` in it. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folder that relative paths begin at; absolute. */
  readonly folder: string | undefined;
  /** The services to take; all by default. */
  readonly only: readonly string[] | undefined;
}

/** Something in a file that is not kept. */
export interface Unsupported {
  /** Name of the service; absent for what concerns all. */
  readonly service?: string;
  /** Such as `ports.mode`. */
  readonly key: string;
  readonly why: string;
}

/** What a file came to. */
export interface Composed {
  readonly definitions: readonly ServiceDefinition[];
  readonly unsupported: readonly Unsupported[];
}

/** Said of a file as a whole, and without an effect here. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(["version", "name", "services"]);
const MOST_ALIASES = 1_000;

/**
 * Reads a Compose file. What a definition cannot say is told, and never dropped in silence.
 *
 * @throws {ToolError} when it is no YAML, has no services, or a service cannot be defined, naming all that is wrong.
 */
export async function readCompose(text: string, options: ComposeOptions): Promise<Composed> {
  const { variables, folder, only } = options;
  const { value, missing } = interpolate(await parseYaml(text), variables);
  const services = isObject(value) ? value["services"] : undefined;
  if (!isObject(value) || !isObject(services)) {
    throw new ToolError(
      'Cannot import the Compose file: it has no "services"; expected a mapping of names to services',
    );
  }
  const absent = (only ?? []).filter((name) => !Object.hasOwn(services, name));
  if (absent.length > 0) {
    const there = Object.keys(services).join(", ");
    throw new ToolError(`Cannot import the Compose file: it has no service ${absent.join(", ")}; there are ${there}`);
  }
  if (missing.length > 0) {
    throw new ToolError(
      `Cannot import the Compose file: ${missing.join(", ")} ${
        missing.length === 1 ? "is" : "are"
      } nowhere set; give ` +
        'values in "env", such as "${secret:NAME}" for a secret (the server\'s own environment is not read)',
    );
  }
  const unsupported = topLevelNotes(value);
  const definitions: ServiceDefinition[] = [];
  const problems: string[] = [];
  for (const [name, service] of Object.entries(services)) {
    if (only !== undefined && !only.includes(name)) continue;
    const note = (key: string, why: string) => void unsupported.push({ service: name, key, why });
    try {
      definitions.push(await definitionOf(name, service, { note, folder }));
    } catch (thrown) {
      problems.push(`${name}: ${messageOf(thrown)}`);
    }
  }
  if (problems.length === 0) return { definitions, unsupported };
  throw new ToolError(`Cannot import the Compose file; nothing was defined:\n- ${problems.join("\n- ")}`);
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  try {
    return parse(text, { merge: true, maxAliasCount: MOST_ALIASES, logLevel: "error" });
  } catch (thrown) {
    throw new ToolError(`Cannot import the Compose file: it is no YAML: ${messageOf(thrown).split("\n")[0]}`);
  }
}

function topLevelNotes(document: JsonObject): Unsupported[] {
  const notes: Unsupported[] = [];
  for (const [key, value] of Object.entries(document)) {
    if (WITHOUT_EFFECT.has(key) || key.startsWith("x-")) continue;
    if (key !== "volumes" && key !== "networks") {
      notes.push({ key, why: "is not supported" });
      continue;
    }
    for (const [name, settings] of Object.entries(isObject(value) ? value : {})) {
      if (!isObject(settings) || Object.keys(settings).length === 0) continue;
      notes.push({ key: `${key}.${name}`, why: `${Object.keys(settings).join(", ")}: settings of it are not kept` });
    }
  }
  return notes;
}

async function definitionOf(name: string, service: unknown, context: FieldContext): Promise<ServiceDefinition> {
  if (!isServiceName(name)) {
    throw new ToolError(`found ${JSON.stringify(name)}, expected a name of 1 to 64 letters, digits, _ and -`);
  }
  if (!isObject(service)) throw new ToolError("found no mapping of fields");
  if (service["image"] === undefined) {
    throw new ToolError('it has no "image"; what is only built from a folder has to be built first, and named here');
  }
  const fields: Record<string, unknown> = { name };
  for (const [key, value] of Object.entries(service)) {
    if (key.startsWith("x-")) continue;
    const field = Object.hasOwn(COMPOSE_FIELDS, key) ? COMPOSE_FIELDS[key] : undefined;
    if (field === undefined) context.note(key, "is not supported");
    else Object.assign(fields, field(value, context));
  }
  return await readDefinition(fields);
}
