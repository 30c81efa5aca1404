/**
 * How memories are named in the store: `memory/{principal}/{tool}`, and `memory-trash/{principal}/{time}/{tool}`.
 *
 * The tool comes last, as it is; the part of the principal holds no slash. So no two of them have one name, and a
 * prefix finds all that a principal has.
 *
 * @module
 */
import { type Principal, sha256, ToolError } from "../../kernel/mod.ts";

/** Longest name of a tool, in bytes: what the store leaves for it. */
export const TOOL_BYTES = 100;
const PRINCIPAL_BYTES = 128;
const MEMORY = "memory/";
const TRASH = "memory-trash/";
// with the flag `u` a surrogate matches only when it has no partner
const UNSTORABLE_REGEXP = /[\0\p{Surrogate}]/u;
const TRASH_REGEXP = /^(\d{13})\/(.+)$/s;

/** The parts of the name of a memory. */
export interface MemoryName {
  /** The principal's part; see {@linkcode ownerOf}. */
  readonly owner: string;
  readonly tool: string;
}

/** The parts of the name of a memory in the trash. */
export interface TrashName extends MemoryName {
  /** When it went there, in milliseconds since 1970. */
  readonly since: number;
}

/** Gives the part of a principal: its id, or a digest of one that is too long or cannot be stored. */
export async function ownerOf(principal: Principal | undefined): Promise<string> {
  // a percent sign that no escaped id can hold marks what is none
  if (principal === undefined) return "%none";
  const { id } = principal;
  const escaped = id.replace(/%/g, "%25").replace(/\//g, "%2F");
  const isPlain = escaped !== "" && byteLength(escaped) <= PRINCIPAL_BYTES && !UNSTORABLE_REGEXP.test(id);
  return isPlain ? escaped : `%sha256=${await digest(id)}`;
}

/** Names a memory in the store. */
export function memoryName({ owner, tool }: MemoryName): string {
  return `${MEMORY}${owner}/${tool}`;
}

/** Gives the beginning of the names of all memories, or of those of one principal. */
export function memoryPrefix(owner?: string): string {
  return owner === undefined ? MEMORY : `${MEMORY}${owner}/`;
}

/** Reads what {@linkcode memoryName} wrote. */
export function readMemoryName(name: string): MemoryName {
  return split(name.slice(MEMORY.length));
}

/** Names a memory in the trash. */
export function trashName({ owner, tool, since }: TrashName): string {
  return `${TRASH}${owner}/${String(since).padStart(13, "0")}/${tool}`;
}

/** Gives the beginning of the names of all that a principal has in the trash; they sort by time. */
export function trashPrefix(owner: string): string {
  return `${TRASH}${owner}/`;
}

/** Reads what {@linkcode trashName} wrote. */
export function readTrashName(name: string): TrashName {
  const { owner, tool: rest } = split(name.slice(TRASH.length));
  const [, since = "0", tool = rest] = TRASH_REGEXP.exec(rest) ?? [];
  return { owner, tool, since: Number(since) };
}

/**
 * Makes sure that a tool's name can be stored.
 *
 * @throws {ToolError} when it cannot.
 */
export function checkTool(tool: string): void {
  const bytes = byteLength(tool);
  const shown = JSON.stringify(tool.length > 60 ? `${tool.slice(0, 60)}…` : tool);
  if (bytes < 1 || bytes > TOOL_BYTES) {
    throw new ToolError(`Cannot use the tool name ${shown}: it has ${bytes} bytes, it must have 1 to ${TOOL_BYTES}`);
  }
  if (UNSTORABLE_REGEXP.test(tool)) {
    throw new ToolError(`Cannot use the tool name ${shown}: it has a lone surrogate or U+0000`);
  }
}

/** Gives the length of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function split(rest: string): MemoryName {
  const at = rest.indexOf("/");
  return { owner: rest.slice(0, at), tool: rest.slice(at + 1) };
}

async function digest(id: string): Promise<string> {
  // units, not UTF-8: ids that differ in a lone surrogate differ
  const units = Uint16Array.from({ length: id.length }, (_, i) => id.charCodeAt(i));
  return await sha256(new Uint8Array(units.buffer));
}
