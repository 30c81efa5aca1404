/**
 * Finds programs, and makes the environment in which they start.
 *
 * @module
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, extname, isAbsolute, join } from "node:path";
import process from "node:process";

const IS_WINDOWS = process.platform === "win32";
const DEFAULT_PATH = IS_WINDOWS ? "" : "/usr/local/bin:/usr/bin:/bin";
const DEFAULT_EXTENSIONS = ".COM;.EXE";

/** Variables of the server that a child may see. */
const PASSED: readonly string[] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR"];
/** Without these, most programs do not start on Windows. */
const PASSED_ON_WINDOWS: readonly string[] = [
  "APPDATA",
  "COMSPEC",
  "LOCALAPPDATA",
  "NUMBER_OF_PROCESSORS",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROGRAMDATA",
  "PROGRAMFILES",
  "SYSTEMDRIVE",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "USERPROFILE",
  "WINDIR",
];

/** Makes the environment that every child gets; nothing else of the server's is in it. */
export function minimalEnvironment(): Record<string, string> {
  const names = IS_WINDOWS ? [...PASSED, ...PASSED_ON_WINDOWS] : PASSED;
  const found = names.map((name) => [name, process.env[name]] as const);
  return {
    PATH: DEFAULT_PATH,
    // many interpreters read and write ASCII alone unless told otherwise
    ...(IS_WINDOWS ? {} : { LANG: "C.UTF-8" }),
    ...Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

function isProgram(path: string): boolean {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    if (!IS_WINDOWS) accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function withExtensions(path: string, environment: Readonly<Record<string, string>>): readonly string[] {
  if (!IS_WINDOWS) return [path];
  const extensions = (environment["PATHEXT"] ?? DEFAULT_EXTENSIONS).split(";").filter((extension) => extension !== "");
  const candidates = extensions.map((extension) => path + extension.toLowerCase());
  return extname(path) === "" ? candidates : [path, ...candidates];
}

/**
 * Finds a program, as a shell would but without one: by its name in `PATH`, whose relative folders are left out, or
 * by its absolute path.
 *
 * @param environment Holds `PATH`, and `PATHEXT` on Windows.
 */
export function findProgram(program: string, environment: Readonly<Record<string, string>>): string | undefined {
  if (program === "" || program.includes("\0")) return undefined;
  const hasFolder = program.includes("/") || (IS_WINDOWS && program.includes("\\"));
  if (hasFolder && !isAbsolute(program)) return undefined;
  const path = environment["PATH"] ?? DEFAULT_PATH;
  const folders = hasFolder ? [""] : path.split(delimiter).filter((folder) => isAbsolute(folder));
  for (const folder of folders) {
    for (const candidate of withExtensions(join(folder, program), environment)) {
      if (isProgram(candidate)) return candidate;
    }
  }
  return undefined;
}
