/// <reference path="../texts.d.ts" />
/**
 * The program that compiles, as text.
 *
 * @module
 */
import compile from "./compile.mjs" with { type: "text" };

/** The program that compiles. */
export const COMPILE: string = compile;
