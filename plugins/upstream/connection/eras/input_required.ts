/**
 * Answers of revision 2026-07-28 that ask the client first (`input_required`): it is asked, and the request made again.
 *
 * @module
 */
import { isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { AskedMethod, Asker } from "../connection.ts";

// as many as clients of the protocol allow by default
const MOST_ROUNDS = 10;
/** Most questions of one answer. */
const MOST_QUESTIONS = 64;
/** Pause before a request is made again for which nothing was asked. */
const PAUSE_MS = 250;
const ASKED: ReadonlySet<unknown> = new Set<AskedMethod>([
  "elicitation/create",
  "sampling/createMessage",
  "roots/list",
]);

/** How a request is made again. */
export interface Rounds {
  readonly method: string;
  readonly params: JsonObject;
  readonly asker: Asker | undefined;
  /** Makes the request. */
  send(params: JsonObject): Promise<JsonObject>;
}

/**
 * Makes a request until it has its result.
 *
 * @throws {ToolError} when the server asks too often, or what nobody can answer.
 * @throws whatever `send` and the asker throw.
 */
export async function requestInRounds({ method, params, asker, send }: Rounds): Promise<JsonObject> {
  let result = await send(params);
  for (let round = 0; result["resultType"] === "input_required"; round++) {
    if (round === MOST_ROUNDS) throw new ToolError(`The server asked ${MOST_ROUNDS} times within one "${method}"`);
    const { inputRequests, requestState } = result;
    const inputResponses = await answerAll(isObject(inputRequests) ? inputRequests : {}, asker);
    if (inputResponses === undefined) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    result = await send({
      ...params,
      ...(inputResponses !== undefined && { inputResponses }),
      ...(requestState !== undefined && { requestState }),
    });
  }
  return result;
}

async function answerAll(
  requests: Record<string, unknown>,
  asker: Asker | undefined,
): Promise<JsonObject | undefined> {
  const entries = Object.entries(requests);
  if (entries.length === 0) return undefined;
  if (entries.length > MOST_QUESTIONS) {
    throw new ToolError(
      `The server asks ${entries.length} questions at once, and at most ${MOST_QUESTIONS} are answered`,
    );
  }
  if (asker === undefined) throw new ToolError("The server asks its client, and nobody is there who could answer");
  const answers = entries.map(async ([key, request]) => {
    const { method, params }: Record<string, unknown> = isObject(request) ? request : {};
    if (!ASKED.has(method)) throw new ToolError(`The server asks for ${JSON.stringify(method)}, which is not known`);
    const answer = await asker.ask(method as AskedMethod, isObject(params) ? params as JsonObject : {});
    return [key, answer] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}
