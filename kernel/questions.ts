/**
 * Questions a call may put to its client, in the words of the protocol, and the checks on both sides of them.
 *
 * @module
 */
import type { ElicitRequest, Root, SampleRequest } from "./call.ts";
import { isObject, type JsonObject } from "./content.ts";

/** A question to a client: an elicitation, a sampling request, or a request for roots. */
export interface Question {
  readonly method: "elicitation/create" | "sampling/createMessage" | "roots/list";
  readonly params: JsonObject;
  /** The client capabilities it needs, as the error `-32021` names them. */
  readonly requires: JsonObject;
  /** The name that its tool would like for it: in 2026-07-28 the answer comes under a name. */
  readonly key: string | undefined;
}

/** Puts an elicitation into protocol terms. */
export function elicitQuestion({ key, ...params }: ElicitRequest): Question {
  const requires = params.mode === "url" ? { elicitation: { url: {} } } : { elicitation: {} };
  return { method: "elicitation/create", params, requires, key };
}

/** Puts a sampling request into protocol terms. */
export function sampleQuestion({ key, ...params }: SampleRequest): Question {
  const requires = params.tools === undefined && params.toolChoice === undefined
    ? { sampling: {} }
    : { sampling: { tools: {} } };
  return { method: "sampling/createMessage", params: { ...params }, requires, key };
}

/** The request for the client's roots. */
export const ROOTS_QUESTION: Question = { method: "roots/list", params: {}, requires: { roots: {} }, key: "roots" };

/** Tells whether a question can be put to a client that has declared these capabilities. */
export function canAsk({ requires }: Question, capabilities: JsonObject): boolean {
  return covers(capabilities, requires) && !isUrlOnly(requires, capabilities);
}

function covers(declared: unknown, required: JsonObject): boolean {
  return isObject(declared) &&
    Object.entries(required).every(([key, value]) =>
      isObject(declared[key]) && covers(declared[key], value as JsonObject)
    );
}

// `elicitation: {}` means forms; `elicitation: { url: {} }` without `form` means pages alone
function isUrlOnly(requires: JsonObject, capabilities: JsonObject): boolean {
  const needed = requires["elicitation"];
  const declared = capabilities["elicitation"];
  return isObject(needed) && !("url" in needed) && isObject(declared) && "url" in declared && !("form" in declared);
}

/** Names what a question is, for messages that begin with `Cannot`: `ask the user`. */
export function describeQuestion({ method, requires }: Question): string {
  if (method === "roots/list") return "ask for the client's roots";
  if (method === "sampling/createMessage") return "ask the client's model";
  return isObject(requires["elicitation"]) && "url" in requires["elicitation"]
    ? "ask the user to visit a page"
    : "ask the user";
}

/** Tells whether a value has the shape of an answer to a question. */
export function isAnswer({ method }: Question, value: unknown): boolean {
  if (!isObject(value)) return false;
  if (method === "roots/list") return Array.isArray(value["roots"]) && value["roots"].every(isRoot);
  if (method === "sampling/createMessage") {
    return typeof value["role"] === "string" && typeof value["model"] === "string" && "content" in value;
  }
  const { action, content } = value;
  return (action === "accept" || action === "decline" || action === "cancel") &&
    (content === undefined || content === null || isObject(content));
}

function isRoot(value: unknown): value is Root {
  return isObject(value) && typeof value["uri"] === "string";
}
