/**
 * The five tools of skill-mcp 0.1.1 as its clients know them: parameters, what is required, defaults, operations, and the
 * words of the answers, read and called through a client at the program's stdin and stdout.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf } from "../../../../kernel/mod.ts";
import { removeBundle } from "../../../command_line/program.ts";
import { Machine, type Talk } from "./kit.ts";

after(removeBundle);

/** A parameter of the reference: its type, `?` when it may be `null`, and its default, if that is another than `null`. */
type Parameter = readonly [type: string, defaultValue?: unknown];

interface Known {
  readonly required: readonly string[];
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** What the reference takes for `operation`; its schema does not say so. */
  readonly operations?: readonly string[];
  /** Whether its work can be undone, and whether it reaches other machines. */
  readonly hints: { readonly destructive: boolean; readonly openWorld: boolean };
}

const TOOLS: Readonly<Record<string, Known>> = {
  skill_crud: {
    required: ["operation"],
    parameters: {
      operation: ["string"],
      skill_name: ["string?"],
      description: ["string?"],
      template: ["string?", "basic"],
      search: ["string?"],
      include_content: ["boolean", false],
      confirm: ["boolean", false],
    },
    operations: ["create", "list", "search", "get", "validate", "delete", "list_templates"],
    hints: { destructive: true, openWorld: false },
  },
  skill_files_crud: {
    required: ["operation", "skill_name"],
    parameters: {
      operation: ["string"],
      skill_name: ["string"],
      file_path: ["string?"],
      content: ["string?"],
      files: ["object[]?"],
      file_paths: ["string[]?"],
      atomic: ["boolean", true],
    },
    operations: ["read", "create", "update", "delete"],
    hints: { destructive: true, openWorld: false },
  },
  skill_env_crud: {
    required: ["operation", "skill_name"],
    parameters: { operation: ["string"], skill_name: ["string"], variables: ["object?"], keys: ["string[]?"] },
    operations: ["read", "set", "delete", "clear"],
    hints: { destructive: true, openWorld: false },
  },
  run_skill_script: {
    required: ["skill_name", "script_path"],
    parameters: {
      skill_name: ["string"],
      script_path: ["string"],
      args: ["string[]?"],
      working_dir: ["string?"],
      timeout: ["integer?"],
    },
    hints: { destructive: true, openWorld: true },
  },
  execute_python_code: {
    required: ["code"],
    parameters: { code: ["string"], skill_references: ["string[]?"], timeout: ["integer?"] },
    hints: { destructive: true, openWorld: true },
  },
};

const S = "skill_crud";
const F = "skill_files_crud";
const E = "skill_env_crud";
const R = "run_skill_script";
const P = "execute_python_code";

const CODE = "import sys\nprint('out', sys.argv[1:])\nprint('err', file=sys.stderr)\nsys.exit(3)\n";
const demo = { skill_name: "demo" };
const python = (skill_name: string) => ({ skill_name, template: "python", description: "Does python" });
const run = (script_path: string, more: JsonObject = {}) => ({ ...demo, script_path, ...more });
const absent = "Error: Skill 'nope' does not exist";
const taken = /^Error: File 'b\.txt' already exists in skill 'demo'\. Use (?:operation ')?update/;
const unknown = /^Error: File 'no\.txt' does not exist in skill 'demo'\. Use (?:operation ')?create/;

/** Calls, one after the other, and what the reference answers: all of the text, or what it must match. */
const CALLS: readonly (readonly [tool: string, args: JsonObject, answer: string | RegExp])[] = [
  // skill_crud
  [S, { operation: "create" }, "Error: skill_name is required for 'create' operation"],
  [S, { operation: "get" }, "Error: skill_name is required for 'get' operation"],
  [S, { operation: "validate" }, "Error: skill_name is required for 'validate' operation"],
  [S, { operation: "delete" }, "Error: skill_name is required for 'delete' operation"],
  [S, { operation: "search" }, "Error: search pattern is required for 'search' operation"],
  [S, { operation: "list", scope: "writable" }, /^No skills found in .+skills$/],
  [S, { operation: "get", skill_name: "nope" }, absent],
  [S, { operation: "validate", skill_name: "nope" }, absent],
  [S, { operation: "delete", skill_name: "nope" }, "Error: confirm=true is required to delete skill 'nope'"],
  [S, { operation: "delete", skill_name: "nope", confirm: true }, absent],
  [S, { operation: "bogus" }, /Unknown operation: "?bogus"?\. Valid operations: create, list, search, get, validate/],
  [
    S,
    { operation: "create", skill_name: "x", template: "bogus" },
    /Invalid template ['"]bogus['"]\. Available templates: basic, python, bash, nodejs/,
  ],
  [
    S,
    { operation: "create", ...python("demo") },
    "Successfully created skill 'demo' with 2 files:\n  - SKILL.md\n  - main.py",
  ],
  [S, { operation: "create", ...python("demo") }, "Error: Skill 'demo' already exists"],
  [S, { operation: "create", skill_name: "plain" }, "Successfully created skill 'plain' with 1 files:\n  - SKILL.md"],
  [
    S,
    { operation: "search", search: "^pl" },
    "Found 1 skill(s) matching '^pl':\n\n✓ plain\n   Description: plain skill",
  ],
  [S, { operation: "search", search: "zzz" }, "No skills found matching 'zzz'"],
  [S, { operation: "search", search: "*(" }, /^Error: .*regular expression/],
  [
    S,
    { operation: "get", skill_name: "demo" },
    /^Skill: demo\nDescription: Does python\n\nFiles \(2\):\n {2}- demo:SKILL\.md \(65 bytes, modified: \d{4}-\d\d-\d\d\)\n {2}- demo:main\.py \(\d+ bytes, modified: \d{4}-\d\d-\d\d\) \[executable\] \[uv deps: no\]\n\nScripts \(1\):\n {2}- demo:main\.py \(python\)\n\nEnvironment Variables:\n {2}\(none\)\n\n\.env file exists: No\n$/,
  ],
  [
    S,
    { operation: "get", skill_name: "demo", include_content: true },
    /\n=== SKILL\.md Content ===\n---\nname: demo\ndescription: Does python\n---\n\n# demo\n\nDoes python\n/,
  ],
  [
    S,
    { operation: "validate", skill_name: "demo" },
    "Validation for skill 'demo':\nStatus: ✓ Valid\n\n\nSkill is valid and ready to use.",
  ],
  [
    S,
    { operation: "list_templates" },
    /^Available templates \(\d+\):\n\n\*\*basic\*\*\n {2}Description: Minimal skill with only SKILL\.md\n {2}Files: SKILL\.md\n\n\*\*python\*\*\n[^*]+\*\*bash\*\*\n[^*]+\*\*nodejs\*\*\n {2}Description: Node\.js skill with main script and package\.json\n {2}Files: SKILL\.md, main\.js, package\.json\n/,
  ],
  // skill_files_crud
  [F, { operation: "read", ...demo }, "Error: file_path is required for 'read' operation"],
  [F, { operation: "delete", ...demo }, "Error: file_path is required for 'delete' operation"],
  [F, { operation: "create", ...demo }, "Error: file_path and content are required for single file create"],
  [F, { operation: "update", ...demo }, "Error: file_path and content are required for single file update"],
  [
    F,
    { operation: "create", ...demo, file_path: "x", files: [{ path: "y", content: "" }] },
    "Error: Cannot specify both 'files' (bulk) and 'file_path'/'content' (single) parameters",
  ],
  [
    F,
    { operation: "read", ...demo, file_path: "x", file_paths: ["y"] },
    "Error: Cannot specify both 'file_paths' (bulk) and 'file_path' (single) parameters",
  ],
  [F, { operation: "bogus", ...demo }, /Unknown operation: "?bogus"?\. Valid operations: read, create, update, delete/],
  [F, { operation: "create", skill_name: "nope", file_path: "x", content: "" }, absent],
  [
    F,
    { operation: "create", ...demo, file_path: "sub/t.py", content: CODE },
    `Successfully created file 'demo:sub/t.py' (${CODE.length} characters)`,
  ],
  [
    F,
    { operation: "create", ...demo, files: [{ path: "a.txt", content: "1" }, { path: "b.txt", content: "2" }] },
    "Successfully created 2 files:\n  - demo:a.txt\n  - demo:b.txt",
  ],
  [F, { operation: "create", ...demo, file_path: "b.txt", content: "" }, taken],
  [F, { operation: "create", ...demo, files: [{ path: "c.txt", content: "" }, { path: "b.txt", content: "" }] }, taken],
  [F, { operation: "read", ...demo, file_path: "c.txt" }, "Error: File 'c.txt' does not exist in skill 'demo'"],
  [F, { operation: "update", ...demo, file_path: "no.txt", content: "" }, unknown],
  [
    F,
    { operation: "update", ...demo, files: [{ path: "a.txt", content: "" }, { path: "b.txt", content: "22" }] },
    "Successfully updated 2 files",
  ],
  [
    F,
    { operation: "update", ...demo, file_path: "b.txt", content: "é" },
    "Successfully updated file 'demo:b.txt' (1 characters)",
  ],
  [F, { operation: "read", ...demo, file_path: "b.txt" }, "=== demo:b.txt ===\né"],
  [
    F,
    { operation: "read", ...demo, file_paths: ["b.txt", "no.txt", "a.txt"] },
    "=== demo:b.txt ===\né\n\n=== demo:a.txt ===\n\n\n" +
    "Error reading 'demo:no.txt': File 'no.txt' does not exist in skill 'demo'",
  ],
  [F, { operation: "read", ...demo, file_path: "../x" }, /^Error: Invalid path: \.\.\/x\. Path traversal detected/],
  [
    F,
    { operation: "delete", ...demo, file_path: "SKILL.md" },
    /^Error: Cannot delete 'SKILL\.md'\. This file is protected and required for skill metadata/,
  ],
  [F, { operation: "delete", ...demo, file_path: "sub" }, /^Error: 'sub' is not a file\. Cannot delete directories/],
  [F, { operation: "delete", ...demo, file_path: "b.txt" }, /^Successfully deleted file 'demo:b\.txt'/],
  // skill_env_crud
  [E, { operation: "read", ...demo }, "No environment variables set for skill 'demo'"],
  [E, { operation: "read", skill_name: "nope" }, absent],
  [E, { operation: "set", ...demo }, "Error: variables is required for 'set' operation"],
  [E, { operation: "set", ...demo, variables: {} }, "Error: variables is required for 'set' operation"],
  [E, { operation: "delete", ...demo }, "Error: keys is required for 'delete' operation"],
  [
    E,
    { operation: "set", ...demo, variables: { B: "b", A: "a" } },
    "Successfully set 2 environment variable(s) for skill 'demo'",
  ],
  [
    E,
    { operation: "read", ...demo },
    /^Environment variables for skill 'demo' \(2\):\n {2}- A\n {2}- B\n\nNote: Values are hidden for security\. /,
  ],
  [
    E,
    { operation: "delete", ...demo, keys: ["A", "X"] },
    "Deleted 1 of 2 environment variable(s) from skill 'demo' (1 did not exist)",
  ],
  [
    E,
    { operation: "delete", ...demo, keys: ["A"] },
    "No variables deleted from skill 'demo' (variables did not exist)",
  ],
  [
    E,
    { operation: "delete", ...demo, keys: ["B"] },
    "Successfully deleted 1 environment variable(s) from skill 'demo'",
  ],
  [E, { operation: "clear", ...demo }, "Successfully cleared all environment variables for skill 'demo'"],
  [E, { operation: "bogus", ...demo }, /Unknown operation: "?bogus"?\. Valid operations: read, set, delete, clear/],
  // run_skill_script
  [R, run("main.py"), "Script: demo/main.py\nExit code: 0\n\nSTDOUT:\nHello from demo!\n\n"],
  [
    R,
    run("sub/t.py", { args: ["a b", "--x"] }),
    "Script: demo/sub/t.py\nExit code: 3\n\nSTDOUT:\nout ['a b', '--x']\n\nSTDERR:\nerr\n\n",
  ],
  [R, run("no.py"), "Error: Script 'no.py' does not exist in skill 'demo'"],
  [R, run("sub"), "Error: 'sub' is not a file"],
  [R, run("../x.py"), /^Error: Invalid script path: /],
  [R, run("main.py", { working_dir: "main.py" }), "Error: Working directory 'main.py' is not a directory"],
  [R, { skill_name: "nope", script_path: "main.py" }, absent],
  // execute_python_code
  [P, { code: "print(1)" }, "Python Code Execution\nExit code: 0\n\nSTDOUT:\n1\n\n"],
  [P, { code: "raise SystemExit(2)" }, "Python Code Execution\nExit code: 2\n\n(No output)\n"],
  [
    P,
    { code: "", skill_references: ["demo"] },
    "Error: Invalid skill reference format: 'demo'. Expected 'skill_name:path/to/file.py'",
  ],
  [P, { code: "", skill_references: ["nope:main.py"] }, absent],
  [
    P,
    { code: "import main\nmain.main()", skill_references: ["demo:main.py"] },
    "Python Code Execution\nExit code: 0\n\nSTDOUT:\nHello from demo!\n\n",
  ],
  [S, { operation: "delete", skill_name: "demo", confirm: true }, /^Successfully deleted skill 'demo'/],
];

describe("the tools of skill-mcp", () => {
  let machine: Machine;
  let talk: Talk;
  before(async () => {
    machine = await Machine.make();
    talk = await machine.pipe({ args: ["--expose", "all"] });
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test("have the parameters, defaults and operations of the reference, and say what they do to the world", async () => {
    const { tools } = await talk.client.listTools();
    for (const [name, { required, parameters, operations, hints }] of Object.entries(TOOLS)) {
      const found = tools.find((tool) => tool.name === name);
      assert.ok(found !== undefined, name);
      const { inputSchema, outputSchema, annotations } = found;
      assert.deepEqual(inputSchema.required, required, name);
      for (const [parameter, [type, defaultValue]] of Object.entries(parameters)) {
        const schema = inputSchema.properties?.[parameter];
        const title = `${name}.${parameter}`;
        assert.ok(schema !== undefined, title);
        assert.ok([type, `${type}?`].includes(typeOf(schema)), `${title}: ${typeOf(schema)}, not ${type}`);
        assert.equal(Object(schema)["default"] ?? undefined, defaultValue, title);
      }
      const offered = Object(inputSchema.properties?.["operation"])["enum"] ?? [];
      assert.deepEqual((operations ?? []).filter((it) => !offered.includes(it)), [], name);
      assert.equal(offered.length > 0, operations !== undefined, name);
      assert.equal(outputSchema?.type, "object", name);
      assert.deepEqual(
        [annotations?.readOnlyHint, annotations?.destructiveHint, annotations?.openWorldHint],
        [false, hints.destructive, hints.openWorld],
        name,
      );
    }
  });

  test("answer in its words, with isError for what failed, and for programs as well", async () => {
    for (const [name, args, expected] of CALLS) {
      const title = `${name} ${JSON.stringify(args)}`;
      const result = await talk.call(name, args);
      const text = textOf(result);
      if (typeof expected === "string") assert.equal(text, expected, title);
      else assert.match(text, expected, `${title}\n${text}`);
      const isError = /^Error|^Invalid arguments|\nExit code: [^0]/.test(text);
      assert.equal(result.isError ?? false, isError, title);
      if (!isError) assert.equal(typeof result.structuredContent, "object", title);
    }
  });
});

/** Gives the type that a schema describes; `?` at its end when it takes `null`. */
function typeOf(schema: unknown): string {
  const { anyOf, type, items }: JsonObject = Object(schema);
  if (!Array.isArray(anyOf)) return type === "array" ? `${typeOf(items)}[]` : String(type);
  const others = anyOf.filter((it) => Object(it)["type"] !== "null");
  return `${typeOf(others[0])}${others.length < anyOf.length ? "?" : ""}`;
}
