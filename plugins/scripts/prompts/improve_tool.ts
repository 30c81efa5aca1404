/**
 * The prompt `improve_tool`.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Call,
  type Catalog,
  didYouMean,
  isObject,
  type JsonObject,
  rankCompletions,
  type Toolbox,
  ToolError,
} from "../../../kernel/mod.ts";
import {
  codeBlock,
  invalidArgument,
  jsonBlock,
  type Manifest,
  type StoredTool,
  type ToolExample,
  type ToolLibrary,
} from "../../library/contract.ts";
import { extensionFor } from "../kind.ts";
import type { PromptsContext } from "./parts.ts";

const NAME = "improve_tool";
const KIND = "script";
/** Longest code that a prompt shows, in characters. */
const MOST_CODE = 200_000;
const PAGES = "collet://tools/{name}";
const MANIFEST = "manifest.json";

/** Registers the prompt. */
export function registerImproveTool({ prompt, library, toolbox, catalog }: PromptsContext): void {
  prompt({
    name: NAME,
    title: "Improve a tool",
    description: "Look at a script tool with its code and examples, and register a better version",
    args: v.strictObject({
      tool_name: v.pipe(v.string(), v.description("A script tool that was made at run time")),
    }),
    complete: async (argument, value) =>
      argument === "tool_name" ? rankCompletions(value, (await scriptsOf(library)).map((it) => it.name)) : [],
    async render({ tool_name: name }, call) {
      const stored = await findScript(name, { library, toolbox });
      return await renderTool(stored, { library, hasPages: servesPages(catalog, call) });
    },
  });
}

/** A tool whose manifest can be read. */
type ReadableTool = StoredTool & { readonly manifest: Manifest };

async function scriptsOf(library: ToolLibrary): Promise<readonly StoredTool[]> {
  return (await library.list()).filter(isScript);
}

function isScript(tool: StoredTool): tool is ReadableTool {
  return tool.manifest?.tool_type === KIND;
}

async function findScript(
  name: string,
  { library, toolbox }: { readonly library: ToolLibrary; readonly toolbox: Toolbox },
): Promise<ReadableTool> {
  const all = await library.list();
  const stored = library.get(name);
  const fail = (why: string) => invalidArgument(NAME, `"tool_name": ${why}`);
  if (stored === undefined) {
    const owner = toolbox.get(name)?.owner;
    if (owner !== undefined) {
      throw fail(`"${name}" came with plugin "${owner}"; only tools made at run time can be changed`);
    }
    throw fail(`there is no tool "${name}"${didYouMean(name, all.filter(isScript).map((it) => it.name))}`);
  }
  if (stored.manifest === undefined) throw fail(`"${name}" cannot be read: ${stored.reason}; register it anew`);
  if (isScript(stored)) return stored;
  throw fail(`"${name}" is of kind "${stored.manifest.tool_type}", and only scripts can be improved so far`);
}

function servesPages(catalog: Catalog, call: Call): boolean {
  return catalog.listTemplates(call).some((it) => it.uriTemplate === PAGES);
}

async function renderTool(
  { name, manifest, state, reason }: ReadableTool,
  { library, hasPages }: { readonly library: ToolLibrary; readonly hasPages: boolean },
): Promise<string> {
  const { entry, code, others } = await readCode(manifest, library);
  const versions = (await library.versions(name)).map((it) => it.isCurrent ? `${it.version} (current)` : it.version);
  const facts = [
    `- Versions: ${versions.join(", ")}. What you register becomes a new one, and the current one is kept.`,
    state === "ready" ? undefined : `- It is ${state}: ${reason}`,
    others.length === 0 ? undefined : `- Files beside the code, which stay: ${others.join(", ")}`,
    hasPages ? `- How clients see it: \`${PAGES.replace("{name}", name)}\`` : undefined,
  ].filter((line) => line !== undefined);
  const look = manifest.examples?.length
    ? `Run \`test_tool\` with \`{"tool_name": "${name}"}\`, and read the code`
    : "Read the code; it has no examples yet";
  return `Improve the tool "${name}": ${manifest.description}

${facts.join("\n")}

1. ${look}: what is wrong, unclear, slow or missing? Look at arguments that nothing checks, errors that do not say what \
to do, and schemas without descriptions.
2. Change that and no more. Who calls the tool relies on its arguments and results.
3. Add an example for each thing that you mend. With \`verify\` the new version is made only if all examples pass.
4. Send the arguments at the end, changed, to \`register_script\`. As they stand they register the tool as it is.

\`${entry}\`:

${codeBlock(manifest.language ?? "", code)}

Arguments of \`register_script\`:

${jsonBlock(registrationOf(manifest, { entry, code }))}
`;
}

async function readCode(manifest: Manifest, library: ToolLibrary) {
  const { name } = manifest;
  const entry = manifest.entry_file ?? `${name}.${extensionFor(manifest.interpreter)}`;
  const folder = await library.files(name);
  const code = await folder.readText(entry);
  if (code === undefined) {
    throw new ToolError(`Cannot improve "${name}": its file "${entry}" is missing; register it anew`);
  }
  if (code.length > MOST_CODE) {
    throw new ToolError(
      `Cannot improve "${name}": its code has ${code.length} characters, expected ${MOST_CODE} at most`,
    );
  }
  const files = (await folder.list()).filter((it) => it.kind === "file").map((it) => it.path);
  return { entry, code, others: files.filter((it) => it !== entry && it !== MANIFEST) };
}

/** Gives the arguments of `register_script` that make the tool as it is. */
function registrationOf(
  manifest: Manifest,
  { entry, code }: { readonly entry: string; readonly code: string },
): JsonObject {
  const { name, description, interpreter, input_schema, output_schema, tags, protocol } = manifest;
  const { dependencies = [], requires_services = [], grants: { timeout_ms: timeout, ...grants } = {} } = manifest;
  const examples = examplesOf(manifest);
  const extension = /^\.([A-Za-z0-9]{1,16})$/.exec(entry.startsWith(name) ? entry.slice(name.length) : "")?.[1];
  const all = {
    name,
    description,
    interpreter,
    extension: extension === extensionFor(interpreter) ? undefined : extension,
    input_schema,
    output_schema,
    annotations: hintsOf(manifest.annotations),
    dependencies: dependencies.length === 0 ? undefined : dependencies,
    requires_services: requires_services.length === 0 ? undefined : requires_services,
    timeout_ms: timeout,
    grants: Object.keys(grants).length === 0 ? undefined : grants,
    tags,
    protocol: protocol === 2 ? protocol : undefined,
    examples: examples.length === 0 ? undefined : examples,
    verify: examples.length === 0 ? undefined : true,
    overwrite: true,
    code,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const HINTS: Readonly<Record<string, string>> = {
  title: "string",
  readOnlyHint: "boolean",
  destructiveHint: "boolean",
  idempotentHint: "boolean",
  openWorldHint: "boolean",
};

// tools of skillz may hold anything there, and `register_script` takes only what it knows
function hintsOf(annotations: unknown): JsonObject | undefined {
  if (!isObject(annotations)) return undefined;
  const known = Object.entries(annotations).filter(([hint, value]) => {
    const type: string = typeof value;
    return Object.hasOwn(HINTS, hint) && HINTS[hint] === type;
  });
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function examplesOf({ examples = [] }: Manifest): readonly ToolExample[] {
  return examples.map(({ description, arguments: args, result, result_schema: schema, error }) => ({
    ...(description !== undefined && { description }),
    arguments: args,
    ...(result !== undefined && { result }),
    ...(schema !== undefined && { result_schema: schema }),
    ...(error !== undefined && { error }),
  }));
}
