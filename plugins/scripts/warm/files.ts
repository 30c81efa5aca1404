/// <reference path="./texts.d.ts" />
/**
 * The boots of interpreters: the sources beside this file, under the names that interpreters look for.
 *
 * @module
 */
import deno from "./boot.deno.mjs" with { type: "text" };
// @ts-ignore: TypeScript takes it for a module, and looks for what it exports
import node from "./boot.cjs" with { type: "text" };
import python from "./boot.py" with { type: "text" };
import { PLACES } from "./places.ts";

/** The boots, by path. */
export const FILES: Readonly<Record<string, string>> = {
  [`${PLACES.python}/sitecustomize.py`]: python,
  [PLACES.node]: node as unknown as string,
  [PLACES.deno]: deno,
};
