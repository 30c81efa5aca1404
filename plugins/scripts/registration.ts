/**
 * From what `register_script` was given to a manifest and files.
 *
 * @module
 */
import { type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { FileSet, ManifestDraft, ToolExample } from "../library/contract.ts";
import type { Services } from "../services/contract.ts";
import { findInterpreter, type Machine, readShebang, splitInterpreter } from "./interpreter.ts";
import { languageOf, readsWholeInput, UNKNOWN_EXTENSION } from "./languages.ts";
import type { ScriptPackages } from "./packages.ts";
import type { ScriptGrants } from "./script_grants.ts";

const EXTENSION_REGEXP = /^\.?([A-Za-z0-9]{1,16})$/;
const EXECUTABLE = 0o755;
const READS_ALL =
  "a persistent script is sent one request after another, and this one reads stdin to its end; read a " +
  'line for each call, or leave out "persistent"';

/** What `register_script` was given. */
export interface Registration {
  readonly name: string;
  readonly description: string;
  /** The whole script. */
  readonly code: string;
  readonly interpreter?: string | undefined;
  /** Ending of the script's file, with or without the dot. */
  readonly extension?: string | undefined;
  readonly input_schema?: JsonObject | undefined;
  readonly output_schema?: JsonObject | undefined;
  readonly annotations?: JsonObject | undefined;
  readonly dependencies: readonly string[];
  readonly requires_services: readonly string[];
  readonly timeout_ms?: number | undefined;
  readonly grants?: JsonObject | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly examples?: readonly ToolExample[] | undefined;
  readonly protocol?: 1 | 2 | undefined;
  readonly persistent?: boolean | undefined;
}

/** A script that can be saved. */
export interface PreparedScript {
  readonly manifest: ManifestDraft;
  readonly files: FileSet;
  /** The command that runs it, for people. */
  readonly command: string;
  /** What has to be installed for it, from the parameter and from its source. */
  readonly packages: readonly string[];
  /** Services that it requires and that are not defined yet. */
  readonly missingServices: readonly string[];
}

/** What registrations are checked with. */
export interface RegistrationOptions {
  readonly machine: Machine;
  readonly packages: ScriptPackages;
  readonly grants: ScriptGrants;
  /** What starts services, if there is such a thing. */
  readonly services: Services | undefined;
}

/**
 * Makes manifest and files of a registration.
 *
 * @throws {ToolError} saying what to change.
 */
export async function prepareScript(
  given: Registration,
  { machine, packages, grants, services }: RegistrationOptions,
): Promise<PreparedScript> {
  const { name, code, interpreter } = given;
  const fail = (why: string) => new ToolError(`Cannot register "${name}": ${why}`);
  if (code.trim() === "") throw fail('"code" is empty');
  if (given.description.trim() === "") throw fail('"description" is empty; it is how a model chooses the tool');
  const missingServices = await checkServices(given.requires_services, { services, fail });
  const command = interpreter?.trim() || readShebang(code);
  if (command === undefined) {
    throw fail('there is no "interpreter", and the first line of the code names none, such as #!/usr/bin/env python3');
  }
  await findInterpreter(command, machine);
  const language = languageOf(splitInterpreter(command));
  const file = `${name}.${readExtension(given.extension, fail) ?? language?.extension ?? UNKNOWN_EXTENSION}`;
  if (given.persistent === true && readsWholeInput(code)) throw fail(READS_ALL);
  const { timeout_ms: timeout } = given;
  const asked = grants.readAll({ ...given.grants, ...(timeout !== undefined && { timeout_ms: timeout }) }, code);
  const source = {
    name,
    interpreter: interpreter?.trim() || undefined,
    dependencies: given.dependencies,
    grants: asked,
  };
  return {
    manifest: withoutUndefined({
      name,
      description: given.description,
      tool_type: "script",
      entry_file: file,
      interpreter: source.interpreter,
      input_schema: given.input_schema ?? { type: "object", properties: {} },
      output_schema: given.output_schema,
      annotations: given.annotations,
      dependencies: given.dependencies.length === 0 ? undefined : given.dependencies,
      requires_services: given.requires_services.length === 0 ? undefined : given.requires_services,
      language: language?.name,
      tags: given.tags,
      examples: given.examples,
      protocol: given.protocol,
      persistent: given.persistent === true ? true : undefined,
      grants: Object.keys(asked).length === 0 ? undefined : asked,
    }),
    files: { [file]: { data: code, mode: EXECUTABLE } },
    command,
    packages: await packages.check(source, code),
    missingServices,
  };
}

/** Looks at what a script requires; gives what is not defined yet, which may come later. */
async function checkServices(
  names: readonly string[],
  { services, fail }: Pick<RegistrationOptions, "services"> & { readonly fail: (why: string) => ToolError },
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  if (services !== undefined) return await services.missing(names);
  throw fail(`it requires services (${names.join(", ")}), and nothing here starts them; the plugin "services" does`);
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
