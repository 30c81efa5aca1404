/**
 * The contract `Activation`: which tools the skills that somebody has activated show.
 *
 * @module
 */
import { type Contract, contract, type Disposer, type ViewChange, type Viewer } from "../../kernel/mod.ts";

/** The tools that the active skills of one viewer show. */
export interface ShownTools {
  /** Equal keys mean equal answers, as long as no tool comes or goes. */
  readonly key: string;
  /** Tells whether an active skill shows a tool of a plugin, or the tool stands for a skill. */
  has(tool: string, owner: string): boolean;
}

/** Whose active skills changed: those of a principal, or of a session that has its own. */
export type ActivationChange = Omit<ViewChange, "kind">;

/** Skills that are active, for a principal or for a session that has changed its own copy. */
export interface Activation {
  /** Whether tools made at run time are to be listed only while they are active. */
  readonly hidesMadeTools: boolean;
  /** Gives what a viewer's active skills show now; asked for each list. */
  shows(viewer: Viewer): ShownTools;
  /** Calls back when somebody's active skills are others than before. */
  onChange(listener: (change: ActivationChange) => void): Disposer;
}
export const Activation: Contract<Activation> = contract("skill-activation");
