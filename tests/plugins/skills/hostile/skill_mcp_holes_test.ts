/**
 * The holes and weaknesses of skill-mcp, each looked for through the tools of its names.
 */
import assert from "node:assert/strict";
import { lstat, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf, type ToolResult } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { processesWith } from "../../../support/process_list.ts";
import { soon, until, withTimeEnough } from "../../../support/wait.ts";
import { Machine } from "../proof/kit.ts";
import { type PythonKit, startPython } from "../scripts/python/kit.ts";

const CANARY = "canary-of-the-outside";
const VALUE = 'hunter2 # of=the "skill" é';
const ENV = `# kept\nexport KEY="${VALUE.replaceAll('"', '\\"')}"\nPLAIN='it is $kept'\n`;
const SKILLS = {
  box: {
    "main.py": "print('ran')\n",
    "echo.py": "import os\nprint(os.environ['KEY'], os.environ.get('SERVER_ONLY'), sorted(os.environ))\n",
    "deep/sub/file.txt": "deep\n",
    "deep/.env": `DEEP=${CANARY}\n`,
    "node_modules/pkg/index.js": "x\n",
    ".git/config": "x\n",
    ".env": ENV,
  },
};
/** Names that lead out of the root, to the root itself, or nowhere. */
const NAMES = [
  "..",
  ".",
  "",
  "../outside",
  "box/../../outside",
  "box/..",
  "./box",
  "/",
  "..\\outside",
  "box\0",
  "~",
  "-rf",
];
/** Paths that lead out of a skill. */
const PATHS = [
  "../../outside/file.txt",
  "/etc/passwd",
  "deep/../../../outside/file.txt",
  "out/file.txt",
  "out.txt",
  "..",
  "a\0b",
];

/** Every tool that takes the name of a skill, with each operation. */
function callsFor(name: string): readonly (readonly [tool: string, args: JsonObject])[] {
  const file = { skill_name: name, file_path: "file.txt" };
  return [
    ["skill_crud", { operation: "get", skill_name: name, include_content: true }],
    ["skill_crud", { operation: "validate", skill_name: name }],
    ["skill_crud", { operation: "create", skill_name: name, description: "x" }],
    ["skill_crud", { operation: "delete", skill_name: name, confirm: true }],
    ["skill_files_crud", { operation: "read", ...file }],
    ["skill_files_crud", { operation: "create", ...file, file_path: "new.txt", content: "x" }],
    ["skill_files_crud", { operation: "update", ...file, content: "x" }],
    ["skill_files_crud", { operation: "delete", ...file }],
    ["skill_env_crud", { operation: "read", skill_name: name }],
    ["skill_env_crud", { operation: "set", skill_name: name, variables: { A: "1" } }],
    ["skill_env_crud", { operation: "delete", skill_name: name, keys: ["KEY"] }],
    ["skill_env_crud", { operation: "clear", skill_name: name }],
    ["run_skill_script", { skill_name: name, script_path: "main.py" }],
    ["execute_python_code", { code: "import main", skill_references: [`${name}:main.py`] }],
  ];
}

/** Reads all files below a folder, by path. */
async function snapshot(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path] = await readFile(path, "utf8");
  }
  return found;
}

describe("holes of skill-mcp", { timeout: 180_000 }, () => {
  let kit: PythonKit;
  let box: string;
  let outside: string;
  const call = (tool: string, args: JsonObject): Promise<ToolResult> => kit.user.call(tool, args);
  const refused = async (tool: string, args: JsonObject): Promise<string> => {
    const result = await call(tool, args);
    assert.equal(result.isError, true, `${tool} ${JSON.stringify(args)}: ${textOf(result)}`);
    return JSON.stringify(result);
  };
  const done = async (tool: string, args: JsonObject): Promise<string> => {
    const result = await call(tool, args);
    assert.notEqual(result.isError, true, textOf(result));
    return textOf(result);
  };
  const files = (operation: string, more: JsonObject) =>
    ["skill_files_crud", { operation, skill_name: "box", ...more }] as const;

  before(async () => {
    process.env["SERVER_ONLY"] = CANARY;
    kit = await startPython(SKILLS);
    box = join(kit.home, "skills", "box");
    outside = join(kit.home, "outside");
    await mkdir(outside);
    for (const name of ["SKILL.md", "file.txt", "main.py", ".env"]) await writeFile(join(outside, name), CANARY);
    await symlink(outside, join(box, "out"));
    await symlink(join(outside, "file.txt"), join(box, "out.txt"));
    await symlink(outside, join(kit.home, "skills", "linked"));
  });
  after(async () => {
    delete process.env["SERVER_ONLY"];
    await kit[Symbol.asyncDispose]();
    await removeBundle();
  });

  describe("5: paths", () => {
    for (const name of [...NAMES, "linked"]) {
      test(`the name ${JSON.stringify(name)} leads to no skill, by no tool`, async () => {
        const before = [await snapshot(join(kit.home, "skills")), await snapshot(outside)];
        for (const [tool, args] of callsFor(name)) {
          assert.ok(!(await refused(tool, args)).includes(CANARY), `${tool} ${JSON.stringify(args)}`);
        }
        assert.deepEqual([await snapshot(join(kit.home, "skills")), await snapshot(outside)], before);
      });
    }

    test("an absolute path is no name of a skill", async () => {
      for (const [tool, args] of callsFor(outside)) assert.ok(!(await refused(tool, args)).includes(CANARY));
    });

    for (const path of PATHS) {
      test(`the path ${JSON.stringify(path)} leads out of no skill, by no tool`, async () => {
        const before = await snapshot(outside);
        for (const operation of ["read", "create", "update"]) {
          const content = operation === "read" ? {} : { content: "x" };
          assert.ok(!(await refused(...files(operation, { file_path: path, ...content }))).includes(CANARY));
        }
        const bulk = await call(
          ...files("create", { files: [{ path: "fine.txt", content: "x" }, { path, content: "x" }] }),
        );
        assert.equal(bulk.isError, true);
        assert.ok(!(await readdir(box)).includes("fine.txt"));
        assert.ok(!JSON.stringify(await call(...files("read", { file_paths: [path] }))).includes(CANARY));
        await refused("run_skill_script", { skill_name: "box", script_path: path });
        await refused("run_skill_script", { skill_name: "box", script_path: "main.py", working_dir: path });
        await refused("execute_python_code", { code: "", skill_references: [`box:${path}`] });
        // of a link it is the link itself that goes
        await call(...files("delete", { file_path: path }));
        assert.deepEqual(await snapshot(outside), before);
      });
    }

    test("names with two dots in them are names", async () => {
      await done(...files("create", { file_path: "a..b.txt", content: "dots" }));
      assert.match(await done(...files("read", { file_path: "a..b.txt" })), /dots/);
      await done(...files("create", { file_path: "run..me.py", content: "print('dotted')" }));
      assert.match(await done("run_skill_script", { skill_name: "box", script_path: "run..me.py" }), /dotted/);
    });

    for (const path of ["SKILL.md", "SKILL.md/", "./SKILL.md", "skill.md", "deep/../SKILL.md", "SKILL.md/."]) {
      test(`SKILL.md is not deleted as ${JSON.stringify(path)}`, async () => {
        await refused(...files("delete", { file_path: path }));
        assert.ok((await lstat(join(box, "SKILL.md"))).isFile());
      });
    }

    for (const path of [".env", "./.env", ".ENV", ".env/", "deep/.env", "deep/../.env"]) {
      test(`the values of variables cannot be had as the file ${JSON.stringify(path)}`, async () => {
        const before = await readFile(join(box, ".env"), "utf8");
        const read = JSON.stringify([
          await call(...files("read", { file_path: path })),
          await call(...files("read", { file_paths: [path, "main.py"] })),
          await call(...files("read", { file_path: path, encoding: "base64" })),
        ]);
        assert.doesNotMatch(read, /hunter2|canary/);
        assert.ok(!read.includes(btoa(before.slice(0, 30))));
        for (const operation of ["create", "update", "delete"]) {
          await refused(...files(operation, { file_path: path, ...(operation !== "delete" && { content: "KEY=x" }) }));
        }
        assert.doesNotMatch(
          JSON.stringify(await call(...files("move", { file_path: path, new_path: "env.txt" }))),
          /hunter2/,
        );
        assert.equal(await readFile(join(box, ".env"), "utf8"), before);
      });
    }

    test("a folder that a link takes the place of, while it is used, leads nowhere", async () => {
      const [real, aside] = [join(box, "swapped"), join(box, "aside")];
      await done(...files("create", { file_path: "swapped/file.txt", content: "inside" }));
      await done(...files("create", { file_path: "swapped/main.py", content: "print('inside')" }));
      assert.match(await done(...files("read", { file_path: "swapped/file.txt" })), /inside/);
      assert.match(await done("run_skill_script", { skill_name: "box", script_path: "swapped/main.py" }), /inside/);
      const before = await snapshot(outside);
      await rename(real, aside);
      await symlink(outside, real);
      for (const operation of ["read", "update", "delete"]) {
        const content = operation === "update" ? { content: "x" } : {};
        assert.ok(
          !(await refused(...files(operation, { file_path: "swapped/file.txt", ...content }))).includes(CANARY),
        );
      }
      await refused(...files("create", { file_path: "swapped/new.txt", content: "x" }));
      await refused("run_skill_script", { skill_name: "box", script_path: "swapped/main.py" });
      await refused("run_skill_script", { skill_name: "box", script_path: "main.py", working_dir: "swapped" });
      assert.deepEqual(await snapshot(outside), before);
      for (const path of [real, aside]) await rm(path, { recursive: true });
    });

    test("a skill that a link takes the place of, while it is used, leads nowhere", async () => {
      const [real, aside] = [join(kit.home, "skills", "moved"), join(kit.home, "aside")];
      await done("skill_crud", { operation: "create", skill_name: "moved", description: "Is moved" });
      const before = await snapshot(outside);
      await rename(real, aside);
      await symlink(outside, real);
      for (const [tool, args] of callsFor("moved")) {
        assert.ok(!JSON.stringify(await call(tool, args)).includes(CANARY), `${tool} ${JSON.stringify(args)}`);
      }
      assert.deepEqual(await snapshot(outside), before);
      await rm(real, { recursive: true });
      await rm(aside, { recursive: true });
    });

    test("what links lead to outside is not looked into by get", async () => {
      await writeFile(join(outside, "shebang"), "#!/bin/sh\n");
      await symlink(join(outside, "shebang"), join(box, "linked_script"));
      const text = await done("skill_crud", { operation: "get", skill_name: "box", include_content: true });
      assert.doesNotMatch(text, /canary/);
      assert.doesNotMatch(text, /linked_script.*\[executable\]|out\/file\.txt/);
      await rm(join(box, "linked_script"));
    });
  });

  describe("9: weaknesses", () => {
    test("2: scripts have no variable of the server, and values of .env are shown nowhere", async () => {
      const progress: unknown[] = [];
      const args = { skill_name: "box", script_path: "echo.py" };
      const results = [
        await kit.user.call("run_skill_script", args, { onprogress: (it) => progress.push(it) }),
        await kit.execute("import echo", ["box:echo.py"]),
        await call("skill_env_crud", { operation: "read", skill_name: "box" }),
        await call("skill_crud", { operation: "get", skill_name: "box", include_content: true }),
      ];
      assert.doesNotMatch(JSON.stringify([results, progress]), /hunter2|canary/);
      for (const run of results.slice(0, 2)) {
        assert.match(textOf(run), /\[.*KEY.*\] None \[/);
        assert.doesNotMatch(textOf(run), /COLLET_TOKEN|SSH_|npm_|DENO_/);
      }
      assert.doesNotMatch(kit.user.wire.join("\n"), /hunter2/);
    });

    test("2: the writer of .env keeps what it was not asked to change, and no value brings a variable", async () => {
      const path = join(box, ".env");
      await done("skill_env_crud", {
        operation: "set",
        skill_name: "box",
        variables: { NEW: "a\nINJECTED=1", EMPTY: "" },
      });
      const text = await readFile(path, "utf8");
      assert.ok(text.startsWith(ENV), text);
      const keys = (await call("skill_env_crud", { operation: "read", skill_name: "box" }))
        .structuredContent as JsonObject;
      assert.deepEqual(keys["keys"], ["EMPTY", "KEY", "NEW", "PLAIN"]);
      for (const name of ["A=B", "1A", "A B", "A\nB", "", "é"]) {
        await refused("skill_env_crud", { operation: "set", skill_name: "box", variables: { [name]: "x" } });
      }
      await done("skill_env_crud", { operation: "delete", skill_name: "box", keys: ["NEW", "EMPTY"] });
      assert.equal(await readFile(path, "utf8"), ENV);
    });

    test("3: a script stalls nobody, is seen as it goes on, and ends with its call", async () => {
      await done(
        ...files("create", { file_path: "slow.py", content: "import time\nprint('on', flush=True)\ntime.sleep(600)" }),
      );
      const stopping = new AbortController();
      let seen = "";
      const running = kit.user.client.callTool(
        { name: "run_skill_script", arguments: { skill_name: "box", script_path: "slow.py", timeout: 600 } },
        { signal: stopping.signal, onprogress: ({ message = "" }) => void (seen += message) },
      );
      const ended = assert.rejects(running);
      await until(() => seen === "on\n", "the first line");
      await soon(kit.user.client.ping());
      assert.match(await soon(done("run_skill_script", { skill_name: "box", script_path: "main.py" })), /ran/);
      stopping.abort();
      await soon(ended);
    });

    test("4: a time limit ends all that was started, and none is refused that is no time", async () => {
      const mark = crypto.randomUUID();
      const code = `import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "${mark}"], start_new_session=True)
print("begun", flush=True)
time.sleep(600)`;
      await done(...files("create", { file_path: "forks.py", content: code }));
      const args = { skill_name: "box", script_path: "forks.py" };
      const text = await withTimeEnough(
        async (timeout) => textOf(await call("run_skill_script", { ...args, timeout })),
        (it) => it.includes("begun"),
      );
      assert.match(text, /timed out after \d+ seconds?[^]*begun/);
      await until(async () => (await processesWith(mark)).length === 0, "what it started to be gone");
      for (const timeout of [0, -1, 2 ** 53]) await refused("run_skill_script", { ...args, timeout });
    });

    test("4: output without end is read and dropped, and kept is what is told", async () => {
      await done(...files("create", { file_path: "flood.py", content: "for i in range(400_000): print('x' * 20)" }));
      const { structuredContent } = await soon(
        call("run_skill_script", { skill_name: "box", script_path: "flood.py" }),
      );
      const { stdout, stdout_truncated: isCut, exit_code: code } = structuredContent as JsonObject;
      assert.deepEqual([(stdout as string).length, isCut, code], [100_000, true, 0]);
    });

    test("5: a script that reads stdin takes nothing from the protocol", async () => {
      await using machine = await Machine.make();
      await machine.skill("reader", {
        "SKILL.md": "---\nname: reader\ndescription: Reads\n---\n",
        "read.py": "import sys\nprint(repr(sys.stdin.read()))",
      });
      await using talk = await machine.pipe();
      const reading = talk.call("run_skill_script", { skill_name: "reader", script_path: "read.py" });
      const [read, executed, listed] = await soon(Promise.all([
        reading,
        talk.call("execute_python_code", { code: "import sys\nprint(repr(sys.stdin.read()))" }),
        talk.tools(),
      ]));
      for (const result of [read, executed]) assert.match(textOf(result), /STDOUT:\n''\n/);
      assert.ok(listed.length > 0);
    });

    test("6: failures are flagged, results have a twin for programs, and hints say what destroys", async () => {
      const { tools } = await kit.user.client.listTools();
      for (
        const name of ["skill_crud", "skill_files_crud", "skill_env_crud", "run_skill_script", "execute_python_code"]
      ) {
        const tool = tools.find((it) => it.name === name);
        assert.equal(tool?.annotations?.destructiveHint, true, name);
        assert.ok(tool?.outputSchema !== undefined, name);
      }
      await refused("skill_crud", { operation: "get", skill_name: "absent" });
      await refused("skill_crud", { operation: "vanish" });
      await done(...files("create", { file_path: "fails.sh", content: "exit 3" }));
      const failed = await call("run_skill_script", { skill_name: "box", script_path: "fails.sh" });
      assert.equal(failed.isError, true);
      assert.equal((failed.structuredContent as JsonObject)["exit_code"], 3);
    });

    test("7: output that is no UTF-8 is output", async () => {
      await done(...files("create", { file_path: "bytes.sh", content: "printf 'a\\377b'" }));
      assert.match(
        await done("run_skill_script", { skill_name: "box", script_path: "bytes.sh" }),
        /STDOUT:\na\uFFFDb\n/,
      );
    });

    test("8: the words of inline metadata in a text are a text", async () => {
      const content =
        'TEXT = """\n  # /// script\n  # dependencies = ["package-of-nobody"]\n  # ///"""\nprint("no block")';
      await done(...files("create", { file_path: "quoted.py", content }));
      assert.match(await done("run_skill_script", { skill_name: "box", script_path: "quoted.py" }), /no block/);
    });

    test("10: changes of several files happen all or not at all, with their folders", async () => {
      const before = await snapshot(box);
      const many = (operation: string, paths: readonly string[]) =>
        files(operation, { files: paths.map((path) => ({ path, content: "changed" })) });
      await refused(...many("create", ["fresh/folder/a.txt", "main.py"]));
      await refused(...many("update", ["main.py", "absent.txt"]));
      assert.deepEqual(await snapshot(box), before);
      assert.ok(!(await readdir(box)).includes("fresh"));
    });

    test("10: writers at the same time lose nothing of each other, and leave whole files", async () => {
      const names = Array.from({ length: 12 }, (_, i) => `AT_ONCE_${i}`);
      await Promise.all(
        names.map((name) =>
          done("skill_env_crud", { operation: "set", skill_name: "box", variables: { [name]: "x".repeat(100) } })
        ),
      );
      const keys = (await call("skill_env_crud", { operation: "read", skill_name: "box" }))
        .structuredContent as JsonObject;
      assert.deepEqual((keys["keys"] as string[]).filter((it) => it.startsWith("AT_ONCE")), names.sort());
      await done("skill_env_crud", { operation: "delete", skill_name: "box", keys: names });
      assert.equal(await readFile(join(box, ".env"), "utf8"), ENV);
      const texts = ["a", "b"].map((it) => it.repeat(200_000));
      await Promise.all(texts.map((content) => done(...files("update", { file_path: "deep/sub/file.txt", content }))));
      assert.ok(texts.includes(await readFile(join(box, "deep/sub/file.txt"), "utf8")));
      assert.deepEqual(await readdir(join(box, "deep/sub")), ["file.txt"]);
    });

    test("12: get does not list what packages and git keep, and long files are read in parts", async () => {
      assert.doesNotMatch(await done("skill_crud", { operation: "get", skill_name: "box" }), /node_modules\/|\.git\//);
      const content = Array.from({ length: 3_000 }, (_, i) => `line ${i}`).join("\n");
      await done(...files("create", { file_path: "long.txt", content }));
      const part = await done(...files("read", { file_path: "long.txt", offset: 10, limit: 2 }));
      assert.match(part, /line 10\nline 11/);
      assert.doesNotMatch(part, /line 12|line 9\n/);
    });

    test("13: messages name the folder that is used, and tools that are there", async () => {
      const { tools } = await kit.user.client.listTools();
      const names = new Set(tools.map(({ name }) => name));
      const texts = [
        await done("skill_crud", { operation: "list", search: "nothing-like-it" }),
        await done("skill_env_crud", { operation: "read", skill_name: "box" }),
        ...tools.filter(({ name }) => /skill_|python/.test(name)).map(({ description = "" }) => description),
      ];
      for (const text of texts) {
        assert.doesNotMatch(text, /~\/\.skill-mcp/);
        for (const [, named = ""] of text.matchAll(/\b((?:read|update|create|delete|list)_(?:env|skill)_?\w*)\(/g)) {
          assert.ok(names.has(named), `${named} in: ${text}`);
        }
      }
    });
  });
});
