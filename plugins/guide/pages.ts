/**
 * The pages of the guide, in Markdown, from what the registry holds now.
 *
 * @module
 */
import type { JsonObject, ToolSummary } from "../../kernel/mod.ts";
import { BUILT_EXAMPLES, type BuiltExample, type Example, EXAMPLES } from "./examples.ts";

const BUILD_TOOL = "build_tool";
const FIND_SKILLS = "search_skills";
const SKILLS = `
## Use a skill

A skill brings instructions, and often tools, for a kind of work. \`${FIND_SKILLS}\` finds one by what the work is about,
\`suggest_skill\` proposes some, \`activate_skill\` gives its instructions and shows its tools, and \`deactivate_skill\`
hides them. The tools of this server are skills as well: \`activate_skill\` with \`dev\` shows those that make and manage
tools and skills.
`;
const EXECUTE_CODE = "execute_code";
const CODE = `
\`${EXECUTE_CODE}\` runs a program that calls tools as functions, and gives back its result alone: write one where you
would call many, filter what they give, or use one's result in the next. \`search_tools\` with \`format: "typescript"\`
tells how the functions are called.
`;
const PIPELINE = "pipeline";
const PIPELINES = `
\`${PIPELINE}\` keeps steps that call tools as a tool of its own, for work that comes again: each step is recorded, and a
run that was cut off goes on where it was. The prompt \`create_pipeline\` has an example.
`;
const IMPORT_MCP = "import_mcp";
const OTHER_SERVERS = `
## Use other servers

\`${IMPORT_MCP}\` starts another MCP server, or reaches one at an address, and offers its tools as \`NAME_TOOL\`, its
resources and its prompts; the user is asked first. \`import_openapi\` does the same with a web API by its OpenAPI document,
and \`mcp_servers\` tells how they are, and restarts, stops and removes them. Your list may not show these tools:
\`call_tool\` reaches them.
`;
const SERVICES = "services";
const CONTAINERS = `
## Use services

\`${SERVICES}\` runs databases and other servers in containers. A tool that is registered with \`requires_services\` has
them started when it is called, and finds them by variables such as \`DB_HOST\` and \`DB_PORT\` of a service \`db\`. Your list
may not show it: \`call_tool\` reaches it.
`;
const BUILD_STEP =
  `   \`${BUILD_TOOL}\` compiles TypeScript, JavaScript, Rust, Go, C, C++, AssemblyScript or WAT to a tool that runs
   confined: without network, and with the files alone that it is granted.
`;

/** Writes `collet://guide`: how to work with this server, and the tools it has. */
export function guidePage(tools: readonly ToolSummary[]): string {
  const hasTool = (wanted: string) => tools.some(({ name }) => name === wanted);
  const combining = [...(hasTool(EXECUTE_CODE) ? [CODE] : []), ...(hasTool(PIPELINE) ? [PIPELINES] : [])];
  return `# Collet

This server makes tools while you work. A tool that you register is there at once, for every client, and after a
restart as well.

## Make a tool

1. Look first: \`search_tools\` finds tools by what they do, \`list_tools\` shows them all.
2. Call \`register_script\` with a name, a description, the code, an interpreter and an \`input_schema\`.
   \`collet://examples\` has one example a language, with the module \`collet_tool\` that scripts have without
   installing it; \`collet://protocol\` says what a script reads and writes. \`dependencies\` installs packages,
   \`grants\` asks for secrets and more.
   Give \`examples\` as well: with \`verify: true\` the tool is made only if all of them pass, and \`test_tool\` runs
   them again.
${
    hasTool(BUILD_TOOL)
      ? BUILD_STEP
      : ""
  }3. Call the tool by its name, or by \`call_tool\` when your client does not show new tools.
4. A failed call says why. Mend the code and register it again with \`overwrite: true\`; the old version is kept.
5. \`delete_tool\` takes a tool away; it is kept in a trash for 30 days.
${hasTool(IMPORT_MCP) ? OTHER_SERVERS : ""}${hasTool(SERVICES) ? CONTAINERS : ""}${
    combining.length > 0 ? `\n## Combine tools\n${combining.join("")}` : ""
  }${hasTool(FIND_SKILLS) ? SKILLS : ""}
## Tools

${toolList(tools)}
`;
}

function toolList(tools: readonly ToolSummary[]): string {
  const owners = [...new Set(tools.map((tool) => tool.owner))].sort();
  return owners.map((owner) => {
    const lines = tools.filter((tool) => tool.owner === owner).map(toolLine);
    return `### ${owner === "library" ? "library: made at run time, and the tools for them" : owner}\n\n${
      lines.join("\n")
    }`;
  }).join("\n\n") || "None yet.";
}

function toolLine({ name, description }: ToolSummary): string {
  return `- \`${name}\`: ${firstSentence(description)}`;
}

function firstSentence(text: string): string {
  return text.split("\n")[0]!.split(/(?<=\.)\s/)[0]!;
}

/** Writes `collet://examples`: also of tools that are built, where the tool for that is. */
export function examplesPage(tools: readonly ToolSummary[]): string {
  const built = tools.some(({ name }) => name === BUILD_TOOL)
    ? `
# Built to WebAssembly

These are arguments of \`${BUILD_TOOL}\`, which compiles them; each call runs confined, in an instance of its own.

${BUILT_EXAMPLES.map(builtSection).join("\n")}`
    : "";
  return `# Examples

Each of these can be registered as it stands.

${EXAMPLES.map(exampleSection).join("\n")}${built}`;
}

function exampleSection({ language, ...example }: Example): string {
  return section(language, { ...example, fence: example.extension, call: registration(example) });
}

function builtSection({ language, ...example }: BuiltExample): string {
  const { name, description, inputSchema } = example;
  return section(language, {
    ...example,
    call: { name, description, language, input_schema: inputSchema, code: "…" },
  });
}

function section(
  title: string,
  { description, args, result, code, fence, call }:
    & Pick<BuiltExample, "description" | "args" | "result" | "code" | "fence">
    & { readonly call: JsonObject },
): string {
  return `## ${title}

${description}. Called with \`${JSON.stringify(args)}\` it answers \`${JSON.stringify(result)}\`.

\`\`\`json
${JSON.stringify(call, null, 2)}
\`\`\`

\`code\`:

\`\`\`${fence}
${code}\`\`\`
`;
}

function registration(
  { name, description, interpreter, extension, inputSchema }: Omit<Example, "language" | "code" | "args" | "result">,
): JsonObject {
  return { name, description, interpreter, extension, input_schema: inputSchema, code: "…" };
}

/**
 * Writes `collet://tools/{name}`.
 *
 * @param more What the kind of a made tool says of it.
 */
export function toolPage(tool: ToolSummary, more?: string): string {
  const { kind, version } = tool.meta ?? {};
  const facts = [
    `- Registered by: \`${tool.owner}\``,
    typeof kind === "string" ? `- Kind: ${kind}` : undefined,
    typeof version === "string" ? `- Version: ${version}` : undefined,
    ...annotationLines(tool),
  ].filter((line) => line !== undefined);
  const output = tool.outputSchema === undefined ? "" : `\n## Output\n\n${jsonBlock(tool.outputSchema)}`;
  return `# ${tool.title ?? tool.name}

${tool.description}

${facts.join("\n")}

## Use

\`\`\`json
{ "name": "${tool.name}", "arguments": ${JSON.stringify(exampleArguments(tool.inputSchema))} }
\`\`\`

## Input

${jsonBlock(tool.inputSchema)}${output}${more === undefined ? "" : `\n${more}`}`;
}

function annotationLines({ annotations = {} }: ToolSummary): string[] {
  return Object.entries(annotations).map(([hint, value]) => `- ${hint}: ${value}`);
}

function jsonBlock(value: JsonObject): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`;
}

const SAMPLE_VALUES: Readonly<Record<string, unknown>> = {
  string: "…",
  number: 0,
  integer: 0,
  boolean: false,
  array: [],
  object: {},
};

function exampleArguments(schema: JsonObject): JsonObject {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, JsonObject | boolean>>;
  const required = Array.isArray(schema["required"]) ? schema["required"] as string[] : [];
  return Object.fromEntries(required.map((name) => {
    const property = properties[name];
    if (typeof property !== "object") return [name, "…"];
    const sample = property["default"] ?? (property["enum"] as unknown[] | undefined)?.[0];
    return [name, sample ?? SAMPLE_VALUES[String(property["type"])] ?? "…"];
  }));
}
