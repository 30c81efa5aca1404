/**
 * From the way a run ended to the result of its call.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { ToolOutput } from "../../library/contract.ts";
import { answeredError, type ErrorLine, failure, readLine } from "../../scripts/contract.ts";
import type { MemoryState, RunOutcome } from "../worker/messages.ts";
import type { Program } from "./runtime.ts";
import type { Talk } from "./talk.ts";

const MIB = 2 ** 20;
/** Most characters of plain output that are logged beside an answer. */
const PRINTED = 8_000;
/** What every line of the script protocol has. */
const PROTOCOL_MARK = '"jsonrpc"';

/** What stdout holds. */
type Said =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "result"; readonly result: unknown }
  | ErrorLine;

/**
 * Gives the output of a run that ended, and serves what it said.
 *
 * @throws {ToolError} when it failed.
 */
export async function conclude(program: Program, outcome: RunOutcome, talk: Talk): Promise<ToolOutput> {
  switch (outcome.kind) {
    case "exit":
      return await concludeExit(program, outcome, talk);
    case "value": {
      const streamed = await talk.end();
      return { value: outcome.json === undefined ? streamed : JSON.parse(outcome.json) };
    }
    case "thrown":
      await talk.end();
      throw thrownError(outcome);
    case "trap":
      await talk.end();
      throw trapError(program, outcome, talk);
  }
}

async function concludeExit(
  program: Program,
  { code, stdout, ...state }: Extract<RunOutcome, { readonly kind: "exit" }>,
  talk: Talk,
): Promise<ToolOutput> {
  const said = stdout.includes(PROTOCOL_MARK) ? readProtocol(stdout, talk) : { kind: "text", text: stdout } as const;
  const streamed = await talk.end();
  if (said.kind === "error") throw answeredError(said, talk.stderrTail);
  if (said.kind === "result") return { value: said.result ?? streamed };
  const text = withoutLineEnds(said.text);
  if (code !== 0) {
    const remains = { code, stderr: talk.stderrTail, stdout: talk.redact(text) };
    throw failure(`Tool "${program.name}" failed with exit code ${code}${memoryNote(program, state)}`, remains);
  }
  return { value: text === "" ? streamed : readValue(text, program) };
}

/** Reads what a tool printed that speaks the script protocol without having been asked to: it says it all at the end. */
function readProtocol(stdout: string, talk: Talk): Said {
  const whole = readLine(withoutLineEnds(stdout));
  if (whole.kind === "result" || whole.kind === "error") return whole;
  const printed: string[] = [];
  let answer: Said | undefined;
  for (const line of stdout.split("\n")) {
    const read = readLine(line);
    if (read.kind === "text") printed.push(line);
    else if (read.kind === "result" || read.kind === "error") answer ??= read;
    // what wants a reply cannot get it any more
    else if (read.kind === "message" && read.id === undefined) talk.notify(read.method, toParams(read.params));
  }
  const text = withoutLineEnds(printed.join("\n"));
  if (answer === undefined) return { kind: "text", text };
  if (text !== "") talk.print(talk.redact(text).slice(0, PRINTED));
  return answer;
}

function toParams(params: unknown): Record<string, unknown> {
  return typeof params === "object" && params !== null && !Array.isArray(params) ? { ...params } : {};
}

/** Reads an object of JSON, and any other JSON if it is wanted; all else is text. */
function readValue(text: string, { isJsonWanted }: Program): unknown {
  if (!isJsonWanted && !/^\s*\{/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function withoutLineEnds(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === "\n" || text[end - 1] === "\r")) end--;
  return text.slice(0, end);
}

function thrownError({ message, stack, data }: Extract<RunOutcome, { readonly kind: "thrown" }>): ToolError {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  const text = stack === undefined || stack === "" ? message : `${message}\n${stack}`;
  return new ToolError(text, isObject ? { data: data as Record<string, unknown> } : {});
}

function trapError(program: Program, outcome: Extract<RunOutcome, { readonly kind: "trap" }>, talk: Talk): ToolError {
  const { name, memoryBytes, outputBytes } = program;
  switch (outcome.limit) {
    case "time":
      return timeoutError(program, talk);
    case "memory": {
      const how = `took more memory than its limit (${Math.floor(memoryBytes / MIB)} MiB) and was ended`;
      return endedError(`Tool "${name}" ${how}: ${outcome.reason}; one that needs more sets memory_mb`, talk);
    }
    case "output":
      return endedError(`Tool "${name}" was ended: it wrote more than ${Math.floor(outputBytes / MIB)} MiB`, talk);
    default:
      return endedError(`Tool "${name}" trapped: ${outcome.reason}${memoryNote(program, outcome)}`, talk);
  }
}

function memoryNote({ memoryBytes }: Program, { isMemoryFull }: MemoryState): string {
  if (isMemoryFull === undefined) return "";
  return `, with nearly all of its memory taken (${
    Math.floor(memoryBytes / MIB)
  } MiB); one that needs more sets memory_mb`;
}

/** Makes the error of a run whose time is over. */
export function timeoutError({ name, timeoutMs }: Program, talk: Pick<Talk, "stderrTail">): ToolError {
  const how = `did not answer within its time limit (${timeoutMs} ms) and was ended`;
  return endedError(`Tool "${name}" ${how}; one that needs longer sets timeout_ms`, talk);
}

/** Makes the error of a run that came to no end of its own. */
export function endedError(what: string, { stderrTail }: Pick<Talk, "stderrTail">): ToolError {
  return failure(what, { stderr: stderrTail, stdout: "" });
}
