/**
 * What Python runs code with: the packages that it and the files it refers to declare, as one set.
 *
 * @module
 */
import { type Call, messageOf, ToolError } from "../../../../kernel/mod.ts";
import type { Dependencies, OwnedPackages } from "../../../dependencies/contract.ts";
import type { ScriptFile } from "../../../scripts/contract.ts";
import type { Interpreters } from "../../running/interpreters.ts";
import { writtenGrants } from "../../running/skill_grants.ts";
import type { ScriptPackages } from "../script_packages.ts";
import type { OpenSkill } from "../skill_scripts.ts";
import type { Reference } from "./references.ts";

/** Names the code, where the owner of a package is told. */
const CODE_OWNER = "the code";

/** What {@linkcode preparePython} works with. */
export interface PythonPackagesOptions {
  readonly interpreters: Pick<Interpreters, "find">;
  readonly packages: Pick<ScriptPackages, "installSet">;
  /** Reads what is declared; without it nothing is. */
  readonly dependencies: Pick<Dependencies, "declared" | "merge"> | undefined;
}

/** Code, and what it refers to. */
export interface PythonSources {
  readonly code: string;
  readonly references: readonly Reference[];
  /** The folder of the code, which asks for nothing. */
  readonly own: OpenSkill;
}

/** How Python is started. */
export type PythonCommand = Pick<ScriptFile, "interpreter" | "args" | "env" | "packages" | "programs">;

/**
 * Gives how Python is started, once all packages are installed: those of the code itself, and those of the files.
 *
 * @throws {ToolError} naming who declares what cannot be read, who contradicts whom, or with the words of the installer.
 */
export async function preparePython(
  { code, references, own }: PythonSources,
  { call, interpreters, packages: installer, dependencies }: PythonPackagesOptions & { readonly call: Call },
): Promise<PythonCommand> {
  const plain = await interpreters.find({ title: "the code", path: "code.py", dcc: "", isExecutable: false });
  if (dependencies === undefined) return plain;
  const sources = [{ text: CODE_OWNER, source: code }, ...references];
  const declared = await Promise.all(sources.map((it) => readDeclared(it, dependencies)));
  const { packages, requires } = dependencies.merge(declared);
  if (packages.length === 0 && requires === undefined) return plain;
  const place = references.map((it) => it.place).find(asksForPackages) ?? own;
  const { interpreter = plain.interpreter, args, env, path, program } = await installer.installSet(
    { language: "python", packages, requires },
    { place, owner: own.name, call },
  );
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

/** Whether a skill asks for packages by address, or for scripts that run at their installation. */
function asksForPackages({ skill }: OpenSkill): boolean {
  const grants: unknown = skill === undefined ? undefined : writtenGrants(skill.metadata);
  const { direct_dependencies: direct, install_scripts: scripts } = Object(grants);
  return direct === true || scripts === true;
}
