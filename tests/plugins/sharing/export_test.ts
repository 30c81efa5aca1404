import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import fc from "fast-check";
import { createCall, fromBase64, type JsonObject } from "../../../kernel/mod.ts";
import { provide } from "../../../kernel/testing.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { type FileSet, ToolLibrary } from "../../../plugins/library/contract.ts";
import { Secrets } from "../../../plugins/secrets/contract.ts";
import { Exporter } from "../../../plugins/sharing/exporter.ts";
import type { Limits } from "../../../plugins/sharing/limits.ts";
import { freshSeed } from "../../support/random.ts";
import { answeringKind, kindPlugin } from "../library/kit.ts";
import { failed, imported, onlyText, readTree, startSharing, succeed, toolFiles, writeTree } from "./kit.ts";

interface ExportAnswer {
  readonly name: string;
  readonly version: string;
  readonly format: string;
  readonly path?: string;
  readonly digest: string;
  readonly files: number;
  readonly left_out: readonly JsonObject[];
  readonly emptied: readonly string[];
}

const FORMS = ["greet.zip", "greet.tar", "greet.tar.gz", "greet.tgz", "folder"];

test("export_tool writes archives and folders that import again, byte by byte", async () => {
  await using kit = await startSharing();
  const long = `${"long/".repeat(10)}${"ü".repeat(60)}.txt`;
  const files = { "!bin/x": "x", "data.bin": new Uint8Array([0, 255]), [long]: "y", "empty": "" };
  const source = await writeTree(join(kit.folder, "greet"), toolFiles("greet", { files }));
  const [original] = imported(await kit.import({ source })).installed;
  const { "manifest.json": _own, ...expected } = await readTree(original!.path, { executables: true });
  for (const form of FORMS) {
    const to = join(kit.folder, "out", form);
    const result = await kit.call("export_tool", { tool_name: "greet", to });
    const answer = result.structuredContent as unknown as ExportAnswer;
    assert.deepEqual([answer.digest, answer.files, answer.left_out], [original!.digest, 5, []], JSON.stringify(result));
    assert.equal(answer.path, form === "folder" ? join(to, "greet") : to);
    await using other = await startSharing();
    const [tool] = imported(await other.import({ source: to, digest: answer.digest })).installed;
    const { "manifest.json": _other, ...found } = await readTree(tool!.path, { executables: true });
    assert.deepEqual(found, expected, form);
    assert.equal(onlyText(await other.call("greet")), "greet");
  }
});

test("export_tool gives an archive in its answer, if it is small", async () => {
  await using kit = await startSharing({ max_inline_bytes: 1_000 });
  await kit.call("register_script", { name: "greet", description: "Greet", interpreter: "sh", code: "echo hi" });
  const { content, structuredContent } = await kit.call("export_tool", { tool_name: "greet" });
  assert.equal((structuredContent as unknown as ExportAnswer).format, "zip");
  const [, block] = content;
  assert.ok(block?.type === "resource" && "blob" in block.resource);
  assert.deepEqual([block.resource.uri, block.resource.mimeType], [
    "collet://exports/greet-1.0.0.zip",
    "application/zip",
  ]);
  const archive = join(kit.folder, "x.zip");
  await writeFile(archive, fromBase64(block.resource.blob)!);
  assert.equal(imported(await kit.import({ source: archive, name: "other" })).installed[0]?.name, "other");

  const noise = Array.from({ length: 2_000 }, () => Math.random().toString(36)).join("");
  await kit.call("register_script", { name: "large", description: "x", interpreter: "sh", code: `# ${noise}` });
  assert.match(failed(await kit.call("export_tool", { tool_name: "large" })), /name a file or folder by "to"/);
});

test("export_tool makes the same archive at every time", async () => {
  await using kit = await startSharing();
  imported(await kit.import({ source: await writeTree(join(kit.folder, "greet"), toolFiles("greet")) }));
  for (const form of FORMS.slice(0, -1)) {
    const [one, two] = [join(kit.folder, `1${form}`), join(kit.folder, `2${form}`)];
    await kit.call("export_tool", { tool_name: "greet", to: one });
    // the times of zip have steps of two seconds
    if (form === "greet.zip") await new Promise((resolve) => setTimeout(resolve, 2_100));
    await kit.call("export_tool", { tool_name: "greet", to: two });
    assert.deepEqual(await readFile(one), await readFile(two), form);
  }
});

test("export_tool exports an old version", async () => {
  await using kit = await startSharing();
  const script = { name: "greet", description: "x", interpreter: "sh" };
  await kit.call("register_script", { ...script, code: "echo one" });
  await kit.call("register_script", { ...script, code: "echo two", overwrite: true });
  const to = join(kit.folder, "old.zip");
  const { structuredContent } = await kit.call("export_tool", { tool_name: "greet", version: "1.0.0", to });
  assert.equal((structuredContent as unknown as ExportAnswer).version, "1.0.0");
  imported(await kit.import({ source: to, name: "old" }));
  assert.equal(onlyText(await kit.call("old")), "one");
  assert.match(
    failed(await kit.call("export_tool", { tool_name: "greet", version: "9.0.0" })),
    /there are 1\.0\.1, 1\.0\.0/,
  );
});

test("export_tool replaces nothing unless it is told to, and no folder that is none of a tool", async () => {
  await using kit = await startSharing();
  imported(await kit.import({ source: await writeTree(join(kit.folder, "greet"), toolFiles("greet")) }));
  const out = join(kit.folder, "out");
  await mkdir(join(out, "x.zip"), { recursive: true });
  await writeTree(join(out, "taken"), { "greet/notes.txt": "mine" });
  const put = (to: string, overwrite = false) => kit.call("export_tool", { tool_name: "greet", to, overwrite });
  for (const to of [join(out, "y.zip"), join(out, "folder")]) {
    succeed(await put(to));
    assert.match(failed(await put(to)), /"overwrite": true/);
    succeed(await put(to, true));
  }
  await writeTree(join(out, "folder", "greet"), { "stale.txt": "x" });
  succeed(await put(join(out, "folder"), true));
  assert.equal(existsSync(join(out, "folder", "greet", "stale.txt")), false);
  assert.match(failed(await put(join(out, "x.zip"), true)), /there is a folder already; choose another name/);
  assert.match(failed(await put(join(out, "taken"), true)), /no tool, and is not replaced/);
  assert.equal(await readFile(join(out, "taken", "greet", "notes.txt"), "utf8"), "mine");
  assert.match(failed(await put(join(out, "y.zip", "deeper"))), /Cannot export/);
  assert.match(failed(await put("relative.zip")), /expected an absolute path/);
  assert.match(failed(await put(join(kit.home, "tools"), true)), /the tools of this server itself/);
  await symlink(join(kit.home, "tools"), join(out, "link"));
  assert.match(failed(await put(join(out, "link"), true)), /the tools of this server itself/);
  imported(await kit.import({ source: join(kit.folder, "greet"), name: "tools" }));
  assert.match(
    failed(await kit.call("export_tool", { tool_name: "tools", to: kit.home, overwrite: true })),
    /this server itself/,
  );
  assert.match(failed(await kit.call("export_tool", { tool_name: "gret" })), /did you mean "greet"\?/);
});

test("export_tool leaves out what is of this server alone", async () => {
  await using kit = await startSharing({}, [kindPlugin(answeringKind({ kind: "mcp" }))]);
  const library = kit.kernel.get(ToolLibrary)!;
  const server = {
    command: "x",
    args: ["--port", "1"],
    env: { API_KEY: "hunter2", T: "${secret:T}" },
    headers: { X: "1" },
  };
  const draft = { name: "up", description: "x", tool_type: "mcp", mcp_server: server, source: { from: "/srv/ada/up" } };
  const files = { "a.txt": "a", "env/x": "x", "node_modules/y": "y", "lib/__pycache__/z": "z" };
  const call = createCall({ principal: { id: "ada", scopes: [] } });
  const { path } = await library.save(draft, files, { call });
  await symlink("/etc/passwd", join(path, "stolen"));
  const result = await kit.call("export_tool", { tool_name: "up", to: kit.folder });
  const answer = result.structuredContent as unknown as ExportAnswer;
  assert.deepEqual(answer.left_out, [{ path: "stolen", reason: "it is a symbolic link" }]);
  assert.deepEqual(answer.emptied, ["API_KEY", "X"]);
  const exported = await readTree(join(kit.folder, "up"));
  assert.deepEqual(Object.keys(exported).sort(), ["a.txt", "manifest.json"]);
  const manifest = JSON.parse(new TextDecoder().decode(exported["manifest.json"]));
  assert.deepEqual(manifest.mcp_server, { ...server, env: { API_KEY: "", T: "${secret:T}" }, headers: { X: "" } });
  assert.deepEqual([manifest.owner, manifest.source], [undefined, undefined]);
  assert.equal(manifest.digest, await library.digest({ "a.txt": "a" }));
});

test("export_tool exports one state of a tool that is replaced meanwhile, and gives up where that has no end", async () => {
  await using kit = await startSharing({}, [kindPlugin(answeringKind())]);
  const library = kit.kernel.get(ToolLibrary)!;
  const save = async (state: string) => {
    const draft = { name: "a", description: state, tool_type: "answering" };
    await library.save(draft, { "a.txt": state, "b.txt": state }, { overwrite: true, call: createCall() });
  };
  await save("0");
  let count = 0;
  let most = 3;
  // comes between the list of files and their bytes
  const replaced: ToolLibrary = Object.create(library, {
    readManifest: {
      async value(text: string) {
        if (count < most) await save(String(++count));
        return await library.readManifest(text);
      },
    },
    files: { value: (...args: Parameters<ToolLibrary["files"]>) => library.files(...args) },
    list: { value: () => library.list() },
    digest: { value: (files: FileSet) => library.digest(files) },
    path: { value: library.path },
  });
  const files = createFiles(kit.home);
  const limits: Limits = {
    ...{ max_total_bytes: 1_000, max_file_bytes: 1_000, max_files: 10, max_path_characters: 100, max_path_depth: 10 },
    ...{ max_ratio: 10, max_clone_bytes: 1_000, max_inline_bytes: 10_000, timeout_ms: 10_000 },
  };
  const isOwnUser = () => true;
  const exporter = new Exporter({
    ...{ library: replaced, files, expand: (path) => path, secrets: undefined, limits, isOwnUser },
  });
  const to = join(kit.folder, "out");
  await exporter.run({ tool_name: "a", to, overwrite: false }, createCall());
  const tree = await readTree(join(to, "a"));
  const text = (path: string) => new TextDecoder().decode(tree[path]);
  assert.deepEqual([text("a.txt"), text("b.txt"), JSON.parse(text("manifest.json")).description], ["3", "3", "3"]);
  most = Infinity;
  await assert.rejects(
    exporter.run({ tool_name: "a", to, overwrite: true }, createCall()),
    /^ToolError: Cannot export "a": it is replaced again and again; try again$/,
  );
});

test("export_tool refuses a tool that holds a secret", async () => {
  const redact = (text: string) => text.replaceAll("hunter2", "[PASSWORD]");
  const secrets = provide(Secrets, { redact } as Secrets);
  await using kit = await startSharing({}, [secrets]);
  const script = { name: "leaky", description: "x", interpreter: "sh", code: "echo hunter2" };
  await kit.call("register_script", script);
  const text = failed(await kit.call("export_tool", { tool_name: "leaky" }));
  assert.match(text, /Cannot export "leaky": its file "leaky\.sh" holds a secret/);
  assert.ok(!text.includes("hunter2"));
});

const RUNS = Number(process.env["COLLET_FUZZ_RUNS"] ?? 12);
const seed = freshSeed();

test(`any tree of files is the same after export and import, seed ${seed}`, async () => {
  await using kit = await startSharing({}, [kindPlugin(answeringKind())]);
  const library = kit.kernel.get(ToolLibrary)!;
  const name = fc.stringMatching(/^[a-zäöü☃_-][a-z0-9äöü☃ _.-]{0,12}[a-z0-9]$/).filter((it) =>
    !/^(?:con|prn|aux|nul)$/.test(it)
  );
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const content = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 5_000, maxLength: 9_000 }));
  const file = fc.record({ data: content, mode: fc.constantFrom(0o644, 0o755) });
  const trees = fc.dictionary(path, file, { maxKeys: 12 }).filter(isTree);
  const form = fc.constantFrom("zip", "tar", "tar.gz", "folder");
  let count = 0;
  await fc.assert(
    fc.asyncProperty(trees, form, async (tree, form) => {
      const [one, two] = [`a${++count}`, `b${count}`];
      const draft = { name: one, description: "x", tool_type: "answering" };
      const saved = await library.save(draft, tree, { call: createCall() });
      const to = join(kit.folder, "out", form === "folder" ? String(count) : `${count}.${form}`);
      const result = await kit.call("export_tool", { tool_name: one, to });
      const { digest } = result.structuredContent as unknown as ExportAnswer;
      const [tool] = imported(await kit.import({ source: to, name: two, digest })).installed;
      const [{ "manifest.json": _one, ...before }, { "manifest.json": _two, ...after }] = [
        await readTree(saved.path, { executables: true }),
        await readTree(tool!.path, { executables: true }),
      ];
      assert.deepEqual(after, before);
      assert.equal(tool!.digest, digest);
      assert.equal(library.get(two)?.manifest?.digest, saved.manifest.digest);
    }),
    { seed, numRuns: RUNS },
  );
});

/** Tells whether all of the paths can be there at once, on every system, and are code. */
function isTree(tree: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(tree).map((path) => path.normalize("NFC").toLowerCase());
  if (new Set(keys).size !== keys.length || keys.includes("manifest.json")) return false;
  if (keys.some((key) => /^(?:versions|env)(?:\/|$)/.test(key))) return false;
  return !keys.some((key) => keys.some((other) => other.startsWith(`${key}/`)));
}
