/**
 * What `register_script` accepts, and the manifest and files that it makes of it.
 *
 * @module
 */
import * as v from "valibot";
import { ToolError } from "../../kernel/mod.ts";
import type { FileSet, ManifestDraft } from "../library/contract.ts";
import { findInterpreter, type Machine, readShebang, splitInterpreter } from "./interpreter.ts";
import { languageOf, UNKNOWN_EXTENSION } from "./languages.ts";

const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const EXTENSION_REGEXP = /^\.?([A-Za-z0-9]{1,16})$/;
const EXECUTABLE = 0o755;

const JsonSchema = v.record(v.string(), v.unknown());
const Texts = v.array(v.string());

function described<S extends v.GenericSchema>(schema: S, text: string) {
  return v.pipe(schema, v.description(text));
}

/** The parameters of `register_script`. */
export const Registration = v.strictObject({
  name: described(v.string(), "Name of the tool: 1 to 64 of A-Z a-z 0-9 _ -"),
  description: described(v.string(), "What the tool does and when to use it, for the model that will choose it"),
  code: described(v.string(), "The whole script"),
  interpreter: v.optional(described(
    v.string(),
    "Command that runs the script, without a shell: python3, node, deno, bash, ruby, perl, php, npx tsx, deno run -A, " +
      "or an absolute path. Without it the first line of the code names one, such as #!/usr/bin/env python3",
  )),
  extension: v.optional(
    described(v.string(), "Ending of the script's file, such as mjs; by the interpreter when left out"),
  ),
  input_schema: v.optional(described(JsonSchema, "JSON Schema of the arguments; its root is an object")),
  output_schema: v.optional(described(JsonSchema, "JSON Schema of the result, which is then checked")),
  annotations: v.optional(described(
    v.strictObject({
      title: v.optional(v.string()),
      readOnlyHint: v.optional(v.boolean()),
      destructiveHint: v.optional(v.boolean()),
      idempotentHint: v.optional(v.boolean()),
      openWorldHint: v.optional(v.boolean()),
    }),
    "Hints for clients",
  )),
  overwrite: v.optional(described(v.boolean(), "Replace a tool of that name; the version before is kept"), false),
  dependencies: v.optional(described(Texts, "Packages to install; not supported by this version"), []),
  requires_services: v.optional(described(Texts, "Services that must run; not supported by this version"), []),
  timeout_ms: v.optional(described(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LONGEST_TIMEOUT_MS)),
    "Ends a call after this many milliseconds; 300000 when left out",
  )),
  tags: v.optional(described(Texts, "Words by which the tool can be found")),
  examples: v.optional(described(
    v.array(v.strictObject({
      description: v.optional(v.string()),
      arguments: v.record(v.string(), v.unknown()),
      result: v.optional(v.unknown()),
    })),
    "Calls that show how the tool is used",
  )),
  protocol: v.optional(described(
    v.picklist([1, 2]),
    "Revision of the script protocol. 2: requests that fail are answered with JSON-RPC errors, and a result " +
      '{"content": […]} of MCP content is the answer itself',
  )),
});
export type Registration = v.InferOutput<typeof Registration>;

/** A script that can be saved. */
export interface PreparedScript {
  readonly manifest: ManifestDraft;
  readonly files: FileSet;
  /** The command that runs it, for people. */
  readonly command: string;
}

/**
 * Makes manifest and files of a registration.
 *
 * @throws {ToolError} saying what to change.
 */
export async function prepareScript(given: Registration, machine: Machine): Promise<PreparedScript> {
  const { name, code, interpreter } = given;
  const fail = (why: string) => new ToolError(`Cannot register "${name}": ${why}`);
  if (code.trim() === "") throw fail('"code" is empty');
  if (given.description.trim() === "") throw fail('"description" is empty; it is how a model chooses the tool');
  refuseUnsupported(given, fail);
  const command = interpreter?.trim() || readShebang(code);
  if (command === undefined) {
    throw fail('there is no "interpreter", and the first line of the code names none, such as #!/usr/bin/env python3');
  }
  await findInterpreter(command, machine);
  const language = languageOf(splitInterpreter(command));
  const file = `${name}.${readExtension(given.extension, fail) ?? language?.extension ?? UNKNOWN_EXTENSION}`;
  return {
    manifest: withoutUndefined({
      name,
      description: given.description,
      tool_type: "script",
      entry_file: file,
      interpreter: interpreter?.trim() || undefined,
      input_schema: given.input_schema ?? { type: "object", properties: {} },
      output_schema: given.output_schema,
      annotations: given.annotations,
      language: language?.name,
      tags: given.tags,
      examples: given.examples,
      protocol: given.protocol,
      grants: given.timeout_ms === undefined ? undefined : { timeout_ms: given.timeout_ms },
    }),
    files: { [file]: { data: code, mode: EXECUTABLE } },
    command,
  };
}

function refuseUnsupported(
  { dependencies, requires_services: services }: Registration,
  fail: (why: string) => ToolError,
) {
  if (dependencies.length > 0) {
    throw fail(
      `dependencies (${
        dependencies.join(", ")
      }) are not supported in this version; use what comes with the language, ` +
        "or what is installed on this machine, and leave them out",
    );
  }
  if (services.length > 0) {
    throw fail(
      `required services (${services.join(", ")}) are not supported in this version; start them yourself, pass their ` +
        "addresses as arguments, and leave them out",
    );
  }
}

function readExtension(extension: string | undefined, fail: (why: string) => ToolError): string | undefined {
  if (extension === undefined || extension === "") return undefined;
  const [, letters] = EXTENSION_REGEXP.exec(extension) ?? [];
  if (letters === undefined) {
    throw fail(`"extension" is ${JSON.stringify(extension)}, expected 1 to 16 letters or digits`);
  }
  return letters;
}

// what a schema leaves out is `undefined` in its output type, and absent in its value
function withoutUndefined(draft: { readonly [K in keyof ManifestDraft]: unknown }): ManifestDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as ManifestDraft;
}
