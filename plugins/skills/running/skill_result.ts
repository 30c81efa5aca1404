/**
 * From what a skill's script computed to the result of the call.
 *
 * @module
 */
import { type Content, isObject, type JsonObject, type ToolResult } from "../../../kernel/mod.ts";

const BASE64_REGEXP = /^[A-Za-z0-9+/]+={0,2}$/;
const IMAGE_REGEXP = /^image\/[a-z0-9.+-]{1,100}$/i;
/** A result that has nothing to say. */
const DONE: JsonObject = { success: true, message: "" };

/**
 * Makes the result of a value. A text becomes `{"success": true, "message": text}`, and nothing the same without a
 * message; `success: false` makes the call one that failed. An image in `context.__rich__` becomes content of its own.
 */
export function skillResult(value: unknown): ToolResult {
  const given = value === undefined || value === null || value === "" ? DONE : value;
  const whole = typeof given === "string" ? { success: true, message: given } : given;
  const { value: shown, image } = takeImage(whole);
  const hasFailed = isObject(shown) && shown["success"] === false;
  return {
    content: [{ type: "text", text: JSON.stringify(shown) }, ...(image === undefined ? [] : [image])],
    structuredContent: shown,
    ...(hasFailed && { isError: true }),
  };
}

/** Takes the data of an image out of a value, which would send it twice more; what else is said of it stays. */
function takeImage(value: unknown): { readonly value: unknown; readonly image?: Content } {
  const context = isObject(value) ? value["context"] : undefined;
  const rich = isObject(context) ? context["__rich__"] : undefined;
  if (!isObject(value) || !isObject(context) || !isObject(rich) || rich["kind"] !== "image") return { value };
  const { data, ...rest } = rich;
  const mimeType = rich["mimeType"] ?? rich["mime_type"] ?? rich["mime"] ?? "image/png";
  if (typeof data !== "string" || typeof mimeType !== "string" || !IMAGE_REGEXP.test(mimeType)) return { value };
  // some write it as a data URL
  const base64 = data.replace(/^data:[^,]{0,200},/, "").replace(/\s+/g, "");
  if (!BASE64_REGEXP.test(base64) || base64.length % 4 !== 0) return { value };
  return {
    value: { ...value, context: { ...context, __rich__: rest } },
    image: { type: "image", data: base64, mimeType },
  };
}
