/**
 * The prompt `create_python_tool`.
 *
 * @module
 */
import * as v from "valibot";
import { isToolError } from "../../../kernel/mod.ts";
import type { Dependencies } from "../../dependencies/contract.ts";
import { invalidArgument, jsonBlock, NewName, Purpose, useOfName } from "../../library/contract.ts";
import { IMPROVE_ADVICE, type PromptsContext } from "./parts.ts";
import { pythonScript } from "./python_code.ts";

const NAME = "create_python_tool";
/** Longest list of packages, in characters. */
const MOST_PACKAGES = 2_000;
// between packages, and not within the brackets of extras or the bounds of a version: a[b,c]>=1,<2
const SEPARATOR_REGEXP = /[,\s]+(?=[A-Za-z])(?![^[]*\])/;

const RUN = `
def run(arguments):
    text = arguments["text"]
    if not text.strip():
        raise ValueError("text is empty")
    return {"text": text, "characters": len(text)}
`;

const PATTERN = {
  input_schema: {
    type: "object",
    properties: { text: { type: "string", description: "The text to look at" } },
    required: ["text"],
  },
  output_schema: {
    type: "object",
    properties: { text: { type: "string" }, characters: { type: "integer" } },
    required: ["text", "characters"],
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
  examples: [
    { description: "a word", arguments: { text: "word" }, result: { text: "word", characters: 4 } },
    { description: "an empty text is refused", arguments: { text: " " }, error: "text is empty" },
  ],
  verify: true,
};

/** Registers the prompt. */
export function registerPythonTool({ prompt, library, toolbox, dependencies }: PromptsContext): void {
  prompt({
    name: NAME,
    title: "Create a Python tool",
    description: "Write a tool in Python and register it",
    args: v.strictObject({
      name: NewName,
      description: Purpose,
      dependencies: v.optional(v.pipe(
        v.string(),
        v.maxLength(MOST_PACKAGES, `expected ${MOST_PACKAGES} characters at most`),
        v.description("Packages that it needs, such as: requests, numpy>=1.26; or a list as JSON"),
      )),
    }),
    async render({ name, description, dependencies: wanted = "" }) {
      const { overwrite, note } = useOfName(name, { prompt: NAME, library, toolbox, advice: IMPROVE_ADVICE });
      const packages = await readPackages(wanted, dependencies);
      const imports = packages.length === 0 ? [] : ["", '# import what "dependencies" installs here'];
      const call = {
        name,
        description,
        interpreter: "python3",
        ...PATTERN,
        ...(packages.length > 0 && { dependencies: packages }),
        ...(overwrite && { overwrite }),
        code: pythonScript(RUN, imports),
      };
      return `Make a tool "${name}" in Python: ${description}

${note}Send the arguments below to \`register_script\`. They are complete and work as they stand, but do something else: \
put your own in place of what the function \`run\` does, and of schemas, examples and hints.

- \`run\` gets the arguments, checked against \`input_schema\`, and returns any JSON value. What it raises is the \
message of a failed call: say what was found and what is expected.
- Leave the lines below \`run\` as they are. stdout belongs to them; to tell of something else, print to \`sys.stderr\`.
- Describe each argument in \`input_schema\`; \`output_schema\` has to fit every result.
- Give examples of what has to succeed and of what has to fail. With \`verify\` the tool is made only if all of them \
pass; the answer says which did not, and \`test_tool\` runs them again.

${jsonBlock(call)}
`;
    },
  });
}

/**
 * Reads the packages of a text.
 *
 * @throws {ProtocolError} when they are none, or cannot be installed here.
 */
export async function readPackages(
  text: string,
  dependencies: Pick<Dependencies, "check"> | undefined,
): Promise<readonly string[]> {
  const bare = text.replace(/^[,\s]+|[,\s]+$/g, "");
  const packages = bare.startsWith("[") ? parseList(bare) : bare.split(SEPARATOR_REGEXP);
  const named = packages.map((it) => it.trim()).filter((it) => it !== "");
  if (named.length === 0) return [];
  if (dependencies === undefined) {
    throw invalidArgument(
      NAME,
      '"dependencies": this server runs without the plugin "dependencies", and installs none',
    );
  }
  try {
    await dependencies.check({ language: "python", packages: named });
  } catch (thrown) {
    throw isToolError(thrown) ? invalidArgument(NAME, `"dependencies": ${thrown.message}`) : thrown;
  }
  return named;
}

function parseList(text: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((it) => typeof it === "string")) return list;
  } catch {
    // said below
  }
  throw invalidArgument(NAME, '"dependencies": expected names with commas between them, or a list of texts as JSON');
}
