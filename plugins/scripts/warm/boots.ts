/**
 * Puts the boots of interpreters where interpreters find them.
 *
 * @module
 */
import type { Files } from "../../../kernel/mod.ts";
import { ShippedFiles } from "../shipped_files.ts";

/**
 * Gives the boots; their folder on this machine is what {@linkcode WarmStart.boots} is where they run.
 *
 * @param home The home folder of the server.
 */
export function bootFiles(home: Files): ShippedFiles {
  return new ShippedFiles({ home, name: "boots", load: async () => (await import("./files.ts")).FILES });
}
