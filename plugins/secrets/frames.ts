/**
 * Redaction of results, contents, messages and questions: all but the words of the protocol, without which no client
 * could read them. A secret may be one of these words, such as a setting that is `text`.
 *
 * @module
 */
import { isBase64, type Redactor } from "./redactor.ts";

/** Fields of the protocol. Other keys are made up by tools. */
const FIELDS: ReadonlySet<string> = new Set(
  ("content contents structuredContent isError _meta type text data mimeType uri blob name title description resource size icons " +
    "annotations audience priority lastModified src sizes theme messages role mode message requestedSchema properties " +
    "required enum enumNames items format default minimum maximum minLength maxLength oneOf anyOf const url elicitationId " +
    "key systemPrompt maxTokens temperature stopSequences modelPreferences includeContext tools toolChoice metadata")
    .split(" "),
);
/** Fields whose whole value is made up by tools. */
const PAYLOADS: ReadonlySet<string> = new Set(["structuredContent", "_meta"]);
/** What fields hold that have a choice of words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  type: [
    ...["text", "image", "audio", "resource", "resource_link", "tool_use", "tool_result"],
    ...["object", "array", "string", "number", "integer", "boolean"],
  ],
  role: ["user", "assistant"],
  audience: ["user", "assistant"],
  theme: ["light", "dark"],
  mode: ["form", "url", "auto", "required", "none"],
  format: ["email", "uri", "date", "date-time"],
  includeContext: ["none", "thisServer", "allServers"],
};
/** Frames are not deeper. */
const MOST_LEVELS = 12;

/** Redacts a frame of the protocol, and what is in it; gives it itself where nothing changed. */
export function redactFrame<T>(frame: T, redactor: Redactor): T {
  return redactField(frame, { redactor, field: "", level: 0 }) as T;
}

interface Place {
  readonly redactor: Redactor;
  /** The field that a value, or the list that it is in, belongs to. */
  readonly field: string;
  readonly level: number;
}

function redactField(value: unknown, { redactor, field, level }: Place): unknown {
  if (typeof value === "string" && Object.hasOwn(WORDS, field) && WORDS[field]!.includes(value)) return value;
  if (typeof value !== "object" || value === null || PAYLOADS.has(field) || level > MOST_LEVELS) {
    return redactor.value(value);
  }
  if (Array.isArray(value)) {
    const list = value.map((item) => redactField(item, { redactor, field, level: level + 1 }));
    return list.every((item, i) => Object.is(item, value[i])) ? value : list;
  }
  let isChanged = false;
  const entries = Object.entries(value).map(([key, item]) => {
    const shown = FIELDS.has(key) ? key : redactor.text(key);
    const redacted = isBase64(key, value)
      ? redactor.base64(item as string)
      : redactField(item, { redactor, field: key, level: level + 1 });
    isChanged ||= shown !== key || !Object.is(redacted, item);
    return [shown, redacted] as const;
  });
  return isChanged ? Object.fromEntries(entries) : value;
}
