/**
 * Runs the function of a skill's script as a program: arguments come in, one line of JSON goes out.
 *
 * @module
 */
import type { JsonObject } from "../../../kernel/mod.ts";
import { addArguments, parseInput, type ScriptCall } from "./arguments.ts";
import { skillException } from "./helpers.ts";
import { toPlain } from "./plain.ts";
import { serializeResult } from "./serialize.ts";
import { failureOf } from "./skill_entry.ts";
import type { ToolResult } from "./tool_result.ts";
import { validateActionResult } from "./validate.ts";

/** The process that a script runs in. */
export interface ScriptHost {
  /** Words of the command line after the script. */
  readonly args: readonly string[];
  /** Reads stdin as text, piece by piece; `undefined` where a person types there. */
  readInput(): AsyncIterable<string> | undefined;
  /** Sends what is printed to stderr, until the function given is called. */
  divertOutput(): () => void;
  /** Writes to stdout; resolves when it has left. */
  writeOutput(text: string): Promise<void>;
  exit(code: number): never;
}

/**
 * Runs a function as a program. Its arguments are a JSON object on stdin, and `--key value` of the command line where
 * stdin does not name them. One line of JSON is printed, and the process ends: with 0 when the result is a success, else
 * with 1. What the function prints goes to stderr.
 *
 * @param main Takes its arguments by name.
 * @param argv Words of the command line; those of the process by default.
 */
export type RunMain = <Arguments, R>(
  main: (args: Arguments) => R | Promise<R>,
  argv?: readonly string[],
) => Promise<never>;

/** Makes `runMain` for a process. */
export function createRunMain(host: ScriptHost): RunMain {
  return async (main, argv = host.args) => {
    const restore = host.divertOutput();
    const { result, id } = await run(main, { host, argv });
    restore();
    const { json, isSuccess } = write(result);
    // an answer of the script protocol names the request
    const line = id === undefined ? json : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;
    await host.writeOutput(`${line}\n`);
    return host.exit(isSuccess ? 0 : 1);
  };
}

interface Ran {
  readonly result: ToolResult;
  readonly id: unknown;
}

async function run<Arguments, R>(
  main: (args: Arguments) => R | Promise<R>,
  { host, argv }: { readonly host: ScriptHost; readonly argv: readonly string[] },
): Promise<Ran> {
  let call: ScriptCall | undefined;
  try {
    call = await readCall(host);
    const answer = await main(addArguments(argv, call.arguments) as Arguments);
    return { result: validateActionResult(answer), id: call.id };
  } catch (thrown) {
    return { result: validateActionResult(failureOf(thrown)), id: call?.id };
  }
}

/** Reads the first line where it is whole, since who speaks the script protocol leaves stdin open; else all. */
async function readCall(host: ScriptHost): Promise<ScriptCall> {
  let text = "";
  let isFirstLine = true;
  for await (const piece of host.readInput() ?? []) {
    text += piece;
    const end = isFirstLine ? text.indexOf("\n") : -1;
    if (end < 0) continue;
    isFirstLine = false;
    if (text.slice(0, end).trim() === "") continue;
    try {
      return parseInput(text.slice(0, end));
    } catch {
      // JSON over several lines
    }
  }
  return parseInput(text);
}

interface Written {
  readonly json: string;
  readonly isSuccess: boolean;
}

/** Writes a result; what JSON does not have becomes text, and what cannot be written at all a failure that says so. */
function write(result: ToolResult): Written {
  try {
    const plain = result.withContext(toPlain(result.context, "context", { isLenient: true }) as JsonObject);
    return { json: serializeResult(plain), isSuccess: result.success };
  } catch (thrown) {
    return { json: serializeResult(validateActionResult(skillException(thrown))), isSuccess: false };
  }
}
