/**
 * Programs of ours that use a toolchain from npm: each runs in a child that ends, in the sandbox, and is told what to do
 * and tells what came of it by files in its working folder.
 *
 * @module
 */
import { type Folder, isObject, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import type { CompilerCommands } from "./commands.ts";
import type { CompileOptions } from "./compiler.ts";
import { withoutFolders } from "./located_diagnostics.ts";
import type { NpmToolchain } from "./npm_toolchains.ts";

const PROGRAM_FILE = "program.mjs";
const JOB_FILE = "job.json";
const RESULT_FILE = "result.json";
const LONGEST_TAIL = 2_000;

/** A run of a program. */
export interface NpmProgram {
  /** Names the run in errors, such as `asc`. */
  readonly name: string;
  /** The program, as text: an ES module. Its first argument is the folder of the toolchain. */
  readonly text: string;
  readonly toolchain: NpmToolchain;
  /** Where it works: it finds `job.json` there, and writes `result.json`. */
  readonly work: Folder;
  readonly job: JsonObject;
  /** Folder of further packages, its second argument. */
  readonly packages?: string | undefined;
}

/**
 * Runs a program, and gives what it wrote to `result.json`.
 *
 * @throws {ToolError} when it wrote none, or was ended by a limit.
 * @throws the reason of the signal when it was cancelled.
 */
export async function runNpmProgram(
  commands: CompilerCommands,
  { name, text, toolchain, work, job, packages }: NpmProgram,
  options: CompileOptions,
): Promise<JsonObject> {
  await work.writeAtomic(PROGRAM_FILE, text);
  await work.writeAtomic(JOB_FILE, JSON.stringify(job));
  const folders = packages === undefined ? [toolchain.path] : [toolchain.path, packages];
  const { code, stderr } = await commands.run({
    name,
    program: toolchain.program,
    args: [...wordsOf(toolchain, folders), PROGRAM_FILE, ...folders],
    work,
    env: { DENO_NO_UPDATE_CHECK: "1" },
    mounts: folders.map((from) => ({ from })),
  }, options);
  const result = code === 0 ? readResult(await work.readText(RESULT_FILE)) : undefined;
  if (result !== undefined) return result;
  const how = code === undefined ? "was ended by a signal" : `ended with exit code ${code} and gave nothing`;
  throw new ToolError(
    `"${name}" ${how}: ${withoutFolders(stderr, folders).trim().slice(-LONGEST_TAIL) || "it said nothing"}`,
  );
}

// where no sandbox holds it, Deno reads these folders alone; relative paths are those of the working folder
function wordsOf({ runtime, args }: NpmToolchain, folders: readonly string[]): readonly string[] {
  if (runtime === "node") return args;
  const readable = [".", ...folders].map((path) => path.replaceAll(",", ",,")).join(",");
  return ["run", "--no-prompt", `--allow-read=${readable}`, "--allow-write=.", "--allow-env", "--allow-sys", ...args];
}

function readResult(text: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
