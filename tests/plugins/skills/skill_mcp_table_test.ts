/**
 * Each line of the table for those who come from skill-mcp, over the program and a real client.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { type JsonObject, textOf } from "../../../kernel/mod.ts";
import { removeBundle } from "../../command_line/program.ts";
import { readDocument, rowsOf, sectionOf, wordsOf } from "./documents.ts";
import { choosePath, uvPath } from "../dependencies/kit.ts";
import { startManaged } from "./management/kit.ts";
import { Machine, type Talk } from "./proof/kit.ts";
import { pythonIsMissing } from "./python/kit.ts";

const SECTION = sectionOf(readDocument("plugins/skills/README.md"), "### Coming from skill-mcp");
const ROWS = rowsOf(SECTION, "what");
const SKIP = await pythonIsMissing();
const ROOT = "user/.skill-mcp/skills";
const READ = { operation: "read" };

const SKILL = { skill_name: "old" };

/** What shows that a row of the table is true. */
const TRUE: Readonly<Record<string, (talk: Talk, machine: Machine) => Promise<void>>> = {
  async tools(talk) {
    const before = await talk.tools();
    await talk.text("activate_skill", { name: "dev" });
    const { tools } = await talk.client.listTools();
    const parameters = (name: string) =>
      Object.keys(tools.find((it) => it.name === name)?.inputSchema.properties ?? {});
    const FIVE = {
      skill_crud: ["operation", "skill_name", "description", "template", "search", "include_content", "confirm"],
      skill_files_crud: ["operation", "skill_name", "file_path", "content", "files", "file_paths", "atomic"],
      skill_env_crud: ["operation", "skill_name", "variables", "keys"],
      run_skill_script: ["skill_name", "script_path", "args", "working_dir", "timeout"],
      execute_python_code: ["code", "skill_references", "timeout"],
    };
    for (const [name, known] of Object.entries(FIVE)) {
      assert.equal(before.includes(name), false);
      assert.deepEqual(known.filter((it) => !parameters(name).includes(it)), [], name);
    }
  },
  async texts(talk) {
    const { content, structuredContent } = await talk.call("run_skill_script", { ...SKILL, script_path: "main.py" });
    assert.equal(textOf({ content }), "Script: old/main.py\nExit code: 0\n\nSTDOUT:\nran\n\n");
    assert.equal((structuredContent as JsonObject)["stdout"], "ran\n");
    assert.match(
      await talk.refused("skill_crud", { operation: "get", skill_name: "none" }),
      /^Error: Skill 'none' does/,
    );
  },
  async folder(talk, machine) {
    const text = await talk.text("skill_crud", { operation: "list", scope: "writable" });
    assert.match(text, /✓ old\n[^]*✗ sketch/);
    const { root } = await talk.data("skill_crud", { operation: "list" });
    assert.equal(root, machine.at(ROOT));
    await using server = await startManaged();
    assert.equal((await server.crud({ operation: "list" })).data.root, `${server.home}/skills`);
  },
  async "names of skills"(talk) {
    for (const skill_name of ["old", "Old-Skill"]) await talk.text("skill_crud", { operation: "get", skill_name });
    for (const skill_name of ["..", ".", "../skills/old", "/etc"]) {
      for (
        const [tool, args] of [["skill_crud", { operation: "delete", confirm: true }], [
          "skill_env_crud",
          READ,
        ]] as const
      ) {
        assert.match(await talk.refused(tool, { ...args, skill_name }), /does not exist/);
      }
    }
  },
  async delete(talk) {
    const of = { skill_name: "gone" };
    await talk.text("skill_crud", { operation: "create", ...of });
    assert.match(await talk.refused("skill_crud", { operation: "delete", ...of }), /confirm=true is required/);
    assert.match(await talk.text("skill_crud", { operation: "delete", confirm: true, ...of }), /30 days/);
    await talk.text("skill_crud", { operation: "restore", ...of });
  },
  async ".env"(talk, machine) {
    await talk.text("skill_env_crud", { operation: "set", ...SKILL, variables: { MORE: "1" } });
    const text = await readFile(machine.at(ROOT, "old/.env"), "utf8");
    assert.equal(text, "# of the service\nAPI_KEY='sk-12345678'\nMORE=1\n");
    assert.match(await talk.refused("skill_files_crud", { ...READ, ...SKILL, file_path: ".env" }), /secrets/);
    assert.match(await talk.text("run_skill_script", { ...SKILL, script_path: "key.sh" }), /key=\[API_KEY\]/);
    assert.equal(talk.wire.join("").includes("sk-12345678"), false);
  },
  async "several files"(talk) {
    const files = [{ path: "main.sh", content: "echo other" }, { path: "missing.sh", content: "" }];
    await talk.refused("skill_files_crud", { operation: "update", ...SKILL, files });
    assert.match(await talk.text("skill_files_crud", { ...READ, ...SKILL, file_path: "main.sh" }), /echo ran/);
  },
  async "empty content"(talk) {
    const file = { ...SKILL, file_path: "empty.txt", content: "" };
    await talk.text("skill_files_crud", { operation: "create", ...file });
  },
  async "environment of scripts"(talk) {
    const { stdout } = await talk.data("run_skill_script", { ...SKILL, script_path: "environment.sh" });
    assert.equal(stdout, "server= API_KEY=set\n");
  },
  async "time limit"(talk) {
    const slow = { ...SKILL, script_path: "slow.sh" };
    assert.match(await talk.refused("run_skill_script", { ...slow, timeout: 1 }), /timed out after 1 second/);
    for (const timeout of [0, 86_401]) await talk.refused("run_skill_script", { ...slow, timeout });
    const { tools } = await talk.client.listTools();
    assert.match(JSON.stringify(tools.find(({ name }) => name === "run_skill_script")), /defaults to 30 seconds/);
  },
  async "file types"(talk) {
    for (const script_path of ["main.py", "main.mjs", "main.cjs", "main.sh", "main.bash", "first_line"]) {
      assert.equal((await talk.data("run_skill_script", { ...SKILL, script_path })).stdout, "ran\n", script_path);
    }
    const names = /one of the endings (.*),/.exec(
      await talk.refused("run_skill_script", { ...SKILL, script_path: "SKILL.md" }),
    )![1]!.split(" ");
    const row = ROWS.find(([name]) => name === "file types")!;
    assert.deepEqual(row.flatMap(wordsOf).filter((it) => !names.includes(it)), []);
  },
  async "exit code"(talk) {
    assert.match(await talk.refused("run_skill_script", { ...SKILL, script_path: "fails.sh" }), /\nExit code: 3\n/);
  },
  async "PEP 723"(talk) {
    const { stdout } = await talk.data("run_skill_script", { ...SKILL, script_path: "quoted.py" });
    assert.equal(stdout, "# /// script\n");
    const refused = await talk.refused("run_skill_script", { ...SKILL, script_path: "declares.py" });
    assert.match(refused, /^Error: Cannot install the packages of "old\/declares\.py" \(collet-none==1\)/);
    const code = { code: "import declares", skill_references: ["old:declares.py"] };
    assert.match(
      await talk.refused("execute_python_code", code),
      /^Error: Cannot install the packages .*collet-none==1/,
    );
  },
  async npm(talk, machine) {
    const refused = await talk.refused("run_skill_script", { ...SKILL, script_path: "web/src/main.js" });
    assert.match(refused, /^Error: Cannot install the packages of "old\/web\/src\/main\.js" \(collet-none@/);
    const entries = await readdir(machine.at(ROOT, "old/web"));
    assert.deepEqual(entries.sort(), ["package.json", "src"]);
  },
  async network(talk) {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      const args = ["127.0.0.1", String((server.address() as AddressInfo).port)];
      const { stdout } = await talk.data("run_skill_script", { ...SKILL, script_path: "connects.py", args });
      const { contents } = await talk.client.readResource({ uri: "collet://sandbox" });
      const [state] = contents;
      assert.ok(state !== undefined && "text" in state);
      const isConfined = JSON.parse(state.text).mechanism !== null;
      assert.equal(stdout, isConfined ? "no network\n" : "connected\n");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  },
  async "skills of other places"(talk) {
    assert.match(await talk.text("skill_crud", { operation: "list" }), /Read-only skills of other places[^]*✓ far /);
    assert.match(await talk.text("run_skill_script", { skill_name: "far", script_path: "main.sh" }), /\nran\n/);
    const change = { operation: "create", skill_name: "far", file_path: "x", content: "" };
    assert.match(await talk.refused("skill_files_crud", change), /it is read-only/);
  },
  async "tools by their older names"(talk) {
    const section = SECTION.split("older names are")[1]!.split(";")[0]!;
    assert.equal(wordsOf(section).length, 8);
    const { tools } = await talk.client.listTools();
    for (const name of wordsOf(section)) {
      const result = await talk.call(name, { ...SKILL, file_path: "main.sh", content: "A=1" });
      assert.doesNotMatch(textOf(result), /[Uu]nknown tool/, `${name} of ${tools.length}`);
    }
  },
};

const ran = (code: string) => `${code}\n`;
const FILES: Readonly<Record<string, string>> = {
  "SKILL.md": "---\nname: Old-Skill\ndescription: Made for skill-mcp\n---\n# Old\n",
  ".env": "# of the service\nAPI_KEY='sk-12345678'\n",
  "main.py": ran("print('ran')"),
  "main.mjs": ran("console.log('ran')"),
  "main.cjs": ran("console.log('ran')"),
  "main.sh": ran("echo ran"),
  "main.bash": ran("echo ran"),
  "key.sh": ran('echo "key=$API_KEY"'),
  "environment.sh": ran('echo "server=$SERVER_TOKEN API_KEY=${API_KEY:+set}"'),
  "slow.sh": ran("sleep 60"),
  "fails.sh": ran("exit 3"),
  "quoted.py": 'TEXT = """x\n# /// script\n"""\nprint(TEXT.splitlines()[1])\n',
  "declares.py": '# /// script\n# dependencies = ["collet-none==1"]\n# ///\n',
  "web/package.json": '{ "dependencies": { "collet-none": "1" } }',
  "web/src/main.js": ran("console.log('ran')"),
  "connects.py": "import socket, sys\ntry:\n    socket.create_connection((sys.argv[1], int(sys.argv[2])))\n" +
    "    print('connected')\nexcept OSError:\n    print('no network')\n",
};

describe("who comes from skill-mcp finds, as the table says,", { timeout: 120_000, skip: SKIP }, () => {
  let machine: Machine;
  let talk: Talk;
  let path: AsyncDisposable;
  before(async () => {
    const uv = uvPath();
    // pip does the same, and takes longer
    path = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
    machine = await Machine.make();
    await machine.configure({ plugins: { skills: { skill_mcp_names: true, paths: [machine.at("elsewhere")] } } });
    await machine.skill("old", FILES, ROOT);
    await machine.write(`${ROOT}/old/first_line`, "#!/bin/sh\necho ran\n", { mode: 0o755 });
    await machine.write(`${ROOT}/sketch/notes.txt`, "");
    await machine.skill(
      "far",
      { "SKILL.md": "---\nname: far\ndescription: Far\n---\n", "main.sh": "echo ran\n" },
      "elsewhere",
    );
    const env = { SKILL_MCP_DIR: "~/.skill-mcp/skills", SERVER_TOKEN: "of-the-server" };
    // without a network nothing is installed, and what would be is told at once
    talk = await machine.pipe({ args: ["--offline"], env });
  });
  after(async () => {
    await machine[Symbol.asyncDispose]();
    await path[Symbol.asyncDispose]();
    await removeBundle();
  });

  for (const [name = ""] of ROWS) {
    test(name.replaceAll("`", ""), async () => {
      const check = TRUE[name.replaceAll("`", "")];
      assert.ok(check !== undefined, "nothing shows that it is true");
      await check(talk, machine);
    });
  }
});
