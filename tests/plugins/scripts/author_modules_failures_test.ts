import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test, type TestContext } from "node:test";
import { type CallPatch, definePlugin, ToolError } from "../../../kernel/mod.ts";
import { soon, until } from "../../support/wait.ts";
import { fail, missing, type ScriptKit, startScripts, succeed } from "./kit.ts";

/** The ways to write the same small tool in a language; `{…}` stands for the module's own names. */
interface Dialect {
  readonly language: string;
  readonly interpreter: string;
  readonly extension?: string;
  /** Fails with a message and data. */
  readonly fails: string;
  /** Has an error of the language that nobody catches. */
  readonly breaks: string;
  /** What is said of it. */
  readonly broken: RegExp;
  /** Answers what is no JSON. */
  readonly lies: string;
  readonly lied: RegExp;
  /** Calls the tool `refuse`, and lets its failure be that of the call. */
  readonly passes: string;
  /** Says "waiting" in the log, calls the tool `wait`, and writes to the file named `path` how that ended. */
  readonly waits: string;
  /** What is in the file, about `the user left`. */
  readonly ended: RegExp;
  /** Gives the argument `text` back. */
  readonly echoes: string;
  /** What is said of arguments that are nested too deeply; `undefined` when they never are. */
  readonly deep: RegExp | undefined;
}

const SHELL = {
  fails: `main() { x=$(collet_fail 'no "city"' '{"a":1}'); echo never; }\n. collet_tool.sh\ncollet_run main`,
  breaks: ". collet_tool.sh\nset -e\nmain() { ls /no/such/folder; echo never; }\ncollet_run main",
  broken: /^Error 1: The handler ended with status \d+\nstderr:\n.*no.such.folder/i,
  lies: `. collet_tool.sh\nmain() { echo '{"a":'; }\ncollet_run --json main`,
  lied: /^Error 1: The handler printed no JSON: \{"a":$/,
  passes: ". collet_tool.sh\nmain() { collet_call_tool refuse || exit; echo never; }\ncollet_run main",
  waits: `. collet_tool.sh\nmain() {
    collet_log info waiting
    x=$(collet_call_tool wait 2>&1) || printf '%s, %s' "$?" "$x" >"$(collet_argument path)"
  }\ncollet_run main`,
  ended: /^130, The call was cancelled$/,
  echoes: `. collet_tool.sh\nmain() { collet_argument text; }\ncollet_run main`,
  deep: /Cannot read JSON that is nested deeper than 140 levels$/,
};

const SCRIPT_BODIES = {
  fails: `run(() => fail('no "city"', { a: 1 }));`,
  breaks: `run(async ({ a }) => a.b);`,
  broken: /^Error 1: TypeError: [^\n]*undefined[^\n]*\nstderr:\n[^]*example\.\w+:\d/,
  lies: `run(() => 1n);`,
  lied: /^Error 1: TypeError: .*BigInt/,
  passes: `run(() => callTool("refuse"));`,
  waits: `run(async ({ path }) => {
    log("info", "waiting");
    signal.addEventListener("abort", () => fs.writeFileSync(path, "signal, "));
    await callTool("wait").catch((error) => fs.appendFileSync(path, error.name + ": " + error.message));
    fs.appendFileSync(path, ", " + await memory.get("a").catch((error) => error.name));
  });`,
  ended: /^signal, AbortError: .*the user left, AbortError$/,
  echoes: `run(({ text }) => text);`,
  deep: undefined,
};
const NAMES = "callTool, fail, log, memory, run, signal";

function bodies(head: string, tail = ""): typeof SCRIPT_BODIES {
  const { broken, lied, ended, deep, ...code } = SCRIPT_BODIES;
  const whole = Object.fromEntries(Object.entries(code).map(([name, body]) => [name, `${head}\n${tail}${body}\n`]));
  return { ...whole as typeof code, broken, lied, ended, deep };
}

const DIALECTS: readonly Dialect[] = [
  {
    language: "Python",
    interpreter: "python3",
    fails: `from collet_tool import run, fail\nrun(lambda arguments: fail('no "city"', {"a": 1}))`,
    breaks: `from collet_tool import run\nrun(lambda arguments: arguments["b"])`,
    broken: /^Error 1: KeyError: 'b'\nstderr:\nTraceback[^]*example\.py/,
    lies: `from collet_tool import run\nrun(lambda arguments: float("nan"))`,
    lied: /^Error 1: ValueError: .*JSON/,
    passes: `from collet_tool import run, call_tool\nrun(lambda arguments: call_tool("refuse"))`,
    waits: `
from collet_tool import *
def main(arguments):
    def write(text):
        with open(arguments["path"], "a") as file:
            file.write(text)
    on_cancel(lambda: write("listener, "))
    log("info", "waiting")
    try:
        call_tool("wait")
    except Cancelled as reason:
        write("Cancelled: %s, %s" % (reason, cancelled()))
        memory.get("a")
run(main)`,
    ended: /^(listener, )?Cancelled: .*the user left, True(listener, )?$/,
    echoes: `from collet_tool import run\nrun(lambda arguments: arguments["text"])`,
    deep: /^Script "example" ended .*\nstderr:\nCannot read what the server sends: .*recursion/,
  },
  {
    language: "JavaScript",
    interpreter: "node",
    extension: "mjs",
    ...bodies(`import fs from "node:fs";\nimport { ${NAMES} } from "collet_tool";`, "await "),
  },
  {
    language: "CommonJS",
    interpreter: "node",
    ...bodies(`const fs = require("node:fs");\nconst { ${NAMES} } = require("collet_tool");`),
  },
  {
    language: "TypeScript",
    interpreter: "deno run --no-check -A",
    extension: "ts",
    ...bodies(`import fs from "node:fs";\nimport { ${NAMES} } from "collet_tool";`, "await "),
  },
  {
    language: "Ruby",
    interpreter: "ruby",
    fails: `require "collet_tool"\nColletTool.run { ColletTool.fail('no "city"', { "a" => 1 }) }`,
    breaks: `require "collet_tool"\nColletTool.run { |arguments| arguments["b"].size }`,
    broken: /^Error 1: NoMethodError: [^]*\nstderr:\n[^]*example\.rb/,
    lies: `require "collet_tool"\nColletTool.run { Float::NAN }`,
    lied: /^Error 1: JSON::GeneratorError: .*NaN/,
    passes: `require "collet_tool"\nColletTool.run { ColletTool.call_tool("refuse") }`,
    waits: `
require "collet_tool"
ColletTool.run do |arguments|
  write = ->(text) { File.write(arguments["path"], text, mode: "a") }
  ColletTool.on_cancel { write.call("listener, ") }
  ColletTool.log("info", "waiting")
  begin
    ColletTool.call_tool("wait")
  rescue ColletTool::Cancelled => e
    write.call("Cancelled: #{e.message}, #{ColletTool.cancelled?}")
    ColletTool.memory.get("a")
  end
end`,
    ended: /^(listener, )?Cancelled: .*the user left, true(listener, )?$/,
    echoes: `require "collet_tool"\nColletTool.run { |arguments| arguments["text"] }`,
    deep: /^Script "example" ended .*\nstderr:\nCannot read what the server sends: nesting of 1001 is too deep$/,
  },
  { language: "Bash", interpreter: "bash", ...SHELL, fails: SHELL.fails },
  { language: "sh", interpreter: "sh", ...SHELL },
];

/** A tool that refuses, and one that waits until its call is cancelled. */
const others = definePlugin({
  name: "others",
  version: "1.0.0",
  setup(ctx) {
    ctx.tool({ name: "refuse", description: "x", input: {}, run: () => Promise.reject(new ToolError("not today")) });
    ctx.tool({
      name: "wait",
      description: "x",
      input: {},
      run: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
  },
});

/** Starts a kernel with a script of a dialect; `undefined` when it was skipped. */
async function start(
  t: TestContext,
  { interpreter, extension }: Dialect,
  { code, protocol }: { readonly code: string; readonly protocol?: number },
): Promise<ScriptKit | undefined> {
  const kit = await startScripts({ plugins: [others] });
  const reason = await missing(kit, interpreter.split(" ")[0]!);
  if (reason !== false) {
    t.skip(reason);
    await kit[Symbol.asyncDispose]();
    return undefined;
  }
  await kit.register({
    name: "example",
    code,
    interpreter,
    ...(extension !== undefined && { extension }),
    ...(protocol !== undefined && { protocol }),
  });
  return kit;
}

for (const dialect of DIALECTS) {
  describe(`a tool with the ${dialect.language} module`, { timeout: 60_000 }, () => {
    test("fails with its own message and data", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.fails });
      if (kit === undefined) return;
      const answer = await kit.call("example");
      assert.equal(fail(answer), 'Error 1: no "city"\nData: {"a":1}');
    });

    test("fails with the error that nobody caught, and where it came from", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.breaks });
      if (kit === undefined) return;
      assert.match(fail(await kit.call("example")), dialect.broken);
    });

    test("fails when its result is no JSON", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.lies });
      if (kit === undefined) return;
      assert.match(fail(await kit.call("example")), dialect.lied);
    });

    for (const protocol of [1, 2]) {
      test(`fails with the words of the server when a request failed, in revision ${protocol}`, async (t: TestContext) => {
        await using kit = await start(t, dialect, { code: dialect.passes, protocol });
        if (kit === undefined) return;
        assert.match(fail(await kit.call("example")), /Tool refuse failed: not today/);
      });
    }

    test("learns at once that its call was cancelled, though it waits for the server", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.waits });
      if (kit === undefined) return;
      const path = `${kit.home}/ended`;
      const controller = new AbortController();
      const call: CallPatch = {
        signal: controller.signal,
        log: (_, message) => {
          if (message === "waiting") setTimeout(() => controller.abort(new ToolError("the user left")), 200);
        },
      };
      fail(await soon(kit.call("example", { path }, call)));
      const read = () => readFile(path, "utf8").catch(() => "");
      await until(async () => dialect.ended.test(await read()), `${dialect.ended} in the file`).catch(async (error) => {
        throw new Error(`${error.message}, found ${JSON.stringify(await read())}`);
      });
    });

    test("takes arguments that are nested 130 deep, and says so of those that it cannot read", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.echoes });
      if (kit === undefined) return;
      const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
      assert.equal(succeed(await kit.call("example", { text: "seen", more: nested(130) })), "seen");
      const answer = await soon(kit.call("example", { text: "seen", more: nested(2_000) }));
      if (dialect.deep === undefined) assert.equal(succeed(answer), "seen");
      else assert.match(fail(answer), dialect.deep);
    });

    test("gives back a text of any characters, and of 300,000", async (t: TestContext) => {
      await using kit = await start(t, dialect, { code: dialect.echoes });
      if (kit === undefined) return;
      const any = Array.from({ length: 0x2ff }, (_, i) => String.fromCodePoint(i + 1)).join("");
      for (const text of [`${any}\u2028\u2029\ud7ff\ue000\uffff\u{10000}\u{10ffff}.`, 'é\t"\\😀'.repeat(50_000)]) {
        assert.equal(succeed(await kit.call("example", { text })), text);
      }
    });
  });
}
