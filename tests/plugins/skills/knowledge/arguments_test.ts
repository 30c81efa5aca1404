import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  fillTemplate,
  hasCommands,
  insertArguments,
  splitArguments,
  type TextArguments,
} from "../../../../plugins/skills/knowledge/arguments.ts";

const NONE: TextArguments = { text: undefined, names: [], named: {}, variables: {} };

describe("insertArguments", () => {
  test("puts all arguments, single ones, and named ones in their places", () => {
    const text = "All: $ARGUMENTS; first $0, second $ARGUMENTS[1]; $issue on $branch";
    assert.equal(
      insertArguments(text, { ...NONE, text: '12 "main line"', names: ["issue", "branch"] }),
      'All: 12 "main line"; first 12, second main line; 12 on main line',
    );
  });

  test("takes a value by name before one by place", () => {
    const given = { ...NONE, text: "1 2", names: ["a", "b"], named: { b: "named" } };
    assert.equal(insertArguments("$a $b", given), "1 named");
  });

  test("leaves places that nothing was given for, and prices, as they stand", () => {
    const text = "$ARGUMENTS $0 $name costs $100 or $5, ${CLAUDE_OTHER} ${HOME} $";
    assert.equal(insertArguments(text, NONE), text);
    assert.equal(insertArguments("$3 $0", { ...NONE, text: "one" }), "$3 one");
  });

  test("adds arguments at the end of a text that has no place for them", () => {
    assert.equal(insertArguments("Do it.\n", { ...NONE, text: "now" }), "Do it.\n\nARGUMENTS: now\n");
    assert.equal(insertArguments("Do it.\n", { ...NONE, text: " " }), "Do it.\n");
  });

  test("does not put arguments into arguments, nor read patterns of replacement in them", () => {
    assert.equal(insertArguments("$ARGUMENTS", { ...NONE, text: "$0 $& $ARGUMENTS" }), "$0 $& $ARGUMENTS");
  });

  test("knows the variables it is given, and no inherited names", () => {
    const variables = { CLAUDE_SKILL_DIR: "/skills/x" };
    assert.equal(insertArguments("${CLAUDE_SKILL_DIR}/run", { ...NONE, variables }), "/skills/x/run");
    assert.equal(insertArguments("$constructor $toString", { ...NONE, text: undefined }), "$constructor $toString");
  });
});

test("splitArguments keeps quoted words together", () => {
  assert.deepEqual(splitArguments(`a "b c" 'd "e"' f\\"g "h \\" i" ""`), ["a", "b c", 'd "e"', 'f\\"g', 'h " i', ""]);
});

test("hasCommands finds commands in back quotes after an exclamation mark", () => {
  assert.ok(hasCommands("Status: !`git status`"));
  assert.ok(!hasCommands("Run `git status`! And !` nothing"));
});

test("fillTemplate puts values in, and nothing where there is none", () => {
  assert.equal(
    fillTemplate("{{ topic }} by {{who}} {{constructor}}|", { topic: "{{who}}", who: "Ada" }),
    "{{who}} by Ada |",
  );
});
