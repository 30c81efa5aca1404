/**
 * The command line of the MCP Inspector, installed on first use into `.build/inspector`: it is too large for a
 * dependency.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import process from "node:process";
import { inRepository } from "./root.ts";

const PACKAGE = "@modelcontextprotocol/inspector";
const VERSION = "2.12.0";
const INSTALL_MS = 300_000;
const RUN_MS = 60_000;

/** What a command left. */
export interface Finished {
  /** `null` when it was ended by its time limit. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the Inspector's command line with some arguments. */
export async function inspect(args: readonly string[]): Promise<Finished> {
  const runtime = "Deno" in globalThis ? ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"] : [];
  return await run(process.execPath, [...runtime, launcher(), "--cli", ...args], RUN_MS);
}

/** Installs the Inspector when it is not there yet; gives the reason when it cannot be. */
export async function installInspector(): Promise<string | undefined> {
  if (existsSync(launcher())) return undefined;
  await mkdir(folder(), { recursive: true });
  const flags = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"];
  const { code, stderr } = await run(
    "npm",
    ["install", "--prefix", folder(), ...flags, `${PACKAGE}@${VERSION}`],
    INSTALL_MS,
  );
  return code === 0 ? undefined : `${PACKAGE} ${VERSION} could not be installed: ${stderr.trim().split("\n")[0]}`;
}

function folder(): string {
  return inRepository(".build", "inspector", VERSION);
}

function launcher(): string {
  return inRepository(
    ".build",
    "inspector",
    VERSION,
    "node_modules",
    PACKAGE,
    "clients",
    "launcher",
    "build",
    "index.js",
  );
}

function run(program: string, args: readonly string[], timeoutMs: number): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // it keeps tokens and a catalogue at home; the person who runs the tests has their own
    const env = { ...process.env, HOME: folder(), NO_COLOR: "1" };
    const child = spawn(program, args, { cwd: folder(), env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => stdout += chunk);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => stderr += chunk);
    child.once(
      "error",
      (error) => program === "npm" ? resolve({ code: -1, stdout, stderr: error.message }) : reject(error),
    );
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
