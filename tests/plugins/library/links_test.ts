import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createCall } from "../../../kernel/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { answeringKind, kindPlugin, onlyText, startKernel, temporaryHome } from "./kit.ts";

test("a tool with links that lead out, or nowhere, is listed, replaced and rolled back without them", async () => {
  await using home = await temporaryHome();
  await using kit = await startKernel({ home: home.path, plugins: [kindPlugin(answeringKind())] });
  const library = kit.kernel.get(ToolLibrary)!;
  const save = (code: string) => {
    const draft = { name: "a", description: "x", tool_type: "answering" };
    return library.save(draft, { "code.txt": code }, { overwrite: true, call: createCall() });
  };
  const ask = async (args: object) => {
    const result = await kit.call("version", { tool_name: "a", ...args });
    assert.equal(result.isError, undefined, JSON.stringify(result.content));
    return onlyText(result);
  };
  const { path } = await save("one");
  const outside = join(home.path, "outside");
  await mkdir(join(path, ".venv/bin"), { recursive: true });
  await mkdir(join(path, "lib"));
  await mkdir(outside);
  await writeFile(join(outside, "secret.txt"), "hunter2");
  const links = {
    "out.txt": join(outside, "secret.txt"),
    "out": outside,
    "gone": "nowhere",
    ".venv/bin/python": "/bin/sh",
    "lib/code": "../code.txt",
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(path, name));
  await writeFile(join(path, ".venv/bin/activate"), "activate");

  assert.match(await ask({ action: "list" }), /1\.0\.0 \(current\), edited by hand since/);
  assert.match(await ask({ action: "info" }), /- Files: \.venv\/bin\/activate .*, code\.txt .*, lib\/code .*$/m);
  const { replaced } = await save("two");
  assert.equal(replaced, "1.0.1");
  assert.match(await ask({ action: "diff", version: "1.0.1" }), /-one\n.*\n\+two/);
  await library.rollback("a", "1.0.1", { call: createCall() });
  for (const folder of [path, join(path, "versions/1.0.1"), join(path, "versions/1.0.2")]) {
    const found = await readdir(folder, { recursive: true });
    for (const name of ["out", "out.txt", "gone", ".venv/bin/python"]) assert.ok(!found.includes(name), name);
    for (const name of [".venv/bin/activate", "lib/code"]) assert.ok(found.includes(name), `${folder}/${name}`);
  }
  assert.equal(await readFile(join(path, "lib/code"), "utf8"), "one");
  assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), "hunter2");
});
