/// <reference path="../build/texts.d.ts" />
/**
 * The programs that translate and run components, as text.
 *
 * @module
 */
import run from "./run.mjs" with { type: "text" };
import translate from "./translate.mjs" with { type: "text" };

/** The program that translates. */
export const TRANSLATE: string = translate;
/** The program that runs what was translated. */
export const RUN: string = run;
