import assert from "node:assert/strict";
import { test } from "node:test";
import type { ToolResult } from "../../../kernel/mod.ts";
import { dataOf, fail, onlyText, startWasm, succeed } from "./kit.ts";
import { addModule, ARGV, ECHO, flood, MEMORY_BOMB, moduleText, printing } from "./run_kit.ts";

test("a module", async (t) => {
  await using kit = await startWasm();

  async function run(text: string, args: object = {}, logs: unknown[] = []): Promise<ToolResult> {
    const name = `tool_${crypto.randomUUID().slice(0, 8)}`;
    await addModule(kit, name, { text });
    return await kit.call(name, args, {
      log: (level, message, _, logger) => void logs.push([level, message, logger === name]),
    });
  }

  await t.test("reads its arguments on stdin, and a JSON object on stdout is structured content", async () => {
    const args = { text: "Grüße 🎉 \u0000", nested: [{ deep: [1, null, "x"] }] };
    const result = await run(ECHO, args);
    assert.deepEqual(result.structuredContent, args);
    assert.equal(succeed(result), JSON.stringify(args));
  });

  await t.test("reads them in argv as well, unless they are long", async () => {
    const name = "argv_tool";
    await addModule(kit, name, { text: ARGV });
    assert.equal(succeed(await kit.call(name, { a: "ü" })), `${name}\0{"a":"ü"}`);
    const long = "ü".repeat(70_000);
    assert.equal(succeed(await kit.call(name, { long })), name);
  });

  await t.test("takes and gives five megabytes", async () => {
    const args = { text: "x".repeat(5_000_000) };
    assert.equal((dataOf(await run(ECHO, args))["text"] as string).length, 5_000_000);
  });

  await t.test("that prints what is no object gives text, without line breaks at its end", async () => {
    for (const text of ["hello\n\n", "[1,2]\n", "7", "{not JSON\n"]) {
      const result = await run(printing([[1, text]]));
      assert.equal(succeed(result), text.trimEnd());
      assert.equal(result.structuredContent, undefined);
    }
  });

  await t.test("that prints nothing has no output", async () => {
    assert.equal(succeed(await run(moduleText(""))), "(no output)");
  });

  await t.test("with an output schema gives any JSON", async () => {
    await addModule(kit, "listing", {
      text: printing([[1, "[1,2]\n"]]),
      manifest: { output_schema: { type: "array" } },
    });
    assert.deepEqual((await kit.call("listing")).structuredContent, [1, 2]);
  });

  await t.test("that exits with 0 succeeds, with another code fails and tells what it printed", async () => {
    assert.equal(succeed(await run(printing([[1, "fine"]], "(call $exit (i32.const 0))"))), "fine");
    const result = await run(printing([[1, "before"], [2, "why not\n"]], "(call $exit (i32.const 3))"));
    assert.match(fail(result), /^Tool "tool_\w+" failed with exit code 3\nstderr:\nwhy not\nstdout:\nbefore$/);
    assert.deepEqual(result.structuredContent, { exit_code: 3, signal: null, stderr: "why not", stdout: "before" });
  });

  await t.test("that traps fails with the reason, and stderr", async () => {
    const result = await run(printing([[2, "on my way\n"]], "unreachable"));
    assert.match(fail(result), /^Tool "tool_\w+" trapped: unreachable\nstderr:\non my way$/);
  });

  await t.test("logs what it writes to stderr", async () => {
    const logs: unknown[] = [];
    assert.equal(succeed(await run(printing([[2, "first\nsecond\n"], [1, "done"]]), {}, logs)), "done");
    assert.deepEqual(logs, [["info", "first\nsecond", true]]);
  });

  await t.test("gets no more memory than its limit", async () => {
    await addModule(kit, "bomb", { text: MEMORY_BOMB });
    assert.match(fail(await kit.call("bomb")), /^Tool "bomb" (trapped: unreachable|took more memory)/);
  });

  await t.test("that prints without end is ended", async () => {
    assert.match(fail(await run(flood(1))), /^Tool "tool_\w+" was ended: it wrote more than 16 MiB$/);
  });

  await t.test("that answers with a line of the script protocol gives that, and what it logs and reports is served", async () => {
    const logs: unknown[] = [];
    const lines = [
      '{"jsonrpc":"2.0","method":"log","params":{"level":"warning","message":"careful"}}',
      "beside",
      '{"jsonrpc":"2.0","id":1,"result":{"answer":42}}',
    ];
    const result = await run(printing([[1, `${lines.join("\n")}\n`]]), {}, logs);
    assert.deepEqual(result.structuredContent, { answer: 42 });
    assert.deepEqual(logs, [["warning", "careful", true], ["info", "beside", true]]);
  });

  await t.test("that answers with an error of the script protocol fails with it", async () => {
    const line = '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"bad input","data":{"field":"x"}}}\n';
    const result = await run(printing([[1, line]]));
    assert.equal(fail(result), 'Error -1: bad input\nData: {"field":"x"}');
    assert.deepEqual(result.structuredContent, { code: -1, message: "bad input", data: { field: "x" } });
  });

  await t.test("that prints JSON about the script protocol gives that JSON", async () => {
    const text = '{"example":{"jsonrpc":"2.0","result":1}}';
    assert.equal(onlyText(await run(printing([[1, text]]))), text);
  });
});
