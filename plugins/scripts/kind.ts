/**
 * Tools of the kind `script`, as the library loads them.
 *
 * @module
 */
import { type Environment, type Folder, type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { LoadedTool, LoadOptions, Manifest, ToolKind } from "../library/contract.ts";
import type { Script, ScriptRunner } from "./contract.ts";
import { splitInterpreter } from "./interpreter.ts";
import { languageOf, readsWholeInput, UNKNOWN_EXTENSION } from "./languages.ts";

/** How much of a script is looked at. */
const MOST_CODE = 200_000;

/** What the kind works with. */
export interface ScriptKindOptions {
  readonly runner: ScriptRunner;
  readonly environment: Environment;
}

/** Makes the kind. */
export function scriptKind(options: ScriptKindOptions): ToolKind {
  return {
    kind: "script",
    load: (manifest, folder, { isLegacy }) => loadScript(manifest, folder, { ...options, isLegacy }),
  };
}

async function loadScript(
  manifest: Manifest,
  folder: Folder,
  { runner, environment, isLegacy }: ScriptKindOptions & LoadOptions,
): Promise<LoadedTool> {
  const { requires_services: services = [] } = manifest;
  if (services.length > 0) {
    throw new ToolError(
      `not available: it requires services (${services.join(", ")}), which this version cannot start`,
    );
  }
  const entry = manifest.entry_file ?? `${manifest.name}.${extensionFor(manifest.interpreter)}`;
  const code = await folder.readText(entry);
  if (code === undefined) throw new Error(`its file "${entry}" is missing`);
  const isStdinClosed = readsWholeInput(code.slice(0, MOST_CODE));
  return {
    async run(args, call) {
      const script: Script = {
        ...await describeScript(manifest, folder, { entry, args }),
        isStdinClosed,
        // a tool of skillz finds what it always found: the secrets of the operator, and the folder of the server
        ...(isLegacy && { cwd: environment.cwd }),
      };
      const secrets = isLegacy ? environment.variables("SKILLZ_") : {};
      return await runner.run({ ...script, env: { ...secrets, ...script.env } }, call);
    },
  };
}

/** Gives the ending of a script's file by its interpreter, without the dot. */
export function extensionFor(interpreter: string | undefined): string {
  return languageOf(interpreter?.trim().split(/\s+/) ?? [])?.extension ?? UNKNOWN_EXTENSION;
}

async function describeScript(
  manifest: Manifest,
  folder: Folder,
  { entry, args }: { readonly entry: string; readonly args: JsonObject },
): Promise<Script> {
  const { name, interpreter, grants, protocol, output_schema: output } = manifest;
  return {
    name,
    file: await folder.resolve(entry),
    arguments: args,
    timeoutMs: grants?.timeout_ms,
    protocol,
    isJsonWanted: output !== undefined,
    ...await installedPackages(interpreter, folder),
  };
}

/** Finds what skillz installed for a tool: a virtual environment of Python, or packages of npm, in `env`. */
async function installedPackages(
  interpreter: string | undefined,
  folder: Folder,
): Promise<Pick<Script, "interpreter" | "env">> {
  if (interpreter === undefined) return {};
  const [, ...args] = splitInterpreter(interpreter);
  const language = args.length === 0 ? languageOf([interpreter])?.name : undefined;
  if (language === "python") {
    for (const [bin, program] of [["env/bin", "python"], ["env/Scripts", "python.exe"]] as const) {
      // a link to the system's own Python, so the folder is resolved and the program only looked at
      if (await folder.stat(`${bin}/${program}`) === undefined) continue;
      return { interpreter: `${await folder.resolve(bin)}/${program}` };
    }
  }
  const modules = "env/node_modules";
  if (language === "javascript" && await folder.stat(modules) !== undefined) {
    return { interpreter, env: { NODE_PATH: await folder.resolve(modules) } };
  }
  return { interpreter };
}
