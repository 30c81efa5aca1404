/**
 * Names of files, for whoever does not need what is in them.
 *
 * @module
 */

/** The program that runs code, beside its package. */
export const PROGRAM_FILE = "run_code.py";
