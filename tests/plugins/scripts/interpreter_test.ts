import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  findInterpreter,
  type Machine,
  readShebang,
  scriptArguments,
  splitInterpreter,
} from "../../../plugins/scripts/interpreter.ts";
import { extensionFor } from "../../../plugins/scripts/kind.ts";
import { languageOf, readsWholeInput } from "../../../plugins/scripts/languages.ts";

function machine(programs: readonly string[], runtime: "node" | "deno" = "node"): Machine {
  const which = (program: string) => {
    const name = program.split("/").at(-1)!;
    return Promise.resolve(programs.includes(program) || programs.includes(name) ? `/bin/${name}` : undefined);
  };
  return { processes: { which }, environment: { runtime, executable: "/opt/runtime" } };
}

describe("interpreters", () => {
  test("splitInterpreter() splits words, and takes programs and absolute paths only", () => {
    assert.deepEqual(splitInterpreter("deno run  -A"), ["deno", "run", "-A"]);
    assert.deepEqual(splitInterpreter(" /usr/bin/python3.11 -u "), ["/usr/bin/python3.11", "-u"]);
    assert.deepEqual(splitInterpreter("C:\\py\\python.exe"), ["C:\\py\\python.exe"]);
    for (const text of ["", "  ", "../python", "bin/python", "py;thon", "$(x)", "-c", "..", "a\0b", "`x`", "a|b"]) {
      assert.throws(() => splitInterpreter(text), /begins with neither/, JSON.stringify(text));
    }
  });

  test("findInterpreter() tries the other name of a program, and the runtime of the server", async () => {
    assert.equal((await findInterpreter("python", machine(["python3"]))).program, "/bin/python3");
    assert.equal((await findInterpreter("python3", machine(["python"]))).program, "/bin/python");
    assert.equal((await findInterpreter("nodejs", machine(["node"]))).program, "/bin/node");
    assert.equal((await findInterpreter("deno run -A", machine([], "deno"))).program, "/opt/runtime");
    assert.deepEqual((await findInterpreter("npx tsx", machine(["npx"]))).args, ["tsx"]);
  });

  test("findInterpreter() takes an absolute path with spaces as a whole", async () => {
    const path = "/opt/my tools/ruby";
    const found = await findInterpreter(path, machine([path]));
    assert.deepEqual(found.args, []);
  });

  test("findInterpreter() says what is installed", async () => {
    await assert.rejects(
      findInterpreter("cobol -x", machine(["bash", "perl"])),
      /Cannot find interpreter "cobol" on this machine: installed are node, bash, perl/,
    );
  });

  test("readShebang() finds the program of the first line", () => {
    assert.equal(readShebang("#!/usr/bin/env python3\nx"), "python3");
    assert.equal(readShebang("#! /usr/bin/env -S A=1 deno run -A\r\nx"), "deno");
    assert.equal(readShebang("#!/bin/sh -e\nx"), "/bin/sh");
    for (const code of ["", "x", "\n#!/bin/sh", " #!/bin/sh", "#!\n"]) assert.equal(readShebang(code), undefined, code);
  });

  test("scriptArguments() gives Deno its folder and no more, unless it was named with permissions", () => {
    const file = "/home/a,b/tool/x.ts";
    assert.deepEqual(scriptArguments({ program: "/bin/deno", args: [] }, { file, words: [] }), [
      ...["run", "--no-prompt", "--allow-read=/home/a,,b/tool", file],
    ]);
    assert.deepEqual(scriptArguments({ program: "/bin/deno", args: ["run", "-A"] }, { file, words: [] }), [
      "run",
      "-A",
      file,
    ]);
    assert.deepEqual(scriptArguments({ program: "/bin/python3", args: [] }, { file, words: ["-u"] }), ["-u", file]);
    const permissions = { network: ["a.example:443"], read: ["/data"], env: ["KEY"] };
    assert.deepEqual(
      scriptArguments({ program: "/bin/deno", args: [] }, { file: "/t/x.ts", words: ["--frozen"], permissions }),
      [
        ...[
          "run",
          "--no-prompt",
          "--allow-read=/t,/data",
          "--allow-env=KEY",
          "--allow-net=a.example:443",
          "--frozen",
          "/t/x.ts",
        ],
      ],
    );
  });

  test("extensionFor() and languageOf() know an interpreter by any of its names", () => {
    const known = {
      ...{
        python3: "py",
        "/usr/bin/python3.11": "py",
        node: "js",
        nodejs: "js",
        deno: "ts",
        "npx tsx": "ts",
        bash: "sh",
      },
      ...{ sh: "sh", ruby: "rb", perl: "pl", php8: "php", Rscript: "R", "node.exe": "js", cobol: "script" },
    };
    for (const [interpreter, extension] of Object.entries(known)) {
      assert.equal(extensionFor(interpreter), extension, interpreter);
    }
    assert.equal(extensionFor(undefined), "script");
    assert.equal(languageOf(["constructor"]), undefined);
  });

  test("languageOf() knows whose packages a script can have", () => {
    const packages = (...words: string[]) => languageOf(words)?.packages;
    assert.deepEqual(
      [packages("python3.11"), packages("node"), packages("npx", "tsx"), packages("deno", "run"), packages("ruby")],
      ["python", "node", "node", "deno", "ruby"],
    );
    for (const program of ["bun", "bash", "perl", "php", "cobol"]) assert.equal(packages(program), undefined, program);
  });

  test("readsWholeInput() knows who waits for the end of stdin", () => {
    const whole = [
      "data = sys.stdin.read()",
      "req = json.load(sys.stdin)",
      "const t = fs.readFileSync(0, 'utf8')",
      "readFileSync('/dev/stdin')",
      "await new Response(Deno.stdin.readable).text()",
      "JSON.parse($stdin.read)",
      "STDIN.read()",
      "$x = file_get_contents('php://stdin');",
      "input=$(cat)",
      "my $in = do { local $/; <STDIN> };",
      "let d=''; process.stdin.on('data', c => d += c); process.stdin.on('end', () => go(d))",
      "for await (const chunk of process.stdin) data += chunk;",
    ];
    for (const code of whole) assert.ok(readsWholeInput(code), code);
    const byLines = [
      "line = sys.stdin.readline()",
      "sys.stdin.read(10)",
      "$stdin.readline",
      "STDIN.read(5)",
      "const rl = readline.createInterface({input: process.stdin}); process.stdin.on('end', () => process.exit())",
      "read -r request",
      "while (<STDIN>) {}",
    ];
    for (const code of byLines) assert.ok(!readsWholeInput(code), code);
  });
});
