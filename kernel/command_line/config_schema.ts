/**
 * The text of `collet.schema.json`, which editors read.
 *
 * @module
 */
import { configSchema } from "../config.ts";
import { serverSchema } from "./settings.ts";

/** Writes the JSON Schema of `collet.json` as text. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(serverSchema()), null, 2)}\n`;
}
