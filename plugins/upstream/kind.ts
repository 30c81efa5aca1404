/**
 * Tools of the kind `mcp`, as the library loads them: each stands for a server, which is known while it is there. A call
 * of it tells what the server offers.
 *
 * @module
 */
import type { Call } from "../../kernel/mod.ts";
import type { LoadedTool, Manifest, ManifestDraft, ToolKind, ToolLibrary } from "../library/contract.ts";
import type { Consent } from "./consent/consent.ts";
import { KIND, normalised, readManifestServer } from "./definitions/manifest.ts";
import type { Servers } from "./servers.ts";

/** What the kind works with. */
export interface McpKindOptions {
  readonly library: Pick<ToolLibrary, "path">;
  readonly servers: Servers;
  readonly consent: Consent;
  /** Names the secrets that servers of skillz are given. */
  legacySecrets(): readonly string[];
  /** Tells what a server offers, as a value. */
  describe(name: string): Promise<unknown>;
}

/** Makes the kind. */
export function mcpKind(options: McpKindOptions): ToolKind {
  return {
    kind: KIND,
    prepare: (manifest, _staging, call) => prepareServer(manifest, options, call),
    async load(manifest, folder, { isLegacy }) {
      const secrets = isLegacy ? options.legacySecrets() : [];
      const definition = await readManifestServer(manifest, { secrets });
      const run: LoadedTool["run"] = async () => ({ value: await options.describe(manifest.name) });
      // a version from before, and what is about to be saved, are no servers
      if (!isInPlace(folder.path, options.library.path)) return { run };
      // those of skillz were there when the operator named the folder
      const problem = isLegacy ? undefined : await options.consent.problem(definition);
      const release = await options.servers.claim({ definition, problem });
      return { run, dispose: release };
    },
    describe: (manifest) => describeServer(manifest),
  };
}

/** Whoever saves it, imports it or rolls back to it: what it reaches has to be allowed. */
async function prepareServer(
  manifest: ManifestDraft,
  { consent }: McpKindOptions,
  call: Call,
): Promise<ManifestDraft> {
  const definition = await readManifestServer(manifest);
  await consent.ask(definition, call);
  return normalised(manifest, definition);
}

async function describeServer(manifest: Manifest): Promise<string> {
  const { target, isDisabled } = await readManifestServer(manifest);
  const state = isDisabled ? "\n\nIt is disabled." : "";
  const lines = target.kind === "stdio"
    ? [`- Program: \`${target.command}\``, ...target.args.map((it) => `- Argument: \`${it}\``)]
    : (target.kind === "http" ? [target.url] : target.servers).map((it) => `- Address: \`${it}\``);
  return `## MCP server\n\n${lines.join("\n")}${state}\n`;
}

function isInPlace(folder: string, tools: string): boolean {
  return folder.replaceAll("\\", "/").replace(/\/[^/]+$/, "") === tools.replaceAll("\\", "/");
}
