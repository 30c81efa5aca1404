/**
 * Schemas of a server's tools, as far as they can be checked here and shown to clients.
 *
 * @module
 */
import {
  compileSchema,
  isKernelError,
  type JsonObject,
  type JsonSchema,
  type Schema,
  type StandardSchema,
} from "../../../kernel/mod.ts";

/** Schemas that a tool can be registered with, and what is not as the server sent it. */
export interface UsableSchemas {
  readonly input: Schema<unknown, JsonObject>;
  readonly output: Schema | undefined;
  /** Says what differs, for the status; empty where nothing does. */
  readonly notes: readonly string[];
}

/**
 * Finds what of a tool's schemas can be used, where they cannot be as they are. Arguments that cannot be checked here are
 * left to the server, and a result that cannot be is not promised.
 *
 * @throws {KernelError} `SCHEMA_INVALID` when clients would refuse the schema of the arguments, however it is mended.
 */
export function usableSchemas(
  name: string,
  { input, output }: { input: JsonSchema; output?: JsonSchema },
): UsableSchemas {
  const notes: string[] = [];
  const inputProblem = problemOf(input, `input of tool "${name}"`, "input");
  const outputProblem = output && problemOf(output, `output of tool "${name}"`, "output");
  if (inputProblem !== undefined) notes.push(`arguments are checked by the server alone: ${inputProblem}`);
  if (outputProblem !== undefined) notes.push(`its output schema is not shown: ${outputProblem}`);
  const shown = inputProblem === undefined ? input : shownOnly(input);
  // what clients would refuse has to fail here, and not when it is listed
  void compileSchema(shown, { what: `input of tool "${name}"` }).jsonSchema;
  return { input: shown, output: outputProblem === undefined ? output : undefined, notes };
}

function problemOf(schema: JsonSchema, what: string, direction: "input" | "output"): string | undefined {
  try {
    compileSchema(schema, { what, direction });
    return undefined;
  } catch (thrown) {
    if (!isKernelError(thrown)) throw thrown;
    return thrown.message;
  }
}

/** Makes a schema that is listed, and takes whatever it is given. */
function shownOnly(schema: JsonSchema): StandardSchema<unknown, JsonObject> {
  const show = () => ({ ...schema });
  return {
    "~standard": {
      version: 1,
      vendor: "collet",
      validate: (value) => ({ value: value as JsonObject }),
      jsonSchema: { input: show, output: show },
    },
  };
}
