/**
 * What Python runs code with: the packages that it and the files it refers to declare, as one set.
 *
 * @module
 */
import { messageOf, ToolError } from "../../../../kernel/mod.ts";
import type { Dependencies, InstalledPackages, OwnedPackages, PackageSet } from "../../../dependencies/contract.ts";
import type { ScriptFile } from "../../../scripts/contract.ts";

/** Names the code, where the owner of a package is told. */
const CODE_OWNER = "the code";

/** How Python is started. */
export type PythonCommand = Pick<ScriptFile, "interpreter" | "args" | "env" | "packages" | "programs">;

/** What {@linkcode preparePython} works with. */
export interface PythonPackagesOptions {
  /** How it is started where nothing needs packages. */
  readonly plain: PythonCommand;
  /** Reads what is declared; without it nothing is. */
  readonly dependencies: Pick<Dependencies, "declared" | "merge"> | undefined;
  /** Installs them all. */
  install(set: PackageSet): Promise<InstalledPackages>;
}

/** Code, and what it refers to. */
export interface PythonSources {
  readonly code: string;
  /** Files, each with what names it. */
  readonly sources: readonly { readonly text: string; readonly source: string }[];
}

/**
 * Gives how Python is started, once all packages are installed: those of the code itself, and those of the files.
 *
 * @throws {ToolError} naming who declares what cannot be read, who contradicts whom, or with the words of the installer.
 */
export async function preparePython(
  { code, sources }: PythonSources,
  { plain, dependencies, install }: PythonPackagesOptions,
): Promise<PythonCommand> {
  if (dependencies === undefined) return plain;
  const all = [{ text: CODE_OWNER, source: code }, ...sources];
  const declared = await Promise.all(all.map((it) => readDeclared(it, dependencies)));
  const { packages, requires } = dependencies.merge(declared);
  if (packages.length === 0 && requires === undefined) return plain;
  const installed = await install({ language: "python", packages, requires });
  const { interpreter = plain.interpreter, args, env, path, program } = installed;
  return { interpreter, args, env: { ...plain.env, ...env }, packages: path, programs: [program] };
}

async function readDeclared(
  { text: owner, source }: { readonly text: string; readonly source: string },
  dependencies: Pick<Dependencies, "declared">,
): Promise<OwnedPackages> {
  try {
    return { owner, ...await dependencies.declared("python", source) };
  } catch (cause) {
    throw new ToolError(`${messageOf(cause)} (in ${owner})`, { cause });
  }
}
