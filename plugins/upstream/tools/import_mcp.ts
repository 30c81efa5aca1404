/**
 * The tool `import_mcp`.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, rankCompletions, toolResult } from "../../../kernel/mod.ts";
import { described } from "../../library/contract.ts";
import { type ImportingOptions, importServer } from "./importing.ts";
import { someOf, viewProblems, viewServer, viewTools } from "./server_view.ts";

const Texts = v.array(v.string());
const TextByName = v.record(v.string(), v.string());
const TRANSPORTS = ["stdio", "auto", "streamable", "sse"] as const;

const Input = v.strictObject({
  name: described(v.string(), "1 to 64 of A-Z a-z 0-9 _ -; its tools are named `<name>_<tool>`"),
  command: v.optional(described(v.string(), "Program that speaks MCP on stdin and stdout, such as uvx; no shell line")),
  args: v.optional(described(Texts, "Its arguments")),
  env: v.optional(
    described(TextByName, "Its variables, beside PATH HOME LANG TERM TMPDIR; secrets as `${secret:NAME}`"),
  ),
  description: v.optional(described(v.string(), "What it is for")),
  overwrite: v.optional(described(v.boolean(), "Replace a server that was imported under this name"), false),
  url: v.optional(described(v.string(), "Address, in place of `command`")),
  headers: v.optional(described(TextByName, 'Headers of each request, such as {"X-Key": "${secret:KEY}"}')),
  transport: v.optional(
    described(v.picklist(TRANSPORTS), "How an address is spoken with; `auto` by default: Streamable HTTP, else SSE"),
  ),
  auth: v.optional(described(
    v.strictObject({
      type: v.picklist(["bearer", "oauth", "client_credentials"]),
      token: v.optional(v.string()),
      client_id: v.optional(v.string()),
      client_secret: v.optional(v.string()),
      scope: v.optional(v.string()),
    }),
    '{"type": "bearer", "token": "${secret:NAME}"}, {"type": "oauth"} (a person signs in by a browser), or ' +
      '{"type": "client_credentials", "client_id": "…", "client_secret": "${secret:NAME}"}',
  )),
  include: v.optional(described(Texts, "Only these of its tools, by their own names; `*` stands for any characters")),
  exclude: v.optional(described(Texts, "None of these")),
  rename: v.optional(described(TextByName, "Other names for its tools: {own: new}, without the namespace")),
  strict: v.optional(described(v.boolean(), "Hold a tool whose description or schema changes until it is allowed")),
  sandbox: v.optional(described(v.boolean(), "Run the program in the sandbox, without the user's files")),
  timeout_ms: v.optional(
    described(v.pipe(v.number(), v.integer(), v.minValue(1)), "Of one request; 120,000 by default"),
  ),
});
/** What `import_mcp` is given. */
export type ImportRequest = v.InferOutput<typeof Input>;

const Output = v.looseObject({
  name: v.string(),
  namespace: v.string(),
  state: v.string(),
  version: v.string(),
  replaced: v.optional(v.string()),
  path: v.string(),
  tools: Texts,
  total_tools: v.number(),
  resources: v.optional(v.number()),
  templates: v.optional(v.number()),
  prompts: v.optional(v.number()),
  list_problem: v.optional(v.string()),
  problems: v.optional(v.array(v.looseObject({}))),
});

const DESCRIPTION = `Import another MCP server: a program that is started on this machine, or an address. Its tools, \
resources and prompts are offered here under its name, at once, for every client, and after a restart. The user is \
asked first. What does not start, or cannot be listed, leaves nothing behind.

Examples: {"name": "time", "command": "uvx", "args": ["mcp-server-time"], "description": "Time utilities"}, then call \
time_get_current_time; {"name": "docs", "url": "https://example.com/mcp", "auth": {"type": "oauth"}}`;

/** What the tool needs. */
export interface ImportMcpContext extends ImportingOptions {
  readonly tool: PluginContext["tool"];
}

/** Registers the tool. */
export function registerImportMcp({ tool, ...options }: ImportMcpContext): void {
  tool({
    name: "import_mcp",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Import an MCP server", readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    complete: (argument, value) => argument === "transport" ? rankCompletions(value, TRANSPORTS) : [],
    async run(request, call) {
      const { replaced, version, path } = await importServer(request, options, call);
      const server = options.servers.get(request.name);
      await server?.offer?.settled;
      const names = server === undefined ? [] : viewTools(server).map((it) => String(it["name"]));
      const problems = server === undefined ? [] : someOf(viewProblems(server));
      const view = server === undefined ? {} : viewServer(server);
      const { state = "cold", resources, templates, prompts, server: facts, list_problem: problem } = view;
      const data = {
        name: request.name,
        namespace: request.name,
        state,
        version,
        ...(replaced !== undefined && { replaced }),
        path,
        server: facts,
        tools: someOf(names),
        total_tools: names.length,
        resources,
        templates,
        prompts,
        ...(problem !== undefined && { list_problem: problem }),
        ...(problems.length > 0 && { problems }),
      };
      const lines = [
        `${replaced === undefined ? "Imported" : "Replaced"} MCP server "${request.name}", with ${names.length} tools:`,
        ...someOf(names).map((name) => `- ${name}`),
        ...(names.length > someOf(names).length ? ["- and more; `mcp_servers` with the action tools lists them"] : []),
        ...(problem === undefined ? [] : [`Not all that it has could be listed: ${problem}`]),
        ...problems.map((it) => `Not as it was sent: ${it["kind"]} "${it["name"]}": ${it["reason"]}`),
      ];
      return toolResult({ content: [{ type: "text", text: lines.join("\n") }], structuredContent: data });
    },
  });
}
