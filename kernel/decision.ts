/**
 * Has a person decide among a few choices, by a form with one field.
 *
 * @module
 */
import type { Call, ElicitRequest } from "./call.ts";
import { isProtocolError, isToolError, messageOf } from "./errors.ts";
import { canAsk, elicitQuestion } from "./questions.ts";

/** What a person decides. */
export interface DecisionRequest<T extends string> {
  /** Names the question in an `input_required` answer (2026-07-28). */
  readonly key?: string;
  readonly message: string;
  /** What a person reads for each choice. */
  readonly choices: Readonly<Record<T, string>>;
}

/** What came of it: a choice, `undefined` where the person gave none, or why nobody could be asked. */
export type Decision<T extends string> = { readonly choice: T | undefined } | { readonly failure: string };

/** Tells whether the client of a call can have its user decide. */
export function canDecide({ client }: Pick<Call, "client">): boolean {
  return canAsk(elicitQuestion({ message: "", requestedSchema: {} }), client.capabilities);
}

/**
 * Asks the user of a call.
 *
 * @throws what the call was aborted with, when it is cancelled.
 */
export async function askDecision<T extends string>(
  call: Pick<Call, "elicit" | "signal">,
  request: DecisionRequest<T>,
): Promise<Decision<T>> {
  try {
    const { action, content } = await call.elicit(formOf(request));
    const decision = action === "accept" ? content?.["decision"] : undefined;
    return { choice: choicesOf(request).find((it) => it === decision) };
  } catch (thrown) {
    if (call.signal.aborted || !(isToolError(thrown) || isProtocolError(thrown))) throw thrown;
    return { failure: messageOf(thrown) };
  }
}

function formOf<T extends string>(request: DecisionRequest<T>): ElicitRequest {
  const { key, message, choices } = request;
  return {
    ...(key !== undefined && { key }),
    message,
    requestedSchema: {
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: "Decision",
          enum: choicesOf(request),
          enumNames: Object.values<string>(choices),
        },
      },
      required: ["decision"],
    },
  };
}

function choicesOf<T extends string>({ choices }: DecisionRequest<T>): readonly T[] {
  return Object.keys(choices) as T[];
}
