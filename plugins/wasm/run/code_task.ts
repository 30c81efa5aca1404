/**
 * From code to what is given to a worker, and from the way it ended to what it gave.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { CodeOutcome, CodeRun, CodeTool } from "../contract.ts";
import type { CodeTask, RunOutcome } from "../worker/messages.ts";
import type { CodeTalk } from "./code_talk.ts";
import type { Pacer } from "./pacer.ts";

const MIB = 2 ** 20;
/** Most characters of code. */
const LONGEST_CODE = MIB;
/** Most characters of what was printed that an error shows. */
const SHOWN = 2_000;

/**
 * Makes what a worker is given; its time begins now.
 *
 * @throws {ToolError} when no worker runs it.
 */
export function toTask({ name, language, code, tools, session, clock, limits }: CodeRun): CodeTask {
  if (language === "python") {
    throw new ToolError(`Cannot run "${name}": JavaScript and TypeScript run here, not Python`);
  }
  if (code.length > LONGEST_CODE) {
    throw new ToolError(`Cannot run "${name}": the code has ${code.length} characters, and may have ${LONGEST_CODE}`);
  }
  const { timeoutMs, waitedMs, memoryBytes, outputBytes, calls } = limits;
  return {
    ...{ kind: "code", name, language, code, clock, memoryBytes, outputBytes, calls },
    tools: writeTools(tools),
    ...(session !== undefined && { session: JSON.stringify(session) }),
    // who waits for a person is ended from outside
    deadline: waitedMs === undefined ? Date.now() + timeoutMs : Infinity,
  };
}

/** Lists of tools as JSON: most runs have the same, and it is long. */
const written = new WeakMap<readonly CodeTool[], string>();

function writeTools(tools: readonly CodeTool[]): string {
  const json = written.get(tools) ?? JSON.stringify(tools);
  written.set(tools, json);
  return json;
}

/** How code ended. */
export interface CodeEnding {
  readonly run: CodeRun;
  readonly talk: CodeTalk;
  readonly pacer: Pacer;
}

/**
 * Gives what code gave.
 *
 * @throws {ToolError} when it failed.
 */
export async function concludeCode(outcome: RunOutcome, { run, talk, pacer }: CodeEnding): Promise<CodeOutcome> {
  switch (outcome.kind) {
    case "value": {
      const { json, printed = "", warning } = outcome;
      const read = (text: string) => pacer.run(() => JSON.parse(text));
      const value = json === undefined ? undefined : await read(json);
      const session = outcome.session === undefined ? run.session : await read(outcome.session);
      return {
        ...{ value, printed },
        ...(warning !== undefined && { warning }),
        ...(session !== undefined && { session }),
      };
    }
    case "thrown":
      throw thrownError(outcome);
    case "trap":
      throw trapError(run, outcome, talk);
    case "exit":
      throw new Error("code has no exit code");
  }
}

function thrownError({ message, stack, data, printed }: Extract<RunOutcome, { readonly kind: "thrown" }>): ToolError {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  const text = stack === undefined || stack === "" ? message : `${message}\n${stack}`;
  return new ToolError(withPrinted(text, printed), isObject ? { data: data as Record<string, unknown> } : {});
}

function trapError(run: CodeRun, outcome: Extract<RunOutcome, { readonly kind: "trap" }>, talk: CodeTalk): ToolError {
  const { memoryBytes } = run.limits;
  switch (outcome.limit) {
    case "time":
      return codeTimeout(run, talk);
    case "memory":
      return ended(run, `it took more memory than its limit (${Math.floor(memoryBytes / MIB)} MiB)`, outcome.printed);
    case "output":
      return ended(run, `${outcome.reason}: give less`, outcome.printed);
    case "stack":
      return ended(run, "it called itself too deeply (stack overflow)", outcome.printed);
    default:
      return ended(run, outcome.reason, outcome.printed);
  }
}

/** Makes the error of code whose time is over. */
export function codeTimeout(run: CodeRun, { logged }: Pick<CodeTalk, "logged">): ToolError {
  return ended(run, `it did not end within its time limit (${run.limits.timeoutMs} ms)`, logged);
}

/** Makes the error of code whose worker failed. */
export function codeDied(run: CodeRun, reason: string, { logged }: Pick<CodeTalk, "logged">): ToolError {
  return ended(run, `its worker failed: ${reason}`, logged);
}

function ended({ name }: CodeRun, why: string, printed: string | undefined): ToolError {
  return new ToolError(withPrinted(`Code of "${name}" was ended: ${why}`, printed));
}

function withPrinted(text: string, printed = ""): string {
  if (printed === "") return text;
  return `${text}\nprinted:\n${printed.length > SHOWN ? `…${printed.slice(-SHOWN)}` : printed}`;
}
