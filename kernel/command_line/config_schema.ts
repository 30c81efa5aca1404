/**
 * The text of `collet.schema.json`, which editors read.
 *
 * @module
 */
import { configSchema } from "../config.ts";
import type { Plugin } from "../plugin.ts";
import { compileSchema, type JsonSchema } from "../schema.ts";
import { serverSchema } from "./settings.ts";

/**
 * Writes the JSON Schema of `collet.json` as text.
 *
 * @param plugins Plugins whose configuration it describes.
 */
export function configSchemaText(plugins: readonly Plugin[]): string {
  const schemas = Object.fromEntries(plugins.map((plugin) => [plugin.name, choiceSchema(plugin)]));
  return `${JSON.stringify(configSchema(serverSchema(), schemas), null, 2)}\n`;
}

function choiceSchema({ name, description, config }: Plugin): JsonSchema {
  const what = `configuration of "${name}"`;
  const schema = config === undefined
    ? { type: "object", additionalProperties: false }
    : compileSchema(config, { what, direction: "input" }).jsonSchema;
  return { ...(description !== undefined && { description }), anyOf: [schema, { const: false }] };
}
