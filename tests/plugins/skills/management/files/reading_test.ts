import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fromBase64, sha256, toBase64 } from "../../../../../kernel/mod.ts";
import { type Answer, type Managed, startManaged } from "../kit.ts";
import { makeSkill } from "./kit.ts";

let server: Managed;

before(async () => {
  server = await startManaged();
});
after(() => server[Symbol.asyncDispose]());

describe("skill_files_crud read", () => {
  test("skill_files_crud read gives a file under its name, with its digest", async () => {
    const { name, ask } = await makeSkill(server, { "scripts/a.py": "print('é')\n" });
    const { text, data, isError } = await ask({ operation: "read", file_path: "./scripts//a.py" });
    assert.equal(isError, false);
    assert.equal(text, `=== ${name}:scripts/a.py ===\nprint('é')\n`);
    const [file] = data.files;
    assert.equal(file.sha256, await sha256("print('é')\n"));
    assert.deepEqual([file.path, file.content, file.size, file.encoding, file.total_lines], [
      ...["scripts/a.py", "print('é')\n", 12, "utf-8", 1],
    ]);
  });

  test("skill_files_crud read gives empty files, byte order marks and line ends as they are", async () => {
    const { name, ask } = await makeSkill(server, { "empty": "", "marked": "\ufeffa\r\nb" });
    assert.equal((await ask({ operation: "read", file_path: "empty" })).text, `=== ${name}:empty ===\n`);
    assert.equal((await ask({ operation: "read", file_path: "marked" })).data.files[0].content, "\ufeffa\r\nb");
  });

  test("skill_files_crud read gives several files in their order, and goes on past failures", async () => {
    const { name, ask } = await makeSkill(server, { "b": "B", "a": "A", ".env": "X=1" });
    const { text, data, isError } = await ask({ operation: "read", file_paths: ["b", "none", "a", ".env", "../x"] });
    assert.equal(isError, false);
    assert.ok(
      text.startsWith(`=== ${name}:b ===\nB\n\n=== ${name}:a ===\nA\n\nError reading '${name}:none': File 'none' `),
    );
    assert.deepEqual(data.files.map(({ path }: { path: string }) => path), ["b", "a"]);
    assert.deepEqual(data.errors.map(({ path, code }: Record<string, string>) => [path, code]), [
      ["none", "FILE_UNKNOWN"],
      [".env", "FILE_SECRET"],
      ["../x", "PATH_INVALID"],
    ]);
    assert.equal((await ask({ operation: "read", file_paths: ["none"] })).isError, true);
  });

  test("skill_files_crud read says that a file is binary, and gives it as base64", async () => {
    const bytes = new Uint8Array([0, 1, 2, 253, 254, 255]);
    const { ask } = await makeSkill(server, { "a.bin": bytes, "b.txt": "a\0b" });
    for (const path of ["a.bin", "b.txt"]) {
      const refused = await ask({ operation: "read", file_path: path });
      assert.equal(refused.isError, true);
      assert.match(refused.text, /it is binary \(\d bytes\); read it with encoding "base64"/);
      assert.equal(refused.data.code, "FILE_BINARY");
    }
    const { data } = await ask({ operation: "read", file_path: "a.bin", encoding: "base64" });
    assert.equal(data.files[0].content, toBase64(bytes));
    assert.equal(data.files[0].sha256, await sha256(bytes));
  });

  test("skill_files_crud read gives lines from an offset on, and says where the next ones begin", async () => {
    const content = "1\r\n2\n3\n\n5";
    const { ask } = await makeSkill(server, { "a.txt": content });
    const { text, data } = await ask({ operation: "read", file_path: "a.txt", offset: 1, limit: 2 });
    assert.equal(data.files[0].content, "2\n3\n");
    assert.deepEqual([data.files[0].offset, data.files[0].next_offset, data.files[0].total_lines], [1, 3, 5]);
    assert.ok(text.endsWith("2\n3\n\n\n(lines 2 to 3 of 5; the next ones with offset 3)"));
    let all = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const answer: Answer = await ask({ operation: "read", file_path: "a.txt", offset, limit: 2 });
      const [page] = answer.data.files;
      all += page.content;
      offset = page.next_offset;
    }
    assert.equal(all, content);
    const beyond = await ask({ operation: "read", file_path: "a.txt", offset: 99 });
    const [none] = beyond.data.files;
    assert.deepEqual([none.content, none.next_offset], ["", undefined]);
    assert.ok(beyond.text.endsWith("\n\n(no lines from offset 99 on; the file has 5)"), beyond.text);
  });

  test("skill_files_crud read gives large files in parts only", async () => {
    const large = "0123456789\n".repeat(100_000);
    const { ask } = await makeSkill(server, { "large.txt": large, "line.txt": "x".repeat(1_000_001) });
    const whole = await ask({ operation: "read", file_path: "large.txt" });
    assert.equal(whole.isError, true);
    assert.match(whole.text, /^Error: File too large \(1074.2 KB\). Maximum size is 976.6 KB; read it in parts/);
    let all = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const answer: Answer = await ask({ operation: "read", file_path: "large.txt", offset });
      const [page] = answer.data.files;
      assert.equal(page.sha256, await sha256(large));
      all += page.content;
      offset = page.next_offset;
    }
    assert.ok(all === large);
    assert.match(
      (await ask({ operation: "read", file_path: "line.txt", offset: 0 })).text,
      /Line 1 alone has more than/,
    );
    const bytes =
      (await ask({ operation: "read", file_path: "line.txt", offset: 999_999, encoding: "base64" })).data.files[0];
    assert.deepEqual(fromBase64(bytes.content), new TextEncoder().encode("xx"));
  });

  test("skill_files_crud read gives several files as far as they are not too much together", async () => {
    const paths = Array.from({ length: 7 }, (_, i) => `${i}.txt`);
    const { ask } = await makeSkill(server, Object.fromEntries(paths.map((path) => [path, "x".repeat(900_000)])));
    const { data } = await ask({ operation: "read", file_paths: paths });
    assert.deepEqual([data.files.length, data.errors.length], [5, 2]);
    assert.equal(data.errors[0].code, "FILE_TOO_LARGE");
  });

  test("skill_files_crud read says what is missing or mixed up", async () => {
    const { ask } = await makeSkill(server, { "a/b": "" });
    const texts = [
      [{}, "file_path is required for 'read' operation"],
      [
        { file_path: "a", file_paths: ["b"] },
        "Cannot specify both 'file_paths' (bulk) and 'file_path' (single) parameters",
      ],
      [{ file_path: "a" }, "'a' is not a file"],
      [{ file_paths: ["a/b"], limit: 1 }, "offset and limit are for one file; give file_path in place of file_paths"],
    ] as const;
    for (const [args, text] of texts) {
      const answer = await ask({ operation: "read", ...args });
      assert.deepEqual([answer.text, answer.isError], [`Error: ${text}`, true]);
    }
    const unknown = await ask({ operation: "append", file_path: "a" });
    assert.match(
      unknown.text,
      /Unknown operation: "?append"?\. Valid operations: read, create, update, delete, restore, move, list/,
    );
    const missing = await server.ask("skill_files_crud", { operation: "read", skill_name: "none", file_path: "a" });
    assert.match(missing.text, /^Error: Skill 'none' does not exist/);
    assert.equal(missing.isError, true);
  });
});

describe("skill_files_crud list", () => {
  test("skill_files_crud list gives the files with their digests, without secrets and what was installed", async () => {
    const { name, ask } = await makeSkill(server, {
      ...{ "a.py": "A", ".env": "X=1", ".env.local": "X=1", ".env.example": "X=", "node_modules/x/i.js": "" },
      ...{ "scripts/b.py": "B", "scripts/__pycache__/b.pyc": "", ".git/config": "", "env/pyvenv.cfg": "" },
    });
    const { text, data } = await ask({ operation: "list" });
    const paths = data.files.map(({ path }: { path: string }) => path);
    assert.deepEqual(paths, [".env.example", "SKILL.md", "a.py", "scripts/b.py"]);
    assert.equal(data.files[2].sha256, await sha256("A"));
    assert.match(
      text,
      new RegExp(`^Files \\(4\\):\n  - ${name}:.env.example \\(2 bytes, modified: \\d{4}-\\d\\d-\\d\\d\\)`),
    );
    assert.ok(data.left_out.includes("node_modules"));
    const below = await ask({ operation: "list", file_path: "scripts/", offset: 0, limit: 1 });
    assert.deepEqual([below.data.files[0].path, below.data.total], ["scripts/b.py", 1]);
  });

  test("skill_files_crud list gives pages", async () => {
    const { ask } = await makeSkill(server, Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`f${i}`, ""])));
    const found: string[] = [];
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const { data } = await ask({ operation: "list", offset, limit: 2 });
      found.push(...data.files.map(({ path }: { path: string }) => path));
      offset = data.next_offset;
    }
    assert.deepEqual(found, ["SKILL.md", "f0", "f1", "f2", "f3", "f4"]);
  });
});

test("max_file_bytes and script_timeout_ms bound files and runs", async () => {
  await using small = await startManaged({ config: { max_file_bytes: 10, script_timeout_ms: 7_000 } });
  const { ask } = await makeSkill(small, { "large": "12345678901", "fits": "1234567890" });
  assert.match((await ask({ operation: "read", file_path: "large" })).text, /^Error: File too large/);
  assert.ok((await ask({ operation: "read", file_path: "fits" })).text.endsWith("1234567890"));
  assert.match((await ask({ operation: "create", file_path: "n", content: "x".repeat(11) })).text, /File too large/);
  const { tools } = await small.kit.client.listTools();
  for (const name of ["run_skill_script", "execute_python_code"]) {
    assert.match(JSON.stringify(tools.find((it) => it.name === name)), /defaults to 7 seconds if not specified/);
  }
});
