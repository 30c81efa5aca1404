/**
 * What a definition reaches, as a line that persons read, and by which configuration allows it.
 *
 * @module
 */
import type { UpstreamDefinition } from "../definition.ts";

const PLAIN_WORD_REGEXP = /^[\w./@:=+,%${}~-]+$/;

/**
 * Writes what is reached: an address, those of a web API, or variables, program and arguments, such as
 * `API_KEY=${secret:KEY} uvx mcp-server-time`. Words with other characters than plain ones are in quotes.
 */
export function reachOf({ target }: Pick<UpstreamDefinition, "target">): string {
  if (target.kind === "http") return target.url;
  if (target.kind === "openapi") return target.servers.join(" ");
  const { env, command, args, cwd } = target;
  const variables = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`);
  return [...variables, ...(cwd === undefined ? [] : [`cd=${cwd}`]), command, ...args].map(wordOf).join(" ");
}

/**
 * Tells whether a line is what a pattern allows: `*` stands for any characters of a word, a last `*` by itself for any
 * further words, and a pattern that is nothing else for anything.
 */
export function isAllowedBy(pattern: string, line: string): boolean {
  if (pattern.trim() === "*") return true;
  const [, words = "", rest] = /^(.*?)(\s+\*)?\s*$/s.exec(pattern.trim()) ?? [];
  // in the name of a host it is no `/`, behind which any host could lead to what looks like the rest of it
  const [, host = "", path = words] = /^(https?:\/\/[^/\s]+)(\/.*)$/s.exec(words) ?? [];
  const source = escaped(host, '[^\\s"/\\\\?#@]*') + escaped(path, '[^\\s"]*');
  return new RegExp(`^${source}${rest === undefined ? "" : "(?:\\s.*)?"}$`, "s").test(line);
}

function escaped(pattern: string, any: string): string {
  return pattern.split("*").map((it) => it.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join(any);
}

function wordOf(word: string): string {
  return PLAIN_WORD_REGEXP.test(word) ? word : JSON.stringify(word);
}
