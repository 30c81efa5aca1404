/**
 * Compiled code that is kept between starts, where the runtime can do that: Node since 22.1. Deno does it by itself.
 *
 * @module
 */
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/**
 * Keeps compiled code in the home, for what is loaded from now on. A home that does not exist is not made for that; one
 * that is given by a flag is not known yet, and has none.
 */
export function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { readonly enableCompileCache?: (folder: string) => unknown };
  const home = process.env["COLLET_HOME"] || join(homedir(), ".collet");
  if (!home.startsWith("~") && existsSync(home)) enableCompileCache?.(join(home, "cache", "code"));
}
