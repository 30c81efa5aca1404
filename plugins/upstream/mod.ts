/**
 * The plugin `upstream`: other MCP servers and web APIs behind this one, each under a namespace. It adds the kind `mcp` to the library,
 * the tools `import_mcp`, `import_openapi` and `mcp_servers`, and the prompt `import_mcp_server`.
 *
 * @example Import a server, and call a tool of it
 * ```ts
 * import { detectPlatform, Kernel } from "collet";
 * import library from "../library/mod.ts";
 * import store from "../store/mod.ts";
 * import upstream from "./mod.ts";
 *
 * const home = await Deno.makeTempDir();
 * const entry = new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url);
 * const kernel = new Kernel().use(await detectPlatform({ home })).use(store).use(library);
 * // whoever embeds it decides what may be started without a question
 * await kernel.use(upstream, { allow: ["node *"] }).start();
 * await kernel.call("import_mcp", { name: "every", command: "node", args: [entry.pathname] });
 * const { content } = await kernel.call("every_echo", { message: "hello" });
 * await kernel.stop();
 * if (JSON.stringify(content) !== '[{"type":"text","text":"Echo: hello"}]') throw new Error(JSON.stringify(content));
 * ```
 *
 * @module
 */
import {
  Catalog,
  definePlugin,
  Environment,
  Fetch,
  Files,
  KernelStarted,
  messageOf,
  optional,
  type Plugin,
  Processes,
  Protocol,
  Toolbox,
} from "../../kernel/mod.ts";
import { GrantPolicy } from "../grants/contract.ts";
import { ToolLibrary } from "../library/contract.ts";
import { Sandbox } from "../sandbox/contract.ts";
import { Secrets } from "../secrets/contract.ts";
import { Store } from "../store/contract.ts";
import { Trust } from "../trust/contract.ts";
import { createConnector } from "./connection/connector.ts";
import { Consent } from "./consent/consent.ts";
import { readConfigured } from "./definitions/configured.ts";
import { mcpKind } from "./kind.ts";
import { Offer } from "./offer/offer.ts";
import { TakenUris } from "./offer/taken_uris.ts";
import { KeptDocuments } from "./openapi/document/kept_documents.ts";
import { registerPrompt } from "./prompts/import_mcp_server.ts";
import { Servers } from "./servers.ts";
import { type UpstreamConfig, UpstreamConfigSchema } from "./settings.ts";
import { SupervisedUpstreams } from "./supervisor/supervised_upstreams.ts";
import { registerImportMcp } from "./tools/import_mcp.ts";
import { registerImportOpenApi } from "./tools/import_openapi.ts";
import { importDefinition } from "./tools/importing.ts";
import { registerMcpServers } from "./tools/mcp_servers.ts";
import { describeServer } from "./tools/server_view.ts";

/** What secrets of skillz begin with, all of which its servers always had. */
const SKILLZ_PREFIX = "SKILLZ_";

const upstream: Plugin<UpstreamConfig> = definePlugin({
  name: "upstream",
  version: "1.0.0",
  description: "Other MCP servers and web APIs, each under a namespace",
  config: UpstreamConfigSchema,
  requires: {
    processes: Processes,
    fetch: Fetch,
    files: Files,
    environment: Environment,
    toolbox: Toolbox,
    catalog: Catalog,
    protocol: Protocol,
    library: ToolLibrary,
    store: optional(Store),
    secrets: optional(Secrets),
    sandbox: optional(Sandbox),
    trust: optional(Trust),
    policy: optional(GrantPolicy),
  },
  async setup(ctx) {
    const { config, log, tool, prompt } = ctx;
    const { library, toolbox, protocol, store, secrets, trust, policy, files, environment } = ctx.deps;
    const documents = new KeptDocuments(library);
    const connector = createConnector({ ...ctx.deps, signal: ctx.signal, documents });
    const limits = {
      running: config.running,
      startMs: config.start_ms,
      listMs: config.list_ms,
      listEntries: config.list_entries,
    };
    const uris = new TakenUris(ctx.deps.catalog);
    // names of plugins that load later are theirs
    const started = new Promise<void>((resolve) => void ctx.on(KernelStarted, () => resolve()));
    const servers = new Servers({
      upstreams: new SupervisedUpstreams({ connector, log, store, limits }),
      log,
      signal: ctx.signal,
      offer: (upstream) => new Offer({ context: ctx, upstream, protocol, uris, started }),
    });
    const consent = new Consent({ allow: config.allow, trust, policy });
    const configured = await readConfigured({ servers: config.servers, paths: config.files, files, environment });
    for (const definition of configured.definitions) {
      await servers.claim({ definition }).catch((thrown) => {
        servers.note(definition.name, { origin: definition.origin, reason: messageOf(thrown) });
      });
    }
    for (const { name, origin, reason } of configured.unusable) {
      log.warn(`MCP server "${name}" is not used: ${reason}`, { origin });
      servers.note(name, { origin, reason });
    }
    const kind = await library.addKind(mcpKind({
      library,
      servers,
      consent,
      legacySecrets: () => secrets?.names().filter((name) => name.startsWith(SKILLZ_PREFIX)) ?? [],
      describe: (name) => describeServer(name, servers),
    }));
    ctx.own(`kind "mcp"`, () => kind.dispose());
    // first, since what ends with this server is not forgotten by it
    ctx.own("servers", () => servers.close());
    ctx.own("reasons", toolbox.explainMissing((name) => servers.explainMissing(name)));
    const importing = { library, servers, consent };
    registerImportMcp({ tool, ...importing });
    registerMcpServers({ tool, ...importing });
    registerImportOpenApi({
      tool,
      servers,
      ...ctx.deps,
      policy,
      documents,
      askAddress: (url, call) => consent.askAddress(url, call),
      importDefinition: (request, call) => importDefinition(request, importing, call),
    });
    registerPrompt({ prompt, library, toolbox });
  },
});

export default upstream;
