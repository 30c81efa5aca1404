/**
 * What an operation answers with when it succeeds.
 *
 * @module
 */
import { compileSchema, isKernelError, isObject, type JsonObject, type JsonSchema } from "../../../../kernel/mod.ts";
import type { Located, OpenApiDocument } from "../document/document.ts";
import { isJsonType } from "../media_types.ts";
import { writeWithin } from "./schemas.ts";

/** What is known of the answers. */
export interface ReadAnswers {
  /** Media types, those of JSON first. */
  readonly accepts: readonly string[];
  /** Of all that succeeds; `undefined` unless that is always a JSON object. */
  readonly schema: JsonSchema | undefined;
}

const SUCCESS_REGEXP = /^2(?:\d\d|XX)$/i;

/**
 * Reads the answers of an operation.
 *
 * @throws {ToolError} when a reference leads nowhere.
 */
export function readAnswers(document: OpenApiDocument, { value, address }: Located): ReadAnswers {
  const all = isObject(value) ? Object.entries(value) : [];
  const successes = all.filter(([status]) => SUCCESS_REGEXP.test(status));
  // where nothing else is said to succeed, what is by default does
  const chosen = successes.length > 0 ? successes : all.filter(([status]) => status === "default");
  const answers = chosen.map(([, it]) => document.follow({ value: it, address }));
  const media = answers.flatMap(contentOf);
  const accepts = [...new Set(media.map(({ mediaType }) => mediaType))].sort((a, b) => rankOf(a) - rankOf(b));
  const isAlwaysJson = answers.length > 0 && answers.every((it) => contentOf(it).length > 0) &&
    media.every(({ mediaType }) => isJsonType(mediaType));
  return { accepts, schema: isAlwaysJson && successes.length > 0 ? schemaOf(document, media) : undefined };
}

interface Media {
  readonly mediaType: string;
  readonly schema: Located;
}

function contentOf({ value, address }: Located): readonly Media[] {
  if (!isObject(value) || !isObject(value["content"])) return [];
  return Object.entries(value["content"]).map(([mediaType, media]) => ({
    mediaType,
    schema: { value: isObject(media) ? media["schema"] : undefined, address },
  }));
}

function schemaOf(document: OpenApiDocument, media: readonly Media[]): JsonSchema | undefined {
  const schemas = [...new Map(media.map(({ schema }) => [JSON.stringify(schema), schema])).values()];
  if (!schemas.every((it) => isObjectSchema(document, it, 0))) return undefined;
  const [first, ...others] = schemas;
  const schema = writeWithin({ document, direction: "output" }, (writer): JsonObject => {
    const written = writer.writeRoot(first!);
    if (others.length === 0) return { ...written, type: "object" };
    return { type: "object", anyOf: [written, ...others.map((it) => writer.write(it))] };
  });
  return isUsable(schema) ? schema : undefined;
}

/** What contradicts itself, or cannot be checked here, promises nothing. */
function isUsable(schema: JsonSchema): boolean {
  try {
    compileSchema(schema, { what: "an answer", direction: "output" });
    return true;
  } catch (thrown) {
    if (isKernelError(thrown)) return false;
    throw thrown;
  }
}

// of schemas within schemas; more are not looked into
const DEEPEST = 16;

/** Tells whether values of a schema are always objects. */
function isObjectSchema(document: OpenApiDocument, located: Located, depth: number): boolean {
  const { value, address } = document.follow(located);
  if (!isObject(value) || value["nullable"] === true || depth > DEEPEST) return false;
  const { type, allOf, anyOf, oneOf, properties } = value;
  if (type !== undefined) return type === "object" || (Array.isArray(type) && type.join() === "object");
  const isObjectPart = (it: unknown) => isObjectSchema(document, { value: it, address }, depth + 1);
  if (Array.isArray(allOf) && allOf.some(isObjectPart)) return true;
  const alternatives = [anyOf, oneOf].find((it) => Array.isArray(it)) as unknown[] | undefined;
  if (alternatives !== undefined) return alternatives.length > 0 && alternatives.every(isObjectPart);
  return isObject(properties);
}

function rankOf(mediaType: string): number {
  return isJsonType(mediaType) ? 0 : 1;
}
