/**
 * The prompt `create_pipeline`: it asks the model to put tools together, and gives a call of `pipeline` that does so,
 * ready to be changed and sent.
 *
 * @module
 */
import * as v from "valibot";
import {
  didYouMean,
  isObject,
  type JsonObject,
  type PluginContext,
  rankCompletions,
  type Toolbox,
  type ToolSummary,
} from "../../kernel/mod.ts";
import { invalidArgument, jsonBlock, NewName, Purpose, type ToolLibrary, useOfName } from "../library/contract.ts";

const NAME = "create_pipeline";
const MOST_TOOLS = 50;

/** What the prompt needs. */
export interface PromptContext {
  readonly prompt: PluginContext["prompt"];
  readonly library: ToolLibrary;
  readonly toolbox: Toolbox;
}

/** Registers the prompt. */
export function registerPrompt({ prompt, library, toolbox }: PromptContext): void {
  prompt({
    name: NAME,
    title: "Create a pipeline",
    description: "Put tools together into one that runs them in turn",
    args: v.strictObject({
      name: NewName,
      description: Purpose,
      tools: v.pipe(
        v.string(),
        v.trim(),
        v.minLength(1, "expected the names of tools"),
        v.description("Tools to call, in turn: their names, with commas between"),
      ),
    }),
    complete(argument, value) {
      if (argument !== "tools") return [];
      const [, before = "", last = ""] = /^(.*[\s,])?([^\s,]*)$/s.exec(value) ?? [];
      return rankCompletions(last, toolbox.list().map((it) => it.name)).map((it) => `${before}${it}`);
    },
    render({ name, description, tools: names }) {
      const tools = readTools(names, toolbox);
      const { overwrite, note } = useOfName(name, { prompt: NAME, library, toolbox });
      const { steps, schema } = pattern(tools);
      const call = {
        action: "create",
        name,
        description,
        input_schema: schema,
        steps,
        ...(overwrite && { overwrite }),
      };
      return `Make a pipeline "${name}": ${description}

${note}Send the arguments below to \`pipeline\`. They are well formed, but pass every argument in from outside: connect \
the steps by what they give, and take out of \`input_schema\` what is then not needed any more.

- "$input.x" is an argument of the pipeline, "$prev" what the step before gave, "$name.list[0].id" a part of what a named \
step gave. Alone in a text a reference keeps its type; inside a longer text it is put in as text; "$$" is a dollar sign.
- A step may have \`condition\` ("$check.count > 0"), \`retry\`, \`timeout_ms\`, \`cache\`, \`output\`, \`on_error\` and \
\`continue_on_error\`.
- Instead of \`tool\` it may have \`parallel\`, \`for_each\` ({"items": "$prev.files", "steps": […]}, which read $item), \
\`switch\`, \`wait_for_input\`, or \`steps\`.
- The action \`validate\` tells what is wrong with steps before anything is made; \`run\` tells what each step gave.

${jsonBlock(call)}

The tools:

${tools.map(describe).join("\n\n")}
`;
    },
  });
}

/** @throws {ProtocolError} when one of them is not there. */
function readTools(text: string, toolbox: Toolbox): readonly ToolSummary[] {
  const names = text.split(/[\s,]+/).filter((it) => it !== "");
  if (names.length === 0 || names.length > MOST_TOOLS) {
    throw invalidArgument(NAME, `"tools": expected 1 to ${MOST_TOOLS} names, found ${names.length}`);
  }
  return names.map((name) => {
    const tool = toolbox.get(name);
    if (tool !== undefined) return tool;
    const near = didYouMean(name, toolbox.list().map((it) => it.name));
    throw invalidArgument(NAME, `"tools": there is no tool ${JSON.stringify(name)}${near}`);
  });
}

/** Makes a step for each tool, with all that it requires as arguments of the pipeline. */
function pattern(
  tools: readonly ToolSummary[],
): { readonly steps: readonly JsonObject[]; readonly schema: JsonObject } {
  const properties = new Map<string, unknown>();
  const steps = tools.map(({ name: tool, inputSchema }, index) => {
    const known = isObject(inputSchema["properties"]) ? inputSchema["properties"] : {};
    const required = Array.isArray(inputSchema["required"]) ? inputSchema["required"].map(String) : [];
    const args = required.map((key) => {
      const schema = known[key] ?? {};
      const plain = key.replace(/[^A-Za-z0-9_]/g, "_");
      const other = properties.get(plain);
      const isTaken = other !== undefined && JSON.stringify(other) !== JSON.stringify(schema);
      const input = isTaken ? `step${index + 1}_${plain}` : plain;
      properties.set(input, schema);
      return [key, `$input.${input}`];
    });
    return { name: `step${index + 1}`, tool, args: Object.fromEntries(args) };
  });
  const schema = {
    type: "object",
    properties: Object.fromEntries(properties),
    required: [...properties.keys()],
  };
  return { steps, schema };
}

function describe({ name, description, inputSchema, outputSchema }: ToolSummary): string {
  const output = outputSchema === undefined ? "" : `\nIt gives:\n${jsonBlock(outputSchema)}`;
  return `\`${name}\`: ${description.trim()}\n${jsonBlock(inputSchema)}${output}`;
}
