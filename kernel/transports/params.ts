/**
 * What the parameters of each method look like. Only what is read later is checked; other fields are left alone.
 *
 * @module
 */
import { LOG_LEVELS } from "../call.ts";
import { isObject, type JsonObject } from "../content.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";

/** Says what is wrong with a value, such as `expected a string`; `undefined` when nothing is. */
type Check = (value: unknown) => string | undefined;
type Shape = Readonly<Record<string, Check>>;

const string: Check = (value) => typeof value === "string" ? undefined : "expected a string";
const object: Check = (value) => isObject(value) ? undefined : "expected an object";
const level: Check = (value) =>
  LOG_LEVELS.some((it) => it === value) ? undefined : `expected one of ${LOG_LEVELS.join(", ")}`;
const token: Check = (value) =>
  typeof value === "string" || Number.isSafeInteger(value) ? undefined : "expected a string or an integer";

const strings: Check = (value) =>
  isObject(value) && Object.values(value).every((it) => typeof it === "string")
    ? undefined
    : "expected an object of strings";

const listOfStrings: Check = (value) =>
  Array.isArray(value) && value.every((it) => typeof it === "string") ? undefined : "expected an array of strings";

const boolean: Check = (value) => typeof value === "boolean" ? undefined : "expected true or false";

function optional(check: Check): Check {
  return (value) => value === undefined ? undefined : check(value);
}

function shaped(shape: Shape): Check {
  return (value) => {
    if (!isObject(value)) return object(value);
    const wrong = findWrong(shape, value);
    return wrong === undefined ? undefined : `${wrong[0]}: ${wrong[1]}`;
  };
}

const ref: Check = (value) => {
  if (!isObject(value)) return object(value);
  if (value["type"] === "ref/prompt") return shaped({ name: string })(value);
  if (value["type"] === "ref/resource") return shaped({ uri: string })(value);
  return 'type: expected "ref/prompt" or "ref/resource"';
};

const implementation = shaped({ name: string, version: string });
const paged: Shape = { cursor: optional(string) };

const PARAMS: Readonly<Record<string, Shape>> = {
  "initialize": { protocolVersion: string, capabilities: object, clientInfo: implementation },
  "tools/list": paged,
  "prompts/list": paged,
  "resources/list": paged,
  "resources/templates/list": paged,
  "tools/call": { name: string, arguments: optional(object), requestState: optional(string) },
  "prompts/get": { name: string, arguments: optional(strings), requestState: optional(string) },
  "resources/read": { uri: string, requestState: optional(string) },
  "resources/subscribe": { uri: string },
  "resources/unsubscribe": { uri: string },
  "logging/setLevel": { level },
  "completion/complete": {
    ref,
    argument: shaped({ name: string, value: string }),
    context: optional(shaped({ arguments: optional(strings) })),
  },
  "subscriptions/listen": {
    notifications: shaped({
      toolsListChanged: optional(boolean),
      promptsListChanged: optional(boolean),
      resourcesListChanged: optional(boolean),
      resourceSubscriptions: optional(listOfStrings),
    }),
  },
};

const META = optional(shaped({ progressToken: optional(token) }));

/**
 * Checks the parameters of a request.
 *
 * @throws {ProtocolError} `-32602` with the path of the first that is wrong.
 */
export function checkParams(method: string, params: JsonObject): void {
  const wrong = findWrong(Object.hasOwn(PARAMS, method) ? PARAMS[method]! : {}, params) ??
    findWrong({ _meta: META }, params);
  if (wrong === undefined) return;
  throw new ProtocolError(ErrorCode.invalidParams, `Invalid params of "${method}": ${wrong[0]}: ${wrong[1]}`);
}

function findWrong(shape: Shape, value: JsonObject): readonly [key: string, problem: string] | undefined {
  for (const key in shape) {
    const problem = shape[key]!(value[key]);
    if (problem !== undefined) return [key, problem];
  }
  return undefined;
}

const ENVELOPE_SHAPE: Shape = {
  "io.modelcontextprotocol/protocolVersion": string,
  "io.modelcontextprotocol/clientCapabilities": object,
  "io.modelcontextprotocol/clientInfo": optional(implementation),
  "io.modelcontextprotocol/logLevel": optional(level),
};

/** Finds what is wrong with the `_meta` envelope of a request of 2026-07-28: its key, and the problem. */
export function findEnvelopeIssue(
  meta: JsonObject,
): { readonly key: string; readonly problem: string } | undefined {
  const wrong = findWrong(ENVELOPE_SHAPE, meta);
  if (wrong === undefined) return undefined;
  const [key, problem] = wrong;
  return { key, problem: meta[key] === undefined ? "missing" : problem };
}
