/**
 * The steps of `deno task ok`.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDenoCounts, readPlainCounts } from "./counts.ts";
import { findMissingPrograms } from "./needs.ts";
import { hasPath, inRepository } from "./repository.ts";
import { hasProgram, run } from "./run.ts";
import {
  BUSY,
  type Command,
  command,
  LANES,
  needingPackages,
  needingPath,
  runCommand,
  single,
  type Step,
} from "./step.ts";
import { listTestSteps } from "./test_steps.ts";

const programs = single("programs", async () => {
  const missing = await findMissingPrograms();
  if (missing.length === 0) return { status: "ok" };
  const names = missing.map(({ command, why }) => `${command} (${why})`).join(", ");
  return { status: "missing", note: `not installed: ${names}; run "node scripts/setup.mjs system"` };
});

/** Type-checks all, and in a strict run refuses a deno.lock that lacks something. */
const denoCheck = single(
  "deno check",
  ({ isStrict }) => runCommand(["deno", "check", "--quiet", ...(isStrict ? ["--frozen"] : []), "."]),
  BUSY,
);

/** Runs the snippets of documentation; tests are another step. */
const snippets = single("snippets", async () => {
  const paths = ["README.md", "mod.ts", "kernel", "plugins", "skills", ".github"].filter(hasPath);
  const flags = ["--doc", "--allow-all", "--quiet", "--permit-no-files"];
  // what they make stays where they made it, as readers expect of short examples
  const TMPDIR = await mkdtemp(join(tmpdir(), "collet-snippets-"));
  try {
    return await runCommand(["deno", "test", ...flags, ...paths], { readCounts: readDenoCounts, env: { TMPDIR } });
  } finally {
    await rm(TMPDIR, { recursive: true, force: true });
  }
}, BUSY);

const npmPack = single("npm pack", async () => {
  if (!await hasProgram("npm")) return { status: "missing", note: "there is no npm" };
  const { code, output, stdout } = await run(["npm", "pack", "--dry-run", "--ignore-scripts", "--json"]);
  if (code !== 0) return { status: "failed", output };
  const [{ files, size }] = JSON.parse(stdout);
  return { status: "ok", note: `${files.length} files, ${Math.ceil(size / 1024)} KiB packed` };
});

/**
 * Lists every step in the order they begin: the quick ones first, then the build, then what reads `dist/` and the tests.
 * The build takes all lanes, so nothing runs beside it.
 */
export function listSteps(): readonly Step[] {
  const script = (name: string): Command => ["deno", "run", "-A", inRepository("scripts", name)];
  const publish: Command = ["deno", "publish", "--dry-run", "--allow-dirty", "--quiet"];
  return [
    programs,
    command("deno fmt", ["deno", "fmt", "--check"]),
    command("deno lint", ["deno", "lint", "--quiet"]),
    denoCheck,
    needingPackages(command("pure check", ["tsc", "-p", "scripts/tsconfig.pure.json"])),
    needingPackages(command("tsc", ["tsc", "-p", "tsconfig.json"], { lanes: BUSY })),
    command("boundaries", script("check_boundaries.ts")),
    command("docs", script("check_docs.ts")),
    needingPath("mod.ts", needingPackages(command("build", script("build.ts"), { lanes: LANES }))),
    snippets,
    needingPath("dist/mod.js", npmPack),
    needingPath("mod.ts", command("deno publish", publish)),
    needingPath(
      "dist/mod.js",
      command("protocol conformance", script("conformance.ts"), { readCounts: readPlainCounts }),
    ),
    ...listTestSteps(),
  ];
}
