/**
 * Runs Python with the modules that scripts find.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { Environment, Files } from "../../../../kernel/mod.ts";
import { AuthorModules } from "../../../../plugins/scripts/author_modules/mod.ts";
import { languageOf } from "../../../../plugins/scripts/languages.ts";
import { inRepository } from "../../../support/root.ts";
import { startKernel, temporaryHome } from "../../library/kit.ts";

const run = promisify(execFile);

/** How a script ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a script is run with. */
export interface PythonOptions {
  readonly args?: readonly string[];
  /** What comes on stdin before it is closed; nothing by default. */
  readonly input?: string;
  /** Leaves stdin open after that. */
  readonly isOpen?: boolean;
  readonly python?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** One of many scripts that one Python runs. */
export interface OneOfMany extends Pick<PythonOptions, "args" | "input"> {
  readonly code: string;
}

/** Forks for each script, which is faster than to start Python anew. */
const RUN_MANY = `
import json, os, sys, tempfile
import collet_skill

def run(code, input="", args=()):
    files = [tempfile.TemporaryFile() for _ in range(3)]
    files[0].write(input.encode("utf-8"))
    files[0].seek(0)
    child = os.fork()
    if child == 0:
        for number, file in enumerate(files):
            os.dup2(file.fileno(), number)
        sys.argv[1:] = args
        sys.stdin = open(0, closefd=False)
        exec(compile(code, "main.py", "exec"), {"__name__": "__main__"})
        os._exit(99)
    _, status = os.waitpid(child, 0)
    texts = []
    for file in files[1:]:
        file.seek(0)
        texts.append(file.read().decode("utf-8"))
    return {"code": os.WEXITSTATUS(status), "stdout": texts[0], "stderr": texts[1]}

print(json.dumps([run(**it) for it in json.load(sys.stdin)]))
`;

/** A folder for scripts, and what runs them. */
export interface Python extends AsyncDisposable {
  /** Absolute path of the folder. */
  readonly path: string;
  /** Folder of the modules. */
  readonly modules: string;
  /** Writes a file below the folder, and gives its path. */
  write(name: string, text: string): Promise<string>;
  /** Runs a script's text. */
  run(code: string, options?: PythonOptions): Promise<Ended>;
  /** Runs many, each as a program of its own. */
  runAll(scripts: readonly OneOfMany[]): Promise<readonly Ended[]>;
}

/** Writes the modules into a new home, and runs scripts beside it. */
export async function startPython(): Promise<Python> {
  const home = await temporaryHome();
  const running = await startKernel({ home: home.path });
  const { kernel } = running;
  const given = new AuthorModules({ home: kernel.get(Files)!, environment: kernel.get(Environment)! });
  const { env } = await given.environmentFor(languageOf(["python3"]), { source: "import collet_skill" });
  await running[Symbol.asyncDispose]();
  const modules = env["PYTHONPATH"]!;
  const write = async (name: string, text: string) => {
    const path = join(home.path, "scripts", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  let count = 0;
  const runOne: Python["run"] = async (code, { python = "python3", env: more = {}, args = [], ...io } = {}) => {
    const file = await write(`script_${count++}/main.py`, code);
    const folders = [modules, more["PYTHONPATH"]].filter((it) => it !== undefined).join(":");
    const { PATH = "" } = process.env;
    return await start(python, [file, ...args], { ...io, env: { PATH, ...more, PYTHONPATH: folders } });
  };
  return {
    path: join(home.path, "scripts"),
    modules,
    write,
    run: runOne,
    runAll: async (scripts) => {
      const { stdout, stderr } = await runOne(RUN_MANY, { input: JSON.stringify(scripts) });
      if (stderr !== "") throw new Error(stderr);
      return JSON.parse(stdout);
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

async function start(
  program: string,
  args: readonly string[],
  { input = "", isOpen = false, env }: {
    readonly input?: string;
    readonly isOpen?: boolean;
    readonly env: Record<string, string>;
  },
): Promise<Ended> {
  const running = run(program, args, { env, encoding: "utf8", timeout: 20_000 });
  const { stdin } = running.child;
  stdin!.on("error", () => {});
  if (isOpen) stdin!.write(input);
  else stdin!.end(input);
  try {
    const { stdout, stderr } = await running;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout: string; stderr: string };
    if (typeof code !== "number") throw error;
    return { code, stdout, stderr };
  } finally {
    stdin!.destroy();
  }
}

/** Reads the one line of a script. */
export function readResult({ stdout, stderr }: Ended) {
  const [line, ...rest] = stdout.split("\n");
  if (rest.length !== 1 || rest[0] !== "") throw new Error(`not one line: ${JSON.stringify({ stdout, stderr })}`);
  return JSON.parse(line!);
}

/** Says why Python cannot be run here, or `false`. */
export async function pythonIsMissing(): Promise<string | false> {
  return await run("python3", ["--version"]).then(() => false as const, () => "python3 is not installed");
}

/** Finds an interpreter that has the package dcc-mcp-core: `COLLET_TEST_DCC_PYTHON`, that of the programs, or any. */
export async function findRealPackage(): Promise<string | undefined> {
  const candidates = [process.env["COLLET_TEST_DCC_PYTHON"], inRepository(".build/programs/bin/python3"), "python3"];
  for (const python of candidates) {
    if (python && await run(python, ["-c", "import dcc_mcp_core.skill"]).then(() => true, () => false)) return python;
  }
  return undefined;
}
