/**
 * The contract `Sandbox`: child processes that reach nothing but what they are given.
 *
 * @module
 */
import { type Contract, contract } from "../../kernel/mod.ts";
import type { Confined, Confinement, Mechanism } from "./confinement.ts";

export {
  type Confined,
  type ConfinedCommand,
  type ConfinedProcess,
  type Confinement,
  type Mechanism,
  MECHANISMS,
  type Mount,
} from "./confinement.ts";
export { FOLDER_LISTS, variablesInside, wordInside } from "./inside_paths.ts";
export { isBelow, isThere } from "./paths.ts";
export {
  type FinishedProcess,
  readAll,
  type ReadOptions,
  withoutColours,
  withoutCredentials,
} from "./process_output.ts";
export { Unconfined, type UnconfinedOptions, WORK_FOLDER } from "./unconfined.ts";

/** Confines child processes. */
export interface Sandbox {
  /** Whether commands have the network of this machine when their confinement says nothing of it. */
  readonly hasNetwork: boolean;
  /** How; `undefined` where nothing does: it is switched off, or the machine has no mechanism. */
  mechanism(): Promise<Mechanism | undefined>;
  /** Whether mounts can be called something else inside; what is installed where they can is of no use elsewhere. */
  canMove(): Promise<boolean>;
  /**
   * Prepares a confinement. Where nothing confines, commands run as they are, and paths are called what they are.
   *
   * @throws {ToolError} when a mechanism was asked for that does not work here, or this one cannot do what is asked.
   */
  confine(confinement: Confinement): Promise<Confined>;
}
export const Sandbox: Contract<Sandbox> = contract("sandbox");
