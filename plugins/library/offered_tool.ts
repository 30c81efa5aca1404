/**
 * A made tool in the kernel's registry.
 *
 * @module
 */
import {
  type Call,
  compileSchema,
  type JsonObject,
  type JsonSchema,
  type Registration,
  type ToolDefinition,
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
      await this.#disposeIfIdle();
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

/** One made tool that clients can call; `offer` replaces it in place, so that its name is never free. */
export class OfferedTool {
  readonly name: string;
  readonly #registration: Registration<MadeDefinition>;
  #running: Running;

  /** @throws {KernelError} `NAME_TAKEN` or `SCHEMA_INVALID`. */
  constructor(manifest: Manifest, { tool, register }: { readonly tool: LoadedTool; readonly register: Register }) {
    this.name = manifest.name;
    this.#running = new Running(tool, manifest);
    this.#registration = register(definitionOf(manifest, this.#running));
  }

  /** @throws {KernelError} `SCHEMA_INVALID`; the tool is as it was then. */
  async replace(manifest: Manifest, tool: LoadedTool): Promise<void> {
    const before = this.#running;
    const running = new Running(tool, manifest);
    this.#registration.update(definitionOf(manifest, running));
    this.#running = running;
    await before.retire();
  }

  async dispose(): Promise<void> {
    await this.#registration.dispose();
    await this.#running.retire();
  }
}

/**
 * Checks what a manifest says to clients.
 *
 * @throws {KernelError} `SCHEMA_INVALID` naming the place.
 */
export function checkSchemas({ name, input_schema: input, output_schema: output }: ManifestDraft): void {
  compileSchema(inputOf(input), { what: `input of tool "${name}"`, direction: "input" });
  if (output !== undefined) {
    compileSchema(output as JsonSchema, { what: `output of tool "${name}"`, direction: "output" });
  }
}

// a tool that says nothing of its arguments takes any
function inputOf(schema: unknown): JsonSchema {
  return (schema ?? { type: "object" }) as JsonSchema;
}

function definitionOf(manifest: Manifest, running: Running): MadeDefinition {
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
    run: (args: JsonObject, call: Call) => running.call(args, call),
  };
  return definition as MadeDefinition;
}
