import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import type { Call, JsonObject, LogLevel } from "../../../../kernel/mod.ts";
import { fail } from "../../library/kit.ts";
import { missing } from "../../scripts/kit.ts";
import { declare, type SkillKit, startSkills, valueOf } from "./kit.ts";

/** Scripts that answer with their arguments, as stdin and as words, by interpreter. */
const ECHOES: Readonly<Record<string, readonly [path: string, code: string]>> = {
  python3: [
    "scripts/echo.py",
    "import json, sys\nprint(json.dumps({'stdin': json.load(sys.stdin), 'words': sys.argv[1:]}, ensure_ascii=False))",
  ],
  node: [
    "scripts/echo.js",
    "const stdin = JSON.parse(require('fs').readFileSync(0, 'utf8'));" +
    "console.log(JSON.stringify({ stdin, words: process.argv.slice(2) }));",
  ],
  deno: [
    "scripts/echo.ts",
    "const stdin: unknown = await new Response(Deno.stdin.readable).json();\n" +
    "console.log(JSON.stringify({ stdin, words: Deno.args }));",
  ],
  bash: [
    "scripts/echo.sh",
    'stdin=$(cat); words=""; for word in "$@"; do words="$words${words:+,}\\"$word\\""; done\n' +
    `printf '{"stdin":%s,"words":[%s]}' "$stdin" "$words"`,
  ],
  ruby: ["scripts/echo.rb", "require 'json'\nputs JSON.generate({ stdin: JSON.parse(STDIN.read), words: ARGV })"],
  perl: [
    "scripts/echo.pl",
    'local $/; my $in = <STDIN>; my $w = join \',\', map { qq("$_") } @ARGV; print qq({"stdin":$in,"words":[$w]});',
  ],
};
const ARGUMENTS = { frame_start: 5, name: "Größe ☃", closed: false, list: [1], deep: { a: null } };
const WORDS = ["--frame-start", "5", "--name", "Größe ☃", "--closed", "false"];

describe("tools of skills", { timeout: 120_000 }, () => {
  let kit: SkillKit;
  before(async () => {
    kit = await startSkills();
  });
  after(() => kit[Symbol.asyncDispose]());

  for (const [program, [path, code]] of Object.entries(ECHOES)) {
    test(`run ${path} by ${program}: arguments are JSON on stdin, and scalars words`, async (t) => {
      const reason = await missing(kit as never, program);
      if (reason !== false) return t.skip(reason);
      const { stdin, words } = valueOf(await kit.runScript(path, code, ARGUMENTS));
      assert.deepEqual(stdin, ARGUMENTS);
      assert.deepEqual(words, WORDS);
    });
  }

  test("run other files by their first line when they are executable, and say so when not", async () => {
    const files = { "bin/tool": '#!/bin/sh\necho "ran $2"', "bin/data": "#!/bin/sh\necho no" };
    const tools = [declare("go", "bin/tool"), declare("stay", "bin/data")];
    await kit.load({ other: { files, tools, executable: ["bin/tool"] } });
    assert.deepEqual(valueOf(await kit.call("other__go", { a: "1" })), { success: true, message: "ran 1" });
    assert.match(fail(await kit.call("other__stay")), /nothing here runs "bin\/data"/);
  });

  test("see their own folder, have a private one to work in, and none of the server's variables", async () => {
    process.env["COLLET_TEST_PRIVATE"] = "not for skills";
    const code = `here=$(dirname "$0"); touch made
printf '{"data":"%s","files":"%s","tool":"%s","private":"%s"}' "$(cat "$here/../versions/1.txt")" "$(ls)" \\
  "$COLLET_TOOL_NAME" "$COLLET_TEST_PRIVATE"`;
    const files = { "scripts/look.sh": code, "versions/1.txt": "42" };
    await kit.load({ "my-look": { files, tools: [declare("look", "scripts/look.sh")] } });
    const seen = valueOf(await kit.call("my_look__look"));
    assert.deepEqual(seen, { data: "42", files: "made", tool: "my_look__look", private: "" });
    delete process.env["COLLET_TEST_PRIVATE"];
  });

  test("run functions of Python by collet_skill, and by the name that it has in dcc-mcp-core", async () => {
    const code = `from dcc_mcp_core.skill import run_main, skill_entry, skill_error, skill_success

@skill_entry
def set_timeline(start_frame=1, end_frame=120, **kwargs):
    print("setting")
    if end_frame <= start_frame:
        return skill_error("Not set", "end_frame is before start_frame", possible_solutions=["Swap them"])
    return skill_success("Timeline set", start=start_frame, end=end_frame)

if __name__ == "__main__":
    run_main(set_timeline)`;
    await kit.load({ timeline: { files: { "scripts/set_timeline.py": code } } });
    const [set, refused] = await Promise.all([
      kit.call("timeline__set_timeline", { start_frame: 10, end_frame: 20 }),
      kit.call("timeline__set_timeline", { start_frame: 10, end_frame: 5 }),
    ]);
    const { success, message, context } = valueOf(set);
    assert.deepEqual({ success, message, context }, {
      success: true,
      message: "Timeline set",
      context: { start: 10, end: 20 },
    });
    const failure = refused.structuredContent as JsonObject;
    assert.deepEqual([refused.isError, failure["error"], failure["context"]], [
      ...[true, "end_frame is before start_frame", { possible_solutions: ["Swap them"] }],
    ]);
  });

  test("run after the snippet that the operator has for Python, as they would without", async () => {
    const code = `import builtins, json, os, sys
print(json.dumps([builtins.ready, __name__, sys.argv[1:], os.path.basename(sys.argv[0]), __import__("beside").x]))`;
    const files = { "scripts/a.py": code, "scripts/beside.py": "x = 1" };
    await kit.load({ snippet: { files, tools: [declare("a", "scripts/a.py")], dcc: "maya" } });
    assert.match(fail(await kit.call("snippet__a")), /its skill is for maya, and .*set DCC_MCP_PYTHON_EXECUTABLE/);
    process.env["DCC_MCP_PYTHON_INIT_SNIPPET"] = "import builtins\nbuiltins.ready = 42";
    const result = await kit.call("snippet__a", { n: 1 });
    delete process.env["DCC_MCP_PYTHON_INIT_SNIPPET"];
    assert.deepEqual(result.structuredContent, [42, "__main__", ["--n", "1"], "a.py", 1]);
  });

  test("answer by what they print", async () => {
    const cases: readonly (readonly [string, JsonObject])[] = [
      ["true", { success: true, message: "" }],
      ["echo hello", { success: true, message: "hello" }],
      [`echo noise; echo '{"success": true, "message": "ok", "context": {"n": 1}}'`, {
        success: true,
        message: "ok",
        context: { n: 1 },
      }],
    ];
    for (const [code, value] of cases) assert.deepEqual(valueOf(await kit.runScript("scripts/a.sh", code)), value);
  });

  test("fail by their exit code or a signal, with what they said", async () => {
    const result = await kit.runScript("scripts/a.sh", "echo half; echo why >&2; exit 3");
    assert.match(fail(result), /^Script "s\d+__run" ended with exit code 3\nstderr:\nwhy\nstdout:\nhalf$/);
    assert.deepEqual(result.structuredContent, { exit_code: 3, signal: null, stderr: "why", stdout: "half" });
    assert.match(fail(await kit.runScript("scripts/a.sh", "kill -9 $$")), /SIGKILL/);
    assert.match(fail(await kit.runScript("scripts/a.rb", "raise 'here'")), /here \(RuntimeError\)/);
  });

  test("fail by success: false, whatever their exit code; a success with an exit code is none", async () => {
    const code = (success: string, exit: number) =>
      `echo '{"success": ${success}, "message": "m", "error": "e"}'; exit ${exit}`;
    for (const exit of [0, 1]) {
      const result = await kit.runScript("scripts/a.sh", code("false", exit));
      assert.equal(result.isError, true);
      assert.deepEqual(result.structuredContent, { success: false, message: "m", error: "e" });
    }
    assert.match(fail(await kit.runScript("scripts/a.sh", code("true", 2))), /ended with exit code 2/);
  });

  test("log what they print to stderr, and beside their answer", async () => {
    const code = `echo "to stderr" >&2; echo beside; echo '{"success": true}'`;
    await kit.load({ logs: { files: { "scripts/a.sh": code } } });
    const logged: unknown[][] = [];
    const log: Call["log"] = (level: LogLevel, message: string, _data?: unknown, logger?: string) =>
      void logged.push([level, message, logger]);
    assert.deepEqual(valueOf(await kit.call("logs__a", {}, { log })), { success: true });
    assert.deepEqual(logged.sort(), [["info", "beside", "logs__a"], ["info", "to stderr", "logs__a"]]);
  });

  test("take long arguments on stdin alone", async () => {
    const result = await kit.runScript("scripts/a.sh", "echo [$(wc -c), $#]", { text: "x".repeat(1_000_000) });
    assert.deepEqual(result.structuredContent, [1_000_000 + '{"text":""}'.length, 0]);
  });

  test("are given to scripts once each when many are called at once", async () => {
    await kit.load({ many: { files: { "scripts/a.sh": `echo "[$(cat), $2]"` } } });
    const results = await Promise.all(Array.from({ length: 12 }, (_, n) => kit.call("many__a", { n })));
    assert.deepEqual(results.map((it) => it.structuredContent), Array.from({ length: 12 }, (_, n) => [{ n }, n]));
  });

  test("name what may be called next", async () => {
    const code = `echo "{\\"success\\": \${2:?no argument}}"`;
    const nextTools = { onSuccess: ["b", "gone"], onFailure: ["call_tool"] };
    const files = { "scripts/a.sh": code, "scripts/b.sh": code };
    const tools = [declare("a", "scripts/a.sh", { nextTools }), declare("b", "scripts/b.sh")];
    await kit.load({ next: { files, tools, nextTools: { onSuccess: ["a"], onFailure: [] } } });
    assert.deepEqual((await kit.call("next__a", { ok: true }))._meta, {
      "dcc.next_tools": { on_success: ["next__b"] },
    });
    const failed = await kit.call("next__a", { ok: false });
    assert.deepEqual([failed.isError, failed._meta], [true, { "dcc.next_tools": { on_failure: ["call_tool"] } }]);
    // it ends with an exit code, and its skill has a word for tools that say nothing themselves
    assert.deepEqual((await kit.call("next__a", {}))._meta, { "dcc.next_tools": { on_failure: ["call_tool"] } });
    assert.deepEqual((await kit.call("next__b", { ok: true }))._meta, {
      "dcc.next_tools": { on_success: ["next__a"] },
    });
    assert.equal((await kit.call("next__b", { ok: false }))._meta, undefined);
  });

  test("are held to their schemas, both ways", async () => {
    const inputSchema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
    const outputSchema = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] };
    const code =
      "import json, sys\nn = json.load(sys.stdin)['n']\nprint(json.dumps({'sum': n} if n else {'other': 1}))";
    const tools = [declare("a", "scripts/a.py", { inputSchema, outputSchema })];
    await kit.load({ schemas: { files: { "scripts/a.py": code }, tools } });
    assert.deepEqual(valueOf(await kit.call("schemas__a", { n: 2 })), { sum: 2 });
    assert.match(fail(await kit.call("schemas__a", { n: "2" })), /expected number/);
    assert.match(fail(await kit.call("schemas__a", { n: 0 })), /does not match its output schema/);
  });

  test("run within the process of a host that says so", async () => {
    await kit.load({ host: { files: { "scripts/a.py": "raise SystemExit(1)" } } });
    kit.catalog.setInProcessExecutor((path, params, tool) => {
      if (params["fail"] === true) throw new Error("the host is busy");
      return { success: true, message: tool.name, context: { ends: path.endsWith("host/scripts/a.py"), ...params } };
    });
    try {
      assert.deepEqual(valueOf(await kit.call("host__a", { n: 1 })), {
        success: true,
        message: "host__a",
        context: { ends: true, n: 1 },
      });
      assert.match(fail(await kit.call("host__a", { fail: true })), /the host is busy/);
    } finally {
      kit.catalog.setInProcessExecutor(null);
    }
  });
});
