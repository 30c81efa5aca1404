/**
 * A made tool in the kernel's registry.
 *
 * @module
 */
import {
  type Call,
  type CompiledSchema,
  compileSchema,
  formatIssues,
  type JsonObject,
  type JsonSchema,
  type Registration,
  type ToolDefinition,
  ToolError,
  type ToolResult,
} from "../../kernel/mod.ts";
import type { LoadedTool, Manifest, ManifestDraft } from "./contract.ts";
import { readAnnotations } from "./manifest.ts";
import { toResult } from "./result.ts";

export type MadeDefinition = ToolDefinition<JsonSchema, JsonSchema | undefined>;
/** Registers a tool with the kernel. */
export type Register = (definition: MadeDefinition) => Registration<MadeDefinition>;

/** A loaded tool, and the calls of it that are in flight: it is disposed of when the last has ended. */
class Running {
  readonly #tool: LoadedTool;
  readonly #hasOutputSchema: boolean;
  #calls = 0;
  #isRetired = false;

  constructor(tool: LoadedTool, manifest: Manifest) {
    this.#tool = tool;
    this.#hasOutputSchema = manifest.output_schema !== undefined;
  }

  async call(args: JsonObject, call: Call): Promise<ToolResult> {
    this.#calls++;
    try {
      return toResult(await this.#tool.run(args, call), this.#hasOutputSchema);
    } finally {
      this.#calls--;
      if (this.#isRetired) await this.#disposeIfIdle();
    }
  }

  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.#disposeIfIdle();
  }

  async #disposeIfIdle(): Promise<void> {
    if (this.#isRetired && this.#calls === 0) await this.#tool.dispose?.();
  }
}

/** What the calls of one definition run. */
interface Served {
  running: Running;
}

/** One made tool that clients can call; `offer` replaces it in place, so that its name is never free. */
export class OfferedTool {
  readonly name: string;
  readonly #registration: Registration<MadeDefinition>;
  #served: Served;
  /** What clients see of it. */
  #listed: string;

  /** @throws {KernelError} `NAME_TAKEN` or `SCHEMA_INVALID`. */
  constructor(manifest: Manifest, { tool, register }: { readonly tool: LoadedTool; readonly register: Register }) {
    this.name = manifest.name;
    this.#served = { running: new Running(tool, manifest) };
    const definition = definitionOf(manifest, this.#served);
    this.#registration = register(definition);
    this.#listed = JSON.stringify(definition);
  }

  /**
   * Tells clients only where their lists change, and gives whether they do.
   *
   * @throws {KernelError} `SCHEMA_INVALID`; the tool is as it was then.
   */
  async replace(manifest: Manifest, tool: LoadedTool): Promise<boolean> {
    const { running: before } = this.#served;
    const served = { running: new Running(tool, manifest) };
    const definition = definitionOf(manifest, served);
    const listed = JSON.stringify(definition);
    const isListedAnew = listed !== this.#listed;
    if (isListedAnew) {
      this.#registration.update(definition);
      this.#served = served;
      this.#listed = listed;
    } else this.#served.running = served.running;
    await before.retire();
    return isListedAnew;
  }

  async dispose(): Promise<void> {
    await this.#registration.dispose();
    await this.#served.running.retire();
  }
}

/**
 * A loaded tool that is not in the registry, such as one that is not saved yet: a call of it is checked as the kernel
 * checks those of others.
 */
export class UnlistedTool {
  readonly #name: string;
  readonly #schemas: Schemas;
  readonly #running: Running;

  /** @throws {KernelError} `SCHEMA_INVALID` naming the place. */
  constructor(manifest: Manifest, tool: LoadedTool) {
    this.#name = manifest.name;
    this.#schemas = compileSchemas(manifest);
    this.#running = new Running(tool, manifest);
  }

  /** @throws {ToolError} when the arguments, or the result, do not fit their schemas, or the tool fails. */
  async call(args: unknown, call: Call): Promise<ToolResult> {
    const { input, output } = this.#schemas;
    const parsed = await input.parse(args);
    if (!parsed.ok) {
      throw new ToolError(`Invalid arguments for tool "${this.#name}": ${formatIssues(parsed.issues)}`);
    }
    const nested = call.derive({ path: [...call.path, this.#name] });
    const result = await this.#running.call(parsed.value as JsonObject, nested);
    if (output === undefined || result.isError) return result;
    const checked = await output.parse(result.structuredContent);
    if (checked.ok) return result;
    throw new ToolError(
      `Tool "${this.#name}" gave a result that does not match its output schema: ${formatIssues(checked.issues)}`,
    );
  }

  async dispose(): Promise<void> {
    await this.#running.retire();
  }
}

interface Schemas {
  readonly input: CompiledSchema;
  readonly output: CompiledSchema | undefined;
}

/**
 * Checks what a manifest says to clients.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place.
 */
export function checkSchemas(manifest: ManifestDraft): void {
  compileSchemas(manifest);
}

function compileSchemas({ name, input_schema: input, output_schema: output }: ManifestDraft): Schemas {
  return {
    input: compileSchema(inputOf(input), { what: `input of tool "${name}"`, direction: "input" }),
    output: output === undefined
      ? undefined
      : compileSchema(output as JsonSchema, { what: `output of tool "${name}"`, direction: "output" }),
  };
}

// a tool that says nothing of its arguments takes any
function inputOf(schema: unknown): JsonSchema {
  return (schema ?? { type: "object" }) as JsonSchema;
}

function definitionOf(manifest: Manifest, served: Served): MadeDefinition {
  const { name, description, version, owner, tool_type: kind, execution, output_schema: output } = manifest;
  // every field is there, so that an update leaves nothing of the definition before
  const definition = {
    name,
    description,
    input: inputOf(manifest.input_schema),
    output: output as JsonSchema | undefined,
    annotations: readAnnotations(manifest.annotations),
    execution,
    meta: { kind, version, ...(owner !== undefined && { owner }) },
    run: (args: JsonObject, call: Call) => served.running.call(args, call),
  };
  return definition as MadeDefinition;
}
