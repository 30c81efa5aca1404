import assert from "node:assert/strict";
import { readdir, readFile, symlink } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { until, withTimeEnough } from "../../../support/wait.ts";
import { Machine, type Talk } from "../proof/kit.ts";

const SKILL = (name: string, more = "") =>
  `---\nname: ${name}\ndescription: Runs scripts for a test\n${more}---\n# ${name}\n`;
const SECRET = "s3cret-of-the-test";
/** One script of each kind that this machine surely runs, and its output. */
const KINDS: Readonly<Record<string, string>> = {
  "kinds/a.py": "print('ran')",
  "kinds/a.js": "console.log('ran')",
  "kinds/a.mjs": "import 'node:fs'; console.log('ran')",
  "kinds/a.cjs": "require('node:fs'); console.log('ran')",
  "kinds/a.sh": 'echo "ran"',
  "kinds/a.bash": "words=(ran); echo ${words[0]}",
  "kinds/UPPER.SH": "echo ran",
  "kinds/python_by_line": "#!/usr/bin/env python3\nprint('ran')",
  "kinds/shell_by_line": "#!/bin/sh\necho ran",
  "kinds/with_words": "#!/usr/bin/env -S bash -e\necho ran\nfalse\necho on",
};

after(removeBundle);

describe("run_skill_script", { timeout: 120_000 }, () => {
  let machine: Machine;
  let talk: Talk;
  before(async () => {
    machine = await Machine.make();
    await machine.skill("box", {
      ...KINDS,
      "SKILL.md": SKILL("box"),
      ".env": `# of the test\nAPI_KEY="${SECRET}"\nexport PLACE=Brest\n`,
      "words.py": "import sys\nprint(sys.argv[1:])",
      "ending.py": "import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\nsys.exit(3)",
      "root_module.py": "WORD = 'of the root'",
      "scripts/own_module.py": "WORD = 'of the folder'",
      "scripts/imports.py": "import own_module, root_module\nprint(own_module.WORD, root_module.WORD)",
      "variables.py": "import json, os\nprint(json.dumps(dict(os.environ)))",
      "secret.sh": 'echo "key=$API_KEY place=$PLACE"; echo "$API_KEY" >&2',
      "place.py": "import os\nprint(os.path.basename(os.getcwd()))",
      "write.py": "open('made.txt', 'w').write('made')",
      "input.py": "import sys\nprint(repr(sys.stdin.read()))",
      "slow.sh": "echo begun; sleep 60",
      "left.sh": "sleep 60 & echo $!",
      "much.py": "print('x' * 150000)",
      "exact.py": "import sys\nsys.stdout.write('x' * 100000)",
      "bytes.py": "import sys\nsys.stdout.buffer.write(b'a\\xff\\xfeb')",
      "silent.py": "pass",
      "pieces.py": "import os, time\nprint('piece 0')\nwhile not os.path.exists('heard'): time.sleep(0.05)\n" +
        "print('piece 1')\nprint('piece 2')\n",
      "killed.py": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
      "data.txt": "some text",
      "typed.ts": "const word: string = 'ran';\nconsole.log(word);",
      "a..b.py": "print('two dots')",
    });
    await symlink("/etc", machine.at("home/skills/box/outside"));
    await symlink("/etc/passwd", machine.at("home/skills/box/passwd.py"));
    await symlink("words.py", machine.at("home/skills/box/same.py"));
    await machine.write("home/skills/bare/run.py", "print('no SKILL.md')");
    await machine.write("elsewhere/far/SKILL.md", SKILL("far"));
    await machine.write("elsewhere/far/write.py", "open('made.txt', 'w').write('made')");
    await machine.write("elsewhere/far/place.py", "import os\nprint(os.path.basename(os.getcwd()))");
    await machine.write("outside.py", "print('outside')");
    await machine.configure({ plugins: { skills: { paths: [machine.at("elsewhere")] } } });
    talk = await machine.pipe({ args: ["--expose", "all"], env: { SERVER_TOKEN: "leaked" } });
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
  });

  const call = (script_path: string, more: JsonObject = {}) =>
    talk.call("run_skill_script", { skill_name: "box", script_path, ...more });
  const run = async (script_path: string, more: JsonObject = {}) => {
    const result = await call(script_path, more);
    assert.ok(result.structuredContent !== undefined, textOf(result));
    return { ...result.structuredContent, text: textOf(result), isError: result.isError } as JsonObject;
  };
  const stdoutOf = async (script_path: string, more: JsonObject = {}) => {
    const { stdout, success, text } = await run(script_path, more);
    assert.equal(success, true, String(text));
    return String(stdout).trimEnd();
  };

  test("answers in the words of skill-mcp, and the same for programs", async () => {
    const { duration_ms: duration, ...result } = await run("words.py", {
      args: ["--city", "London", "a b", "$HOME", ""],
    });
    const stdout = "['--city', 'London', 'a b', '$HOME', '']\n";
    assert.ok(typeof duration === "number" && duration >= 0);
    assert.deepEqual(result, {
      text: `Script: box/words.py\nExit code: 0\n\nSTDOUT:\n${stdout}\n`,
      isError: false,
      skill_name: "box",
      script_path: "words.py",
      exit_code: 0,
      stdout,
      stderr: "",
      success: true,
      stdout_truncated: false,
      stderr_truncated: false,
      timed_out: false,
    });
  });

  test("has exit codes other than 0 as errors with the same text", async () => {
    const { text, isError, exit_code: code, success } = await run("ending.py");
    assert.equal(text, "Script: box/ending.py\nExit code: 3\n\nSTDOUT:\nto stdout\n\nSTDERR:\nto stderr\n\n");
    assert.deepEqual([isError, code, success], [true, 3, false]);
  });

  test("says when nothing was printed", async () => {
    assert.equal((await run("silent.py")).text, "Script: box/silent.py\nExit code: 0\n\n(No output)\n");
  });

  test("runs each kind of script by its ending, else by its first line", async () => {
    const printed = await Promise.all(
      Object.keys(KINDS).map(async (path) => `${path}: ${(await run(path)).stdout}`),
    );
    assert.deepEqual(printed, Object.keys(KINDS).map((path) => `${path}: ran\n`));
  });

  test("runs TypeScript, or says what would", async () => {
    const result = await call("typed.ts");
    const text = textOf(result);
    assert.match(text, /^Script: box\/typed\.ts\nExit code: 0\n\nSTDOUT:\nran\n|Cannot find interpreter "deno"/);
  });

  test("says what it runs when it cannot run a file", async () => {
    assert.match(textOf(await call("data.txt")), /nothing here runs "data\.txt".*\.py .*first line/);
  });

  test("refuses arguments that no process takes, or each engine gives otherwise", async () => {
    for (const word of ["a\0b", "half \ud800"]) {
      assert.match(textOf(await call("words.py", { args: [word] })), /Expected a text without NUL and halves/);
    }
    assert.equal(await stdoutOf("words.py", { args: ["whole 😀"] }), "['whole 😀']");
  });

  test("lets scripts import what lies beside them, and what lies at the root of their skill", async () => {
    assert.equal(await stdoutOf("scripts/imports.py"), "of the folder of the root");
    assert.deepEqual((await readdir(machine.at("home/skills/box/scripts"))).sort(), ["imports.py", "own_module.py"]);
  });

  test("gives the variables of the .env, and none of the server's", async () => {
    const variables = JSON.parse(await stdoutOf("variables.py"));
    assert.deepEqual([variables.PLACE, variables.SERVER_TOKEN, variables.COLLET_HOME], ["Brest", undefined, undefined]);
  });

  test("shows values of the .env nowhere", async () => {
    const { text, stdout } = await run("secret.sh");
    assert.equal(stdout, "key=[API_KEY] place=Brest\n");
    assert.match(String(text), /STDERR:\n\[API_KEY\]/);
    assert.equal(talk.wire.join("\n").includes(SECRET), false);
    assert.equal(talk.stderr.includes(SECRET), false);
  });

  test("runs in the folder of the skill, or in one within it", async () => {
    const places = [{}, { working_dir: null }, { working_dir: "scripts" }, { working_dir: "./scripts/" }];
    const found = await Promise.all(places.map((more) => stdoutOf("place.py", more)));
    assert.deepEqual(found, ["box", "box", "scripts", "scripts"]);
    for (const wrong of ["..", "/", "/etc", "outside", "scripts/../..", "missing", "words.py"]) {
      const result = await call("place.py", { working_dir: wrong });
      assert.equal(result.isError, true, wrong);
      assert.match(
        textOf(result),
        /Working directory '.*' is not a directory|Invalid working directory: Cannot use path /,
        wrong,
      );
    }
  });

  test("lets scripts write in skills of the writable root", async () => {
    await run("write.py", { working_dir: "scripts" });
    assert.equal(await readFile(machine.at("home/skills/box/scripts/made.txt"), "utf8"), "made");
    await machine.remove("home/skills/box/scripts/made.txt");
  });

  test("runs skills of other places, whose folders stay as they are", async (context) => {
    const place = await run("place.py", { skill_name: "far" });
    assert.equal(place.stdout, "far\n");
    const { success, stderr } = await run("write.py", { skill_name: "far" });
    if (success === true) return context.skip("no sandbox on this machine");
    assert.match(String(stderr), /Read-only file system|Permission denied/);
    assert.deepEqual((await readdir(machine.at("elsewhere/far"))).sort(), ["SKILL.md", "place.py", "write.py"]);
  });

  test("runs a folder of the writable root that has no SKILL.md", async () => {
    assert.equal(await stdoutOf("run.py", { skill_name: "bare" }), "no SKILL.md");
  });

  test("runs no path that leads out of the skill, and says what it expects", async () => {
    for (
      const path of ["../../../outside.py", "/etc/passwd", "kinds/../../x.py", "passwd.py", "outside/hostname", ".."]
    ) {
      const result = await call(path);
      assert.equal(result.isError, true, path);
      assert.match(
        textOf(result),
        /Invalid script path: Cannot use path ".*": (?:it goes up|it is absolute|a symbolic link in it leads out)/,
        path,
      );
    }
    for (const name of ["..", ".", "../skills/box", machine.at("home/skills/box"), "box/../box", "skills/"]) {
      const result = await call("words.py", { skill_name: name });
      assert.equal(result.isError, true, name);
      assert.match(textOf(result), /does not exist/, name);
    }
  });

  test("follows links within the skill, and takes names with two dots for names", async () => {
    assert.equal(await stdoutOf("same.py"), "[]");
    assert.equal(await stdoutOf("a..b.py"), "two dots");
    assert.equal(await stdoutOf("./words.py"), "[]");
  });

  test("says what is near when a script is not there", async () => {
    assert.match(
      textOf(await call("word.py")),
      /Script 'word\.py' does not exist in skill 'box'; did you mean "words\.py"/,
    );
    assert.match(textOf(await call("kinds")), /'kinds' is not a file/);
    assert.match(textOf(await call("words.py", { skill_name: "boxx" })), /does not exist.*"box"/);
  });

  test("takes no time limit but 1 to 86400 seconds", async () => {
    for (const timeout of [0, -1, 86_401, 1.5, "5"]) {
      const result = await call("words.py", { timeout });
      assert.equal(result.isError, true, String(timeout));
      assert.match(textOf(result), /timeout/, String(timeout));
    }
    assert.equal(await stdoutOf("words.py", { timeout: null, args: null }), "[]");
  });

  test("ends a script whose time is over, and tells what it had printed", async () => {
    const outcome = await withTimeEnough((timeout) => run("slow.sh", { timeout }), (it) => it.stdout === "begun\n");
    const { text, isError, exit_code: code, timed_out: isTimedOut, stdout } = outcome;
    assert.match(String(text), /^Script: box\/slow\.sh\nExit code: none: timed out after \d+ seconds?; /);
    assert.deepEqual([isError, code, isTimedOut, stdout], [true, null, true, "begun\n"]);
  });

  test("waits for no process that a script leaves behind, and leaves none", async () => {
    const pid = Number(await stdoutOf("left.sh", { timeout: 20 }));
    assert.ok(pid > 0);
    const found = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).startsWith("sleep\0");
    assert.equal(found, false);
  });

  test("tells which signal ended a script", async () => {
    const { isError, success } = await run("killed.py");
    assert.deepEqual([isError, success], [true, false]);
  });

  test("closes stdin at once", async () => {
    assert.equal(await stdoutOf("input.py"), "''");
  });

  test("cuts each stream at 100,000 characters, and says so", async () => {
    const { text, stdout, stdout_truncated: isCut } = await run("much.py");
    assert.equal(isCut, true);
    assert.equal(String(stdout).length, 100_000);
    assert.ok(String(text).endsWith("\n... (output truncated)\n"));
    const exact = await run("exact.py");
    assert.equal(exact.stdout_truncated, false);
    assert.doesNotMatch(String(exact.text), /truncated/);
  });

  test("takes output that is not UTF-8", async () => {
    assert.match(await stdoutOf("bytes.py"), /^a�+b$/);
  });

  test("sends what is printed as progress while the script runs", async () => {
    const seen: { readonly progress: number; readonly message?: string | undefined }[] = [];
    const result = await talk.client.callTool(
      { name: "run_skill_script", arguments: { skill_name: "box", script_path: "pieces.py" } },
      { onprogress: (it) => void (seen.push(it) === 1 && machine.write("home/skills/box/heard", "")) },
    );
    assert.equal(result.isError, false);
    assert.equal(seen.map(({ message }) => message).join(""), "piece 0\npiece 1\npiece 2\n");
    assert.ok(seen.length >= 2, `${seen.length} pieces`);
    assert.deepEqual(seen.map(({ progress }) => progress), seen.map((_, index) => index + 1));
  });

  test("runs several scripts at a time", async () => {
    const stopping = new AbortController();
    let isRunning = false;
    const slow = talk.client.callTool(
      { name: "run_skill_script", arguments: { skill_name: "box", script_path: "slow.sh" } },
      { signal: stopping.signal, onprogress: () => void (isRunning = true) },
    );
    const ended = assert.rejects(slow);
    await until(() => isRunning, "the first script to print");
    assert.equal(await stdoutOf("words.py"), "[]");
    stopping.abort();
    await ended;
  });

  test("is listed with its usage, its five parameters, and what it does to the world", async () => {
    const { tools } = await talk.client.listTools();
    const { description = "", inputSchema, annotations } = tools.find(({ name }) => name === "run_skill_script")!;
    assert.match(description, /^Execute a script within a skill directory\./);
    assert.match(description, /response = requests\.get\("https:\/\/api\.weather\.com\/data"\)/);
    assert.deepEqual(Object.keys(inputSchema.properties ?? {}), [
      "skill_name",
      "script_path",
      "args",
      "working_dir",
      "timeout",
    ]);
    assert.deepEqual(inputSchema.required, ["skill_name", "script_path"]);
    assert.deepEqual([annotations?.readOnlyHint, annotations?.destructiveHint, annotations?.openWorldHint], [
      false,
      true,
      true,
    ]);
  });
});
