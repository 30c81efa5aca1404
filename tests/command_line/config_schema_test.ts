import assert from "node:assert/strict";
import { test } from "node:test";
import { configSchemaText } from "../../kernel/command_line/config_schema.ts";
import { shipped } from "../../plugins/mod.ts";
import { readText } from "../../scripts/lib/repository.ts";

test("collet.schema.json is what scripts/write_config_schema.ts writes", () => {
  assert.equal(readText("collet.schema.json"), configSchemaText(shipped));
});
