/**
 * The commands that end by themselves: they run, and the program with them. What they need is not loaded by a server.
 *
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandVerb } from "../contracts.ts";
import { KernelError } from "../errors.ts";
import { createLog, type NamedLog } from "../log.ts";
import { didYouMean } from "../near_names.ts";
import { detectPlatform } from "../platform/mod.ts";
import type { Arguments } from "./arguments.ts";
import { type Composition, createKernel } from "./compose.ts";
import { doctor } from "./doctor.ts";
import { formatFailure } from "./failure_text.ts";
import { helpText } from "./help.ts";
import type { ProgramIo } from "./io.ts";
import { composeFor } from "./local.ts";
import type { Program } from "./program.ts";
import { readSetup, type Setup } from "./setup.ts";
import { awaitSignal, endWithin, STOP_MS } from "./shutdown.ts";
import { call, list, OWN_VERBS } from "./verbs.ts";

/** What a command runs with. */
export interface CommandContext {
  readonly program: Program;
  readonly args: Arguments;
  readonly setup: Setup;
  readonly io: ProgramIo;
  readonly log: NamedLog;
  readonly exposeErrors: boolean;
}

/** Runs a command other than `serve`; gives its exit code. */
export async function runCommand(context: CommandContext): Promise<number> {
  // doctor must be able to say what is wrong with all else
  if (context.args.verb === "doctor") return await runDoctor(context);
  return await runStarted(await composeFor(context), context);
}

/** Runs a command that needs a started kernel and ends by itself. */
async function runStarted(
  { kernel, commands }: Composition,
  { args, setup, io, log }: CommandContext,
): Promise<number> {
  const controller = new AbortController();
  const interrupted = awaitSignal(log).then((signal): never => {
    controller.abort();
    throw new KernelError("KERNEL_STATE", `Cannot finish: interrupted by ${signal}`);
  });
  const work = async () => {
    await kernel.start();
    const context = { args: args.args, json: setup.settings.json, io };
    if (args.verb === "list") return list(kernel, context);
    if (args.verb === "call") return await call(kernel, { ...context, signal: controller.signal });
    const verb = findVerb(args.verb, commands.items);
    const { print, warn } = io;
    return await verb.run({ args: args.args, json: setup.settings.json, print, warn }) ?? 0;
  };
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    endWithin(setup.settings.limits.graceMs + STOP_MS, log);
    await kernel.stop();
  }
}

function findVerb(name: string | undefined, verbs: readonly CommandVerb[]): CommandVerb {
  const found = verbs.find((verb) => verb.name === name);
  if (found !== undefined) return found;
  const names = [...OWN_VERBS, ...verbs].map((verb) => verb.name);
  throw new KernelError(
    "OPTION_INVALID",
    `Cannot run "${name}": there is no such command${didYouMean(name ?? "", names)}`,
    { fix: `the commands are ${names.join(", ")}` },
  );
}

async function runDoctor(context: CommandContext): Promise<number> {
  const { args, setup, io } = context;
  const log = createLog({ level: "silent" });
  const bare = createKernel({ settings: setup.settings, log, exposeErrors: true })
    .use(await detectPlatform({ home: setup.environment.home }));
  let kernel = bare;
  let composition: Composition | undefined;
  let failure: unknown;
  try {
    composition = await composeFor({ ...context, log });
    kernel = await composition.kernel.start();
  } catch (thrown) {
    failure = thrown;
    await bare.start();
  }
  try {
    const options = { setup, kernel, probes: composition?.probes.items ?? [], failure };
    return await doctor(options, { args: args.args, json: setup.settings.json, io });
  } finally {
    await kernel.stop();
  }
}

/** Prints help. Plugins are set up in a home that is thrown away, to hear of their commands and leave nothing behind. */
export async function help(program: Program, { args, io }: Pick<CommandContext, "args" | "io">): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), "collet-help-"));
  let verbs: readonly CommandVerb[] = [];
  try {
    const setup = await readSetup(args);
    const environment = { ...setup.environment, home };
    const log = createLog({ level: "silent" });
    const { kernel, commands } = await composeFor({
      program,
      setup: { ...setup, environment },
      log,
      exposeErrors: true,
    });
    await using _ = await kernel.start();
    verbs = [...commands.items];
  } catch (thrown) {
    io.warn(formatFailure(thrown));
    io.warn("the commands of plugins are left out below");
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  io.print(helpText(program.info, [...OWN_VERBS, ...verbs]));
  return 0;
}
