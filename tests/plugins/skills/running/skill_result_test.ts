import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ToolResult } from "../../../../kernel/mod.ts";
import { withNextTools } from "../../../../plugins/skills/running/next_tools.ts";
import { skillResult } from "../../../../plugins/skills/running/skill_result.ts";

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function texts({ content }: ToolResult): readonly string[] {
  return content.map((block) => block.type === "text" ? block.text : block.type);
}

describe("skillResult()", () => {
  test("gives an object as structured content, and as compact JSON", () => {
    const value = { success: true, message: "done", context: { n: 1 } };
    const result = skillResult(value);
    assert.deepEqual(result.structuredContent, value);
    assert.deepEqual(texts(result), [JSON.stringify(value)]);
    assert.equal(result.isError, undefined);
  });

  test("wraps a text, and nothing, as a success", () => {
    assert.deepEqual(skillResult("hello").structuredContent, { success: true, message: "hello" });
    for (const nothing of ["", undefined, null]) {
      assert.deepEqual(skillResult(nothing).structuredContent, { success: true, message: "" });
    }
  });

  test("leaves other JSON as it is", () => {
    for (const value of [[1, 2], 42, false]) assert.deepEqual(skillResult(value).structuredContent, value);
  });

  test("fails for success: false, and for nothing else", () => {
    const value = { success: false, message: "no", error: "missing" };
    assert.deepEqual(skillResult(value), {
      content: [{ type: "text", text: JSON.stringify(value) }],
      structuredContent: value,
      isError: true,
    });
    for (const success of [true, 0, "false", null]) assert.equal(skillResult({ success }).isError, undefined);
  });

  test("makes an image of context.__rich__, and sends its data once", () => {
    for (const data of [PIXEL, `data:image/png;base64,${PIXEL}`, `${PIXEL.slice(0, 10)}\n${PIXEL.slice(10)}`]) {
      const rich = { kind: "image", data, mimeType: "image/png", alt: "a pixel" };
      const result = skillResult({ success: true, message: "shot", context: { n: 1, __rich__: rich } });
      assert.deepEqual(result.content[1], { type: "image", data: PIXEL, mimeType: "image/png" });
      const shown = {
        success: true,
        message: "shot",
        context: { n: 1, __rich__: { kind: "image", mimeType: "image/png", alt: "a pixel" } },
      };
      assert.deepEqual(result.structuredContent, shown);
      assert.deepEqual(texts(result), [JSON.stringify(shown), "image"]);
    }
  });

  test("leaves what is no image alone", () => {
    const riches = [
      { kind: "chart", data: PIXEL },
      { kind: "image" },
      { kind: "image", data: "not base64!" },
      { kind: "image", data: PIXEL, mimeType: "text/html" },
      { kind: "image", data: "" },
      "image",
    ];
    for (const rich of riches) {
      const value = { success: true, context: { __rich__: rich } };
      const result = skillResult(value);
      assert.deepEqual([result.structuredContent, result.content.length], [value, 1], JSON.stringify(rich));
    }
  });
});

describe("withNextTools()", () => {
  const there = new Set(["my_skill__check", "search_tools", "check"]);
  const tool = {
    skillName: "my-skill",
    nextTools: { onSuccess: ["check", "search_tools", "gone", "check", "a b"], onFailure: ["my_skill__check"] },
    hasTool: (name: string) => there.has(name),
  };

  test("names what exists, once each, the skill's own before others of the name", () => {
    assert.deepEqual(withNextTools({ content: [] }, tool)._meta, {
      "dcc.next_tools": { on_success: ["my_skill__check", "search_tools"] },
    });
  });

  test("goes by whether the call failed, and keeps other _meta", () => {
    assert.deepEqual(withNextTools({ content: [], isError: true, _meta: { a: 1 } }, tool)._meta, {
      a: 1,
      "dcc.next_tools": { on_failure: ["my_skill__check"] },
    });
  });

  test("adds nothing where there is nothing to name", () => {
    for (
      const nextTools of [undefined, { onSuccess: [], onFailure: ["check"] }, { onSuccess: ["gone"], onFailure: [] }]
    ) {
      assert.deepEqual(withNextTools({ content: [] }, { ...tool, nextTools }), { content: [] });
    }
  });
});
