/**
 * The prompt `create_wasm_tool`: it asks the model to write a tool that is built, and gives the call of `build_tool` that
 * does it, ready to be sent and to be changed.
 *
 * @module
 */
import * as v from "valibot";
import { isObject, type JsonObject, Lazy, type PluginContext, type Toolbox } from "../../../kernel/mod.ts";
import { invalidArgument, jsonBlock, NewName, Purpose, type ToolLibrary, useOfName } from "../../library/contract.ts";
import { LANGUAGES } from "../build/compiler.ts";
import type { PatternLanguage } from "./patterns.ts";

const NAME = "create_wasm_tool";
const MOST_EXAMPLE = 20_000;
/** Its compiler is always there. */
const DEFAULT_LANGUAGE: PatternLanguage = "typescript";
const DEFAULT_EXAMPLE: JsonObject = { text: "to be or not to be" };

const patterns = new Lazy(() => import("./patterns.ts"));

/** What the prompt needs. */
export interface PromptsContext {
  readonly prompt: PluginContext["prompt"];
  readonly library: ToolLibrary;
  readonly toolbox: Toolbox;
}

/** Registers the prompt. */
export function registerPrompts({ prompt, library, toolbox }: PromptsContext): void {
  const languages = LANGUAGES.filter((it): it is PatternLanguage => it !== "wasm");
  prompt({
    name: NAME,
    title: "Create a WASM tool",
    description: "Write a tool that is compiled to WebAssembly, and build it",
    args: v.strictObject({
      name: NewName,
      description: Purpose,
      input_example: v.optional(v.pipe(
        v.string(),
        v.maxLength(MOST_EXAMPLE, `expected ${MOST_EXAMPLE} characters at most`),
        v.description('Arguments of a call, as a JSON object, such as: {"text": "to be or not to be"}'),
      )),
      language: v.optional(v.pipe(
        v.picklist(languages),
        v.description(`Language of the program: ${languages.join(", ")}; ${DEFAULT_LANGUAGE} by default`),
      )),
    }),
    async render({ name, description, input_example: given = "", language = DEFAULT_LANGUAGE }) {
      const { overwrite, note } = useOfName(name, { prompt: NAME, library, toolbox });
      const example = readExample(given);
      const { code, dependencies, output, result, advice } = (await patterns.get()).PATTERNS[language];
      const call = {
        name,
        description,
        language,
        ...(dependencies !== undefined && { dependencies }),
        input_schema: schemaOf(example),
        output_schema: output,
        annotations: { readOnlyHint: true, openWorldHint: false },
        examples: [
          { description: "an example of its input", arguments: example, result: result(example) },
          { description: "what is no input is refused", arguments: {}, error: true },
        ],
        verify: true,
        ...(overwrite && { overwrite }),
        code,
      };
      return `Make a tool "${name}" in ${language}, compiled to WebAssembly: ${description}

${note}Send the arguments below to \`build_tool\`. They are complete and work as they stand, but do something else: put \
your own in place of the code, the schemas, the examples and the hints.

${advice.map((it) => `- ${it}`).join("\n")}
- The tool has no network, and reads and writes only the files that it asks for in \`grants\`: {"read": [path], \
"write": [path]}. Variables and secrets are asked for there as well.
- Describe each argument in \`input_schema\`; \`output_schema\` has to fit every result.
- Give examples of what has to succeed and of what has to fail. With \`verify\` the tool is made only if all of them \
pass; the answer says which did not, and \`test_tool\` runs them again.
- What does not compile is answered with what the compiler says, by file and line: mend it and send it again. A \
compiler that is not installed is answered with what installs it, and with the languages that can be built here now.

${jsonBlock(call)}
`;
    },
  });
}

/**
 * Reads the example of arguments.
 *
 * @throws {ProtocolError} when it is no JSON object with a field.
 */
function readExample(text: string): JsonObject {
  if (text.trim() === "") return DEFAULT_EXAMPLE;
  let example: unknown;
  try {
    example = JSON.parse(text);
  } catch {
    // said below
  }
  if (isObject(example) && Object.keys(example).length > 0) return example as JsonObject;
  throw invalidArgument(NAME, '"input_example": expected a JSON object with a field, such as {"text": "word"}');
}

/** Describes arguments by an example of them. */
function schemaOf(example: JsonObject): JsonObject {
  const properties = Object.entries(example).map(([name, value]) => [name, typeOf(value)]);
  return { type: "object", properties: Object.fromEntries(properties), required: Object.keys(example) };
}

function typeOf(value: unknown): JsonObject {
  if (Array.isArray(value)) return { type: "array", ...(value.length > 0 && { items: typeOf(value[0]) }) };
  if (value === null) return {};
  if (typeof value === "object") return schemaOf(value as JsonObject);
  return { type: typeof value };
}
