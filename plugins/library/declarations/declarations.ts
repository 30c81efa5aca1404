/**
 * Declares tools in TypeScript, from the JSON Schemas that check their arguments and results.
 *
 * @module
 */
import type { JsonObject, ToolSummary } from "../../../kernel/mod.ts";
import { JAVASCRIPT_RESERVED, placeTools, type ToolInCode } from "./code_names.ts";
import { typeOfSchema } from "./schema_type.ts";
import { ANY_JSON, commentText, docComment, firstSentence, JSON_DECLARATION, memberName, textOf } from "./type_text.ts";

/** How much declarations say of a tool: its name and first sentence, its types as well, or all that is written of both. */
export const DETAILS = ["names", "signatures", "full"] as const;
/** One of {@linkcode DETAILS}. */
export type Detail = typeof DETAILS[number];

/** What is known of a tool that is declared. */
export type DeclaredTool = Pick<
  ToolSummary,
  "name" | "title" | "description" | "inputSchema" | "outputSchema" | "meta"
>;

/** How tools are declared. */
export interface DeclareOptions {
  readonly detail: Detail;
  /** All tools there are, as they are listed, since others decide on names as well; those that are declared by default. */
  readonly all?: readonly Pick<ToolSummary, "name" | "meta">[];
  /** Whether every name of a tool is declared, as a compiler needs it, and not the shortest alone; `false` by default. */
  readonly isWhole?: boolean;
}

const LONGEST_SENTENCE = 160;
const LONGEST_PARAGRAPH = 1_000;
/** Characters of the types of one tool. */
const LONGEST: Readonly<Record<Exclude<Detail, "names">, number>> = { signatures: 4_000, full: 16_000 };
const DEPTHS = [12, 5, 3, 2, 1];

/**
 * Declares tools, as code sees them: `declare function` for each that is a global, and `declare const tools` for others.
 * The text is TypeScript whatever schemas and descriptions say, at most some thousand characters a tool.
 */
export function declareTools(tools: readonly DeclaredTool[], options: DeclareOptions): string {
  const { detail, all = tools, isWhole = false } = options;
  const places = new Map(placeTools(all, { reserved: JAVASCRIPT_RESERVED }).map((it) => [it.name, it]));
  // one that is gone meanwhile has its name alone
  const placed = tools.map((tool) => ({ tool, place: places.get(tool.name) ?? { name: tool.name } }));
  if (detail === "names") return placed.map(nameLine).join("\n");
  const members = new Members();
  const functions: string[] = [];
  const aliases = new Map<string, string>();
  for (const { tool, place } of placed) {
    const written = writeTool(tool, { detail, taken: aliases });
    for (const [name, text] of written.aliases) aliases.set(name, text);
    const { identifier, member } = place;
    const isGlobal = identifier !== undefined && (isWhole || member === undefined);
    if (isGlobal) functions.push(declared(`declare function ${identifier}`, written, ""));
    const use = isGlobal ? { ...written, reference: `typeof ${identifier}` } : written;
    if (member !== undefined) members.add(place, use);
    if (isWhole || (!isGlobal && member === undefined)) members.add({ name: place.name }, use);
    // a tool is found by its global as well, where no other has that name
    if (isWhole && identifier !== undefined && !places.has(identifier)) members.add({ name: identifier }, use);
  }
  const parts = [...aliases.values(), ...functions, ...members.write(isWhole)];
  const text = parts.join("\n");
  return new RegExp(`\\b${ANY_JSON}\\b`).test(text) ? `${JSON_DECLARATION}\n${text}` : text;
}

function nameLine({ tool, place }: { readonly tool: DeclaredTool; readonly place: ToolInCode }): string {
  const sentence = firstSentence(tool.description, LONGEST_SENTENCE);
  return `// ${expressionOf(place)}${sentence === "" ? "" : `: ${sentence}`}`;
}

/** Writes how code reaches a tool, in its shortest form. */
function expressionOf({ name, identifier, namespace, member }: ToolInCode): string {
  if (namespace !== undefined && member !== undefined) return `tools${access(namespace)}${access(member)}`;
  return identifier ?? `tools${access(name)}`;
}

function access(name: string): string {
  const member = memberName(name);
  return member === name ? `.${name}` : `[${member}]`;
}

interface WrittenTool {
  /** From the parameters on. */
  readonly signature: string;
  /** Comment before it, or behind it on the same line. */
  readonly comment: string;
  readonly isFull: boolean;
  /** Whole declarations by name. */
  readonly aliases: ReadonlyMap<string, string>;
}

function declared(head: string, { signature, comment, isFull }: WrittenTool, indent: string): string {
  if (!isFull) return `${indent}${head}${signature};${comment === "" ? "" : ` // ${comment}`}`;
  const lines = `${head}${signature};`.split("\n").map((it) => indent + it).join("\n");
  return `${comment.split("\n").filter((it) => it !== "").map((it) => `${indent}${it}\n`).join("")}${lines}`;
}

type TakenNames = Pick<ReadonlySet<string>, "has">;

/** How one tool is written. */
interface WriteOptions {
  readonly detail: Exclude<Detail, "names">;
  /** Names of types that other tools have. */
  readonly taken: TakenNames;
}

function writeTool(tool: DeclaredTool, { detail, taken }: WriteOptions): WrittenTool {
  const isFull = detail === "full";
  const comment = isFull ? docComment(paragraphsOf(tool), "") : firstSentence(tool.description, LONGEST_SENTENCE);
  for (const depth of DEPTHS) {
    const written = writeTypes(tool, { isFull, depth, taken });
    const length = written.signature.length + [...written.aliases.values()].join("").length;
    if (length <= LONGEST[detail]) return { ...written, comment, isFull };
  }
  const signature = `(args?: { [key: string]: ${ANY_JSON} }): Promise<${ANY_JSON}>`;
  return { signature, comment, isFull, aliases: new Map() };
}

function writeTypes(
  { name, inputSchema, outputSchema }: DeclaredTool,
  { taken, ...options }: { readonly isFull: boolean; readonly depth: number; readonly taken: TakenNames },
): Pick<WrittenTool, "signature" | "aliases"> {
  const aliases = new AliasNames(name, taken);
  const args = typeOfSchema(inputSchema, { ...options, nameFor: (it) => aliases.of(it, "Args") });
  const result = outputSchema && typeOfSchema(outputSchema, { ...options, nameFor: (it) => aliases.of(it, "Result") });
  const parameter = `${isOptional(inputSchema) ? "args?" : "args"}: ${textOf(args.type)}`;
  return {
    signature: `(${parameter}): Promise<${textOf(result?.type)}>`,
    aliases: new Map([...args.aliases, ...result?.aliases ?? []]),
  };
}

function isOptional(schema: JsonObject): boolean {
  const { required } = schema;
  const isFree = !Array.isArray(required) || required.length === 0;
  return isFree && ["$ref", "allOf", "anyOf", "oneOf"].every((it) => schema[it] === undefined);
}

function paragraphsOf({ description, title }: DeclaredTool): readonly string[] {
  const paragraphs = [...(title === undefined ? [] : [title]), ...description.split(/\n\s*\n/)];
  let left = LONGEST_PARAGRAPH;
  const lines: string[] = [];
  for (const paragraph of paragraphs) {
    const line = left > 0 ? commentText(paragraph, left) : "";
    left -= line.length;
    if (line !== "") lines.push(line);
  }
  return lines;
}

/** Names the types of one tool. No type of the language has an underscore. */
class AliasNames {
  readonly #tool: string;
  readonly #taken: TakenNames;
  readonly #names = new Map<string, string>();

  constructor(tool: string, taken: TakenNames) {
    this.#tool = tool.replaceAll(/\W/g, "_");
    this.#taken = taken;
  }

  of(reference: string, what: string): string {
    const key = `${what} ${reference}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const last = reference.split("/").at(-1)!.replaceAll(/\W+/g, "_").slice(0, 40);
    const wanted = `${/^\d/.test(this.#tool) ? "_" : ""}${this.#tool}_${last === "" || last === "_" ? what : last}`;
    const own = new Set(this.#names.values());
    let name = wanted;
    for (let i = 2; own.has(name) || this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#names.set(key, name);
    return name;
  }
}

/** A tool as member: `reference` is its type where that has been declared. */
type MemberTool = WrittenTool & { readonly reference?: string };

/** Collects what is found on `tools`. */
class Members {
  readonly #own = new Map<string, MemberTool>();
  readonly #namespaces = new Map<string, Map<string, MemberTool>>();

  add({ name, namespace, member }: ToolInCode, tool: MemberTool): void {
    if (namespace === undefined || member === undefined) {
      this.#own.set(name, tool);
      return;
    }
    const members = this.#namespaces.get(namespace) ?? new Map<string, MemberTool>();
    this.#namespaces.set(namespace, members.set(member, tool));
  }

  write(isWhole: boolean): readonly string[] {
    const own = [...this.#own].filter(([name]) => !this.#namespaces.has(name)).map((it) => memberText(it, "  "));
    const nested = [...this.#namespaces].map(([name, members]) => {
      // a tool that is called as a namespace is that function, with members
      const itself = this.#own.get(name);
      const lines = [
        ...(itself === undefined ? [] : [declared("", itself, "    ")]),
        ...[...members].map((it) => memberText(it, "    ")),
      ];
      return `  ${memberName(name)}: {\n${lines.join("\n")}\n  };`;
    });
    const members = [...own, ...nested];
    return members.length === 0 && !isWhole ? [] : [`declare const tools: {\n${members.join("\n")}\n};`];
  }
}

function memberText([name, tool]: readonly [string, MemberTool], indent: string): string {
  const { reference } = tool;
  return reference === undefined
    ? declared(memberName(name), tool, indent)
    : `${indent}${memberName(name)}: ${reference};`;
}
