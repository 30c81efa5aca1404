/**
 * Tools of the kind `script`, as the library loads them.
 *
 * @module
 */
import { type Environment, type Folder, type JsonObject, ToolError } from "../../kernel/mod.ts";
import type { LoadedTool, LoadOptions, Manifest, ManifestDraft, ToolKind } from "../library/contract.ts";
import type { Script, ScriptRunner } from "./contract.ts";
import { splitInterpreter } from "./interpreter.ts";
import { languageOf, readsWholeInput, UNKNOWN_EXTENSION } from "./languages.ts";
import { LOCK_FILE, type PackageEnvironment, type ScriptPackages } from "./packages.ts";
import type { ScriptGrants } from "./script_grants.ts";

/** How much of a script is looked at. */
const MOST_CODE = 200_000;

/** What the kind works with. */
export interface ScriptKindOptions {
  readonly runner: ScriptRunner;
  readonly environment: Environment;
  readonly packages: ScriptPackages;
  readonly grants: ScriptGrants;
}

/** Makes the kind. */
export function scriptKind(options: ScriptKindOptions): ToolKind {
  return {
    kind: "script",
    prepared: [LOCK_FILE],
    async prepare(manifest, staging, call) {
      options.grants.read(manifest.grants);
      const code = await staging.readText(entryOf(manifest));
      // without its file the tool is not saved in any case
      if (code !== undefined) await options.packages.prepare(manifest, staging, { code, call });
      return manifest;
    },
    load: (manifest, folder, loading) => loadScript(manifest, folder, { ...options, ...loading }),
  };
}

async function loadScript(
  manifest: Manifest,
  folder: Folder,
  { runner, environment, packages, grants, isLegacy, memory }: ScriptKindOptions & LoadOptions,
): Promise<LoadedTool> {
  const { requires_services: services = [] } = manifest;
  if (services.length > 0) {
    throw new ToolError(
      `not available: it requires services (${services.join(", ")}), which this version cannot start`,
    );
  }
  const entry = entryOf(manifest);
  const code = await folder.readText(entry);
  if (code === undefined) throw new Error(`its file "${entry}" is missing`);
  const isStdinClosed = readsWholeInput(code.slice(0, MOST_CODE));
  const needed = await packages.load(manifest, folder, { code, isLegacy });
  // a tool that took the place of one of skillz may still have the folder with what that one needed
  const mayHaveOwn = needed === undefined || manifest.format === undefined;
  return {
    dispose: () => needed?.dispose(),
    async run(args, call) {
      // first, since it may be refused
      const given = isLegacy ? grants.giveLegacy(manifest) : await grants.give(manifest, { folder, code, call });
      const script: Script = {
        ...await describeScript(manifest, folder, { entry, args }),
        ...given,
        ...(mayHaveOwn ? await skillzPackages(manifest, folder) : undefined) ?? await needed?.environment(call) ??
          { interpreter: manifest.interpreter },
        isStdinClosed,
        memory,
        // a tool of skillz finds what it always found, the folder of the server too
        ...(isLegacy && { cwd: environment.cwd }),
      };
      return await runner.run({ ...script, env: { ...given.env, ...script.env } }, call);
    },
  };
}

/** Gives the ending of a script's file by its interpreter, without the dot. */
export function extensionFor(interpreter: string | undefined): string {
  return languageOf(interpreter?.trim().split(/\s+/) ?? [])?.extension ?? UNKNOWN_EXTENSION;
}

function entryOf({ entry_file: entry, name, interpreter }: ManifestDraft): string {
  return entry ?? `${name}.${extensionFor(interpreter)}`;
}

async function describeScript(
  manifest: Manifest,
  folder: Folder,
  { entry, args }: { readonly entry: string; readonly args: JsonObject },
): Promise<Script> {
  const { name, protocol, output_schema: output } = manifest;
  return {
    name,
    file: await folder.resolve(entry),
    arguments: args,
    protocol,
    isJsonWanted: output !== undefined,
  };
}

/** Finds what skillz installed for a tool: a virtual environment of Python, or packages of npm, in `env`. */
async function skillzPackages(
  { interpreter }: Manifest,
  folder: Folder,
): Promise<PackageEnvironment | undefined> {
  if (interpreter === undefined) return undefined;
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
  return undefined;
}
