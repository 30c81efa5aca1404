/**
 * The package dcc-mcp-core, compiled from Rust, which Collet's skills are compared with: installed in a virtual
 * environment of its own where there is a Python and an index of packages.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inRepository } from "../../lib/repository.ts";
import { run } from "../../lib/run.ts";
import type { Command } from "../processes.ts";

/** The package as it is installed. */
export interface Core {
  /** Such as `dcc-mcp-core 0.20.49 on Python 3.11.7`. */
  readonly version: string;
}

/** The version that is compared with. */
const VERSION = "0.20.49";
const FOLDER = inRepository(".build", "dcc-mcp-core");
const IS_WINDOWS = process.platform === "win32";
const PYTHON = IS_WINDOWS ? join(FOLDER, "Scripts", "python.exe") : join(FOLDER, "bin", "python");
const INSTALL_MS = 10 * 60_000;
const LOOK = "import platform, dcc_mcp_core as it; print(f'{it.__version__} on Python {platform.python_version()}')";

/** Finds the package where it was installed before. */
export async function findCore(): Promise<Core | undefined> {
  const { code, stdout } = await run([PYTHON, "-c", LOOK], { timeoutMs: 60_000 });
  const version = stdout.trim();
  return code === 0 && version.startsWith(`${VERSION} `) ? { version: `dcc-mcp-core ${version}` } : undefined;
}

/**
 * Finds the package, and installs it the first time.
 *
 * @returns what is there, or why nothing is.
 */
export async function prepareCore(): Promise<Core | { readonly missing: string }> {
  const known = await findCore();
  if (known !== undefined) return known;
  await rm(FOLDER, { recursive: true, force: true });
  const steps: readonly (readonly [string, ...string[]])[] = [
    [IS_WINDOWS ? "python" : "python3", "-m", "venv", FOLDER],
    [PYTHON, "-m", "pip", "install", "--quiet", `dcc-mcp-core==${VERSION}`],
  ];
  for (const step of steps) {
    const { code, output } = await run(step, { timeoutMs: INSTALL_MS });
    if (code !== 0) return { missing: reasonOf(output) };
  }
  return await findCore() ?? { missing: "it was installed, and cannot be imported" };
}

/** Gives what is said last of an error, before any hints. */
function reasonOf(output: string): string {
  const lines = output.trim().split("\n");
  return lines.findLast((line) => /^(error|cannot)\b/i.test(line)) ?? lines.at(-1) ?? "";
}

/** Gives the command that starts its library, which looks for settings of its own below `home` alone. */
export function coreCommand(home: string): Command {
  return [PYTHON, inRepository("scripts", "bench", "skills", "core_library.py"), home];
}
