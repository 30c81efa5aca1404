/**
 * The modules for authors in scripts whose output is captured: no handler is needed, and what is printed is output.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CallPatch } from "../../../../kernel/mod.ts";
import type { ReachedTools } from "../../../../plugins/scripts/contract.ts";
import { toolPlugin } from "../../../support/plugins.ts";
import { missing } from "../kit.ts";
import { startCaptured } from "./kit.ts";

const ALL: ReachedTools = { has: () => true, refusal: () => "" };
const COUNT = toolPlugin("count", ({ text = "" }) => ({ letters: text.length }));

/** A language with a module for authors. */
interface Language {
  readonly file: string;
  readonly interpreter: string;
  /** Logs, reports progress and calls tools in between of what it prints; and what a program says that it starts. */
  readonly code: string;
  /** Has a handler all the same. */
  readonly handler: string;
  /** Fails. */
  readonly failing: string;
}

const CHILD = `echo "child <\${COLLET_TOOL_CODE-}>"`;
/** Answers of 40,000 characters, in between of as much output. */
const ROUNDS = 3;
const WIDE = 40_000;

const IN_JAVASCRIPT = (load: string, begin: string, end: string) => ({
  code: `
${load}
${begin}
console.log("first");
process.stdout.write("second ");
log("info", "said", { a: 1 });
progress(1, 2, "half");
console.log((await callTool("count", { text: "abc" })).letters, context.toolName);
for (let i = 0; i < ${ROUNDS}; i++) {
  const text = String(i).repeat(${WIDE});
  console.log(text);
  log("debug", text);
}
console.log((await Promise.all(["a", "bb"].map((text) => callTool("count", { text })))).map((it) => it.letters).join());
try { await callTool("none"); } catch (error) { console.log(error instanceof HostError, error.message.length > 0); }
stream("streamed\\n");
console.log(\`child <\${process.env.COLLET_TOOL_CODE ?? ""}>\`);
${end}`,
  handler: `
${load}
${begin}
await run(async ({ text = "four" }, { toolName }) => ({ ...await callTool("count", { text }), toolName }));
${end}`,
  failing: `
${load}
${begin}
console.log("before");
await run(() => fail("no good"));
${end}`,
});
const NAMES = "callTool, context, fail, HostError, log, progress, run, stream";
const MODULE = IN_JAVASCRIPT(`import { ${NAMES} } from "collet_tool";`, "", "");

const LANGUAGES: readonly Language[] = [
  {
    file: "a.py",
    interpreter: "python3",
    code: `
from collet_tool import HostError, call_tool, context, log, progress, stream
import os, subprocess
print("first")
print("second", end=" ")
log("info", "said", {"a": 1})
progress(1, 2, "half")
print(call_tool("count", {"text": "abc"})["letters"], context.tool_name)
for i in range(${ROUNDS}):
    text = str(i) * ${WIDE}
    print(text)
    log("debug", text)
print(",".join(str(call_tool("count", {"text": text})["letters"]) for text in ("a", "bb")))
try: call_tool("none")
except HostError as error: print("true", str(len(str(error)) > 0).lower())
stream("streamed\\n")
subprocess.run(["sh", "-c", ${JSON.stringify(CHILD)}])`,
    handler: `
from collet_tool import call_tool, context, run
run(lambda it: dict(call_tool("count", {"text": "four"}), toolName=context.tool_name))`,
    failing: `
from collet_tool import fail, run
print("before")
run(lambda it: fail("no good"))`,
  },
  { file: "a.mjs", interpreter: "node", ...MODULE },
  {
    file: "a.cjs",
    interpreter: "node",
    ...IN_JAVASCRIPT(`const { ${NAMES} } = require("collet_tool");`, "(async () => {", "})();"),
  },
  { file: "a.ts", interpreter: "deno", ...MODULE, code: `import process from "node:process";\n${MODULE.code}` },
  {
    file: "a.rb",
    interpreter: "ruby",
    code: `
require "collet_tool"
puts "first"
print "second "
ColletTool.log("info", "said", { "a" => 1 })
ColletTool.progress(1, 2, "half")
puts "#{ColletTool.call_tool("count", { "text" => "abc" })["letters"]} #{ColletTool.context.tool_name}"
${ROUNDS}.times do |i|
  text = i.to_s * ${WIDE}
  puts text
  ColletTool.log("debug", text)
end
puts %w[a bb].map { |text| ColletTool.call_tool("count", { "text" => text })["letters"] }.join(",")
begin
  ColletTool.call_tool("none")
rescue ColletTool::HostError => e
  puts "true #{!e.message.empty?}"
end
ColletTool.stream("streamed\\n")
$stdout.flush
system("sh", "-c", ${CHILD.replace(/^/, "'").replace(/$/, "'")})`,
    handler: `
require "collet_tool"
ColletTool.run { ColletTool.call_tool("count", { "text" => "four" }).merge("toolName" => ColletTool.context.tool_name) }`,
    failing: `
require "collet_tool"
puts "before"
ColletTool.run { ColletTool.fail("no good") }`,
  },
  ...["bash", "dash"].map((interpreter) => ({
    file: "a.sh",
    interpreter,
    code: `
set -eu
. collet_tool.sh
echo first
printf "second "
collet_log info said '{"a":1}'
collet_progress 1 2 half
echo "$(collet_get "$(collet_call_tool count '{"text":"abc"}')" letters) $(collet_context tool_name)"
for i in 0 1 2; do
  text=$(printf "%${WIDE}s" "" | tr " " "$i")
  echo "$text"
  collet_log debug "$text"
done
count() { collet_get "$(collet_call_tool count "$(collet_object "text=$1")")" letters; }
echo "$(count a),$(count bb)"
words=$(collet_call_tool none 2>&1) || { [ -n "$words" ] && echo true true; }
collet_stream "streamed
"
sh -c ${CHILD.replace(/^/, "'").replace(/$/, "'")}`,
    handler: `
. collet_tool.sh
main() { collet_object "letters:=$(collet_get "$(collet_call_tool count '{"text":"four"}')" letters)" "toolName=$(collet_context tool_name)"; }
collet_run --json main`,
    failing: `
. collet_tool.sh
echo before
main() { collet_fail "no good"; }
collet_run main`,
  })),
];

/** Writes a text that repeats a character as that and how often. */
function shorten(text: string): string {
  const is = text.length === WIDE && text === text.charAt(0).repeat(WIDE);
  return is ? `${text.charAt(0)} x ${WIDE}` : text.slice(0, 200);
}

/** Hears what a call logs, and its progress. */
function listen() {
  const logs: unknown[] = [];
  const progress: unknown[] = [];
  const call: CallPatch = {
    log: (level, text, data) => void logs.push([level, shorten(text), data]),
    progress: (...step) => Promise.resolve(void progress.push(step)),
  };
  return { logs, progress, call };
}

for (const { file, interpreter, code, handler, failing } of LANGUAGES) {
  describe(`the module for authors in ${file} by ${interpreter}, captured,`, { timeout: 120_000 }, () => {
    test("works without a handler, and what is printed is output, in its order", async (t) => {
      await using kit = await startCaptured({ plugins: [COUNT] });
      const reason = await missing(kit, interpreter);
      if (reason !== false) return t.skip(reason);
      await kit.write(file, code);
      const { logs, progress, call } = listen();
      const result = await kit.run(file, { interpreter, tools: ALL, timeoutMs: 30_000, mostOutput: 1e6 }, call);
      const wide = [0, 1, 2].map((i) => `${i} x ${WIDE}`);
      assert.deepEqual([result.exitCode, result.stderr, result.isTimedOut], [0, "", false]);
      assert.deepEqual(result.stdout.split("\n").map(shorten), [
        ...["first", "second 3 captured", ...wide, "1,2", "true true", "streamed", "child <>", ""],
      ]);
      assert.deepEqual(logs, [["info", "said", { a: 1 }], ...wide.map((text) => ["debug", text, undefined])]);
      assert.deepEqual(progress, [[1, 2, "half"]]);
    });

    test("prints what a handler gives, and fails with what it says", async (t) => {
      await using kit = await startCaptured({ plugins: [COUNT] });
      const reason = await missing(kit, interpreter);
      if (reason !== false) return t.skip(reason);
      await kit.write(file, handler);
      const given = await kit.run(file, { interpreter, tools: ALL, timeoutMs: 30_000 });
      assert.deepEqual([given.exitCode, given.stderr], [0, ""]);
      assert.deepEqual(JSON.parse(given.stdout), { letters: 4, toolName: "captured" });
      await kit.write(file, failing);
      const failed = await kit.run(file, { interpreter, tools: ALL, timeoutMs: 30_000 });
      assert.equal(failed.stdout, "before\n");
      assert.match(failed.stderr, /no good/);
      assert.equal(failed.exitCode, 1);
    });
  });
}

describe("collet_skill, captured,", { timeout: 120_000 }, () => {
  const SKILL = (head: string, body: string) =>
    `${head}
from collet_skill import run_main, skill_entry, skill_success
@skill_entry
def main(name="you", **kwargs):
    ${body}
    print("to the log")
    return skill_success("Greeted " + name, letters=call_tool("count", {"text": name})["letters"])
run_main(main)`;
  const IMPORT = "from collet_tool import call_tool";
  for (const [title, code] of [["at the beginning", SKILL(IMPORT, "pass")], ["late", SKILL("", IMPORT)]] as const) {
    test(`prints its result as a line of JSON, where collet_tool is imported ${title}`, async (t) => {
      await using kit = await startCaptured({ plugins: [COUNT] });
      const reason = await missing(kit, "python3");
      if (reason !== false) return t.skip(reason);
      await kit.write("a.py", code);
      const { stdout, stderr, exitCode } = await kit.run("a.py", {
        tools: ALL,
        words: ["--name", "Ada"],
        timeoutMs: 30_000,
      });
      assert.deepEqual([exitCode, stderr], [0, "to the log\n"]);
      assert.match(stdout, /^[^\n]+\n$/);
      assert.deepEqual(JSON.parse(stdout), { success: true, message: "Greeted Ada", context: { letters: 3 } });
    });
  }
});
