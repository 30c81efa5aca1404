import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import dependencies from "../../../plugins/dependencies/mod.ts";
import { choosePath, uvPath } from "../dependencies/kit.ts";
import { failed, imported, onlyText, startSharing, succeed, toolFiles, within, writeTree } from "./kit.ts";

test("import_tool installs the packages of a tool, by its lock where it brings one, or does not take it", async () => {
  const uv = uvPath();
  await using _ = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
  await using kit = await startSharing({}, [dependencies]);
  const packed = (name: string, packages: readonly string[]) => ({
    ...toolFiles(name, { manifest: { dependencies: packages, interpreter: "python3", entry_file: "main.py" } }),
    "main.py": "import six\nprint(six.__version__)\n",
  });
  const source = await writeTree(join(kit.folder, "source"), {
    ...within("good", packed("good", ["six==1.16.0"])),
    ...within("bad", packed("bad", ["six==99"])),
    ...within("sly", packed("sly", ["--index-url=https://example.com"])),
  });
  const { installed, skipped } = imported(await kit.import({ source }));
  assert.deepEqual(installed.map((it) => it.name), ["good"]);
  const reasons = Object.fromEntries(skipped.map(({ name, reason }) => [name, reason]));
  assert.match(
    reasons["bad"] ?? "",
    /^Cannot install the packages of "bad" \(six==99\): .* failed with exit code 1:\n/,
  );
  assert.match(reasons["sly"] ?? "", /it is an option, not a package/);
  assert.deepEqual((await readdir(join(kit.home, "tools"))).filter((it) => !it.startsWith(".")), ["good"]);
  // before anybody called it
  const environments = join(kit.home, "environments/python");
  const folders = async () => (await readdir(environments)).filter((it) => it !== "resolved");
  assert.equal((await folders()).length, 1);
  assert.equal(onlyText(await kit.call("good")), "1.16.0");

  const to = join(kit.folder, "out");
  succeed(await kit.call("export_tool", { tool_name: "good", to }));
  const again = imported(await kit.import({ source: to, name: "again" }));
  assert.equal(again.installed[0]?.files, 3, "code and lock");
  assert.equal(onlyText(await kit.call("again")), "1.16.0");
  assert.equal((await folders()).length, 1, "the same lock, the same installation");

  const lock = join(to, "good/dependencies.lock");
  const text = await readFile(lock, "utf8");
  const forgeries: readonly (readonly [string, RegExp])[] = [
    [text.replace(/[0-9a-f]{64}/g, "0".repeat(64)), /[Hh]ash/],
    [`${text}--index-url https://example.com\n`, /is not one version with its hashes/],
    [`${text}# x\u2028--index-url https://example.com\n`, /holds a control character/],
    [text.replaceAll("six", "idna"), /it is that of other packages/],
  ];
  for (const [forged, reason] of forgeries) {
    await writeFile(lock, forged);
    assert.match(failed(await kit.import({ source: to, name: "forged" })), reason);
  }
  assert.equal((await folders()).length, 1);
});
