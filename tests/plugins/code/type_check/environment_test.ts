import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { CODE_API } from "../../../../plugins/code/type_check/environment.ts";
import { typescriptFor } from "../../../../plugins/wasm/build/native_typescript.ts";
import { inRepository } from "../../../support/root.ts";

test("the README declares what code finds as the compiler knows it", async () => {
  const readme = await readFile(inRepository("plugins/code/README.md"), "utf8");
  assert.ok(
    readme.includes(`\`\`\`ts ignore\n${CODE_API}\`\`\`\n`),
    "write CODE_API into the README of the plugin code",
  );
});

test("typescriptFor has an exact version and a digest for each platform, and nothing for others", () => {
  const digests = new Set<string>();
  for (const os of ["linux", "darwin", "windows"] as const) {
    for (const architecture of ["x64", "arm64"] as const) {
      const { packages, digests: [digest] = [] } = typescriptFor({ os, architecture }).typescript!;
      const platform = `${os === "windows" ? "win32" : os}-${architecture}`;
      assert.match(packages.join(), new RegExp(`^@typescript/typescript-${platform}@7\\.\\d+\\.\\d+$`));
      assert.match(digest!, /^sha512-[A-Za-z0-9+/]{86}==$/);
      digests.add(digest!);
    }
  }
  assert.equal(digests.size, 6);
  assert.deepEqual(typescriptFor({ os: "other", architecture: "x64" }), {});
});
