/**
 * The prompt `import_mcp_server`: it gives a call of `import_mcp` for a package, ready to be changed and sent.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, rankCompletions, type Toolbox } from "../../../kernel/mod.ts";
import { invalidArgument, jsonBlock, NewName, type ToolLibrary, useOfName } from "../../library/contract.ts";

const NAME = "import_mcp_server";

/** How packages are run, by runner: the arguments before the package. */
const RUNNERS: Readonly<Record<string, readonly string[]>> = {
  npx: ["-y"],
  uvx: [],
  pipx: ["run"],
  bunx: [],
  deno: ["run", "-A"],
  docker: ["run", "-i", "--rm"],
};

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
    title: "Import an MCP server",
    description: "Use the tools of another MCP server, from a package",
    args: v.strictObject({
      name: NewName,
      package: v.pipe(
        v.string(),
        v.trim(),
        v.minLength(1, "expected a package"),
        v.description("Package of the server, such as mcp-server-time; or its address, https://…"),
      ),
      runner: v.optional(
        v.pipe(v.string(), v.trim(), v.description("What runs it: npx (the default), uvx, docker, …")),
      ),
    }),
    complete: (argument, value) => argument === "runner" ? rankCompletions(value, Object.keys(RUNNERS)) : [],
    render({ name, package: source, runner = "npx" }) {
      if (runner === "") throw invalidArgument(NAME, '"runner": expected a program, such as npx or uvx');
      const { overwrite, note } = useOfName(name, { prompt: NAME, library, toolbox });
      const isAddress = /^https?:\/\//i.test(source);
      const args = [...(Object.hasOwn(RUNNERS, runner) ? RUNNERS[runner]! : []), source];
      const call = {
        name,
        ...(isAddress ? { url: source } : { command: runner, args }),
        description: `Tools of ${source}`,
        ...(overwrite && { overwrite }),
      };
      return `Import the MCP server ${source} as "${name}".

${note}Send the arguments below to \`import_mcp\`, which may not be listed: \`call_tool\` reaches it. Read the page of the \
package first, and add what it needs:

- arguments such as folders or options go behind the package in \`args\`, each by itself; there is no shell.
- variables go into \`env\`, headers into \`headers\`. A secret is kept by this server and written \`\${secret:NAME}\`; never \
put its value into the call.
- \`include\` and \`exclude\` choose among its tools; \`"strict": true\` holds a tool that changes later.

${jsonBlock(call)}

The user is asked whether it may be started. Then its tools are named \`${name}_<tool>\`; \`mcp_servers\` with \
\`{"action": "tools", "name": "${name}"}\` lists them, and \`call_tool\` calls them. Try one of them, and tell the user what \
there is.
`;
    },
  });
}
