/// <reference path="../texts.d.ts" />
/// <reference path="../../author_modules/texts.d.ts" />
/**
 * The sources that a compilation of AssemblyScript needs, as text.
 *
 * @module
 */
import compile from "./compile.mjs" with { type: "text" };
import colletConsole from "./console.as" with { type: "text" };
import helper from "../../author_modules/collet_tool.as" with { type: "text" };

/** The program that compiles. */
export const COMPILE: string = compile;
/** Files whose exports every tool sees, by name. */
export const LIBRARY: Readonly<Record<string, string>> = {
  "collet_console.ts": colletConsole,
};
/** Files that a tool can import, unless it has its own by that name. */
export const HELPERS: Readonly<Record<string, string>> = {
  "collet_tool.ts": helper,
  // its name becomes that of the module that is imported
  "collet.ts": "export declare function request(message: usize, length: i32): i32;\n" +
    "export declare function reply(bytes: usize): void;\n",
};
