/**
 * The command line: reads what it says, composes the kernel, and runs the command.
 *
 * @module
 */
import process from "node:process";
import { parseArguments } from "./arguments.ts";
import type { CommandContext } from "./commands.ts";
import { formatFailure } from "./failure_text.ts";
import { openIo, type ProgramIo } from "./io.ts";
import { composeFor, logFor } from "./local.ts";
import type { Program } from "./program.ts";
import { serve } from "./serve.ts";
import { readSetup } from "./setup.ts";
import { assertNoMore, OWN_VERBS } from "./verbs.ts";

const LONG_MS = 1_000_000_000;

/** Runs the command line of this process, and ends the process with its exit code. */
export async function runProgram(program: Program): Promise<never> {
  const io = openIo();
  // a promise alone keeps no process alive: without this it would end, with 0, while a call waits for something
  setInterval(() => {}, LONG_MS);
  let code = 1;
  try {
    code = await run(program, process.argv.slice(2), io);
  } catch (thrown) {
    io.warn(formatFailure(thrown));
  }
  await io.flush();
  process.exit(code);
}

async function run(program: Program, words: readonly string[], io: ProgramIo): Promise<number> {
  const args = parseArguments(words, OWN_VERBS.map(({ name }) => name));
  if (args.wantsVersion) {
    io.print(`${program.info.name} ${program.info.version}`);
    return 0;
  }
  if (args.wantsHelp) return await (await import("./commands.ts")).help(program, { args, io });
  const setup = await readSetup(args);
  const { verb = "serve" } = args;
  const context: CommandContext = {
    ...{ program, args, setup, io },
    log: logFor(setup, verb === "serve" ? "info" : "warn"),
    // whoever reads an answer over HTTP need not be the operator
    exposeErrors: verb !== "serve" || setup.settings.transport === "stdio",
  };
  if (verb !== "serve") return await (await import("./commands.ts")).runCommand(context);
  assertNoMore("serve", args.args);
  return await serve(await composeFor(context), context);
}
