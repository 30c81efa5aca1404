/**
 * Checks the arguments of steps against the schemas of the tools, as far as they are written out: a reference fits
 * anything, and a text with references in it fits where a text does.
 *
 * @module
 */
import { type CompiledSchema, compileSchema, isObject, type Issue } from "../../../kernel/mod.ts";
import type { ToolStep } from "../definition.ts";
import type { Path, Problems } from "../problems.ts";
import { type FoundReference, Template } from "../references/template.ts";
import { hasKeyword } from "./schemas.ts";
import type { KnownTool, KnownTools } from "./tools.ts";

/** With these, a value that is not known decides on what the rest must be. */
const DECIDING: readonly string[] = ["if", "unevaluatedProperties", "unevaluatedItems"];
/** What is wrong with an object or list whatever the values in it are. */
const ABOUT_KEYS_REGEXP = /^(?:unknown key |the key )/;
const NO_TEXT_REGEXP = /^expected (?:(?:integer|number|boolean|object|array|null)(?: or |, ))+found /;
const NO_CONTAINER_REGEXP = /^expected (?:(?:integer|number|boolean|string|null)(?: or |, ))+found (?:object|array)$/;

/** Checks steps that call tools. */
export class ArgumentChecker {
  readonly #tools: KnownTools;
  readonly #problems: Problems;
  readonly #schemas = new Map<string, CompiledSchema | undefined>();

  constructor(tools: KnownTools, problems: Problems) {
    this.#tools = tools;
    this.#problems = problems;
  }

  /** Checks that there is the tool of a step, and that it takes the step's arguments. */
  async check({ tool: name, args, path }: ToolStep): Promise<void> {
    // that it is no text was told
    if (name === "") return;
    const tool = this.#tools.get(name);
    if (tool === undefined) return this.#tellUnknown(name, path);
    const schema = this.#schemaOf(name, tool);
    const { references: holes, faults } = Template.parse(args, []);
    // what cannot be read was told
    if (faults.length > 0) return;
    if (schema === undefined || holes.length > 0 && hasKeyword(tool.inputSchema, DECIDING)) return;
    const parsed = await schema.parse(literal(args));
    if (parsed.ok) return;
    for (const issue of parsed.issues) {
      if (!holes.every((hole) => countsBeside(issue, hole))) continue;
      this.#problems.error([...path, "args", ...issue.path], { message: issue.message, fix: fixOf(issue, name) });
    }
  }

  #tellUnknown(name: string, path: Path): void {
    const message = `there is no tool ${JSON.stringify(name.slice(0, 80))}${
      this.#problems.suggest(name, this.#tools.names())
    }`;
    this.#problems.error([...path, "tool"], { message, fix: "search_tools finds the tools that there are" });
  }

  #schemaOf(name: string, { inputSchema }: KnownTool): CompiledSchema | undefined {
    if (!this.#schemas.has(name)) this.#schemas.set(name, inputSchema && compile(inputSchema, name));
    return this.#schemas.get(name);
  }
}

// the tool itself tells what is wrong with its schema
function compile(schema: NonNullable<KnownTool["inputSchema"]>, name: string): CompiledSchema | undefined {
  try {
    return compileSchema(schema, { what: `input of tool "${name}"` });
  } catch {
    return undefined;
  }
}

/** Tells whether an issue is one whatever a reference gives. */
function countsBeside({ path, message }: Issue, { path: at, isWhole }: FoundReference): boolean {
  const isAround = path.every((key, index) => key === at[index]);
  const isWithin = at.every((key, index) => key === path[index]);
  if (isAround && isWithin) return !isWhole && NO_TEXT_REGEXP.test(message);
  if (isAround) return ABOUT_KEYS_REGEXP.test(message) || NO_CONTAINER_REGEXP.test(message);
  return !isWithin;
}

function fixOf({ message, path }: Issue, tool: string): string {
  if (message.startsWith("missing")) return `add ${JSON.stringify(path.at(-1))}, as a value or a reference`;
  if (ABOUT_KEYS_REGEXP.test(message)) return `leave it out, or see what "${tool}" takes`;
  return "write a value that fits, or a reference to one";
}

const NO_VALUES: ReadonlyMap<string, unknown> = new Map();

/** Gives arguments as the tool gets them, with texts that have references as they are written. */
function literal(value: unknown): unknown {
  if (typeof value === "string") {
    const template = Template.parse(value, []);
    return template.references.length > 0 ? value : template.fill(NO_VALUES);
  }
  if (Array.isArray(value)) return value.map(literal);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, literal(item)]));
}
