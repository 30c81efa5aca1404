/**
 * The tool `import_openapi`.
 *
 * @module
 */
import * as v from "valibot";
import { type PluginContext, toolResult } from "../../../kernel/mod.ts";
import { described } from "../../library/contract.ts";
import type { KnownServer } from "../servers.ts";
import { type ImportedApi, importOpenApi, type OpenApiImportOptions } from "./importing_openapi.ts";
import { someOf, viewProblems, viewTools } from "./server_view.ts";

const Texts = v.array(v.string());
const TextByName = v.record(v.string(), v.string());
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

const Input = v.strictObject({
  name: described(v.string(), "1 to 64 of A-Z a-z 0-9 _ -; its tools are named `<name>_<operation>`"),
  url: v.optional(described(v.string(), "Address of the document, in JSON or YAML")),
  file: v.optional(described(v.string(), "Absolute path of the document, in place of `url`")),
  document: v.optional(
    described(v.union([v.string(), v.record(v.string(), v.unknown())]), "The document itself, in place of `url`"),
  ),
  description: v.optional(described(v.string(), "What it is for")),
  overwrite: v.optional(described(v.boolean(), "Replace what was imported under this name"), false),
  base_url: v.optional(described(v.string(), "Address that requests go to, in place of the servers of the document")),
  auth: v.optional(described(
    v.record(v.string(), v.union([v.string(), v.record(v.string(), v.unknown())])),
    'By security scheme: "${secret:NAME}" for a key or token, {"username": "…", "password": "${secret:NAME}"}, or ' +
      '{"client_id": "…", "client_secret": "${secret:NAME}", "scopes": ["…"]}',
  )),
  headers: v.optional(described(TextByName, 'Headers of each request, such as {"X-Key": "${secret:KEY}"}')),
  include: v.optional(described(Texts, "Only these operations, by operationId; `*` stands for any characters")),
  exclude: v.optional(described(Texts, "None of these operations")),
  tags: v.optional(described(Texts, "Only operations with one of these tags")),
  exclude_tags: v.optional(described(Texts, "None with one of these tags")),
  methods: v.optional(described(v.array(v.picklist(METHODS)), "Only these methods, such as get")),
  paths: v.optional(described(Texts, "Only these paths, such as /pets/*")),
  exclude_paths: v.optional(described(Texts, "None of these paths")),
  rename: v.optional(described(TextByName, "Other names for its tools: {operation: new}, without the namespace")),
  strict: v.optional(described(v.boolean(), "Hold a tool whose description or schema changes until it is allowed")),
  timeout_ms: v.optional(
    described(v.pipe(v.number(), v.integer(), v.minValue(1)), "Of one request; 120,000 by default"),
  ),
});
/** What `import_openapi` is given. */
export type ImportOpenApiRequest = v.InferOutput<typeof Input>;

const Output = v.looseObject({
  name: v.string(),
  namespace: v.string(),
  title: v.string(),
  api_version: v.string(),
  version: v.string(),
  replaced: v.optional(v.string()),
  path: v.string(),
  servers: Texts,
  tools: Texts,
  total_tools: v.number(),
  warnings: v.optional(Texts),
  problems: v.optional(v.array(v.looseObject({}))),
});

const DESCRIPTION = `Import a web API that an OpenAPI 3.0 or 3.1 document describes: each operation becomes a tool, at \
once, for every client, and after a restart. The user is asked first. Secrets are named, never given: they go with \
requests to that API alone, and are seen by nobody.

Examples: {"name": "pets", "url": "https://example.com/openapi.json", "auth": {"api_key": "\${secret:PETS_KEY}"}}, then \
call pets_listPets; {"name": "pets", "file": "~/pets.yaml", "base_url": "http://localhost:8080/v1", "methods": ["get"]}`;

/** What the tool needs. */
export interface ImportOpenApiContext extends OpenApiImportOptions {
  readonly tool: PluginContext["tool"];
  readonly servers: { get(name: string): KnownServer | undefined };
}

/** Registers the tool. */
export function registerImportOpenApi({ tool, servers, ...options }: ImportOpenApiContext): void {
  tool({
    name: "import_openapi",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: { title: "Import a web API", readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    async run(request, call) {
      const imported = await importOpenApi(request, options, call);
      const server = servers.get(request.name);
      await server?.offer?.settled;
      return answerOf(request.name, imported, server);
    },
  });
}

function answerOf(name: string, imported: ImportedApi, server: KnownServer | undefined) {
  const { document, target, replaced, version, path } = imported;
  const names = server === undefined ? [] : viewTools(server).map((it) => String(it["name"]));
  const problems = server === undefined ? [] : someOf(viewProblems(server));
  const warnings = someOf(imported.warnings);
  const data = {
    name,
    namespace: name,
    title: document.title,
    api_version: document.version,
    version,
    ...(replaced !== undefined && { replaced }),
    path,
    servers: [...target.servers],
    tools: [...someOf(names)],
    total_tools: names.length,
    ...(warnings.length > 0 && { warnings: [...warnings] }),
    ...(problems.length > 0 && { problems: [...problems] }),
  };
  const lines = [
    `${replaced === undefined ? "Imported" : "Replaced"} the web API "${document.title}" as "${name}", with ` +
    `${names.length} tools that send requests to ${target.servers.join(", ")}:`,
    ...someOf(names).map((it) => `- ${it}`),
    ...(names.length > someOf(names).length ? ["- and more; `mcp_servers` with the action tools lists them"] : []),
    ...warnings.map((it) => `Note: ${it}`),
    ...problems.map((it) => `Not as the document has it: "${it["name"]}": ${it["reason"]}`),
  ];
  return toolResult({ content: [{ type: "text", text: lines.join("\n") }], structuredContent: data });
}
