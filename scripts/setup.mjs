/**
 * Sets up what a command of package.json needs, then runs it. Plain JavaScript over Node's modules: it runs where
 * there is neither Deno nor an installed package.
 *
 * ```sh
 * node scripts/setup.mjs             # install the packages, if they are not those of the lock file
 * node scripts/setup.mjs test        # … then run every check and test (npm test)
 * node scripts/setup.mjs start       # … build if the sources are newer, then serve HTTP (npm start)
 * node scripts/setup.mjs build       # … then build (npm run build); --if-stale: only if the sources are newer
 * node scripts/setup.mjs system      # install the programs of scripts/needs.json with apt-get, as root, and with pip
 * ```
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ["mod.ts", "kernel", "plugins", "scripts", "deno.json", "package.json", "package-lock.json"];

/** @param {string} path */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  } catch {
    return undefined;
  }
}

/** Tells whether node_modules has what the lock file names. Packages for other systems may be absent. */
function arePackagesCurrent() {
  const wanted = readJson("package-lock.json")?.packages ?? {};
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) =>
    path === "" || installed[path]?.version === version || (optional === true && installed[path] === undefined)
  );
}

/**
 * Gives the time of the newest file below a path; 0 when there is none.
 *
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isBuildStale() {
  const built = statSync(join(ROOT, "dist", "mod.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built === 0 || SOURCES.some((path) => newest(join(ROOT, path)) > built);
}

/**
 * Runs a command to its end and ends this program if it failed.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
function mustRun(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error !== undefined) process.stderr.write(`Cannot start "${program}": ${error.message}\n`);
  if (status !== 0) process.exit(status ?? 1);
}

function installPackages() {
  if (arePackagesCurrent()) return;
  const cli = process.env["npm_execpath"];
  // npm's notices belong to stderr; that an outer "npm pack" only tries is no word about the installation
  const options = {
    stdio: /** @type {const} */ (["ignore", 2, 2]),
    env: { ...process.env, npm_config_dry_run: "" },
  };
  if (cli?.endsWith("npm-cli.js")) mustRun(process.execPath, [cli, "ci"], options);
  else mustRun("npm", ["ci"], { ...options, shell: process.platform === "win32" });
}

/**
 * Runs a script with the Deno that the packages bring.
 *
 * @param {string} script
 * @param {readonly string[]} args
 */
function runDeno(script, args) {
  const deno = join(ROOT, "node_modules", "deno", "bin.cjs");
  mustRun(process.execPath, [deno, "run", "--allow-all", "--quiet", join(ROOT, "scripts", script), ...args]);
}

/** Serves HTTP, and hands signals on, so that the server can close what it has open. */
function startServer(/** @type {readonly string[]} */ args) {
  const child = spawn(process.execPath, [join(ROOT, "dist", "mod.js"), "--transport", "http", ...args], {
    stdio: "inherit",
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}

/** A virtual environment for programs of PyPI, which belong to nobody but the tests. */
const PYPI_PROGRAMS = join(ROOT, ".build", "programs");

/**
 * @typedef {{ command: string, check?: string[], debian?: string, pypi?: string }} Need
 * @param {Need} need
 */
function isInstalled({ command, check = ["--version"], pypi }) {
  const places = pypi === undefined ? [command] : [command, join(PYPI_PROGRAMS, "bin", command)];
  return places.some((program) => spawnSync(program, check, { stdio: "ignore" }).status === 0);
}

/** Installs the programs of needs.json that are absent: with apt-get, then with pip. */
function installPrograms() {
  /** @type {Need[]} */
  const missing = readJson("scripts/needs.json").programs.filter((/** @type {Need} */ need) => !isInstalled(need));
  const debian = missing.flatMap((need) => need.debian ?? []);
  if (debian.length > 0) {
    // where there is no systemd, this run level keeps what is installed from being started
    const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } };
    mustRun("apt-get", ["update", "-qq"], options);
    mustRun("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...debian], options);
  }
  const pypi = missing.flatMap((need) => need.pypi ?? []);
  if (pypi.length === 0) return;
  mustRun("python3", ["-m", "venv", PYPI_PROGRAMS]);
  mustRun(join(PYPI_PROGRAMS, "bin", "python"), ["-m", "pip", "install", "--quiet", ...pypi]);
}

const [command = "packages", ...args] = process.argv.slice(2);
switch (command) {
  case "packages":
    installPackages();
    break;
  case "test":
    installPackages();
    runDeno("ok.ts", args);
    break;
  case "build":
    installPackages();
    if (!args.includes("--if-stale") || isBuildStale()) runDeno("build.ts", []);
    break;
  case "start":
    installPackages();
    if (isBuildStale()) runDeno("build.ts", []);
    startServer(args);
    break;
  case "system":
    installPrograms();
    break;
  default:
    process.stderr.write(`Cannot run "${command}": the commands are packages, test, build, start, system\n`);
    process.exitCode = 1;
}
