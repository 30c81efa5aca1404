/**
 * The three kinds of item in the registries: what is derived from a definition once, when it is registered.
 *
 * @module
 */
import { KernelError } from "./errors.ts";
import type { AnyPrompt, AnyResource, AnyTool } from "./plugin.ts";
import type { Entry } from "./registry.ts";
import { type CompiledSchema, compileSchema } from "./schema.ts";
import { type CompiledTemplate, compileTemplate, isTemplate } from "./uri_template.ts";

/** The schemas of a tool, compiled. */
export interface CompiledTool {
  readonly input: CompiledSchema;
  readonly output: CompiledSchema | undefined;
}
/** A registered tool. */
export type ToolEntry = Entry<AnyTool, CompiledTool>;

/** The URI of a resource, compiled. */
export interface CompiledResource {
  /** `undefined` for a resource with a fixed URI. */
  readonly template: CompiledTemplate | undefined;
}
/** A registered resource or template. */
export type ResourceEntry = Entry<AnyResource, CompiledResource>;

/** The schema of a prompt's arguments, compiled. */
export interface CompiledPrompt {
  readonly args: CompiledSchema | undefined;
}
/** A registered prompt. */
export type PromptEntry = Entry<AnyPrompt, CompiledPrompt>;

const NAME_REGEXP = /^[A-Za-z0-9_-]{1,64}$/;
const URI_REGEXP = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/** Tells whether a name is one that every client accepts for a tool or prompt: `^[A-Za-z0-9_-]{1,64}$`. */
export function isItemName(name: unknown): name is string {
  return typeof name === "string" && NAME_REGEXP.test(name);
}

function checkName(kind: string, name: string): void {
  if (isItemName(name)) return;
  throw new KernelError("NAME_INVALID", `Cannot register ${kind} "${name}": a name has 1 to 64 of A-Z a-z 0-9 _ -`);
}

/** Checks a tool and compiles its schemas. */
export function compileTool(name: string, tool: AnyTool): CompiledTool {
  checkName("tool", name);
  return {
    input: compileSchema(tool.input, { what: `input of tool "${name}"`, direction: "input" }),
    output: tool.output === undefined
      ? undefined
      : compileSchema(tool.output, { what: `output of tool "${name}"`, direction: "output" }),
  };
}

/** Checks a resource and compiles its URI when it is a template. */
export function compileResource(uri: string, resource: AnyResource): CompiledResource {
  if (!URI_REGEXP.test(uri)) {
    throw new KernelError(
      "NAME_INVALID",
      `Cannot register resource "${resource.name}": "${uri}" is not an absolute URI`,
    );
  }
  return { template: isTemplate(uri) ? compileTemplate(uri) : undefined };
}

/** Checks a prompt and compiles the schema of its arguments. */
export function compilePrompt(name: string, prompt: AnyPrompt): CompiledPrompt {
  checkName("prompt", name);
  const what = `arguments of prompt "${name}"`;
  return { args: prompt.args === undefined ? undefined : compileSchema(prompt.args, { what, direction: "input" }) };
}
