/**
 * Bodies of requests, out of the argument that holds them.
 *
 * @module
 */
import { fromBase64, isObject, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import type { Body, FormField } from "../operations/operation.ts";
import { isGiven } from "./address.ts";
import { writeInQuery } from "./style.ts";

/** A body as it is sent. */
export interface SentBody {
  readonly body: string | Uint8Array<ArrayBuffer> | FormData;
  /** `undefined` where what sends it knows. */
  readonly mediaType: string | undefined;
}

/**
 * Makes the body of a request.
 *
 * @throws {ToolError} when content in base64 is none.
 */
export function bodyOf({ kind, mediaType, fields, argument }: Body, value: unknown): SentBody {
  switch (kind) {
    case "json":
      return { body: JSON.stringify(value), mediaType };
    case "text":
      return { body: String(value), mediaType };
    case "binary":
      return { body: bytesOf(value, argument), mediaType };
    case "form":
      return { body: formOf(propertiesOf(value), fields), mediaType };
    case "multipart":
      return { body: multipartOf(propertiesOf(value), fields), mediaType: undefined };
  }
}

function propertiesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value).filter(([, it]) => isGiven(it)) : [];
}

function formOf(properties: readonly (readonly [string, unknown])[], fields: readonly FormField[]): string {
  return properties.flatMap(([name, value]) => writeInQuery(value, fieldOf(name, fields)))
    // forms write spaces so
    .map(([name, value]) => `${name}=${value}`.replaceAll("%20", "+"))
    .join("&");
}

function multipartOf(properties: readonly (readonly [string, unknown])[], fields: readonly FormField[]): FormData {
  const form = new FormData();
  for (const [name, value] of properties) {
    const field = fieldOf(name, fields);
    for (const item of Array.isArray(value) ? value : [value]) appendPart(form, item, field);
  }
  return form;
}

function appendPart(form: FormData, value: unknown, { name, isFile, mediaType }: FormField): void {
  if (isFile && isObject(value)) return appendFile(form, value, { name, mediaType });
  const isText = typeof value !== "object";
  if (isText && mediaType === undefined) return form.append(name, String(value));
  const text = isText ? String(value) : JSON.stringify(value);
  form.append(name, new Blob([text], { type: mediaType ?? "application/json" }));
}

function appendFile(
  form: FormData,
  { data, filename, mime_type: own }: JsonObject,
  { name, mediaType }: Pick<FormField, "name" | "mediaType">,
): void {
  const type = typeof own === "string" ? own : mediaType ?? "application/octet-stream";
  form.append(name, new Blob([bytesOf(data, name)], { type }), typeof filename === "string" ? filename : name);
}

function bytesOf(value: unknown, name: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(String(value).replaceAll(/\s/g, "")) as Uint8Array<ArrayBuffer>;
  } catch (cause) {
    throw new ToolError(`"${name}" is not in base64, as content that is no text has to be`, { cause });
  }
}

/** What the document does not describe is written as forms are by default. */
function fieldOf(name: string, fields: readonly FormField[]): FormField {
  const plain = {
    style: "form",
    isExploded: true,
    allowsReserved: false,
    mediaType: undefined,
    isFile: false,
  } as const;
  return fields.find((it) => it.name === name) ?? { name, ...plain };
}
