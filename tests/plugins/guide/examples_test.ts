import assert from "node:assert/strict";
import { test } from "node:test";
import { valueOf } from "../../../kernel/mod.ts";
import { EXAMPLES } from "../../../plugins/guide/examples.ts";
import { startScripts } from "../scripts/kit.ts";

for (const { language, args, result, inputSchema, ...example } of EXAMPLES) {
  test(`the ${language} example of the guide answers as its page says`, async () => {
    await using kit = await startScripts();
    const { name, description, interpreter, extension, code } = example;
    await kit.register({ name, description, interpreter, extension, code, input_schema: inputSchema });
    const answer = await kit.call(name, args);
    assert.equal(answer.isError, undefined, JSON.stringify(answer));
    assert.deepEqual(valueOf(answer), result);
  });
}
