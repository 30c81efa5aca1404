/**
 * Tools of the kind `script`, as the library loads them.
 *
 * @module
 */
import type { Folder } from "../../kernel/mod.ts";
import type { LoadedTool, LoadOptions, Manifest, ManifestDraft, ToolKind } from "../library/contract.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import { requiredServices, type Services } from "../services/contract.ts";
import type { Script, ScriptRunner } from "./contract.ts";
import { withServices } from "./given_services.ts";
import { splitInterpreter } from "./interpreter.ts";
import { languageOf, readsWholeInput, UNKNOWN_EXTENSION } from "./languages.ts";
import { LOCK_FILE, type PackageEnvironment, type ScriptPackages } from "./packages.ts";
import type { ScriptGrants } from "./script_grants.ts";

/** How much of a script is looked at. */
const MOST_CODE = 200_000;

/** What the kind works with. */
export interface ScriptKindOptions {
  readonly runner: ScriptRunner;
  readonly packages: ScriptPackages;
  readonly grants: ScriptGrants;
  readonly sandbox: Pick<Sandbox, "hasNetwork">;
  /** What starts services, if there is such a thing. */
  readonly services: Services | undefined;
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
  { runner, packages, grants, sandbox, services, isLegacy, memory }: ScriptKindOptions & LoadOptions,
): Promise<LoadedTool> {
  const { name, protocol, output_schema: output, requires_services: required = [] } = manifest;
  const ensureServices = requiredServices(required, services);
  const loadId = `${manifest.version} ${crypto.randomUUID()}`;
  const entry = entryOf(manifest);
  const code = await folder.readText(entry);
  if (code === undefined) throw new Error(`its file "${entry}" is missing`);
  const isStdinClosed = readsWholeInput(code.slice(0, MOST_CODE));
  const needed = await packages.load(manifest, folder, { code, isLegacy });
  // a tool that took the place of one of skillz may still have the folder with what that one needed
  const mayHaveOwn = needed === undefined || manifest.format === undefined;
  let own: Promise<PackageEnvironment | undefined> | undefined;
  // who reads stdin to its end can be asked once
  const isPersistent = manifest.persistent === true && !isStdinClosed;
  let file: string | undefined;
  return {
    dispose: () => needed?.dispose(),
    async run(args, call) {
      // first, since it may be refused
      const granted = isLegacy
        ? await grants.giveLegacy(manifest, call)
        : await grants.give(manifest, { folder, code, call });
      const ready = await ensureServices?.({ call, secrets: granted.secrets });
      const given = ready === undefined ? granted : withServices(granted, ready, sandbox);
      // a process that serves many calls has read its file long ago
      if (file === undefined || !isPersistent) file = await folder.resolve(entry);
      if (mayHaveOwn) own ??= skillzPackages(manifest, folder);
      const script: Script = {
        ...{ name, file, folder: folder.path, protocol, isStdinClosed, memory },
        arguments: args,
        isJsonWanted: output !== undefined,
        ...given,
        ...await own ?? await needed?.environment(call) ?? { interpreter: manifest.interpreter },
        ...(isPersistent && { persistent: loadId }),
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
