import assert from "node:assert/strict";
import { test } from "node:test";
import { valueOf } from "../../../kernel/mod.ts";
import { BUILT_EXAMPLES, EXAMPLES } from "../../../plugins/guide/examples.ts";
import { startScripts } from "../scripts/kit.ts";
import { dataOf, onlyText, startWasm } from "../wasm/kit.ts";

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

for (const { language, args, result, inputSchema, name, description, code } of BUILT_EXAMPLES) {
  test(`the example of the guide that is built from ${language} answers as its page says`, async (t) => {
    await using kit = await startWasm();
    const built = await kit.call("build_tool", { name, description, language, code, input_schema: inputSchema });
    if (built.isError && dataOf(built)?.["missing"] !== undefined) return t.skip(onlyText(built));
    assert.equal(built.isError, undefined, JSON.stringify(built));
    assert.deepEqual(valueOf(await kit.call(name, args)), result);
  });
}
