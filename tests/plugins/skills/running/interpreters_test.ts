import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Environment, ProcessResult } from "../../../../kernel/mod.ts";
import { type Interpretable, Interpreters } from "../../../../plugins/skills/running/interpreters.ts";

/** A machine on which programs are there, and Node has a version. */
interface Machine {
  readonly programs?: readonly string[];
  readonly node?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly os?: Environment["os"];
  readonly runtime?: Environment["runtime"];
}

function interpreters({ programs = [], node = "20.20.2", variables = {}, os = "linux", runtime = "node" }: Machine) {
  const finished: ProcessResult = {
    code: 0,
    signal: undefined,
    ended: undefined,
    stdout: `v${node}\n`,
    stderr: "",
    truncated: false,
  };
  return new Interpreters({
    processes: {
      which: (name) => Promise.resolve(programs.includes(name) ? `/bin/${name}` : undefined),
      run: () => Promise.resolve(finished),
    },
    environment: { os, runtime, runtimeVersion: "20.20.2", variable: (name) => variables[name] },
  });
}

const script = (path: string, more: Partial<Interpretable> = {}): Interpretable => ({
  ...{ title: 'tool "t"', path, dcc: "python", isExecutable: false },
  ...more,
});

const find = (machine: Machine, path: string, more?: Partial<Interpretable>) =>
  interpreters(machine).find(script(path, more));

describe("Interpreters", () => {
  test("go by the true ending of a script, in any letter case", async () => {
    const programs = ["python3", "node", "deno", "bash", "ruby", "perl"];
    const known = {
      "a.py": "python3",
      "a.js": "node",
      "a.mjs": "node",
      "a.cjs": "node",
      "a.ts": "deno",
      "a.sh": "bash",
    };
    const more = {
      "a.BASH": "bash",
      "x/a.b.rb": "ruby",
      "a.pl": "perl",
      "a.zsh": "zsh",
      "a.R": "Rscript",
      "a.PY": "python3",
    };
    for (const [path, interpreter] of Object.entries({ ...known, ...more })) {
      assert.equal((await find({ programs }, path)).interpreter, interpreter, path);
    }
  });

  test("take another that can where the first is not there", async () => {
    assert.equal((await find({ programs: ["sh"] }, "a.sh")).interpreter, "sh");
    assert.equal((await find({ programs: ["deno"], runtime: "deno" }, "a.js")).interpreter, "deno");
    assert.equal((await find({ programs: ["powershell"], os: "windows" }, "a.ps1")).interpreter, "powershell");
    assert.equal((await find({ programs: ["powershell"] }, "a.ps1")).interpreter, "pwsh");
  });

  test("run TypeScript by what can", async () => {
    const at = (node: string, programs = ["node"]) => find({ node, programs }, "a.ts");
    assert.deepEqual(await at("24.1.0"), { interpreter: "node" });
    assert.deepEqual(await at("22.18.0"), { interpreter: "node" });
    assert.deepEqual(await at("22.7.0"), { interpreter: "node", args: ["--experimental-strip-types"] });
    assert.deepEqual(await at("23.1.0"), { interpreter: "node", args: ["--experimental-strip-types"] });
    assert.deepEqual(await at("20.20.2", ["node", "bun"]), { interpreter: "bun" });
    await assert.rejects(
      at("20.20.2"),
      /^ToolError: Cannot run tool "t": TypeScript is run by Deno, Node 22\.6 or later, .*; Node here is 20\.20$/,
    );
    assert.deepEqual(await find({ runtime: "deno" }, "a.ts"), { interpreter: "deno" });
  });

  test("honour the Python that the operator names", async () => {
    const variables = { DCC_MCP_PYTHON_EXECUTABLE: "/opt/maya/bin/mayapy" };
    const found = await find({ variables }, "a.py", { dcc: "maya" });
    assert.equal(found.interpreter, "/opt/maya/bin/mayapy");
    assert.deepEqual(found.env, { PYTHONIOENCODING: "utf-8", PYTHONUTF8: "1" });
    const { args } = await find({ variables: { DCC_MCP_PYTHON_INIT_SNIPPET: "import maya" } }, "a.py", { dcc: "maya" });
    assert.equal(args?.[0], "-c");
    assert.match(args?.[1] ?? "", /^import maya\n/);
  });

  test("refuse any Python for the scripts of applications that have their own", async () => {
    for (const dcc of ["maya", "Blender", "houdini", "3dsmax", "c4d"]) {
      await assert.rejects(
        find({}, "a.py", { dcc }),
        /its skill is for .*; set DCC_MCP_PYTHON_EXECUTABLE to .*, or DCC_MCP_ALLOW_AMBIENT_PYTHON=1/,
      );
      assert.equal((await find({ programs: ["bash"] }, "a.sh", { dcc })).interpreter, "bash");
      const variables = { DCC_MCP_ALLOW_AMBIENT_PYTHON: "1" };
      assert.equal((await find({ variables }, "a.py", { dcc })).interpreter, "python3");
    }
    const variables = { DCC_MCP_PYTHON_EXECUTABLE: " ", DCC_MCP_ALLOW_AMBIENT_PYTHON: "0" };
    await assert.rejects(find({ variables }, "a.py", { dcc: "maya" }), /DCC_MCP/);
    assert.equal((await find({}, "a.py", { dcc: "unity" })).interpreter, "python3");
  });

  test("run a batch file on Windows alone", async () => {
    assert.deepEqual(await find({ os: "windows" }, "a.bat"), { interpreter: "cmd", args: ["/d", "/c"], isBatch: true });
    await assert.rejects(find({}, "a.cmd", { isExecutable: true }), /nothing here runs "a.cmd"/);
  });

  test("run other files by the command that their first line names, where that is known", async () => {
    assert.deepEqual(await find({}, "tool", { shebang: "bash -e" }), { interpreter: "bash -e" });
    assert.deepEqual(await find({}, "tool", { shebang: "bash", isExecutable: true }), { interpreter: "bash" });
    assert.equal((await find({ programs: ["python3"] }, "a.py", { shebang: "bash" })).interpreter, "python3");
  });

  test("prefer what finds packages of npm for TypeScript that has some", async () => {
    const both = ["deno", "node"];
    assert.deepEqual(await find({ programs: both, node: "24.0.0" }, "a.ts", { isNodeWanted: true }), {
      interpreter: "node",
    });
    assert.deepEqual(await find({ programs: both }, "a.ts", { isNodeWanted: true }), { interpreter: "deno" });
    assert.deepEqual(await find({ programs: [...both, "tsx"] }, "a.ts", { isNodeWanted: true }), {
      interpreter: "tsx",
    });
  });

  test("run other files as they are when they are executable, and say what is wanted when not", async () => {
    assert.deepEqual(await find({}, "tool", { isExecutable: true }), {});
    assert.deepEqual(await find({}, "tool.mel", { isExecutable: true }), {});
    for (const path of ["tool", "tool.mel", "tool.vbs", ".py"]) {
      await assert.rejects(
        find({}, path),
        /nothing here runs ".*"; expected one of the endings \.py \.js .* \.bat \.cmd, or/,
      );
    }
  });
});
