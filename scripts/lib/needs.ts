/**
 * What the tests need that no npm package brings: the programs that `scripts/needs.json` lists.
 *
 * @module
 */
import { inRepository, readText } from "./repository.ts";
import { hasProgram } from "./run.ts";

/** Where programs of PyPI are installed for the tests, below the repository: a virtual environment. */
export const PYPI_PROGRAMS = ".build/programs";

/** One program that tests start. */
export interface Need {
  readonly command: string;
  /** The arguments with which it ends well where it is installed; `--version` by default. */
  readonly check?: readonly string[];
  /** The Debian package that has it, or else … */
  readonly debian?: string;
  /** … the requirement of PyPI that has it. */
  readonly pypi?: string;
  readonly why: string;
}

/** Lists the programs that are not on this machine. */
export async function findMissingPrograms(): Promise<Need[]> {
  const { programs } = JSON.parse(readText("scripts/needs.json")) as { programs: readonly Need[] };
  const isThere = await Promise.all(programs.map(async ({ command, check, pypi }) => {
    if (await hasProgram(command, check)) return true;
    return pypi !== undefined && await hasProgram(inRepository(PYPI_PROGRAMS, "bin", command), check);
  }));
  return programs.filter((_, index) => !isThere[index]);
}
