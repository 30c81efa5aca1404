/**
 * Which clients need no tool to get at resources and prompts. They do not say so when they connect, so they are known by
 * name.
 *
 * @module
 */
import type { ClientView } from "../../kernel/mod.ts";

/** What a client may get at by itself. */
export type Feature = "resources" | "prompts";

// resources: the model itself can list and read them, not only its user; prompts: the user can pick one
const CLIENTS: Readonly<Record<string, readonly Feature[]>> = {
  // documentation of Claude Code, "Connect to tools via MCP": tools to list and read resources, prompts as commands
  "claude-code": ["resources", "prompts"],
  // documentation of the Claude apps: users attach resources, the model reads none; prompts in the menu
  "claude-ai": ["prompts"],
  // extension of Cline: `access_mcp_resource`
  "cline": ["resources"],
  // openai/codex pull request 5239: list_mcp_resources, list_mcp_resource_templates, read_mcp_resource
  "codex-mcp-client": ["resources"],
  // documentation of Cursor, "Model Context Protocol", table of what is supported
  "cursor-vscode": ["resources", "prompts"],
  // google-gemini/gemini-cli pull request 25395: list_mcp_resources, read_mcp_resource; prompts as commands
  "gemini-cli-mcp-client": ["resources", "prompts"],
  // system prompt of goose: platform__list_resources, platform__read_resource; prompts by /prompts
  "goose": ["resources", "prompts"],
  // "MCP developer guide" of Visual Studio Code: the whole specification; the names are those of the product
  "visual studio code": ["resources", "prompts"],
  "visual studio code - insiders": ["resources", "prompts"],
  "visual-studio-code": ["resources", "prompts"],
};

// what a bridge such as mcp-remote adds to the name of the client behind it
const BRIDGE_REGEXP = / \(via [^)]*\)$/;
const MODERN_VERSION = "2026-07-28";

/** Tells what a client gets at by itself; of unknown ones, nothing. From 2026-07-28 on lists are the same for all. */
export function featuresOf(client: ClientView | undefined): readonly Feature[] {
  if (client?.name === undefined || (client.protocolVersion ?? "") >= MODERN_VERSION) return [];
  const name = client.name.toLowerCase().replace(BRIDGE_REGEXP, "");
  return Object.hasOwn(CLIENTS, name) ? CLIENTS[name]! : [];
}
