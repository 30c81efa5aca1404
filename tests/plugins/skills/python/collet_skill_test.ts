import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { valueOf } from "../../../../kernel/mod.ts";
import {
  errorResult,
  fromException,
  serializeResult,
  skillError,
  skillException,
  skillSuccess,
  skillWarning,
  successResult,
  validateActionResult,
} from "../../../../plugins/skills/results/mod.ts";
import { readText } from "../../../../scripts/lib/repository.ts";
import { startScripts } from "../../scripts/kit.ts";
import { type Python, pythonIsMissing, readResult, startPython } from "./kit.ts";

const SOURCES = "plugins/scripts/author_modules";
/** The example of the page that the API follows. */
const SET_TIMELINE = `from dcc_mcp_core.skill import skill_entry, skill_success

@skill_entry
def set_timeline(start_frame: float = 1.0, end_frame: float = 120.0, **kwargs):
    """Set the Maya playback timeline range."""
    import maya.cmds as cmds  # ImportError caught automatically if Maya not present

    min_frame = kwargs.get("min_frame", start_frame)
    max_frame = kwargs.get("max_frame", end_frame)

    cmds.playbackOptions(
        min=min_frame, max=max_frame,
        animationStartTime=start_frame, animationEndTime=end_frame,
    )
    return skill_success(
        f"Timeline set to {start_frame}{end_frame}",
        prompt="Inspect the timeline slider to verify.",
        start_frame=start_frame,
        end_frame=end_frame,
    )

def main(**kwargs):
    """Entry point; delegates to set_timeline."""
    return set_timeline(**kwargs)

if __name__ == "__main__":
    from dcc_mcp_core.skill import run_main
    run_main(main)
`;
const SKIP = await pythonIsMissing();

let python: Python;
before(async () => {
  if (!SKIP) python = await startPython();
});
after(async () => {
  if (!SKIP) await python[Symbol.asyncDispose]();
});

/** Makes a script whose function has a body. */
function script(body: string, more = ""): string {
  const lines = body.split("\n").map((line) => `    ${line}`).join("\n");
  const head = `import os, subprocess, sys\nfrom collet_skill import *\n${more}\n`;
  return `${head}def main(**given):\n${lines}\n\nrun_main(main)\n`;
}

/** Writes a Maya that prints what it is told, and says where. */
async function stubMaya(): Promise<{ readonly PYTHONPATH: string }> {
  await python.write("stub/maya/__init__.py", "");
  const code = "def playbackOptions(**options):\n    print('options', sorted(options.items()))\n";
  await python.write("stub/maya/cmds.py", code);
  return { PYTHONPATH: `${python.path}/stub` };
}

const ECHO = script('return skill_success("m", given=given)');

describe("collet_skill", { skip: SKIP }, () => {
  test("is written in the syntax of Python 3.7", async () => {
    const names = ["collet_skill.py", "dcc_mcp_core/__init__.py", "dcc_mcp_core/skill.py"];
    const code = "import ast, json, sys\nfor it in json.load(sys.stdin): ast.parse(it, feature_version=(3, 7))\n";
    const input = JSON.stringify(names.map((name) => readText(`${SOURCES}/${name}`)));
    const { code: status, stderr } = await python.run(code, { input });
    assert.equal(status, 0, stderr);
  });

  test("makes the same results as the module for JavaScript", async () => {
    const { stdout, stderr } = await python.run(`
import json
from collet_skill import *
error = ValueError("bad")
results = [
    skill_success("m", prompt="p", a=1),
    skill_error("m", "e", possible_solutions=["s"], a=1),
    skill_error("m", "e", possible_solutions=["s"], prompt=""),
    skill_warning("m", a=1),
    skill_exception(error, include_traceback=False),
    skill_exception(error, include_traceback=False, message="m", prompt="p", possible_solutions=["s"], a=1),
    success_result("m", prompt="p", a=1).to_dict(),
    error_result("m", "e", possible_solutions=["s"]).to_dict(),
    from_exception("ValueError: a: b", a=1).to_dict(),
    from_exception("bad", include_traceback=False).to_dict(),
    validate_action_result({"context": {"a": 1}, "a": 2, "b": None}).to_dict(),
    validate_action_result("text").to_dict(),
    success_result("m").with_error("e").with_context(a=1).to_dict(),
]
texts = [
    serialize_result(success_result("\\u00e9", a=[1, 1.5, None, {"b": True}])),
    success_result("m", items=list(range(12)), deep={"b": {"c": {"d": {"e": 1}}}}).to_json(compact=True),
    str(success_result("done")), str(error_result("failed", "code 3")),
]
print(json.dumps([results, texts]))
`);
    assert.equal(stderr, "");
    const [results, texts] = JSON.parse(stdout);
    const error = Object.assign(new Error("bad"), { name: "ValueError" });
    const items = Array.from({ length: 12 }, (_, i) => i);
    assert.deepEqual(results, [
      skillSuccess("m", { prompt: "p", a: 1 }),
      skillError("m", "e", { possibleSolutions: ["s"], a: 1 }),
      skillError("m", "e", { possibleSolutions: ["s"] }),
      skillWarning("m", { a: 1 }),
      skillException(error, { includeTraceback: false }),
      skillException(error, {
        ...{ includeTraceback: false, message: "m", prompt: "p" },
        ...{ possibleSolutions: ["s"], a: 1 },
      }),
      successResult("m", { prompt: "p", a: 1 }).toDict(),
      errorResult("m", "e", { possibleSolutions: ["s"] }).toDict(),
      fromException("ValueError: a: b", { a: 1 }).toDict(),
      fromException("bad", { includeTraceback: false }).toDict(),
      validateActionResult({ context: { a: 1 }, a: 2, b: null }).toDict(),
      validateActionResult("text").toDict(),
      successResult("m").withError("e").withContext({ a: 1 }).toDict(),
    ]);
    assert.deepEqual(texts, [
      serializeResult(successResult("é", { a: [1, 1.5, null, { b: true }] })),
      successResult("m", { items, deep: { b: { c: { d: { e: 1 } } } } }).toJson({ isCompact: true }),
      "Success: done",
      "Error: code 3",
    ]);
  });

  test("refuses what the module for JavaScript refuses", async () => {
    const { stdout } = await python.run(`
import json
from collet_skill import *
cycle = []
cycle.append(cycle)
def kind(function, *args):
    try:
        function(*args)
        return None
    except Exception as error:
        return type(error).__name__
print(json.dumps({
    "type": [kind(validate_action_result, it) for it in (
        {"success": 1}, {"message": 1}, {"prompt": 1}, {"error": 1}, {"context": 1}, {"success": None})],
    "no result": [kind(serialize_result, {}), kind(serialize_result, success_result("m"), "json")],
    "context": [kind(serialize_result, success_result("m", a=it)) for it in (cycle, float("nan"), object(), b"x")],
    "data": [kind(deserialize_result, it) for it in (5, None, "", b"", "[]", "{", b"\\x83", '{"success":"no"}')],
    "msgpack": [kind(serialize_result, success_result("m"), SerializeFormat.MsgPack)],
    "read": [deserialize_result(it).to_dict() == success_result("m", n=240).to_dict() for it in (
        serialize_result(success_result("m", n=240)), serialize_result(success_result("m", n=240)).encode())],
}))
`);
    assert.deepEqual(JSON.parse(stdout), {
      type: Array(6).fill("TypeError"),
      "no result": ["TypeError", "TypeError"],
      context: Array(4).fill("ValueError"),
      data: ["TypeError", "TypeError", ...Array(6).fill("ValueError")],
      msgpack: ["ValueError"],
      read: [true, true],
    });
  });

  test("keeps name and text of a function that skill_entry wraps, and what it gives", async () => {
    const { stdout } = await python.run(`
import json
from collet_skill import skill_entry
@skill_entry
def tool(a, *, b=2):
    """Does it."""
    if a is None:
        import hou.sop
    if a < 0:
        raise SystemExit(3)
    return a / b
print(json.dumps([tool.__name__, tool.__doc__, tool._is_skill_entry, tool(3), tool(1, b=0), tool(-1), tool(None)]))
`);
    const [name, text, isEntry, given, divided, exited, absent] = JSON.parse(stdout);
    assert.deepEqual([name, text, isEntry, given], ["tool", "Does it.", true, 1.5]);
    assert.equal(divided.error, "ZeroDivisionError: division by zero");
    assert.match(divided.context.traceback, /line 11, in tool/);
    assert.deepEqual([exited.message, exited.error], ["The tool was interrupted", "SystemExit: 3"]);
    assert.equal(absent.message, "Houdini is not available in this environment");
  });
});

describe("run_main", { skip: SKIP }, () => {
  test("runs the example of the page, with Maya and without", async () => {
    const without = await python.run(SET_TIMELINE, { input: '{"start_frame": 1, "end_frame": 24}' });
    const { success, message, error, prompt, context } = readResult(without);
    assert.deepEqual([without.code, success], [1, false]);
    assert.equal(message, "Maya is not available in this environment");
    assert.equal(error, "ModuleNotFoundError: No module named 'maya'");
    assert.ok(prompt && context.possible_solutions.length > 0);

    const env = await stubMaya();
    const ran = await python.run(SET_TIMELINE, { input: '{"start_frame": 1, "end_frame": 24, "max_frame": 30}', env });
    assert.deepEqual([ran.code, readResult(ran)], [0, {
      success: true,
      message: "Timeline set to 124",
      prompt: "Inspect the timeline slider to verify.",
      context: { start_frame: 1, end_frame: 24 },
    }]);
    assert.match(ran.stderr, /options .*\('max', 30\)/);
  });

  test("runs the example of the README", async () => {
    const [, code = ""] = /^## Scripts of skills[^]*?^```python\n([^]*?)^```/m.exec(readText(`${SOURCES}/README.md`))!;
    const { PYTHONPATH } = await stubMaya();
    const ran = await python.run(code, { args: ["--end-frame", "24"], env: { PYTHONPATH } });
    assert.deepEqual([ran.code, readResult(ran).context], [0, { start_frame: 1, end_frame: 24 }]);
  });

  test("answers as a tool that register_script makes", async () => {
    await using kit = await startScripts();
    const result = await kit.runCode("python3", ECHO, { a: 1 });
    assert.deepEqual(valueOf(result), { success: true, message: "m", context: { given: { a: 1 } } });
  });

  test("takes arguments from stdin and from the command line, which says the same again", async () => {
    const args = ["--title", "--draft", "--start-frame", "1", "--more", "2.5", "--flag", "--text=x=y", "--no", "null"];
    const [both, lines, none] = await python.runAll([
      { code: ECHO, input: '{"title": "--draft", "start_frame": 1, "list": ["é"]}', args },
      { code: ECHO, input: '\ufeff{\n  "a": 1\n}\n' },
      { code: ECHO },
    ]);
    assert.deepEqual(readResult(both!).context.given, {
      ...{ title: "--draft", start_frame: 1, list: ["é"] },
      ...{ more: 2.5, flag: true, text: "x=y", no: null },
    });
    assert.deepEqual(readResult(lines!).context.given, { a: 1 });
    assert.deepEqual(readResult(none!).context.given, {});
  });

  test("refuses what is no object on stdin, and words without a key", async () => {
    const wrong = await python.runAll([
      ...["[1]", "{", "words"].map((input) => ({ code: ECHO, input })),
      { code: ECHO, args: ["--a", "1", "b"] },
    ]);
    assert.deepEqual(wrong.map(({ code }) => code), [1, 1, 1, 1]);
    for (const ended of wrong.slice(0, 3)) {
      assert.match(readResult(ended).error, /Cannot read the arguments from stdin/);
    }
    assert.match(readResult(wrong[3]!).error, /'b' belongs to no key/);
  });

  test("answers a request of the script protocol, whose stdin stays open", async () => {
    const params = { arguments: { a: 1 }, context: { roots: [] } };
    const input = `${JSON.stringify({ jsonrpc: "2.0", id: 7, method: "execute", params })}\n`;
    const ran = await python.run(ECHO, { input, isOpen: true });
    assert.deepEqual([ran.code, readResult(ran)], [0, {
      jsonrpc: "2.0",
      id: 7,
      result: { success: true, message: "m", context: { given: { a: 1 } } },
    }]);
  });

  test("prints one line, whatever the function and its children print", async () => {
    const ran = await python.run(script(
      `old.write("old\\n")
print("from print")
os.write(1, b"from the system\\n")
subprocess.run(["echo", "from a child"])
return skill_success("a\\nb", text="\\ud800\\u00e9")`,
      "old = sys.stdout",
    ));
    assert.deepEqual([ran.code, readResult(ran).message], [0, "a\nb"]);
    for (const text of ["old", "from print", "from the system", "from a child"]) {
      assert.ok(ran.stderr.includes(text), text);
    }
  });

  test("makes a result of whatever comes out, and exits by it", async () => {
    const cases: readonly (readonly [body: string, code: number, wanted: RegExp])[] = [
      ['return skill_error("m", "e", prompt="p")', 1, /"error": "e"/],
      ['raise KeyError("k")', 1, /"error": "KeyError: 'k'"/],
      ["sys.exit(0)", 1, /"message": "The tool was interrupted"/],
      ["import nuke", 1, /"error_type": "ModuleNotFoundError"/],
      ["return 5", 0, /"value": "5"/],
      ['return {"success": "yes"}', 1, /"error": "TypeError: .*'success'/],
      ['return success_result("m", a=1)', 0, /"context": \{"a": 1\}/],
      [
        'return skill_success("m", a=float("nan"), b=object, c={1}, d="NaN")',
        0,
        /"NaN", "b": "<class .*"\{1\}", "d": "NaN"/,
      ],
      ['return skill_success("m", a={(1, 2): 3})', 1, /"error": "TypeError: keys must be/],
      ["given['a'] = given\nreturn skill_success('m', given=given)", 1, /Circular reference/],
    ];
    const ended = await python.runAll(cases.map(([body]) => ({ code: script(body) })));
    for (const [i, [body, code, wanted]] of cases.entries()) {
      assert.equal(ended[i]!.code, code, body);
      readResult(ended[i]!);
      assert.match(ended[i]!.stdout, wanted, body);
    }
  });

  test("waits for a function that is async, wrapped or not", async () => {
    const code = `from collet_skill import *\nimport asyncio
async def main(a):
    await asyncio.sleep(0)
    return skill_success("m", a=1 / a)
run_main(WRAP(main))\n`;
    const [plain, failed] = await python.runAll([
      { code: code.replace("WRAP", ""), args: ["--a", "2"] },
      { code: code.replace("WRAP", "skill_entry"), args: ["--a", "0"] },
    ]);
    assert.deepEqual(readResult(plain!).context, { a: 0.5 });
    assert.equal(readResult(failed!).error, "ZeroDivisionError: division by zero");
  });

  test("prints where an application has put its own stdout", async () => {
    const { stdout } = await python.run(`
import io, sys
from collet_skill import run_main, skill_success
def main():
    print("shown elsewhere")
    return skill_success("m")
real, sys.stdout, sys.stdin = sys.stdout, io.StringIO(), io.StringIO("{}")
try:
    run_main(main, [])
except SystemExit as exit:
    real.write("%s %s" % (exit.code, sys.stdout.getvalue()))
`);
    assert.equal(stdout, '0 {"success": true, "message": "m", "context": {}}\n');
  });
});
