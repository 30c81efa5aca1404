/**
 * Runs the official MCP conformance suite against Collet over HTTP, once on Deno and once on Node from the build.
 *
 * `deno run -A scripts/conformance.ts [--runtime deno|node] [--url URL]`; with `--url` the server is one that runs
 * already. The suite is installed at exact versions into `.build/conformance` when it is not there yet, and runs on Deno.
 * A warning counts as a failure: the suite warns where the specification says what a server should do.
 *
 * @module
 */
import { print } from "./lib/repository.ts";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import expected from "../tests/fixtures/conformance/expected.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CACHE = join(ROOT, ".build", "conformance");
const CONFIG = join(ROOT, "tests", "fixtures", "conformance", "collet.json");
const BUILT = join("dist", "mod.js");
const SUITE = "@modelcontextprotocol/conformance";
const START_MS = 60_000;
const STOP_MS = 10_000;
const RUN_MS = 300_000;
const LISTENING_REGEXP = /listening on (http:\/\/[^\s/]+)/;
const ERROR_REGEXP = /^\S+Z error .*$/gm;
const RESULT_REGEXP = /^server-(.+)-\d{4}-\d{2}-\d{2}T/;

/** One pass of the suite: a version of it, and which scenarios it runs. */
interface Pass {
  readonly title: string;
  readonly version: string;
  readonly args: readonly string[];
  /** How many scenarios must report, so that a suite that stops early does not pass. */
  readonly scenarios: number;
}

const PASSES: readonly Pass[] = [
  { title: "0.1.16, all", version: "0.1.16", args: ["--suite", "all"], scenarios: 32 },
  {
    title: "0.2.0-alpha.12, 2025-11-25",
    version: "0.2.0-alpha.12",
    args: ["--requirements", "2025-11-25"],
    scenarios: 33,
  },
  {
    title: "0.2.0-alpha.12, 2026-07-28",
    version: "0.2.0-alpha.12",
    args: ["--requirements", "2026-07-28"],
    scenarios: 50,
  },
  // the suite counts those of the skills extension in no set
  ...["enumeration", "manifest", "directory"].map((part): Pass => ({
    title: `0.2.0-alpha.12, skills: ${part}`,
    version: "0.2.0-alpha.12",
    args: ["--scenario", `sep-2640-skills-${part}`],
    scenarios: 1,
  })),
];

interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

/** A check that is known not to pass, and why that is right. */
interface ExpectedFailure {
  readonly pass: string;
  readonly scenario: string;
  readonly check: string;
  readonly reason: string;
}

interface ScenarioResult {
  readonly passed: number;
  readonly problems: readonly string[];
}

interface PassResult {
  readonly scenarios: ReadonlyMap<string, ScenarioResult>;
  /** What went wrong with the pass as a whole. */
  readonly problems: readonly string[];
}

interface Target {
  readonly name: string;
  readonly url: string;
  /** Ends the server, and gives what it did wrong: an error in its log, or an end that was not clean. */
  stop(): Promise<readonly string[]>;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runtime: { type: "string" }, url: { type: "string" } } });
  for (const version of new Set(PASSES.map((pass) => pass.version))) await install(version);
  const starters = targetStarters(values);
  if (starters.length === 0) throw new Error(`Cannot choose runtime "${values.runtime}": it is neither deno nor node`);
  if (values.url === undefined && values.runtime !== "deno" && !existsSync(join(ROOT, BUILT))) {
    throw new Error(`Cannot test on Node: there is no ${BUILT}; run the build, or choose --runtime deno`);
  }
  const results = new Map<string, PassResult[]>();
  const problems: string[] = [];
  for (const start of starters) {
    const target = await start();
    try {
      const passResults: PassResult[] = [];
      for (const pass of PASSES) passResults.push(await runPass(pass, target.url));
      results.set(target.name, passResults);
    } finally {
      problems.push(...(await target.stop()).map((problem) => `${target.name}: ${problem}`));
    }
  }
  return report(results, problems);
}

function targetStarters({ runtime, url }: { runtime?: string; url?: string }): (() => Promise<Target>)[] {
  if (url !== undefined) return [() => Promise.resolve({ name: "url", url, stop: () => Promise.resolve([]) })];
  const runtimes = new Map([
    ["deno", [process.execPath, "run", "-A", "mod.ts"]],
    ["node", ["node", BUILT]],
  ]);
  return [...runtimes].filter(([name]) => runtime === undefined || runtime === name)
    .map(([name, command]) => () => startServer(name, command));
}

async function install(version: string): Promise<void> {
  const folder = join(CACHE, version);
  if (existsSync(suitePath(version))) return;
  await mkdir(folder, { recursive: true });
  const { code, output } = await run("npm", [
    ...["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"],
    `${SUITE}@${version}`,
  ]);
  if (code !== 0) throw new Error(`Cannot install ${SUITE} ${version}: npm exited with ${code}: ${output}`);
}

function suitePath(version: string): string {
  return join(CACHE, version, "node_modules", ...SUITE.split("/"), "dist", "index.js");
}

async function startServer(name: string, [program = "", ...args]: readonly string[]): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), "collet-conformance-"));
  const child = spawn(program, [
    ...args,
    ...["--transport", "http", "--port", "0", "--no-token", "--config", CONFIG, "--home", home],
  ], { cwd: ROOT, stdio: ["ignore", "ignore", "pipe"] });
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => written = (written + chunk).slice(-100_000));
  const stop = async () => {
    await stopProcess(child);
    await rm(home, { recursive: true, force: true });
    const errors = written.match(ERROR_REGEXP) ?? [];
    return child.exitCode === 0 ? errors : [...errors, `SIGTERM ended it with ${child.exitCode ?? child.signalCode}`];
  };
  try {
    return { name, url: `${await listeningAddress(child, () => written)}/mcp`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listeningAddress(child: ChildProcess, written: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new Error(`Cannot start ${child.spawnargs.slice(0, 4).join(" ")}: ${why}\n${written()}`));
    };
    const timer = setTimeout(() => fail(`no address within ${START_MS / 1000} s`), START_MS);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code) => fail(`it exited with ${code}`));
    child.stderr?.on("data", () => {
      const address = LISTENING_REGEXP.exec(written())?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // Deno takes a child ended by `child.kill()` for one that the signal killed, whatever its exit code
  process.kill(child.pid, "SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exited;
  clearTimeout(timer);
}

async function runPass(pass: Pass, url: string): Promise<PassResult> {
  const folder = await mkdtemp(join(tmpdir(), "collet-conformance-results-"));
  try {
    const args = ["server", "--url", url, "-o", folder, ...pass.args];
    const { output } = await run(process.execPath, [
      ...["run", "-A", "--node-modules-dir=manual", suitePath(pass.version)],
      ...args,
    ], join(CACHE, pass.version));
    const scenarios = await readResults(pass, folder);
    const problems = scenarios.size === pass.scenarios
      ? []
      : [`${scenarios.size} scenarios reported, not ${pass.scenarios}; the suite said:\n${output.slice(-2_000)}`];
    return { scenarios, problems };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readResults(pass: Pass, folder: string): Promise<Map<string, ScenarioResult>> {
  const results = new Map<string, ScenarioResult>();
  for (const name of (await readdir(folder)).sort()) {
    const scenario = RESULT_REGEXP.exec(name)?.[1];
    if (scenario === undefined) continue;
    const checks = JSON.parse(await readFile(join(folder, name, "checks.json"), "utf8")) as Check[];
    results.set(scenario, judge(checks, (expected as ExpectedFailure[]).filter(isOf(pass, scenario))));
  }
  return results;
}

function isOf(pass: Pass, scenario: string): (entry: ExpectedFailure) => boolean {
  return (entry) => entry.pass === pass.title && entry.scenario === scenario;
}

function judge(checks: readonly Check[], expectedFailures: readonly ExpectedFailure[]): ScenarioResult {
  const isExpected = (check: Check) => expectedFailures.some((entry) => entry.check === check.id);
  const unmet = checks.filter((check) => check.status === "FAILURE" || check.status === "WARNING");
  const problems = unmet.filter((check) => !isExpected(check)).map(({ id, name, status, errorMessage }) =>
    `${status === "WARNING" ? "warning " : ""}${id} (${name}): ${errorMessage ?? "no message"}`
  );
  const stale = expectedFailures.filter((entry) => !unmet.some((check) => check.id === entry.check));
  problems.push(...stale.map((entry) => `${entry.check} passes, and is listed as expected to fail`));
  return { passed: checks.filter((check) => check.status === "SUCCESS").length, problems };
}

function report(results: ReadonlyMap<string, readonly PassResult[]>, problems: string[]): number {
  const targets = [...results.keys()];
  let passed = 0;
  for (const [i, pass] of PASSES.entries()) {
    print(`\n${pass.title.padEnd(50)}${targets.map((name) => name.padStart(12)).join("")}`);
    const columns = targets.map((name) => results.get(name)?.[i]);
    const names = new Set(columns.flatMap((column) => [...column?.scenarios.keys() ?? []]));
    for (const scenario of [...names].sort()) {
      const cells = columns.map((column) => cellOf(column?.scenarios.get(scenario)).padStart(12));
      print(`  ${scenario.padEnd(48)}${cells.join("")}`);
    }
    for (const [j, column] of columns.entries()) {
      problems.push(...(column?.problems ?? []).map((problem) => `${targets[j]}, ${pass.title}: ${problem}`));
      for (const [scenario, result] of column?.scenarios ?? []) {
        passed += result.passed;
        problems.push(...result.problems.map((it) => `${targets[j]}, ${pass.title}, ${scenario}: ${it}`));
      }
    }
  }
  for (const { pass, scenario, check, reason } of expected as ExpectedFailure[]) {
    print(`\nexpected: ${pass}, ${scenario}: ${check}: ${reason}`);
  }
  print(`\n${problems.map((problem) => `FAILED ${problem}\n`).join("")}`);
  print(`${passed} passed, ${problems.length} failed`);
  return problems.length === 0 ? 0 : 1;
}

function cellOf(result: ScenarioResult | undefined): string {
  if (result === undefined) return "absent";
  return result.problems.length === 0 ? `${result.passed}` : `${result.passed}, ${result.problems.length} bad`;
}

interface RunResult {
  readonly code: number | null;
  /** The end of what it wrote to stdout and stderr. */
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd = ROOT): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    let output = "";
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: RUN_MS });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => output = (output + chunk).slice(-100_000));
    }
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

process.exitCode = await main();
