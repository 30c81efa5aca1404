import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isKernelError,
  isProtocolError,
  isToolError,
  KernelError,
  messageOf,
  ProtocolError,
  ToolError,
} from "../../kernel/mod.ts";
import { failure, quietKernel, toolPlugin } from "../support/plugins.ts";

test("errors carry what their readers need", () => {
  const cause = new Error("root");
  const kernel = new KernelError("NAME_TAKEN", "m", { plugin: "p", cause, details: ["d"], fix: "f" });
  assert.deepEqual(
    [kernel.name, kernel.code, kernel.message, kernel.plugin, kernel.cause, kernel.details, kernel.fix],
    [
      "KernelError",
      "NAME_TAKEN",
      "m",
      "p",
      cause,
      ["d"],
      "f",
    ],
  );
  const tool = new ToolError("m", { data: { a: 1 }, cause });
  assert.deepEqual([tool.name, tool.message, tool.data, tool.cause], ["ToolError", "m", { a: 1 }, cause]);
  const protocol = new ProtocolError(-32602, "m", { a: 1 });
  assert.deepEqual([protocol.name, protocol.code, protocol.message, protocol.data], ["ProtocolError", -32602, "m", {
    a: 1,
  }]);
  for (const error of [kernel, tool, protocol]) assert.ok(error instanceof Error);
  assert.equal("cause" in new ToolError("m"), false);
});

test("KernelError.format() tells code, message, details, every cause and the fix", () => {
  const cause = new Error("outer", { cause: new Error("inner", { cause: "a string" }) });
  const error = new KernelError("PLUGIN_SETUP_FAILED", "Cannot load it", {
    details: ["a", "b"],
    cause,
    fix: "try again",
  });
  assert.equal(
    error.format(),
    [
      "error[PLUGIN_SETUP_FAILED] Cannot load it",
      "  a",
      "  b",
      "  cause: outer",
      "  cause: inner",
      "  cause: a string",
      "  fix: try again",
    ].join("\n"),
  );
  assert.equal(new KernelError("NAME_TAKEN", "m").format(), "error[NAME_TAKEN] m");
});

test("each brand is told from the others and from anything else", () => {
  const errors = [new KernelError("NAME_TAKEN", "m"), new ToolError("m"), new ProtocolError(1, "m")];
  for (const [i, is] of [isKernelError, isToolError, isProtocolError].entries()) {
    assert.deepEqual(errors.map((it) => is(it)), errors.map((_, at) => at === i));
    for (const other of [undefined, null, "x", {}, new Error("m"), { name: "KernelError", code: "NAME_TAKEN" }]) {
      assert.equal(is(other), false);
    }
  }
});

test("errors of another copy of the kernel are known by their brand", async () => {
  // what a second copy makes: a class of its own under the same registered symbol
  const BRAND = Symbol.for("collet.error");
  class ForeignToolError extends Error {
    readonly [BRAND] = "tool";
    readonly data = { from: "afar" };
  }
  class ForeignProtocolError extends Error {
    readonly [BRAND] = "protocol";
    readonly code = -32050;
  }
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", ({ text }) => {
    throw text === "tool" ? new ForeignToolError("foreign") : new ForeignProtocolError("foreign");
  })).start();
  assert.equal(failure(await kernel.call("t", { text: "tool" })), "foreign");
  await assert.rejects(kernel.call("t", { text: "protocol" }), { code: -32050 });
});

test("whole results of another copy of the kernel are known by their brand", async () => {
  const result = { content: [{ type: "text", text: "from afar" }], isError: true };
  Object.defineProperty(result, Symbol.for("collet.tool-result"), { value: true });
  await using kernel = await quietKernel().kernel.use(toolPlugin("t", () => result)).start();
  assert.equal(failure(await kernel.call("t", {})), "from afar");
});

test("messageOf() gives the message of whatever was thrown", () => {
  assert.deepEqual([new Error("a"), "b", undefined, 1].map(messageOf), ["a", "b", "undefined", "1"]);
});
