/**
 * Questions that a running task puts to its client, in the words of the protocol, and the look at their answers.
 *
 * @module
 */
import type { ElicitRequest, JsonObject, SampleRequest } from "../../kernel/mod.ts";

/** A question on the wire: an elicitation, a sampling request, or a request for roots. */
export interface Question {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  readonly params: JsonObject;
  /** The client capabilities it needs. */
  readonly requires: JsonObject;
}

/** A question, and the name that its tool would like for it. */
export interface NamedQuestion {
  readonly question: Question;
  readonly key: string | undefined;
}

/** Puts an elicitation into protocol terms. */
export function elicitation({ key, ...params }: ElicitRequest): NamedQuestion {
  const requires = params.mode === "url" ? { elicitation: { url: {} } } : { elicitation: {} };
  return { key, question: { method: "elicitation/create", params, requires } };
}

/** Puts a sampling request into protocol terms. */
export function sampling({ key, ...params }: SampleRequest): NamedQuestion {
  const usesTools = params.tools !== undefined || params.toolChoice !== undefined;
  const requires = { sampling: usesTools ? { tools: {} } : {} };
  return { key, question: { method: "sampling/createMessage", params: { ...params }, requires } };
}

/** The request for the client's roots. */
export const ROOTS: NamedQuestion = {
  key: "roots",
  question: { method: "roots/list", params: {}, requires: { roots: {} } },
};

/** Tells whether declared client capabilities cover what a question needs. */
export function isCovered({ requires }: Question, capabilities: JsonObject): boolean {
  return covers(capabilities, requires) && !isForPagesAlone(requires, capabilities);
}

function covers(declared: unknown, required: JsonObject): boolean {
  return isObject(declared) &&
    Object.entries(required).every(([key, value]) =>
      isObject(declared[key]) && covers(declared[key], value as JsonObject)
    );
}

// `elicitation: {}` means forms; `elicitation: { url: {} }` without `form` means pages alone
function isForPagesAlone({ elicitation: needed }: JsonObject, { elicitation: declared }: JsonObject): boolean {
  return isObject(needed) && !("url" in needed) && isObject(declared) && "url" in declared && !("form" in declared);
}

/** Names what a question is, for messages. */
export function describeQuestion({ method, params }: Question): string {
  if (method === "roots/list") return "ask for the client's roots";
  if (method === "sampling/createMessage") return "ask the client's model";
  return params["mode"] === "url" ? "ask the user to visit a page" : "ask the user";
}

/** Tells whether a value has the shape of an answer to a question. */
export function isAnswer({ method }: Question, value: unknown): boolean {
  if (!isObject(value)) return false;
  if (method === "roots/list") {
    const { roots } = value;
    return Array.isArray(roots) && roots.every((root) => isObject(root) && typeof root["uri"] === "string");
  }
  if (method === "sampling/createMessage") {
    return typeof value["role"] === "string" && typeof value["model"] === "string" && "content" in value;
  }
  const { action, content } = value;
  return (action === "accept" || action === "decline" || action === "cancel") &&
    (content === undefined || content === null || isObject(content));
}

/** Tells whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
