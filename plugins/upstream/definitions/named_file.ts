/**
 * Files of other programs that name MCP servers: `skillz.toml`, and the JSON of Claude, Cursor, VS Code and those that
 * share their form.
 *
 * @module
 */
import { isObject, type JsonObject, messageOf } from "../../../kernel/mod.ts";
import { literal } from "./references.ts";

/** What a file stands in, for the names that clients give to places. */
export interface Places {
  readonly userHome: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly separator: "/" | "\\";
}

/** Entries by the names they have in the file. */
export type NamedEntries = Readonly<Record<string, unknown>>;

/**
 * Reads the servers that a file names.
 *
 * @throws {Error} saying what is wrong with the file.
 */
export async function readNamedFile(text: string, places: Places): Promise<NamedEntries> {
  // a byte order mark is no part of either form
  const bare = text.replace(/^\uFEFF/, "");
  if (/\.toml$/i.test(places.file)) return await readToml(bare);
  const entries = entriesOf(readJson(bare));
  return withPlaces(entries, places) as NamedEntries;
}

/** What skillz reads; it knows no references. */
async function readToml(text: string): Promise<NamedEntries> {
  const { parse } = await import("smol-toml");
  const { servers = {} } = parse(text);
  if (!isObject(servers)) throw new Error('its "servers" is no table; expected [servers.NAME]');
  return mapTexts(servers, literal) as NamedEntries;
}

function readJson(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(withoutComments(text));
  } catch (thrown) {
    throw new Error(`it is not valid JSON: ${messageOf(thrown)}`);
  }
  if (!isObject(value)) throw new Error("it is no JSON object");
  return value;
}

/** Where clients have their servers: at the top, or, in the settings of VS Code, below `mcp`. */
function entriesOf(value: JsonObject): JsonObject {
  const { mcpServers, servers, mcp } = value;
  const found = mcpServers ?? servers ?? (isObject(mcp) ? mcp["servers"] : undefined);
  if (isObject(found)) return found;
  throw new Error('it names no servers; expected an object "mcpServers" or "servers"');
}

// what is in quotes is kept, be it like a comment; then comments, and commas before a closing bracket
const NOISE_REGEXP = /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const COMMA_REGEXP = /("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g;

/** VS Code has comments, and commas at the end of lists. */
function withoutComments(text: string): string {
  const keepQuoted = (_found: string, quoted: string | undefined) => quoted ?? "";
  return text.replaceAll(NOISE_REGEXP, keepQuoted).replaceAll(COMMA_REGEXP, keepQuoted);
}

/** Puts in what Cursor and VS Code call places; a project's file lies in its folder `.cursor` or `.vscode`. */
function withPlaces(value: unknown, { userHome, file, separator }: Places): unknown {
  const [, workspace] = /^(.*)[/\\]\.(?:cursor|vscode)[/\\][^/\\]+$/.exec(file) ??
    /^(.*)[/\\]\.mcp\.json$/.exec(file) ?? [];
  const known: Readonly<Record<string, string>> = {
    "${userHome}": userHome,
    "${pathSeparator}": separator,
    "${/}": separator,
    ...(workspace !== undefined && {
      "${workspaceFolder}": workspace,
      "${workspaceFolderBasename}": workspace.split(/[/\\]/).at(-1)!,
    }),
  };
  return mapTexts(value, (text) => text.replaceAll(/\$\{[^}]*\}/g, (found) => known[found] ?? found));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((it) => mapTexts(it, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, mapTexts(it, change)]));
}
