/**
 * Probes for programs that tools, builds and services use: installed or not, and which version.
 *
 * @module
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Environment, Finding, Probe, Processes, ProcessResult } from "../contracts.ts";

/** A program to look for. */
interface ProgramRow {
  readonly area: string;
  readonly name: string;
  /** Names to look for in PATH, the first that is there; the row's name by default. */
  readonly programs?: readonly string[];
  /** Makes it print its version; `--version` by default. */
  readonly args?: readonly string[];
  /** Says what it is for, and how to get it. */
  readonly remedy: string;
}

const PROGRAMS: readonly ProgramRow[] = [
  {
    area: "interpreters",
    name: "python3",
    programs: ["python3", "python"],
    remedy: "install Python 3 for Python tools",
  },
  { area: "interpreters", name: "node", remedy: "install Node for JavaScript tools" },
  { area: "interpreters", name: "deno", remedy: "install Deno for TypeScript tools" },
  { area: "interpreters", name: "bun", remedy: "install Bun for tools that name it" },
  { area: "interpreters", name: "bash", remedy: "install Bash for shell tools" },
  { area: "interpreters", name: "ruby", remedy: "install Ruby for Ruby tools" },
  { area: "interpreters", name: "perl", remedy: "install Perl for Perl tools" },
  { area: "interpreters", name: "php", remedy: "install PHP for PHP tools" },
  { area: "packages", name: "uv", remedy: "install uv for quick Python dependencies" },
  { area: "packages", name: "npm", remedy: "install npm for JavaScript dependencies" },
  { area: "packages", name: "git", remedy: "install Git for skill repositories" },
  { area: "compilers", name: "rustc", remedy: "install Rust to build WASM tools in Rust" },
  { area: "compilers", name: "go", args: ["version"], remedy: "install Go to build WASM tools in Go" },
  { area: "compilers", name: "clang", remedy: "install Clang to build WASM tools in C" },
  { area: "services", name: "docker", remedy: "install Docker for tools that need services" },
  { area: "databases", name: "psql", remedy: "install the PostgreSQL client to look into such a store" },
  { area: "databases", name: "redis-cli", remedy: "install the Redis client to look into such a store" },
];

/** Longest time that one program may take to answer. */
export const PROBE_MS = 10_000;
const RUST_TARGETS: readonly string[] = ["wasm32-wasip1", "wasm32-wasip2", "wasm32-unknown-unknown"];

/** Makes the probes for programs. */
export function programProbes(processes: Processes, environment: Environment): readonly Probe[] {
  return [
    ...PROGRAMS.map((row): Probe => ({
      area: row.area,
      name: row.name,
      check: (signal) => checkVersion(row, { processes, signal }),
    })),
    { area: "compilers", name: "rustc for WASM", check: (signal) => checkRustTargets(processes, signal) },
    { area: "compilers", name: "clang for WASM", check: (signal) => checkClangTarget(processes, signal) },
    { area: "compilers", name: "WASI SDK", check: () => checkWasiSdk(environment) },
    { area: "services", name: "docker daemon", check: (signal) => checkDockerDaemon(processes, signal) },
  ];
}

interface Checking {
  readonly processes: Processes;
  readonly signal: AbortSignal;
}

/** Runs a program that answers quickly; `undefined` when it is not there. */
export async function ask(
  program: string,
  { args, processes, signal }: Checking & { readonly args: readonly string[] },
): Promise<ProcessResult & { readonly path: string } | undefined> {
  const path = await processes.which(program);
  if (path === undefined) return undefined;
  return { path, ...await processes.run({ program: path, args, signal, timeoutMs: PROBE_MS, outputLimit: 65_536 }) };
}

/** Says how a program failed that is there. */
export function describeFailure(
  { path, code, signal, ended, stderr }: ProcessResult & { readonly path: string },
): string {
  const how = ended === "timeout" ? `no answer within ${PROBE_MS / 1000} s` : `exit ${code ?? signal}`;
  const line = stderr.trim().split("\n")[0];
  return `${path}: ${how}${line ? `: ${line}` : ""}`;
}

async function checkVersion(row: ProgramRow, checking: Checking): Promise<Finding> {
  for (const program of row.programs ?? [row.name]) {
    const result = await ask(program, { ...checking, args: row.args ?? ["--version"] });
    if (result === undefined) continue;
    if (result.code !== 0) return { ok: false, detail: describeFailure(result), remedy: row.remedy };
    const line = `${result.stdout}\n${result.stderr}`.trim().split("\n").find((it) => it.trim() !== "")?.trim();
    return { ok: true, detail: `${line ?? "no version told"} at ${result.path}` };
  }
  return { ok: false, detail: "not in PATH", remedy: row.remedy };
}

async function checkRustTargets(processes: Processes, signal: AbortSignal): Promise<Finding> {
  const remedy = `run "rustup target add ${RUST_TARGETS[0]}"`;
  const found: string[] = [];
  for (const target of RUST_TARGETS) {
    const result = await ask("rustc", { processes, signal, args: ["--print", "target-libdir", "--target", target] });
    if (result === undefined) return { ok: false, detail: "rustc is not in PATH", remedy: "install Rust" };
    if (result.code === 0 && await exists(result.stdout.trim())) found.push(target);
  }
  return found.length > 0 ? { ok: true, detail: found.join(", ") } : { ok: false, detail: "no WASM target", remedy };
}

async function checkClangTarget(processes: Processes, signal: AbortSignal): Promise<Finding> {
  const result = await ask("clang", { processes, signal, args: ["--print-targets"] });
  if (result === undefined) return { ok: false, detail: "clang is not in PATH", remedy: "install Clang" };
  if (result.code !== 0) return { ok: false, detail: describeFailure(result), remedy: "install Clang 9 or later" };
  return /\bwasm32\b/.test(result.stdout)
    ? { ok: true, detail: `wasm32 by ${result.path}` }
    : { ok: false, detail: `${result.path} has no target wasm32`, remedy: "install a Clang that has it" };
}

async function checkWasiSdk({ variable }: Environment): Promise<Finding> {
  const named = variable("WASI_SDK_PATH");
  const folder = named ?? "/opt/wasi-sdk";
  if (await exists(join(folder, "bin"))) return { ok: true, detail: folder };
  const detail = named === undefined ? `not in ${folder}` : `WASI_SDK_PATH is ${named}, and there is no "bin" in it`;
  return { ok: false, detail, remedy: "install the WASI SDK, and set WASI_SDK_PATH to its folder" };
}

async function checkDockerDaemon(processes: Processes, signal: AbortSignal): Promise<Finding> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  const result = await ask("docker", { processes, signal, args });
  if (result === undefined) return { ok: false, detail: "docker is not in PATH", remedy: "install Docker" };
  if (result.code === 0) return { ok: true, detail: `Docker Engine ${result.stdout.trim()}` };
  return { ok: false, detail: describeFailure(result), remedy: "start the daemon, and let this user reach it" };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
