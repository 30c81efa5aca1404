import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { valueOf } from "../../../kernel/mod.ts";
import memory from "../../../plugins/memory/mod.ts";
import store from "../../../plugins/store/mod.ts";
import { readText } from "../../../scripts/lib/repository.ts";
import { fail, missing, startScripts } from "./kit.ts";

const EXAMPLE_REGEXP =
  /^## ([^\n]+)\n\n```\w+[^\n]*\n([^]*?)```\n\nWith\s+interpreter\s+`([^`]+)`(?:\s+and\s+extension\s+`(\w+)`)?,\s+called\s+with\s+`([^`]+)`,\s+it\s+answers\s+`([^`]+)`/gm;

const examples = [...readText("plugins/scripts/author_modules/README.md").matchAll(EXAMPLE_REGEXP)].map(
  ([, title = "", code = "", interpreter = "", extension, args = "", result = ""]) => ({
    title,
    script: { name: "example", code, interpreter, ...(extension !== undefined && { extension }) },
    args: JSON.parse(args),
    result: JSON.parse(result),
  }),
);

test("the README of the author modules has an example a language", () => {
  assert.deepEqual(
    examples.map(({ title }) => title),
    ["Python", "JavaScript", "JavaScript, CommonJS", "TypeScript", "Ruby", "Bash"],
  );
});

for (const { title, script, args, result } of examples) {
  test(`the ${title} example of the author modules does what the README says`, async (t: TestContext) => {
    await using kit = await startScripts({ plugins: [store, memory] });
    const reason = await missing(kit, script.interpreter);
    if (reason !== false) return t.skip(reason);
    await kit.register(script);
    const logs: unknown[] = [];
    const steps: unknown[] = [];
    const answer = await kit.call("example", args, {
      log: (...entry) => void logs.push(entry),
      progress: (...entry) => Promise.resolve(void steps.push(entry)),
    });
    assert.equal(answer.isError, undefined, JSON.stringify(answer));
    assert.deepEqual(valueOf(answer), result);
    assert.deepEqual(steps, [[1, 4, "to"], [2, 4, "be"], [3, 4, "or"], [4, 4, "not"]]);
    const counted = logs.filter((entry) => JSON.stringify(entry) === '["info","Counted",{"words":4},"example"]');
    assert.equal(counted.length, 1, JSON.stringify(logs));
    const failure = await kit.call("example", { text: "" });
    assert.match(fail(failure), /^Error 1: The text has no words\nData: \{"text":""\}/);
  });
}
