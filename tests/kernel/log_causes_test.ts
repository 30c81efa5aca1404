import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../kernel/mod.ts";

for (const json of [true, false]) {
  const form = json ? "JSON" : "text";

  const logged = (error: unknown): string => {
    const lines: string[] = [];
    createLog({ json, write: (line) => lines.push(line) }).error("broke", { error });
    assert.equal(lines.length, 1);
    return lines[0]!;
  };

  test(`the causes of an error are in the log (${form})`, () => {
    const line = logged(new Error("outer", { cause: new Error("middle", { cause: new TypeError("innermost") }) }));
    for (const part of ["Error: outer", "caused by Error: middle", "caused by TypeError: innermost"]) {
      assert.ok(line.includes(part), part);
    }
  });

  test(`the errors that an AggregateError gathers are in the log, with their causes (${form})`, () => {
    const errors = [new Error("first"), new Error("second", { cause: new Error("why") })];
    const line = logged(new AggregateError(errors, "several"));
    for (const part of ["several", "caused by Error: first", "caused by Error: second", "caused by Error: why"]) {
      assert.ok(line.includes(part), part);
    }
  });

  test(`an error that is its own cause does not stop the log (${form})`, () => {
    const error = new Error("ring");
    error.cause = new Error("link", { cause: error });
    assert.ok(logged(error).includes("caused by Error: link"));
  });
}
