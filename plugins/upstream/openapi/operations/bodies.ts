/**
 * Bodies of requests, as an argument of a tool.
 *
 * @module
 */
import { isObject, type JsonObject, type JsonSchema } from "../../../../kernel/mod.ts";
import type { Located, OpenApiDocument } from "../document/document.ts";
import { isJsonType, isTextType } from "../media_types.ts";
import type { Body, FormField, ParameterStyle } from "./operation.ts";
import type { SchemaWriter } from "./schemas.ts";

/** A body, and what the document says of it. */
export interface ReadBody {
  readonly body: Omit<Body, "argument">;
  readonly description: string | undefined;
  readonly schema: Located;
}

const FORM_TYPE = "application/x-www-form-urlencoded";
const STYLES: readonly ParameterStyle[] = ["form", "spaceDelimited", "pipeDelimited", "deepObject"];
/** Where several kinds are taken, the first of these is sent. */
const PREFERENCE: readonly Body["kind"][] = ["json", "form", "multipart", "text", "binary"];

/** A file of a multipart body, as it is given. */
const FILE_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    data: { type: "string", contentEncoding: "base64", description: "Content in base64" },
    filename: { type: "string" },
    mime_type: { type: "string" },
  },
  required: ["data"],
  additionalProperties: false,
};

/** Reads the body of an operation; `undefined` when it has none. */
export function readBody(document: OpenApiDocument, located: Located): ReadBody | undefined {
  const { value, address } = document.follow(located);
  if (!isObject(value) || !isObject(value["content"])) return undefined;
  const offers = Object.entries(value["content"]).map(([mediaType, media]) => ({
    mediaType: concrete(mediaType),
    kind: kindOf(mediaType),
    media: isObject(media) ? media : {},
  }));
  offers.sort((a, b) => PREFERENCE.indexOf(a.kind) - PREFERENCE.indexOf(b.kind));
  const [offer] = offers;
  if (offer === undefined) return undefined;
  const { kind, mediaType, media } = offer;
  const schema = { value: media["schema"], address };
  const { required, description } = value;
  return {
    body: {
      kind,
      mediaType,
      isRequired: required === true,
      fields: kind === "form" || kind === "multipart" ? readFields(document, schema, media["encoding"]) : [],
    },
    description: typeof description === "string" ? description : undefined,
    schema,
  };
}

/** Writes the schema of a body, as its argument has it. */
export function writeBody(writer: SchemaWriter, { body, schema }: ReadBody): JsonSchema {
  if (body.kind === "binary") {
    return { type: "string", contentEncoding: "base64", description: `Content (${body.mediaType}) in base64` };
  }
  if (body.kind === "text") return { type: "string", description: `Text of type ${body.mediaType}` };
  if (body.kind === "json") {
    const written = writer.write(schema);
    return isObject(written) ? written : {};
  }
  return withFiles(writer.writeRoot(schema), body.fields);
}

function withFiles(written: JsonSchema, fields: readonly FormField[]): JsonSchema {
  const { properties } = written;
  const files = fields.filter(({ isFile }) => isFile);
  if (!isObject(properties)) return { ...written, type: "object" };
  const changed = files.map(({ name }) => {
    const { description, type } = isObject(properties[name]) ? properties[name] : {};
    const schema = type === "array" ? { type, items: FILE_SCHEMA } : FILE_SCHEMA;
    return [name, typeof description === "string" ? { ...schema, description } : schema];
  });
  return { ...written, type: "object", properties: { ...properties, ...Object.fromEntries(changed) } };
}

function readFields(document: OpenApiDocument, schema: Located, encodings: unknown): readonly FormField[] {
  const { value, address } = document.follow(schema);
  if (!isObject(value) || !isObject(value["properties"])) return [];
  return Object.entries(value["properties"]).map(([name, property]) => {
    const found = document.follow({ value: property, address });
    const encoding = isObject(encodings) && isObject(encodings[name]) ? encodings[name] : {};
    return readField(name, encoding, isFileSchema(document, found));
  });
}

function readField(name: string, encoding: JsonObject, isBinary: boolean): FormField {
  const { contentType, style: written, explode, allowReserved } = encoding;
  // several are told by commas; which of them it is, a file says itself
  const [mediaType] = typeof contentType === "string" && !contentType.includes(",") ? [contentType] : [];
  const style = STYLES.find((it) => it === written) ?? "form";
  const isPlain = mediaType === undefined || isJsonType(mediaType) || isTextType(mediaType);
  return {
    name,
    style,
    isExploded: typeof explode === "boolean" ? explode : style === "form" || style === "deepObject",
    allowsReserved: allowReserved === true,
    mediaType: mediaType === undefined || mediaType.includes("*") ? undefined : mediaType,
    isFile: isBinary || !isPlain,
  };
}

function isFileSchema(document: OpenApiDocument, { value, address }: Located): boolean {
  if (!isObject(value)) return false;
  const { type, format, items, contentMediaType, contentEncoding } = value;
  if (type === "array") return isFileSchema(document, document.follow({ value: items, address }));
  if (format === "binary" || format === "byte" || contentEncoding === "base64") return true;
  return typeof contentMediaType === "string" && !isJsonType(contentMediaType) && !isTextType(contentMediaType);
}

function kindOf(mediaType: string): Body["kind"] {
  const type = mediaType.toLowerCase();
  if (isJsonType(type) || type.startsWith("*/*")) return "json";
  if (type.startsWith(FORM_TYPE)) return "form";
  if (type.startsWith("multipart/form-data")) return "multipart";
  return isTextType(type) ? "text" : "binary";
}

/** A range stands for what is sent by it. */
function concrete(mediaType: string): string {
  if (mediaType.startsWith("*/*")) return "application/json";
  if (mediaType.startsWith("text/*")) return "text/plain";
  return mediaType.includes("*") ? "application/octet-stream" : mediaType;
}
