/**
 * Writes `collet.schema.json`, the JSON Schema of `collet.json`, from the tables that the program itself uses.
 *
 * @module
 */
import { writeFile } from "node:fs/promises";
import { configSchemaText } from "../kernel/command_line/config_schema.ts";
import { shipped } from "../plugins/mod.ts";

await writeFile(new URL("../collet.schema.json", import.meta.url), configSchemaText(shipped));
