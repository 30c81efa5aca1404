/**
 * The mechanisms, the strongest first.
 *
 * @module
 */
import type { MechanismProgram } from "../view.ts";
import { bubblewrap } from "./bubblewrap.ts";
import { firejail } from "./firejail.ts";
import { nsjail } from "./nsjail.ts";

/** The mechanisms that are programs, in the order in which they are tried. */
export const MECHANISM_PROGRAMS: readonly MechanismProgram[] = [bubblewrap, nsjail, firejail];
