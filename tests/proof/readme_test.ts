/**
 * What the README shows of making and combining tools, word for word.
 */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { removeBundle } from "../command_line/program.ts";
import { readDocument, sectionOf } from "../plugins/skills/documents.ts";
import { Machine } from "../plugins/skills/proof/kit.ts";
import { pythonIsMissing } from "../plugins/skills/python/kit.ts";

const README = readDocument("README.md");
const SKIP = await pythonIsMissing();

function jsonBlocks(heading: string): Record<string, unknown>[] {
  return [...sectionOf(README, heading).matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!));
}

after(removeBundle);

describe("the README", { timeout: 120_000, skip: SKIP }, () => {
  test("shows a tool, code that calls it, and a pipeline of it", async () => {
    await using machine = await Machine.make();
    await using talk = await machine.pipe();
    const [registration, answer] = jsonBlocks("## What a model does with it");
    await talk.text("register_script", registration!);
    const words = { text: "to be or not to be" };
    assert.deepEqual(JSON.parse(await talk.text("count_words", words)), answer!["structuredContent"]);

    const [code, result, pipeline] = jsonBlocks("## Combine tools");
    assert.deepEqual(JSON.parse(await talk.text("execute_code", code!)), result!["structuredContent"]);
    await talk.text("pipeline", pipeline!);
    assert.ok((await talk.tools()).includes("compare"));
    // "1 and 6 words"
    assert.deepEqual(JSON.parse(await talk.text("compare", { a: "be", b: words.text })), { words: 4 });
    const same = JSON.parse(await talk.text("compare", { a: "be", b: "or" }));
    assert.deepEqual(same, { words: 1 });
  });
});
