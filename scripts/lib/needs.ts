/**
 * What the tests need that no npm package brings: the programs that `scripts/needs.json` lists.
 *
 * @module
 */
import { readText } from "./repository.ts";
import { hasProgram } from "./run.ts";

/** One program that tests start. */
export interface Need {
  readonly command: string;
  /** The argument that makes it say its version; `--version` by default. */
  readonly version?: string;
  /** The Debian package that has it. */
  readonly debian: string;
  readonly why: string;
}

/** Lists the programs that are not on this machine. */
export async function findMissingPrograms(): Promise<Need[]> {
  const { programs } = JSON.parse(readText("scripts/needs.json")) as { programs: readonly Need[] };
  const isThere = await Promise.all(programs.map(({ command, version }) => hasProgram(command, version)));
  return programs.filter((_, index) => !isThere[index]);
}
