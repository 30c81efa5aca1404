/**
 * Packages of Python: a virtual environment, by uv where it is installed, else by venv and pip.
 *
 * A lock is a requirements file in which every version has hashes, and whose first line says what it is a lock of. It
 * may contain nothing else, since pip and uv read options and addresses from such files.
 *
 * @module
 */
import { type Environment, type Processes, ToolError } from "../../kernel/mod.ts";
import type { PackageSet } from "./contract.ts";
import type { Installer, PackageJob } from "./installer.ts";
import { PipInstaller } from "./pip.ts";
import type { PythonInstaller } from "./python_installer.ts";
import { isMarker } from "./requirements.ts";
import type { Runtimes } from "./runtimes.ts";
import { UvInstaller } from "./uv.ts";

/** The virtual environment, in the folder of an installation. */
const VENV_FOLDER = "venv";
const HEADER = "# packages: ";
const PIN_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]*\])? *===? *[A-Za-z0-9.!+_-]+(?: *;(.*))?$/;
const DIRECT_PIN_REGEXP = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]*\])? *@ *[^\s$]+(?: +;(.*))?$/;
/** Whatever ends a line for pip or uv, but for `\n`. */
// deno-lint-ignore no-control-regex -- they are refused
const LINE_END_REGEXP = /[\v\f\r\x1c-\x1f\x85\u2028\u2029]/;
const HASHES_REGEXP = /(?:\s+--hash=sha(?:256|384|512):[0-9a-f]+)+$/;

/** What {@linkcode pythonInstaller} works with. */
export interface PythonOptions {
  readonly runtimes: Runtimes;
  readonly processes: Processes;
  readonly environment: Environment;
}

/** Makes the installer of Python's packages. */
export function pythonInstaller({ runtimes, processes, environment }: PythonOptions): Installer {
  const isWindows = environment.os === "windows";
  const choose = async (): Promise<PythonInstaller> => {
    const uv = await processes.which("uv");
    return uv === undefined ? new PipInstaller({ isWindows }) : new UvInstaller(uv);
  };
  return {
    lockName: "requirements.lock",
    findRuntime: (set: PackageSet) =>
      runtimes.find(set, async function* (requires) {
        const uv = await processes.which("uv");
        const found = uv === undefined ? undefined : await findByUv(uv, { requires, processes });
        if (found !== undefined) yield found;
        yield* runtimes.pythons();
      }),
    readLock: readPythonLock,
    async resolve(job) {
      await job.folder.writeAtomic("requirements.in", `${job.packages.join("\n")}\n`);
      const lock = await (await choose()).resolve(job);
      return `${headerOf(job.packages)}\n${lock.trim()}\n`;
    },
    async install(job, lock) {
      if (lock !== undefined) await job.folder.writeAtomic("requirements.lock", lock);
      await (await choose()).install(job, lock !== undefined);
    },
    describe({ path }) {
      const interpreter = `${path}/${VENV_FOLDER}/${isWindows ? "Scripts/python.exe" : "bin/python"}`;
      return { interpreter, args: [], env: {} };
    },
  };
}

async function findByUv(
  uv: string,
  { requires, processes }: { readonly requires: string; readonly processes: Processes },
): Promise<string | undefined> {
  const { code, stdout } = await processes.run({
    program: uv,
    args: ["python", "find", "--no-project", "--no-python-downloads", "--", requires],
    timeoutMs: 30_000,
  });
  return code === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

function headerOf(packages: readonly string[]): string {
  return `${HEADER}${packages.join(", ")}`;
}

/**
 * Checks a requirements file that is to serve as a lock.
 *
 * @throws {ToolError} when it is the lock of other packages, or has anything in it but versions with their hashes.
 */
export function readPythonLock(lock: string, { packages, allow }: Pick<PackageJob, "packages" | "allow">): string {
  const lines = lock.replaceAll("\r\n", "\n").split("\n");
  const odd = lines.find((line) => LINE_END_REGEXP.test(line));
  // where one program sees a comment, another might see a line of its own
  if (odd !== undefined) throw new ToolError(`Cannot install by the lock: ${shown(odd)} holds a control character`);
  const [head = ""] = lines;
  if (head.startsWith(HEADER) && head.trimEnd() !== headerOf(packages)) {
    throw new ToolError(
      `Cannot install by the lock: it is that of other packages (${head.slice(HEADER.length)}), not of ` +
        `${packages.join(", ")}; remove the lock from the folder of the tool, and it is made anew`,
    );
  }
  for (const line of joinContinued(lines)) {
    const pin = line.replace(HASHES_REGEXP, "");
    const isPinned = isPin(pin, PIN_REGEXP) && pin !== line;
    const isAllowed = allow.direct === true && (isPin(pin, PIN_REGEXP) || isPin(pin, DIRECT_PIN_REGEXP));
    if (!isPinned && !isAllowed) {
      throw new ToolError(
        `Cannot install by the lock: ${shown(line)} is not one version with its hashes, such ` +
          'as "six==1.17.0 --hash=sha256:…"',
      );
    }
  }
  return lock;
}

function isPin(text: string, form: RegExp): boolean {
  const found = form.exec(text);
  return found !== null && (found[1] === undefined || isMarker(found[1]));
}

function shown(line: string): string {
  return JSON.stringify(line.slice(0, 200));
}

/** Joins lines that end in `\`, and leaves out comments and empty ones. */
function joinContinued(lines: readonly string[]): string[] {
  const whole: string[] = [];
  let open = "";
  for (const line of lines) {
    const text = line.replace(/(?:^|\s)#.*$/, "").trimEnd();
    if (text.endsWith("\\")) {
      open += `${text.slice(0, -1).trim()} `;
      continue;
    }
    const joined = `${open}${text.trim()}`.trim();
    open = "";
    if (joined !== "") whole.push(joined);
  }
  return open.trim() === "" ? whole : [...whole, open.trim()];
}
