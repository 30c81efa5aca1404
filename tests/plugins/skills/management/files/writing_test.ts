import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test } from "node:test";
import { sha256, toBase64 } from "../../../../../kernel/mod.ts";
import { temporaryFolder } from "../../../../platform/temporary.ts";
import { type Managed, skillFile, startManaged } from "../kit.ts";
import { makeSkill } from "./kit.ts";

let server: Managed;

before(async () => {
  server = await startManaged();
});
after(() => server[Symbol.asyncDispose]());

const spec = (path: string, content = "x") => ({ path, content });

describe("skill_files_crud create", () => {
  test("skill_files_crud create makes a file and the folders above it", async () => {
    const { name, ask, textOf } = await makeSkill(server);
    const { text, data } = await ask({ operation: "create", file_path: "a/b/c.py", content: "print('😀')" });
    assert.equal(text, `Successfully created file '${name}:a/b/c.py' (10 characters)`);
    assert.equal(await textOf("a/b/c.py"), "print('😀')");
    assert.deepEqual(data.files, [{ path: "a/b/c.py", size: 13, sha256: await sha256("print('😀')") }]);
  });

  test("skill_files_crud create takes empty content, names with two dots, and bytes", async () => {
    const { path, ask, textOf } = await makeSkill(server);
    await ask({ operation: "create", file_path: "a..b.txt", content: "" });
    assert.equal(await textOf("a..b.txt"), "");
    const bytes = new Uint8Array([0, 255, 10]);
    const content = toBase64(bytes);
    const { text } = await ask({ operation: "create", file_path: "a.bin", content, encoding: "base64" });
    assert.match(text, /\(3 bytes\)$/);
    assert.deepEqual(new Uint8Array(await readFile(join(path, "a.bin"))), bytes);
    const bad = await ask({ operation: "create", file_path: "b.bin", content: "*", encoding: "base64" });
    assert.match(bad.text, /^Error: The content is not base64/);
  });

  test("skill_files_crud create refuses what is there, and too large content", async () => {
    const { name, ask, textOf } = await makeSkill(server, { "a": "before" });
    const there = await ask({ operation: "create", file_path: "a", content: "x" });
    assert.equal(there.text, `Error: File 'a' already exists in skill '${name}'. Use update to modify it.`);
    assert.equal(await textOf("a"), "before");
    const large = await ask({ operation: "create", file_path: "b/c", content: "é".repeat(500_001) });
    assert.match(large.text, /^Error: File too large \(1000002 bytes\)\. Maximum size is 1000000 bytes$/);
    assert.equal(await textOf("b"), undefined);
  });

  test("skill_files_crud create makes several files", async () => {
    const { name, ask, textOf } = await makeSkill(server);
    const { text, data } = await ask({ operation: "create", files: [spec("a/1"), spec("2", "")] });
    assert.equal(text, `Successfully created 2 files:\n  - ${name}:a/1\n  - ${name}:2`);
    assert.deepEqual([data.files.length, await textOf("a/1"), await textOf("2")], [2, "x", ""]);
  });

  test("skill_files_crud create makes all of several files or none, and no folder", async () => {
    const { ask, all, textOf } = await makeSkill(server, { "there": "before", "dir/there": "y" });
    const before = await all();
    const last = [spec("there"), spec("new/1/x"), spec("../up"), spec(".env"), spec("con"), {
      ...spec("a"),
      encoding: "base64",
    }];
    for (const bad of last) {
      const { isError, data } = await ask({
        operation: "create",
        files: [spec("new/1"), spec("new/2/3"), spec("dir/new"), bad],
      });
      assert.equal(isError, true, bad.path);
      assert.equal(data.path, bad.path);
      assert.deepEqual(await all(), before, bad.path);
    }
    assert.equal(await textOf("there"), "before");
  });

  test("skill_files_crud create that is not atomic keeps what could be done, and tells of the rest", async () => {
    const { name, ask, textOf } = await makeSkill(server, { "there": "before" });
    const { text, data, isError } = await ask({
      operation: "create",
      files: [spec("1"), spec("there"), spec("2")],
      atomic: false,
    });
    assert.equal(isError, true);
    assert.ok(
      text.startsWith(`Successfully created 2 files:\n  - ${name}:1\n  - ${name}:2\n\nError creating '${name}:there'`),
    );
    assert.deepEqual([data.errors[0].code, await textOf("1"), await textOf("2")], ["FILE_EXISTS", "x", "x"]);
  });
});

describe("skill_files_crud update", () => {
  test("skill_files_crud update replaces a file, and keeps its permissions", async () => {
    const { name, path, ask, textOf } = await makeSkill(server, { "a.sh": "before" });
    await chmod(join(path, "a.sh"), 0o750);
    const { text, data } = await ask({ operation: "update", file_path: "a.sh", content: "" });
    assert.equal(text, `Successfully updated file '${name}:a.sh' (0 characters)`);
    assert.deepEqual([await textOf("a.sh"), data.files[0].sha256], ["", await sha256("")]);
    if (process.platform !== "win32") assert.equal((await lstat(join(path, "a.sh"))).mode & 0o777, 0o750);
  });

  test("skill_files_crud update refuses what is not there, and folders", async () => {
    const { name, ask } = await makeSkill(server, { "a/b": "" });
    const texts = [["c", `File 'c' does not exist in skill '${name}'. Use create to create it.`], [
      "a",
      "'a' is not a file",
    ]];
    for (const [path, text] of texts) {
      assert.equal((await ask({ operation: "update", file_path: path, content: "x" })).text, `Error: ${text}`);
    }
  });

  test("skill_files_crud update refuses a file that somebody changed meanwhile, with both digests", async () => {
    const { path, ask, textOf } = await makeSkill(server, { "a": "1", "b": "1" });
    const digest = (await ask({ operation: "read", file_path: "a" })).data.files[0].sha256;
    const update = { operation: "update", file_path: "a", content: "2", expected_digest: digest };
    assert.equal((await ask(update)).isError, false);
    const { isError, text, data } = await ask(update);
    assert.equal(isError, true);
    assert.ok(text.includes(await sha256("2")) && text.includes(digest));
    assert.deepEqual([data.code, data.sha256, data.expected_digest], ["DIGEST_MISMATCH", await sha256("2"), digest]);
    await writeFile(join(path, "a"), "1");
    const files = [spec("a", "3"), { ...spec("b", "3"), expected_digest: `SHA256:${"0".repeat(64)}`.toLowerCase() }];
    assert.equal((await ask({ operation: "update", files })).data.code, "DIGEST_MISMATCH");
    assert.deepEqual([await textOf("a"), await textOf("b")], ["1", "1"]);
  });

  test("skill_files_crud update changes all of several files or none", async () => {
    const { path, ask, all, textOf } = await makeSkill(server, { "a": "1", "b": "1", "c": "1" });
    assert.equal(
      (await ask({ operation: "update", files: [spec("a"), spec("b")] })).text,
      "Successfully updated 2 files",
    );
    await chmod(join(path, "a"), 0o640);
    const before = await all();
    for (const bad of [spec("none"), spec(".env"), spec("SKILL.md", "no skill")]) {
      const { isError } = await ask({ operation: "update", files: [spec("a", "3"), spec("c", "3"), bad] });
      assert.equal(isError, true, bad.path);
      assert.deepEqual([await textOf("a"), await textOf("c"), await all()], ["x", "1", before], bad.path);
    }
    const { data } = await ask({ operation: "update", files: [spec("none"), spec("c", "4")], atomic: false });
    assert.deepEqual([data.errors[0].path, await textOf("c")], ["none", "4"]);
  });

  test("skill_files_crud refuses an update that would leave no skill, with the reasons, and warns of what is odd", async () => {
    const { name, ask, textOf } = await makeSkill(server);
    const before = await textOf("SKILL.md");
    for (const content of ["", "# no front matter", "---\nname: [\n---\n", "---\nname: x\n"]) {
      const { isError, text, data } = await ask({ operation: "update", file_path: "SKILL.md", content });
      assert.equal(isError, true, content);
      assert.match(text, /^Error: Cannot write 'SKILL.md': no skill could be read from it: .+SKILL.md:\d/);
      assert.equal(data.code, "SKILL_INVALID");
    }
    assert.equal(await textOf("SKILL.md"), before);
    const odd = await ask({ operation: "update", file_path: "SKILL.md", content: skillFile("Other Name") });
    assert.equal(odd.isError, false);
    assert.ok(odd.data.warnings.length > 0 && odd.text.includes("\n\nWarning: "));
    await ask({ operation: "update", file_path: "SKILL.md", content: skillFile(name, "Does something new") });
    const known = await server.ask("skill_crud", { operation: "get", skill_name: name });
    assert.equal(known.data.description, "Does something new");
  });

  test("skill_files_crud says what is missing or mixed up", async () => {
    const { ask } = await makeSkill(server, { "a": "" });
    const both = "Cannot specify both 'files' (bulk) and 'file_path'/'content' (single) parameters";
    const single = "file_path and content are required for single file update";
    const cases = [
      [{ files: [spec("a")], file_path: "a" }, both],
      [{ files: [spec("a")], content: "" }, both],
      [{ file_path: "a" }, single],
      [{ content: "a" }, single],
      [{ files: [] }, single],
      [{ files: [spec("a"), spec("./a")] }, "files names the same path twice"],
    ] as const;
    for (const [args, text] of cases) {
      const answer = await ask({ operation: "update", ...args });
      assert.deepEqual([answer.text, answer.isError], [`Error: ${text}`, true]);
    }
  });
});

describe("skill_files_crud delete and move", () => {
  test("skill_files_crud delete removes a file, once, if it is the one that was read", async () => {
    const { name, ask, textOf } = await makeSkill(server, { "a/b": "1" });
    const digest = await sha256("other");
    const conflict = await ask({ operation: "delete", file_path: "a/b", expected_digest: digest });
    assert.deepEqual([conflict.data.code, await textOf("a/b")], ["DIGEST_MISMATCH", "1"]);
    const { text } = await ask({ operation: "delete", file_path: "a/b" });
    assert.deepEqual([text.split("\n")[0], await textOf("a/b")], [
      `Successfully deleted file '${name}:a/b'`,
      undefined,
    ]);
    assert.equal((await ask({ operation: "delete", file_path: "a/b" })).data.code, "FILE_UNKNOWN");
    const folder = await ask({ operation: "delete", file_path: "a" });
    assert.equal(folder.text, "Error: 'a' is not a file. Cannot delete directories");
  });

  test("skill_files_crud move gives a file another path, which must be free", async () => {
    const { name, ask, textOf } = await makeSkill(server, { "a": "1", "b": "2", ".env": "X=1" });
    const { text } = await ask({ operation: "move", file_path: "a", new_path: "c/d" });
    assert.equal(text, `Successfully moved file '${name}:a' to '${name}:c/d'`);
    assert.deepEqual([await textOf("a"), await textOf("c/d")], [undefined, "1"]);
    for (const new_path of ["c/d", "../x", ".env.local", "SKILL.md", "x/skill.md", "node_modules/x"]) {
      assert.equal((await ask({ operation: "move", file_path: "b", new_path })).isError, true, new_path);
    }
    for (const file_path of [".env", "SKILL.md", "none"]) {
      assert.equal((await ask({ operation: "move", file_path, new_path: "moved" })).isError, true, file_path);
    }
    assert.deepEqual([await textOf("b"), await textOf("moved")], ["2", undefined]);
  });

  test("skill_files_crud delete protects every SKILL.md, whatever it is written like", async () => {
    const { ask, all } = await makeSkill(server, { "sub/SKILL.md": "x" });
    const before = await all();
    const paths = [
      "SKILL.md",
      "SKILL.md/",
      "./SKILL.md",
      "sub/../SKILL.md",
      "skill.MD",
      "sub/SKILL.md",
      "SKILL.md ",
      "SKILL.md.",
    ];
    for (
      const file_path of [...paths, "\uff33KILL.md", "\u017fkill.md", "SKI\u212aLL.md".replace("I\u212a", "\u212aI")]
    ) {
      assert.equal((await ask({ operation: "delete", file_path })).isError, true, file_path);
    }
    assert.deepEqual(await all(), before);
  });
});

describe("skill_files_crud among others", () => {
  test("skill_files_crud changes only skills of the writable root, and says why", async () => {
    await using home = await temporaryFolder();
    const path = join(home.path, ".agents/skills/foreign");
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "SKILL.md"), skillFile("foreign"));
    await writeFile(join(path, "a"), "1");
    await using other = await startManaged({ home });
    const ask = (args: Record<string, unknown>) => other.ask("skill_files_crud", { skill_name: "foreign", ...args });
    assert.equal((await ask({ operation: "read", file_path: "a" })).data.files[0].content, "1");
    for (const operation of ["create", "update", "delete", "move"]) {
      const { isError, text } = await ask({ operation, file_path: "a", content: "2", new_path: "b" });
      assert.equal(isError, true, operation);
      assert.match(text, /read-only/);
    }
    assert.equal(await readFile(join(path, "a"), "utf8"), "1");
  });

  test("skill_files_crud lets writers at once win one after another", async () => {
    const { ask, all, textOf } = await makeSkill(server, { "a": "0", "b": "0" });
    const before = await all();
    const contents = Array.from({ length: 10 }, (_, i) => String(i + 1));
    await Promise.all(
      contents.map((content) => ask({ operation: "update", files: [spec("a", content), spec("b", content)] })),
    );
    assert.equal(await textOf("a"), await textOf("b"));
    const created = await Promise.all(contents.map((content) => ask({ operation: "create", file_path: "c", content })));
    assert.equal(created.filter(({ isError }) => !isError).length, 1);
    const digest = await sha256("new");
    await ask({ operation: "create", file_path: "d", content: "new" });
    const guarded = await Promise.all(
      contents.map((content) => ask({ operation: "update", file_path: "d", content, expected_digest: digest })),
    );
    assert.equal(guarded.filter(({ isError }) => !isError).length, 1);
    assert.deepEqual(await all(), [...before, "c", "d"].sort());
  });

  test("skill_files_crud has a skill loaded as it was written just before", async () => {
    const { name, ask } = await makeSkill(server);
    const tools =
      "metadata:\n  dcc-mcp:\n    tools:\n      - name: hello\n        description: Greets\n        source_file: hello.py\n";
    const content = skillFile(name).replace("---\n#", `${tools}---\n#`);
    const files = [{ path: "SKILL.md", content }];
    await ask({ operation: "create", files: [spec("scripts/hello.py", "print('hello')\n")] });
    assert.equal((await ask({ operation: "update", files })).isError, false);
    const loaded = await server.ask("load_skill", { skill_name: name });
    assert.ok(loaded.text.includes("hello"), loaded.text);
  });
});
