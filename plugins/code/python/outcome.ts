/**
 * What the program that runs code answers. Code may answer in its place, so that nothing of it is taken for granted.
 *
 * @module
 */
import { isObject, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import type { ToolOutput } from "../../library/contract.ts";
import type { CodeOutcome, CodeRun } from "../../wasm/contract.ts";
import type { Printed } from "./printed.ts";

/** A run that has ended. */
export interface EndedRun {
  readonly run: Pick<CodeRun, "name" | "session" | "limits">;
  readonly printed: Printed;
}

/**
 * Reads an answer.
 *
 * @throws {ToolError} when the code failed, ended before its end, or gave more than it may.
 */
export function readOutcome(output: ToolOutput, { run, printed }: EndedRun): CodeOutcome {
  const { name, limits } = run;
  const answer = "value" in output ? output.value : undefined;
  if (isObject(answer) && isFailure(answer["failure"])) {
    const { message, data } = answer["failure"];
    throw new ToolError(`${message}${printed.tail()}`, data === undefined ? {} : { data });
  }
  if (!isObject(answer) || !isObject(answer["session"])) {
    throw new ToolError(`Code of "${name}" ended its process before its last line${printed.tail()}`);
  }
  const { value, session } = answer;
  checkSize(value, { what: "what it returned", limits });
  if (run.session === undefined) return { value, printed: printed.text };
  checkSize(session, { what: "the session", limits });
  return { value, printed: printed.text, session: session as JsonObject };
}

interface Failure {
  readonly message: string;
  readonly data?: JsonObject;
}

function isFailure(value: unknown): value is Failure {
  return isObject(value) && typeof value["message"] === "string" &&
    (value["data"] === undefined || isObject(value["data"]));
}

// the program has looked already, and says more about it
function checkSize(
  value: unknown,
  { what, limits: { outputBytes } }: { readonly what: string; readonly limits: CodeRun["limits"] },
): void {
  const text = value === undefined ? "" : JSON.stringify(value);
  // a character is one byte at least, and three at most
  if (text.length * 3 <= outputBytes) return;
  const size = text.length > outputBytes ? text.length : new TextEncoder().encode(text).length;
  if (size > outputBytes) throw new ToolError(`Cannot take ${what}: more than ${outputBytes} bytes as JSON`);
}
