/**
 * {@linkcode ToolDeclaration}: one tool that a skill declares.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf, type ToolAnnotations } from "../../../kernel/mod.ts";
import { SkillValueError } from "../catalog/errors.ts";
import { CheckedFields, requireName } from "./checked_fields.ts";
import { isSameJson, objectField, textField, textsField, withoutEmpty } from "./json_fields.ts";

/** Whether a call of a tool answers when it is done, or at once with a task. */
export type ToolExecution = "sync" | "async";

/** Which thread of its application a tool has to run on. */
export type ThreadAffinity = "any" | "main";

/** Tools that may be worth calling next. */
export interface NextTools {
  readonly onSuccess: readonly string[];
  readonly onFailure: readonly string[];
}

/** Hints on a declared tool, as they reach a client. */
export interface DeclaredAnnotations extends ToolAnnotations {
  /** Whether it stands for something that is not loaded yet. */
  readonly deferredHint?: boolean;
}

/** What a {@linkcode ToolDeclaration} is made of; all but the name has a default. */
export interface ToolDeclarationFields {
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema of type object, or the JSON text of one. */
  readonly inputSchema?: string | JsonObject | null | undefined;
  readonly outputSchema?: string | JsonObject | null | undefined;
  readonly readOnly?: boolean;
  readonly destructive?: boolean;
  readonly idempotent?: boolean;
  readonly deferLoading?: boolean;
  readonly sourceFile?: string;
  readonly group?: string;
  readonly execution?: ToolExecution;
  readonly timeoutHintSecs?: number | undefined;
  readonly threadAffinity?: ThreadAffinity;
  readonly nextTools?: NextTools | undefined;
  readonly annotations?: DeclaredAnnotations | undefined;
  readonly requiredCapabilities?: readonly string[];
  readonly searchAliases?: readonly string[];
  readonly protocol?: number | undefined;
  readonly extra?: JsonObject;
}

/** The hints by their names in JSON. */
const HINTS = {
  title: "title",
  read_only_hint: "readOnlyHint",
  destructive_hint: "destructiveHint",
  idempotent_hint: "idempotentHint",
  open_world_hint: "openWorldHint",
  deferred_hint: "deferredHint",
} as const;

/** Keys of {@linkcode ToolDeclaration.toJSON}; all others are `extra`. */
const KEYS: ReadonlySet<string> = new Set([
  "name",
  "description",
  "input_schema",
  "output_schema",
  "read_only",
  "destructive",
  "idempotent",
  "defer_loading",
  "source_file",
  "group",
  "execution",
  "timeout_hint_secs",
  "thread_affinity",
  "next_tools",
  "annotations",
  "required_capabilities",
  "search_aliases",
  "protocol",
]);

/**
 * One tool that a skill declares. Every field can be written; the constructor checks what it is given.
 *
 * @example Give a schema as JSON text
 * ```ts
 * import { ToolDeclaration } from "collet/skills";
 *
 * const tool = new ToolDeclaration({
 *   name: "create_sphere",
 *   inputSchema: '{"type":"object","properties":{"radius":{"type":"number"}}}',
 *   sourceFile: "scripts/create_sphere.py",
 * });
 * if (tool.inputSchema?.type !== "object") throw new Error("unexpected");
 * if (!tool.equals(ToolDeclaration.fromJSON(tool.toJSON()))) throw new Error("unexpected");
 * ```
 */
export class ToolDeclaration {
  /** Names the tool within its skill. */
  name: string;
  description: string;
  inputSchema: JsonObject | undefined;
  outputSchema: JsonObject | undefined;
  /** Whether it only reads. */
  readOnly: boolean;
  destructive: boolean;
  /** Whether calling it again with the same arguments changes nothing more. */
  idempotent: boolean;
  deferLoading: boolean;
  /** Path of its script, relative to the skill; empty where it is found by its name. */
  sourceFile: string;
  /** Name of its group; empty when it belongs to none, and is always there. */
  group: string;
  execution: ToolExecution;
  /** Seconds that a call may be expected to take. */
  timeoutHintSecs: number | undefined;
  threadAffinity: ThreadAffinity;
  nextTools: NextTools | undefined;
  annotations: DeclaredAnnotations | undefined;
  /** What its application must be able to do, such as `scene.mutate`. */
  requiredCapabilities: string[];
  /** Other words to find it by. */
  searchAliases: string[];
  /** Revision of the script protocol that its script speaks; absent when it takes arguments as skills do. */
  protocol: number | undefined;
  /** Other keys of its declaration, as they were written. */
  extra: JsonObject;

  /**
   * @throws {TypeError} without a name, and for a field of another type.
   * @throws {SkillValueError} `SCHEMA_INVALID` for a schema that is neither an object nor the JSON text of one,
   * `ARGUMENT_INVALID` for an `execution` or `threadAffinity` that does not exist.
   */
  constructor(fields: ToolDeclarationFields) {
    this.name = requireName(fields?.name, "declare a tool");
    const given = new CheckedFields(fields, `declare tool "${this.name}"`);
    this.description = given.text("description");
    this.inputSchema = readSchema(fields.inputSchema, `input schema of tool "${this.name}"`);
    this.outputSchema = readSchema(fields.outputSchema, `output schema of tool "${this.name}"`);
    this.readOnly = given.flag("readOnly");
    this.destructive = given.flag("destructive");
    this.idempotent = given.flag("idempotent");
    this.deferLoading = given.flag("deferLoading");
    this.sourceFile = given.text("sourceFile");
    this.group = given.text("group");
    this.execution = requireOneOf(fields.execution ?? "sync", ["sync", "async"], "execution");
    this.timeoutHintSecs = given.count("timeoutHintSecs");
    this.threadAffinity = requireOneOf(fields.threadAffinity ?? "any", ["any", "main"], "thread affinity");
    this.nextTools = given.object("nextTools");
    this.annotations = given.object("annotations");
    this.requiredCapabilities = given.texts("requiredCapabilities");
    this.searchAliases = given.texts("searchAliases");
    this.protocol = given.count("protocol");
    this.extra = given.object("extra") ?? {};
  }

  /** The input schema as JSON text; `undefined` without one. */
  get inputSchemaJson(): string | undefined {
    return this.inputSchema && JSON.stringify(this.inputSchema);
  }

  /** The output schema as JSON text; `undefined` without one. */
  get outputSchemaJson(): string | undefined {
    return this.outputSchema && JSON.stringify(this.outputSchema);
  }

  /** Tells whether another declaration says the same. */
  equals(other: ToolDeclaration): boolean {
    return isSameJson(this.toJSON(), other.toJSON());
  }

  /** Gives all fields as JSON, keys in snake_case; beyond the common ones only those that say something. */
  toJSON(): JsonObject {
    return {
      ...this.extra,
      name: this.name,
      description: this.description,
      input_schema: this.inputSchema ?? null,
      output_schema: this.outputSchema ?? null,
      read_only: this.readOnly,
      destructive: this.destructive,
      idempotent: this.idempotent,
      defer_loading: this.deferLoading,
      source_file: this.sourceFile,
      ...withoutEmpty({
        group: this.group,
        execution: this.execution === "sync" ? "" : this.execution,
        timeout_hint_secs: this.timeoutHintSecs,
        thread_affinity: this.threadAffinity === "any" ? "" : this.threadAffinity,
        next_tools: this.nextTools && nextToolsToJson(this.nextTools),
        annotations: this.annotations && annotationsToJson(this.annotations),
        required_capabilities: this.requiredCapabilities,
        search_aliases: this.searchAliases,
        protocol: this.protocol,
      }),
    };
  }

  /**
   * Makes a declaration of what {@linkcode ToolDeclaration.toJSON} gave.
   *
   * @throws as the constructor does.
   */
  static fromJSON(json: JsonObject): ToolDeclaration {
    const nextTools = objectField(json, "next_tools");
    const annotations = objectField(json, "annotations");
    return new ToolDeclaration({
      name: json["name"] as string,
      description: textField(json, "description"),
      inputSchema: json["input_schema"] as JsonObject | undefined,
      outputSchema: json["output_schema"] as JsonObject | undefined,
      readOnly: json["read_only"] === true,
      destructive: json["destructive"] === true,
      idempotent: json["idempotent"] === true,
      deferLoading: json["defer_loading"] === true,
      sourceFile: textField(json, "source_file"),
      group: textField(json, "group"),
      execution: textField(json, "execution", "sync") as ToolExecution,
      timeoutHintSecs: numberField(json, "timeout_hint_secs"),
      threadAffinity: textField(json, "thread_affinity", "any") as ThreadAffinity,
      nextTools: nextTools && nextToolsFromJson(nextTools),
      annotations: annotations && annotationsFromJson(annotations),
      requiredCapabilities: textsField(json, "required_capabilities"),
      searchAliases: textsField(json, "search_aliases"),
      protocol: numberField(json, "protocol"),
      extra: extraOf(json),
    });
  }

  /** Gives `ToolDeclaration(name="…")`. */
  toString(): string {
    return `ToolDeclaration(name=${JSON.stringify(this.name)})`;
  }
}

function requireOneOf<T extends string>(value: string, choices: readonly T[], what: string): T {
  const found = choices.find((it) => it === value);
  if (found !== undefined) return found;
  const wanted = choices.map((it) => `"${it}"`).join(" or ");
  throw new SkillValueError(
    "ARGUMENT_INVALID",
    `Cannot declare a tool: the ${what} is ${JSON.stringify(value)}, and ${wanted} is wanted`,
  );
}

function readSchema(schema: string | JsonObject | null | undefined, what: string): JsonObject | undefined {
  if (schema === undefined || schema === null) return undefined;
  const value = typeof schema === "string" ? parseJson(schema, what) : schema;
  if (isObject(value)) return value;
  throw new SkillValueError("SCHEMA_INVALID", `Cannot use the ${what}: it is no JSON object`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SkillValueError("SCHEMA_INVALID", `Cannot use the ${what}: it is not JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function numberField(json: JsonObject, key: string): number | undefined {
  const value = json[key];
  return typeof value === "number" ? value : undefined;
}

// most declarations have no other keys, and an index holds many declarations
function extraOf(json: JsonObject): JsonObject {
  if (Object.keys(json).every((key) => KEYS.has(key))) return {};
  return Object.fromEntries(Object.entries(json).filter(([key]) => !KEYS.has(key)));
}

/** Gives next tools as JSON: `on_success` and `on_failure`, where there are any. */
export function nextToolsToJson({ onSuccess, onFailure }: NextTools): JsonObject {
  return withoutEmpty({ on_success: onSuccess, on_failure: onFailure });
}

/** Makes next tools of what {@linkcode nextToolsToJson} gave. */
export function nextToolsFromJson(json: JsonObject): NextTools {
  return { onSuccess: textsField(json, "on_success"), onFailure: textsField(json, "on_failure") };
}

function annotationsToJson(annotations: DeclaredAnnotations): JsonObject {
  return Object.fromEntries(
    Object.entries(HINTS).map(([key, hint]) => [key, annotations[hint]]).filter(([, value]) => value !== undefined),
  );
}

function annotationsFromJson(json: JsonObject): DeclaredAnnotations {
  return Object.fromEntries(
    Object.entries(HINTS).map(([key, hint]) => [hint, json[key]]).filter(([, value]) => value !== undefined),
  );
}
