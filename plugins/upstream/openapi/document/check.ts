/**
 * Whether a document is what OpenAPI says it has to be. Many that are in use are not quite, so this warns and refuses
 * nothing: what cannot be used is told where it would be.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf } from "../../../../kernel/mod.ts";

/** What the parser gives. */
interface Checked {
  readonly valid: boolean;
  readonly errors?: readonly { readonly message: string }[];
  readonly additionalErrors?: number;
}

const MOST_PROBLEMS = 5;
const LONGEST_PROBLEM = 300;

/** Says what is not valid in a document. */
export async function checkDocument(root: JsonObject): Promise<readonly string[]> {
  const { validate } = await import("@readme/openapi-parser");
  try {
    // it writes into what it is given, fetches nothing, and is not shown schemas: it would write them out in full
    const checked = await validate(withoutSchemas(root) as never, {
      resolve: { external: false, file: false },
      dereference: { circular: "ignore" },
      validate: { errors: { colorize: false } },
    }) as Checked;
    if (checked.valid) return [];
    const { errors = [], additionalErrors = 0 } = checked;
    const more = errors.length - MOST_PROBLEMS + additionalErrors;
    return [
      ...errors.slice(0, MOST_PROBLEMS).map(({ message }) => `the document is not valid: ${firstLine(message)}`),
      ...(more > 0 ? [`the document has ${more} more problems of this kind`] : []),
    ];
  } catch (thrown) {
    return [`the document cannot be checked: ${firstLine(messageOf(thrown))}`];
  }
}

/** Copies a document, with schemas that say nothing. */
function withoutSchemas(root: JsonObject): JsonObject {
  const { components } = root;
  const copy = copyOf({ ...root, components: undefined }) as JsonObject;
  if (!isObject(components)) return copy;
  const { schemas, ...others } = components;
  const names = isObject(schemas) ? Object.keys(schemas) : [];
  const kept = { ...copyOf(others) as JsonObject, schemas: Object.fromEntries(names.map((name) => [name, {}])) };
  return { ...copy, components: kept };
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, it]) => it !== undefined);
  return Object.fromEntries(
    entries.map(([key, it]) => [key, key === "schema" && isObject(it) ? { type: "string" } : copyOf(it)]),
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0]!.slice(0, LONGEST_PROBLEM);
}
